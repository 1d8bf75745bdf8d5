"""Stage 01: rows of a source become one window of the market, judged and aligned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from foundation.contracts import (
    BAR_FIELDS,
    MARKET,
    ContinuousSeries,
    MarketWindow,
    QualityFinding,
    RowCounts,
)
from foundation.kernel import OperatorError, UpstreamDataError
from foundation.market import close_of, next_session
from foundation.runtime.stage import Stage
from foundation.timeseries import Panel
from stage_01_data_engine.alignment import bar_values, last_known, last_known_by_symbol
from stage_01_data_engine.event_rules import gate_events
from stage_01_data_engine.features import FEATURE_FIELDS, breadth, feature_values, macro
from stage_01_data_engine.option_panel import Underlyings, option_features_of
from stage_01_data_engine.quality import Gated, gate
from stage_01_data_engine.raw import RawMarket
from stage_01_data_engine.settings import DataEngineSettings

MADE_HERE = ("breadth", "yield_slope_10y_2y", "yield_slope_10y_3m")
"""Market-wide series that are made here of instruments and other series."""


class DataEngineStage(Stage[RawMarket, MarketWindow]):
    """From raw rows to bars, features and market-wide series over exchange sessions."""

    name = "01_data_engine"

    def __init__(self, settings: DataEngineSettings) -> None:
        self.settings = settings

    def run(self, given: RawMarket) -> MarketWindow:
        """Return the market as it was known at the as-of close.

        Raises
        ------
        UpstreamDataError
            If no instrument has a usable bar on the as-of session.
        """
        sessions = given.request.sessions
        gated = gate(given.bars, given.instruments, sessions, self.settings, given.unread)
        happened = gate_events(
            given.events, close_of(given.request.as_of), listed_rows=self.settings.listed_rows
        )
        if not gated.instruments:
            raise _nothing_left(given, gated)
        begins = int(
            np.searchsorted(
                np.array(sessions, dtype="M8[D]"), gated.bars["session"].min().to_datetime64()
            )
        )
        sessions = sessions[begins:]
        symbols = tuple(i.symbol for i in gated.instruments)
        bars = bar_values(gated.bars, sessions, symbols)
        series = tuple(self._with_its_cap(s) for s in given.series)
        market, notes = _market_wide(given, series, sessions)
        market |= macro.slopes(market)
        own = _by_symbol(given, series, sessions, symbols)
        features = feature_values(
            bars, gated.instruments, market, self.settings, further=tuple(own.values())
        )
        market["breadth"] = breadth(
            bars[:, :, BAR_FIELDS.index("close")],
            features[:, :, FEATURE_FIELDS.index("sma_50_gap")],
        )
        options, said = option_features_of(
            given,
            Underlyings(
                sessions=sessions,
                symbols=symbols,
                close=bars[:, :, BAR_FIELDS.index("close")],
                realised_volatility=features[:, :, FEATURE_FIELDS.index("realised_volatility_20")],
                treasury_3m=market.get("treasury_3m", np.full(len(sessions), np.nan)),
                events=happened.events,
            ),
            self.settings,
        )
        received = len(given.bars) + given.quarantined
        as_of = close_of(given.request.as_of)
        return MarketWindow(
            as_of=as_of,
            produced_at=as_of,
            session=given.request.as_of,
            target_session=next_session(given.request.as_of),
            instruments=gated.instruments,
            bars=Panel(sessions=sessions, symbols=symbols, fields=BAR_FIELDS, values=bars),
            features=Panel(
                sessions=sessions,
                symbols=symbols,
                fields=(*FEATURE_FIELDS, *own),
                values=features,
            ),
            market=Panel.from_fields(
                sessions, (MARKET,), {f: v[:, None] for f, v in market.items()}
            ),
            events=happened.events,
            findings=(*given.findings, *gated.findings, *happened.findings, *notes, *said),
            counts=RowCounts(
                received=received,
                kept=len(gated.bars),
                quarantined=gated.quarantined + given.quarantined,
            ),
            source=given.source,
            verdicts=gated.listing,
            event_verdicts=happened.listing,
            event_counts=happened.counts,
            series=series,
            options=options,
        )

    def _with_its_cap(self, series: ContinuousSeries) -> ContinuousSeries:
        """Return a series with the cap that the settings give it in place of its own."""
        cap = self.settings.stale_after_sessions.get(series.name, series.stale_after_sessions)
        return series.model_copy(update={"stale_after_sessions": cap})


def _market_wide(
    given: RawMarket, series: Sequence[ContinuousSeries], sessions: tuple[date, ...]
) -> tuple[dict[str, np.ndarray], list[QualityFinding]]:
    """Align every market-wide series; say which are absent, begin late or went stale."""
    values, notes = {}, []
    for one in series:
        if one.panel != "market":
            continue
        _require_free(one.name, MADE_HERE)
        rows = given.observations[given.observations["series"] == one.name]
        cap = one.stale_after_sessions
        values[one.name], age = last_known(rows, sessions, cap)
        if said := _coverage(values[one.name], age, sessions, cap):
            notes.append(
                QualityFinding(
                    rule="A market-wide series is known on every session of the window",
                    severity="info" if rows.empty or age[-1] <= cap else "warning",
                    action="kept",
                    symbol=MARKET,
                    field=one.name,
                    value=said,
                    remedy="use a source that carries it; until then it is absent",
                    rows=0,
                )
            )
    return values, notes


def _by_symbol(
    given: RawMarket,
    series: Sequence[ContinuousSeries],
    sessions: tuple[date, ...],
    symbols: tuple[str, ...],
) -> dict[str, np.ndarray]:
    """Align every series of a source's own that has a value for each instrument, (T, N) each."""
    values = {}
    for one in series:
        if one.panel == "features":
            _require_free(one.name, FEATURE_FIELDS)
            rows = given.observations[given.observations["series"] == one.name]
            values[one.name] = last_known_by_symbol(
                rows, sessions, symbols, one.stale_after_sessions
            )
    return values


def _require_free(name: str, taken: Sequence[str]) -> None:
    if name in taken:
        raise OperatorError(
            "A series of one's own has a name that no feature has",
            value=name,
            remedy="declare it under another name",
        )


def _coverage(values: np.ndarray, age: np.ndarray, sessions: tuple, cap: int) -> str:
    """Say in words on how many sessions a series is absent, and why; empty where it never is."""
    absent = int(np.isnan(values).sum())
    if absent == 0:
        return ""
    if (age < 0).all():
        return "not reported by this source"
    stale = int((age > cap).sum())
    begins = sessions[int(np.argmax(age >= 0))].isoformat()
    parts = [f"absent on {absent} of {len(values)} sessions"]
    if (age < 0).any():
        parts.append(f"known from {begins}")
    if stale:
        parts.append(f"older than {cap} sessions on {stale}")
    return ", ".join(parts)


def _nothing_left(given: RawMarket, gated: Gated) -> UpstreamDataError:
    findings = (*given.findings, *gated.findings)
    first = next((f for f in findings if f.action == "quarantined"), None)
    reason = f"{first.symbol}: {first.rule} ({first.value})" if first else "no rows"
    return UpstreamDataError(
        f"The source {given.source.name!r} has a usable bar on the as-of session "
        f"{given.request.as_of.isoformat()}",
        value=reason,
        remedy=first.remedy if first else "choose another as-of date or source",
    )
