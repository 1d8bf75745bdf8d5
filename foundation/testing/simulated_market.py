"""A simulated market whose truth is known.

Three variants, all with consistent bars on XNYS sessions, volume, market-wide series and a
monthly release:

``regimes``
    A Markov chain over four regimes drives the market (Hamilton 1989): trending (returns
    continue), mean-reverting (returns reverse), choppy (no memory, calm) and volatile (no
    memory, twice the spread). Volatility clusters on top, GARCH(1,1) (Bollerslev 1986).
``planted``
    As ``martingale``, with two stated effects. After a session that drops sharply on very high
    volume, the next session rises with probability 0.8, for every symbol. After a session of
    very low volume the next one falls with probability 0.8, for one symbol only. Equally many
    sharp rises on very high volume carry no effect.
``martingale``
    Returns are independent and symmetric with constant spread; volume and the VIX-like series
    have no memory. Nobody can forecast the next session's direction, volume or VIX. (Window
    statistics such as a moving average keep their arithmetic persistence: they are no skill.)

A market of more sessions begins with the market of fewer, bar for bar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from foundation.contracts import BAR_FIELDS, REGIMES, Instrument, MarketEvent
from foundation.kernel import NEW_YORK, OperatorError, seed_from
from foundation.market import close_of
from foundation.market import sessions as sessions_between

if TYPE_CHECKING:
    import pandas as pd

Variant = Literal["regimes", "planted", "martingale"]

STAY = 0.98
"""Probability that a regime lasts another session: fifty sessions on average."""
MEMORY = {"trending": 0.25, "mean-reverting": -0.35, "choppy": 0.0, "volatile": 0.0}
"""First-order autocorrelation of returns within a regime."""
SPREAD = {"trending": 1.0, "mean-reverting": 1.0, "choppy": 0.7, "volatile": 2.0}
"""Multiple of the usual standard deviation of returns within a regime."""
GARCH = (0.05, 0.08, 0.87)
"""Constant, shock and persistence weights of the variance, in units of its mean."""
EFFECT = 0.8
"""Probability of the planted direction."""
TRIGGER_RATE = 0.04
"""Share of sessions of each planted kind (sharp drop, sharp rise, quiet)."""
SHARP = 5.0
"""Size of a planted sharp move, in standard deviations of an ordinary return."""
COMMON = 0.5
"""Correlation of the symbols' shocks."""
DAILY = 0.012
"""Mean standard deviation of a daily log return."""
OVERNIGHT = 0.2
"""Share of a session's variance that falls between the close and the next open."""


@dataclass(frozen=True)
class Truth:
    """What really drives a simulated market. Arrays of shape (T, N) unless noted.

    Attributes
    ----------
    variant : str
    regimes : int array (T,), or None
        Position in ``REGIMES``; None where the variant has no regimes.
    sigma : float array
        Standard deviation of the session's log return, as known the session before.
    drops, rises, quiet : bool array
        Planted sessions: sharp drop and sharp rise on very high volume, very low volume.
    reacting : str or None
        The only symbol that reacts to quiet sessions.
    probability : float
        Chance of the planted direction on the session after ``drops`` (up) or, for
        ``reacting``, after ``quiet`` (down).
    """

    variant: Variant
    regimes: np.ndarray | None
    sigma: np.ndarray
    drops: np.ndarray
    rises: np.ndarray
    quiet: np.ndarray
    reacting: str | None
    probability: float


