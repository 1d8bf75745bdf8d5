"""All features of all instruments over one window, or over its last sessions alone.

An indicator counts reported bars: a missing bar is bridged, so that one hole does not silence
a 200-day mean for 200 sessions. After a gap longer than the setting ``gap_sessions`` its window
starts afresh. On a session without the bar it needs, an indicator is NaN. Returns over k
sessions and opening gaps are held to the calendar: NaN unless both sessions report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foundation.contracts import Instrument
from stage_01_data_engine.features import (
    cross_section,
    indicators,
    levels,
    macro,
    momentum,
    pattern,
    price_action,
    trend,
    volatility,
    volume,
)
from stage_01_data_engine.features.catalogue import FEATURE_FIELDS
from stage_01_data_engine.features.cross_section import Universe
from stage_01_data_engine.settings import DataEngineSettings

AT = {field: i for i, field in enumerate(FEATURE_FIELDS)}
LONGEST_WINDOW = 253
"""Sessions that the longest window of returns needs."""

BLOCK = 8
"""Symbols whose session-wise features are turned around at a time: a cache line of doubles."""

RANKED_FIRST = {
    "return_5_rank": "log_return_5",
    "return_20_rank": "log_return_20",
    "momentum_rank": "momentum_252_21",
}
RANKED_LAST = {"volatility_rank": "realised_volatility_20", "volume_rank": "volume_ratio_20"}
"""Ranks and what they rank; the last need the features of all instruments first."""

Compute = Callable[..., dict[str, np.ndarray]]


@dataclass(frozen=True)
class Family:
    """A function of unbroken stretches, and how many bars its last value rests on.

    ``bars`` None: a recursion is among its features, which never quite forgets.
    """

    compute: Compute
    bars: int | None = None


Group = tuple[np.ndarray, tuple[np.ndarray, ...], tuple[Family, ...]]
"""Where bars are reported (T,), what the families are given, and those families."""

OF_CLOSES = (
    Family(indicators.from_closes),
    Family(trend.from_closes),
    Family(momentum.from_closes),
    Family(volatility.from_closes, 272),
    Family(price_action.from_closes, 11),
)
OF_RANGES = (
    Family(indicators.from_ranges),
    Family(trend.from_ranges),
    Family(momentum.from_ranges, 29),
    Family(volatility.from_ranges),
    Family(price_action.from_ranges, 14),
    Family(levels.from_ranges, 2),
    Family(pattern.from_ranges, 21),
)
OF_EXTREMES = (
    Family(indicators.extremes, 252),
    Family(price_action.from_extremes, 252),
    Family(levels.from_extremes, 125),
    Family(pattern.from_extremes, 253),
)
OF_BARS = (
    Family(volatility.from_bars, 20),
    Family(price_action.from_bars, 1),
    Family(pattern.from_bars, 6),
)
OF_CLOSES_AND_SHARES = (Family(volume.from_closes),)
OF_RANGES_AND_SHARES = (Family(indicators.from_volume, 15), Family(volume.from_ranges, 20))
OF_SHARES = (Family(indicators.from_shares, 20), Family(volume.from_volume, 20))


def feature_values(
    bars: np.ndarray,
    instruments: Sequence[Instrument],
    market: Mapping[str, np.ndarray],
    settings: DataEngineSettings,
    *,
    first: int = 0,
    further: Sequence[np.ndarray] = (),
) -> np.ndarray:
    """Return every feature of every instrument.

    Parameters
    ----------
    bars : float64 array, shape (T, N, 5)
        Open, high, low, close, volume; NaN where not reported.
    instruments : sequence of Instrument, length N
        Where a source reports no highs and lows at all, the volatility scale and the extremes
        are taken from closes. Kind and sector say who is whose peer.
    market : mapping of str to float64 arrays, shape (T,)
        Market-wide series as known at each close; those of ``macro.SERIES`` are used, and
        features of series that are not there are absent.
    settings : DataEngineSettings
    first : int
        First session wanted. Sessions before it are read as far back as ``warm_up_bars`` asks,
        and no further: what a new session needs.
    further : sequence of float64 arrays, shape (T - first, N)
        Put behind the features as they are: series of a source's own.

    Returns
    -------
    float64 array, shape (T - first, N, F + further)
        In the order of ``FEATURE_FIELDS``.
    """
    sessions, symbols, _ = bars.shape
    # Filled from end to end at once: memory faulted in one symbol at a time costs twice as much.
    own = len(FEATURE_FIELDS)
    values = np.full((sessions - first, symbols, own + len(further)), np.nan)
    for at_end, series in enumerate(further, start=own):
        values[:, :, at_end] = series
    of_sessions = _of_sessions(bars, instruments, market, settings, first)
    by_symbol = np.ascontiguousarray(bars.transpose(1, 2, 0))
    one = np.empty((own, sessions - first))
    for n, instrument in enumerate(instruments):
        one[:] = np.nan
        if n % BLOCK == 0:
            columns = {f: _columns(a, n) for f, a in of_sessions.items()}
        for field, array in columns.items():
            one[AT[field]] = array[n % BLOCK]
        has_ranges = {"high", "low"} <= set(instrument.fields)
        with np.errstate(divide="ignore", invalid="ignore"):
            for group in _groups(by_symbol[n], has_ranges):
                for at in stretches(group[0], settings.gap_sessions):
                    _write(one, at, group, first, settings.warm_up_bars)
        one[~np.isfinite(one)] = np.nan
        values[:, n, :own] = one.T
    universe = Universe.of(instruments, settings.benchmarks)
    columns = {name: values[:, :, AT[of]].copy() for name, of in RANKED_LAST.items()}
    for name, array in cross_section.ranks(columns, universe, settings.least_peers).items():
        values[:, :, AT[name]] = array
    return values


def stretches(reported: np.ndarray, gap_sessions: int) -> Iterator[np.ndarray]:
    """Yield the positions of bars, cut wherever more than ``gap_sessions`` sessions lie between."""
    positions = np.flatnonzero(reported)
    if len(positions):
        yield from np.split(positions, np.flatnonzero(np.diff(positions) > gap_sessions + 1) + 1)


def breadth(close: np.ndarray, sma_50_gap: np.ndarray) -> np.ndarray:
    """Return the share of instruments above their 50-bar mean, of those that have one.

    Parameters
    ----------
    close, sma_50_gap : float64 arrays, shape (T, N)

    Returns
    -------
    float64 array, shape (T,)
        0 to 1; NaN on sessions where no instrument has a 50-bar mean.
    """
    known = np.isfinite(sma_50_gap) & np.isfinite(close)
    count = known.sum(axis=1)
    above = ((sma_50_gap > 0) & known).sum(axis=1)
    return np.divide(above, count, out=np.full(len(count), np.nan), where=count > 0)


def returns_and_gaps(bars: np.ndarray) -> dict[str, np.ndarray]:
    """Return features of exact session pairs, shape (T, N) each.

    ``log_return_k``: ln close(t) - ln close(t - k sessions), k = 1, 5, 20, 60.
    ``momentum_252_21``: ln close(t - 21 sessions) - ln close(t - 252), the year without its last
    month (Jegadeesh & Titman, 1993, Journal of Finance 48). ``gap_open``: open over the previous
    session's close, minus 1.
    """
    opens, close = bars[:, :, 0], bars[:, :, 3]
    logs = np.log(close)
    found = {}
    for lag in (1, 5, 20, 60):
        change = np.full(close.shape, np.nan)
        change[lag:] = logs[lag:] - logs[:-lag]
        found[f"log_return_{lag}"] = change
    momentum_252_21, gap = np.full((2, *close.shape), np.nan)
    if len(close) > 252:
        momentum_252_21[252:] = logs[231:-21] - logs[:-252]
    gap[1:] = opens[1:] / close[:-1] - 1
    return found | {"momentum_252_21": momentum_252_21, "gap_open": gap}


def _groups(bars: np.ndarray, has_ranges: bool) -> Iterator[Group]:
    """Yield what is computed of one instrument's bars (5, T), grouped by what it needs."""
    opened, high, low, close, traded = bars
    closes, shares = np.isfinite(close), np.isfinite(traded)
    ranges = closes & np.isfinite(high) & np.isfinite(low)
    yield closes, (close,), OF_CLOSES
    if has_ranges:
        scale = Family(indicators.scale_of_ranges)
        yield ranges, (high, low, close), (*OF_RANGES, *OF_EXTREMES, scale)
    else:
        scale = Family(indicators.scale_of_closes)
        yield closes, (close, close, close), (*OF_EXTREMES, scale)
        yield ranges, (high, low, close), OF_RANGES
    yield ranges & np.isfinite(opened), (opened, high, low, close), OF_BARS
    yield closes & shares, (close, traded), OF_CLOSES_AND_SHARES
    yield ranges & shares, (high, low, close, traded), OF_RANGES_AND_SHARES
    yield shares, (traded,), OF_SHARES


