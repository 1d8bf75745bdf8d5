"""Option quotes of a source become a panel of option features, judged and past only.

A chain counts on the session at whose close it was first known: a file made after the close of one
day speaks on the next. On a session without a chain the features are absent; yesterday's are not
carried on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import MarketEvent, QualityFinding
from foundation.market import closes, sessions_until
from foundation.quant.options import (
    OPTION_FIELDS,
    Layout,
    OptionChain,
    judge,
    option_panel,
    settles_at_open,
)
from foundation.quant.options.quality import SAID_OF_ROWS
from foundation.timeseries import Panel
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.option_quotes import judge_chain
from stage_01_data_engine.settings import DataEngineSettings

if TYPE_CHECKING:
    import pandas as pd

    from stage_01_data_engine.raw import RawMarket

QUOTED = Rule(
    "Option quotes are of an instrument of the window",
    "load bars of the underlying too",
    severity="warning",
    action="kept",
    name="no-underlying",
    why="option features stand beside the features of the instrument they are about",
)
VALUED = Rule(
    "The price of a chain's underlying is known",
    "use a source that states it, or has the close of that session",
    severity="warning",
    action="kept",
    name="no-spot",
    why="moneyness, volatilities and Greeks need the price of the underlying",
)
DISCOUNTED = Rule(
    "A three-month Treasury yield is known on the session of a chain",
    "use a source that carries treasury_3m, or set option_rate",
    severity="info",
    action="kept",
    name="no-interest-rate",
    why="put-call parity discounts strikes; over months half a per cent matters little",
)
SPLIT = "stock split"
"""Name of the corporate action that changes the scale of strikes."""

ROWS = Layout(
    name="rows of a source",
    underlying="underlying",
    quote_date="snapshot",
    expiry="expiry",
    strike="strike",
    right="right",
    calls="c",
    price="mid",
    volume="volume",
    open_interest="open_interest",
    contract="contract",
    bid="bid",
    ask="ask",
    last="last",
    source_volatility="implied_volatility",
    at_open=settles_at_open,
)
"""``RawMarket.option_quotes`` of a source with quotes."""
TRADES = replace(ROWS, price="last")
"""The same of a source that reports trades and no quotes."""


@dataclass(frozen=True)
class Underlyings:
    """What chains need to know of their underlyings.

    Attributes
    ----------
    sessions : tuple of date, length T
    symbols : tuple of str, length N
    close : float64 array, shape (T, N)
        On the scale of the as-of date.
    realised_volatility : float64 array, shape (T, N)
        Over 20 sessions, annualised.
    treasury_3m : float64 array, shape (T,)
        Percent a year; NaN where unknown.
    events : tuple of MarketEvent
        Splits among them: new shares for one old.
    """

    sessions: tuple[date, ...]
    symbols: tuple[str, ...]
    close: np.ndarray
    realised_volatility: np.ndarray
    treasury_3m: np.ndarray
    events: tuple[MarketEvent, ...]

    def splits(self, symbol: str) -> dict[date, float]:
        """Return the ratios of a symbol's splits by the first session on the new scale."""
        return {
            e.event_time.date(): e.actual
            for e in self.events
            if e.symbol == symbol and e.name == SPLIT and e.actual
        }

    def spot(self, symbol: str, session: date) -> float:
        """Return the close of a session on the scale of that session; NaN where unknown."""
        if session not in self.sessions:
            return float("nan")
        close = self.close[self.sessions.index(session), self.symbols.index(symbol)]
        later = [ratio for day, ratio in self.splits(symbol).items() if day > session]
        return float(close * np.prod(later))

    def by_session(self, symbol: str) -> Mapping[date, float]:
        """Return a symbol's realised volatility by session."""
        values = self.realised_volatility[:, self.symbols.index(symbol)]
        return dict(zip(self.sessions, values.tolist(), strict=True))