@dataclass(frozen=True)
class SimulatedMarket:
    """Plain arrays (T, N) by bar field, market-wide series (T,), releases, and the truth.

    ``market`` has vix (percent a year), wti (dollars) and credit_spread (percentage points).
    ``releases`` lists (reference month's end, moment it became known, index level).
    """

    sessions: tuple[date, ...]
    symbols: tuple[str, ...]
    bars: dict[str, np.ndarray]
    market: dict[str, np.ndarray]
    releases: tuple[tuple[date, datetime, float], ...]
    truth: Truth

    def frame(self, symbol: str) -> pd.DataFrame:
        """Return a symbol's bars: index of sessions, columns open, high, low, close, volume."""
        import pandas as pd

        n = self.symbols.index(symbol)
        index = pd.DatetimeIndex(np.array(self.sessions, dtype="M8[ns]"), name="session")
        return pd.DataFrame({f: self.bars[f][:, n] for f in BAR_FIELDS}, index=index)

    def instruments(self) -> tuple[Instrument, ...]:
        """Return the symbols as instruments that report full bars."""
        return tuple(
            Instrument(symbol=s, name=f"Simulated {n}", kind="equity", fields=BAR_FIELDS)
            for n, s in enumerate(self.symbols)
        )

    def bar_rows(self) -> pd.DataFrame:
        """Return all bars, one row each, as a data source hands them to stage 01.

        Columns ``symbol``, ``session`` (datetime64), the bar fields, ``location``.
        """
        import pandas as pd

        rows = pd.concat(
            [self.frame(s).reset_index().assign(symbol=s) for s in self.symbols], ignore_index=True
        )
        rows["location"] = [
            f"simulated {symbol}:{at}"
            for symbol in self.symbols
            for at in range(1, len(self.sessions) + 1)
        ]
        return rows[["symbol", "session", *BAR_FIELDS, "location"]]

    def observation_rows(self) -> pd.DataFrame:
        """Return the market-wide series, one row per value, as stage 01 takes them.

        Columns ``series``, ``event_time``, ``known_at`` (datetime64[ns, UTC]), ``value``,
        ``location``. Daily values are known at their session's close, the twelve-month change
        of the released index at its release.
        """
        import pandas as pd

        closes = [close_of(day) for day in self.sessions]
        rows = [
            (name, moment, moment, float(value), f"simulated {name}:{at}")
            for name, values in self.market.items()
            for at, (moment, value) in enumerate(zip(closes, values, strict=True), start=1)
        ]
        rows += [
            ("core_cpi_yoy", e.event_time, e.known_at, e.actual, f"simulated release:{at}")
            for at, e in enumerate(self.events(), start=1)
            if e.actual is not None
        ]
        frame = pd.DataFrame(
            rows, columns=["series", "event_time", "known_at", "value", "location"]
        )
        for moment in ("event_time", "known_at"):
            frame[moment] = pd.to_datetime(frame[moment], utc=True).astype("datetime64[ns, UTC]")
        return frame.astype({"value": float})

    def events(self) -> tuple[MarketEvent, ...]:
        """Return core inflation: each release with its figure, and the announcement of the next.

        Figures are twelve-month changes in percent, so the first twelve levels give none.
        """
        made = []
        for at in range(13, len(self.releases)):
            moment = self.releases[at][1]
            now, before = (self._twelve_month_change(k) for k in (at, at - 1))
            common = {
                "kind": "economic release",
                "name": "core inflation",
                "unit": "percent over twelve months",
            }
            made.append(
                MarketEvent(
                    **common, event_time=moment, known_at=moment, actual=now, previous=before
                )
            )
            if at + 1 < len(self.releases):
                coming = self.releases[at + 1][1]
                made.append(MarketEvent(**common, event_time=coming, known_at=moment, previous=now))
        return tuple(made)

    def _twelve_month_change(self, at: int) -> float:
        return 100 * (self.releases[at][2] / self.releases[at - 12][2] - 1)


def simulated_market(
    variant: Variant = "regimes",
    *,
    symbols: int = 4,
    sessions: int = 500,
    seed: int = 0,
    start: date = date(2010, 1, 4),
) -> SimulatedMarket:
    """Return a simulated market; the same arguments give the same numbers.

    Raises
    ------
    OperatorError
        For an unknown variant, or fewer than one symbol or two sessions.
    """
    if variant not in ("regimes", "planted", "martingale"):
        raise OperatorError(
            "The simulated market has three variants",
            value=variant,
            remedy="choose regimes, planted or martingale",
        )
    if symbols < 1 or sessions < 2:
        raise OperatorError(
            "A simulated market needs one symbol and two sessions",
            value=(symbols, sessions),
            remedy="ask for more",
        )
    names = tuple(f"SIM{n:02d}" for n in range(symbols))
    days = _sessions(start, sessions)
    draw = partial(_generator, variant, seed)
    returns, truth = _returns(variant, names, sessions, draw)
    return SimulatedMarket(
        sessions=days,
        symbols=names,
        bars=_bars(returns, truth, draw),
        market=_market(truth, sessions, draw),
        releases=_releases(days, draw),
        truth=truth,
    )


Draw = Callable[[str], np.random.Generator]


def _generator(variant: str, seed: int, what: str) -> np.random.Generator:
    """One stream per quantity and row-major draws: more sessions extend, never change."""
    return np.random.default_rng(seed_from("simulated market", variant, seed, what))