def _write(out: np.ndarray, at: np.ndarray, group: Group, first: int, warm_up: int) -> None:
    """Compute on one stretch, write back to the sessions wanted; ``out`` is (F, T - first)."""
    begin = int(np.searchsorted(at, first))
    wanted = len(at) - begin
    if wanted == 0:
        return
    into = _index(at[begin:] - first)
    read = _index(at[max(0, begin - warm_up) :] if first else at)
    _, inputs, families = group
    given = [np.ascontiguousarray(values[read]) for values in inputs]
    for family in families:
        memory = len(at) if family.bars is None or not first else wanted - 1 + family.bars
        for field, array in family.compute(*(values[-memory:] for values in given)).items():
            out[AT[field], into] = array[-wanted:]


def _index(at: np.ndarray) -> np.ndarray | slice:
    """Return positions as a slice where they are consecutive: no copy is made of those."""
    first, last = int(at[0]), int(at[-1])
    return slice(first, last + 1) if last - first + 1 == len(at) else at


def _columns(array: np.ndarray, begin: int) -> np.ndarray:
    """Return the next block of symbols by symbol, (BLOCK, T): whole cache lines are read."""
    return np.ascontiguousarray(array[:, begin : begin + BLOCK].T)


def _of_sessions(
    bars: np.ndarray,
    instruments: Sequence[Instrument],
    market: Mapping[str, np.ndarray],
    settings: DataEngineSettings,
    first: int,
) -> dict[str, np.ndarray]:
    """Return what is array work over sessions and instruments: returns, peers, market, macro."""
    begin = max(0, first - LONGEST_WINDOW) if first else 0
    bars = bars[begin:]
    absent = np.full(len(bars), np.nan)
    market = {n: market[n][begin:] if n in market else absent for n in macro.SERIES}
    universe, least = Universe.of(instruments, settings.benchmarks), settings.least_peers
    with np.errstate(divide="ignore", invalid="ignore"):
        found = returns_and_gaps(bars)
        daily = found["log_return_1"]
        found |= cross_section.against_market(daily, universe)
        found |= macro.sensitivities(daily, market)
        found |= {
            name: np.broadcast_to(values, daily.shape)
            for name, values in macro.conditions(market).items()
        }
        found = {name: values[first - begin :] for name, values in found.items()}
        ranked = {name: found[of] for name, of in RANKED_FIRST.items()}
        found |= cross_section.ranks(ranked, universe, least)
        found |= cross_section.sectors(found["log_return_20"], universe, least)
    return found