def option_features_of(
    given: RawMarket, about: Underlyings, settings: DataEngineSettings
) -> tuple[Panel | None, tuple[QualityFinding, ...]]:
    """Return the features of every instrument with option quotes, and what was found.

    Returns
    -------
    Panel (T, M, 40), or None
        Instruments with quotes in the order of the window; None where there are none. NaN on
        sessions on which no usable chain became known.
    findings : tuple of QualityFinding
        Of rows, then of chains; those of chains once a rule and underlying.
    """
    quotes = given.option_quotes
    if quotes.empty:
        return None, ()
    gated = judge_chain(quotes, location=given.source.name, listed_rows=settings.listed_rows)
    findings = list(gated.findings)
    kept = gated.kept
    for name in sorted(set(kept["underlying"]) - set(about.symbols)):
        findings.append(QUOTED.finding(name, f"{(kept['underlying'] == name).sum()} quotes"))
    kept = kept[kept["underlying"].isin(about.symbols)]
    symbols = tuple(s for s in about.symbols if s in set(kept["underlying"]))
    if not symbols:
        return None, tuple(findings)
    values = np.full((len(about.sessions), len(symbols), len(OPTION_FIELDS)), np.nan)
    for n, symbol in enumerate(symbols):
        mine = kept[kept["underlying"] == symbol]
        found = _of_one(symbol, mine, about, settings, findings)
        for session, row in found.items():
            values[about.sessions.index(session), n] = row
    panel = Panel(sessions=about.sessions, symbols=symbols, fields=OPTION_FIELDS, values=values)
    return panel, tuple(findings)


def _of_one(
    symbol: str,
    quotes: pd.DataFrame,
    about: Underlyings,
    settings: DataEngineSettings,
    findings: list[QualityFinding],
) -> dict[date, np.ndarray]:
    """Return the features of one underlying by the session on which they were first known."""
    chains: list[OptionChain] = []
    known_on: list[date] = []
    said: list[QualityFinding] = []
    unpriced: list[date] = []
    undiscounted: list[date] = []
    before: OptionChain | None = None
    for session, rows in _by_session(quotes, about.sessions):
        day = rows["snapshot"].iloc[0].date()
        stated = rows["spot"].dropna()
        spot = float(stated.iloc[0]) if len(stated) else about.spot(symbol, day)
        if not spot > 0:
            unpriced.append(day)
            continue
        rate = _rate(about, session)
        if np.isnan(rate):
            undiscounted.append(day)
            rate = settings.option_rate
        chain = _chain(rows, spot, rate)
        judged = judge(chain, settings.options, before)
        said += judged.findings
        before = judged.chain
        chains.append(judged.chain)
        known_on.append(session)
    for rule, days in ((VALUED, unpriced), (DISCOUNTED, undiscounted)):
        if days:
            findings.append(rule.finding(symbol, f"absent on {len(days)}, first on {days[0]}"))
    findings += _once_a_rule(said)
    if not chains:
        return {}
    made = option_panel(
        chains,
        settings.options,
        realised_volatility=about.by_session(symbol),
        splits=about.splits(symbol),
    )
    return dict(zip(known_on, made.values[:, 0], strict=True))


def _by_session(
    quotes: pd.DataFrame, sessions: tuple[date, ...]
) -> Iterator[tuple[date, pd.DataFrame]]:
    """Yield by session the last snapshot that first became known on it, in order of time.

    A snapshot that is no newer than one known on an earlier session tells nothing new.
    """
    known = quotes.groupby("snapshot", sort=True)["known_at"].max()
    moments = closes(sessions_until(sessions[0], 2)[0], sessions[-1])
    # 0: known before the window opened.
    at = np.searchsorted(moments, known.dt.tz_convert(None).to_numpy().astype("M8[ns]"))
    last = dict(zip(at.tolist(), known.index, strict=True))
    newest = None
    for place in sorted(last.keys() - {0}):
        stamp = last[place]
        if newest is None or stamp.date() > newest:
            newest = stamp.date()
            yield sessions[place - 1], quotes[quotes["snapshot"] == stamp]


def _rate(about: Underlyings, session: date) -> float:
    """Return the continuously compounded rate as known on a session; NaN where unknown."""
    return float(np.log1p(about.treasury_3m[about.sessions.index(session)] / 100))


def _chain(rows: pd.DataFrame, spot: float, rate: float) -> OptionChain:
    """Return the rows of one snapshot as a chain: middle prices where there are quotes."""
    layout = ROWS if rows["bid"].notna().any() and rows["ask"].notna().any() else TRADES
    at = rows["snapshot"].iloc[0].time()
    return layout.chain(rows, spot=spot, rate=rate, at=at)


def _once_a_rule(said: Sequence[QualityFinding]) -> list[QualityFinding]:
    """Return one finding a rule for all chains of an underlying; counts add up.

    What the gate of rows has reported already is not said again.
    """
    grouped: dict[tuple[str, str], list[QualityFinding]] = {}
    for finding in said:
        if finding.rule not in SAID_OF_ROWS:
            grouped.setdefault((finding.rule, finding.action), []).append(finding)
    made = []
    for found in grouped.values():
        first = found[0]
        if len(found) > 1:
            value = f"{len(found)} chains, first on {first.session}: {first.value}"
            first = first.model_copy(
                update={"session": None, "value": value, "rows": sum(f.rows for f in found)}
            )
        made.append(first)
    return made