@lru_cache(maxsize=8)
def _sessions(start: date, count: int) -> tuple[date, ...]:
    return sessions_between(start, start + timedelta(days=count * 3 // 2 + 20))[:count]


def _returns(
    variant: Variant, symbols: tuple[str, ...], count: int, draw: Draw
) -> tuple[np.ndarray, Truth]:
    shape = (count, len(symbols))
    shared = draw("shared shocks").standard_normal((count, 1))
    shocks = np.sqrt(COMMON) * shared + np.sqrt(1 - COMMON) * draw("shocks").standard_normal(shape)
    none = np.zeros(shape, dtype=bool)
    if variant == "regimes":
        regimes = _regimes(count, draw)
        returns, sigma = _clustered(shocks, regimes)
        return returns, Truth(variant, regimes, sigma, none, none, none, None, 0.5)
    sigma = np.full(shape, DAILY)
    if variant == "martingale":
        return sigma * shocks, Truth(variant, None, sigma, none, none, none, None, 0.5)
    kind = draw("planted sessions").random(shape)
    planted = (kind < TRIGGER_RATE) | (kind > 1 - 2 * TRIGGER_RATE)
    alone = planted & ~_after(planted)  # so that no trigger stands on another's reaction
    drops = alone & (kind < TRIGGER_RATE)
    rises = alone & (kind > 1 - TRIGGER_RATE)
    quiet = alone & ~drops & ~rises
    after_drop, after_quiet = _after(drops), _after(quiet)
    after_quiet[:, 1:] = False
    luck = np.where(draw("luck").random(shape) < EFFECT, 1.0, -1.0)
    size = np.abs(shocks)
    moves = np.where(after_drop, luck * size, np.where(after_quiet, -luck * size, shocks))
    moves = np.where(drops, -SHARP - 0.2 * size, np.where(rises, SHARP + 0.2 * size, moves))
    return sigma * moves, Truth(variant, None, sigma, drops, rises, quiet, symbols[0], EFFECT)


def _after(marked: np.ndarray) -> np.ndarray:
    out = np.zeros_like(marked)
    out[1:] = marked[:-1]
    return out


def _regimes(count: int, draw: Draw) -> np.ndarray:
    stay = draw("regime stays").random(count) < STAY
    step = draw("regime steps").integers(1, len(REGIMES), count)
    return np.cumsum(np.where(stay, 0, step)) % len(REGIMES)


def _clustered(shocks: np.ndarray, regimes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    memory = np.array([MEMORY[r] for r in REGIMES])[regimes]
    spread = DAILY * np.array([SPREAD[r] for r in REGIMES])[regimes]
    constant, shock_weight, persistence = GARCH
    variance = np.ones(shocks.shape[1])
    previous = np.zeros(shocks.shape[1])
    returns, sigma = np.empty_like(shocks), np.empty_like(shocks)
    for t, shock in enumerate(shocks):
        sigma[t] = spread[t] * np.sqrt(variance)
        previous = returns[t] = memory[t] * previous + sigma[t] * shock
        variance = constant + shock_weight * variance * shock**2 + persistence * variance
    return returns, sigma


def _bars(returns: np.ndarray, truth: Truth, draw: Draw) -> dict[str, np.ndarray]:
    """Split each return into night and day; extremes are those of a Brownian bridge.

    The largest value of a bridge from a to b with variance v, given a uniform u, is
    ``(a + b + sqrt((b - a)^2 - 2 v log u)) / 2`` (Karatzas and Shreve 1991, section 4.3).
    """
    shape = returns.shape
    levels = 100.0 * np.exp(0.5 * draw("levels").standard_normal(shape[1]))
    close = np.log(levels) + np.cumsum(returns, axis=0)
    before = close - returns
    night = (
        truth.sigma * np.sqrt(OVERNIGHT * (1 - OVERNIGHT)) * draw("night").standard_normal(shape)
    )
    open_ = before + OVERNIGHT * returns + night
    variance = (1 - OVERNIGHT) * truth.sigma**2
    reach = [
        np.sqrt((close - open_) ** 2 - 2 * variance * np.log1p(-draw(side).random(shape)))
        for side in ("high", "low")
    ]
    surprise = np.abs(returns) / truth.sigma
    activity = 0.15 * draw("volume").standard_normal(shape) + 0.1 * np.minimum(surprise, 3.0)
    if truth.regimes is not None:
        activity += 0.5 * np.log(truth.sigma / DAILY)
    activity += 1.0 * (truth.drops | truth.rises) - 1.0 * truth.quiet
    usual = 1e6 * np.exp(draw("turnover").standard_normal(shape[1]))
    made = {
        "open": np.exp(open_),
        "high": np.exp((open_ + close + reach[0]) / 2),
        "low": np.exp((open_ + close - reach[1]) / 2),
        "close": np.exp(close),
    }
    # exp rounds: a bar whose extreme is its own open or close must not miss it by one bit.
    made["high"] = np.maximum(made["high"], np.maximum(made["open"], made["close"]))
    made["low"] = np.minimum(made["low"], np.minimum(made["open"], made["close"]))
    return made | {"volume": np.round(usual * np.exp(activity))}


def _market(truth: Truth, count: int, draw: Draw) -> dict[str, np.ndarray]:
    level = 100 * np.sqrt(252) * truth.sigma.mean(axis=1)
    oil = np.cumsum(0.02 * draw("oil").standard_normal(count))
    credit = np.cumsum(0.01 * draw("credit").standard_normal(count))
    return {
        "vix": level * np.exp(0.08 * draw("vix").standard_normal(count)),
        "wti": 60 * np.exp(oil),
        "credit_spread": np.exp(credit),
    }


def _releases(days: tuple[date, ...], draw: Draw) -> tuple[tuple[date, datetime, float], ...]:
    """One price index a month, known at 8:30 on the tenth session of the month after."""
    months = np.array(days, dtype="M8[M]")
    starts = np.flatnonzero(np.diff(months.astype(int))) + 1
    growth = 0.0018 + 0.0008 * draw("inflation").standard_normal(len(starts))
    levels = 100 * np.exp(np.cumsum(growth))
    return tuple(
        (
            (np.datetime64(days[at], "M").astype("M8[D]") - 1).item(),
            datetime.combine(days[at + 9], time(8, 30), tzinfo=NEW_YORK),
            float(level),
        )
        for at, level in zip(starts.tolist(), levels, strict=True)
        if at + 9 < len(days)
    )
