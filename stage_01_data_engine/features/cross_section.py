"""Cross-section: every instrument among its peers and against the market.

Everything here is array work over (T, N). A session's value uses returns up to that session
and the instruments that report on it. Peers are the instruments of the same kind (equities
among equities); without enough of them a value is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from foundation.contracts import Instrument
from stage_01_data_engine.features.rolling import SESSIONS_PER_YEAR

COVERAGE = 0.8
"""Share of a window's sessions on which both sides must report a return."""


@dataclass(frozen=True)
class Universe:
    """Who is whose peer.

    Attributes
    ----------
    kind, sector : int arrays, shape (N,)
        Codes of equal kind and of equal (kind, sector); a sector of -1 means not reported.
    benchmark : int
        Position of the instrument that stands for the market; -1 where none of the named ones
        is there, and the mean return of all instruments stands for it.
    """

    kind: np.ndarray
    sector: np.ndarray
    benchmark: int

    @classmethod
    def of(cls, instruments: Sequence[Instrument], benchmarks: Sequence[str]) -> Universe:
        """Return the universe of some instruments; the first benchmark that is there counts."""
        kinds = [i.kind for i in instruments]
        sectors = [None if i.sector is None else (i.kind, i.sector) for i in instruments]
        symbols = [i.symbol for i in instruments]
        return cls(
            kind=_codes(kinds),
            sector=_codes(sectors),
            benchmark=next((symbols.index(b) for b in benchmarks if b in symbols), -1),
        )


def ranks(
    columns: dict[str, np.ndarray], universe: Universe, least_peers: int
) -> dict[str, np.ndarray]:
    """Return each column's rank among the peers of its session, shape (T, N) each.

    ``(average rank - 1) / (n - 1)`` of the n peers that have a value: 0 lowest, 1 highest, equal
    values share their mean rank. NaN with fewer than ``least_peers``.
    """
    return {name: _rank(values, universe.kind, least_peers) for name, values in columns.items()}


def sectors(
    log_return_20: np.ndarray, universe: Universe, least_peers: int
) -> dict[str, np.ndarray]:
    """Return what an instrument's sector says, shape (T, N) each.

    ================== ========================================================================
    sector_rank_20     rank of the 20-session log return within the sector, as in ``ranks``
    sector_gap_20      own 20-session log return less the mean of the sector's others
    sector_strength_20 mean 20-session log return of the sector less that of all of its kind
    ================== ========================================================================

    NaN where the sector is not reported or fewer than ``least_peers`` of it have a return.
    """
    present = np.isfinite(log_return_20)
    filled = np.where(present, log_return_20, 0.0)
    total, count = _by_group(filled, present, universe.sector)
    whole, everyone = _by_group(filled, present, universe.kind)
    enough = present & (count >= least_peers)
    others = (total - filled) / np.where(enough, count - 1, np.nan)
    mean = total / np.where(count >= least_peers, count, np.nan)
    return {
        "sector_rank_20": _rank(log_return_20, universe.sector, least_peers),
        "sector_gap_20": filled - others,
        "sector_strength_20": mean - whole / np.where(everyone > 0, everyone, np.nan),
    }


def against_market(log_return_1: np.ndarray, universe: Universe) -> dict[str, np.ndarray]:
    """Return how an instrument moves with the market, shape (T, N) each.

    ======================= ===================================================================
    market_correlation_60   correlation of 60 log returns with the benchmark's, -1 to 1
    market_beta_252         slope of 252 log returns on the benchmark's
    residual_volatility_60  standard deviation (n - 2) of what is left of 60 log returns after the
                            least-squares line on the benchmark's, annualised (Ang et al., 2006,
                            Journal of Finance 61)
    relative_strength_60    sum of 60 log returns less the benchmark's over the same sessions
    ======================= ===================================================================

    Sessions on which one side is absent are left out; NaN with less than 80% of the window, or
    where one side does not vary. The benchmark is an instrument (``Universe.benchmark``) or the
    mean log return of the instruments that report.
    """
    market = market_return(log_return_1, universe)
    short, long = (Moments.of(market[:, None], log_return_1, n) for n in (60, 252))
    left = np.maximum(short.yy - short.xy**2 / _positive(short.xx), 0) / (short.count - 2)
    return {
        "market_correlation_60": short.correlation,
        "market_beta_252": long.slope,
        "residual_volatility_60": np.sqrt(left * SESSIONS_PER_YEAR),
        "relative_strength_60": short.sum_y - short.sum_x,
    }


def market_return(log_return_1: np.ndarray, universe: Universe) -> np.ndarray:
    """Return the benchmark's log return, shape (T,)."""
    if universe.benchmark >= 0:
        return np.asarray(log_return_1[:, universe.benchmark])
    present = np.isfinite(log_return_1)
    count = present.sum(axis=1)
    total = np.where(present, log_return_1, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)


@dataclass(frozen=True)
class Moments:
    """Rolling sums of pairs (x, y) over the sessions on which both are present.

    ``xx``, ``yy``, ``xy`` are sums of squares and products about the means; NaN without coverage.
    """

    count: np.ndarray
    sum_x: np.ndarray
    sum_y: np.ndarray
    xx: np.ndarray
    yy: np.ndarray
    xy: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, window: int) -> Moments:
        """Return the moments of (T, N) or broadcastable arrays over ``window`` sessions."""
        x, y = np.broadcast_arrays(x, y)
        both = np.isfinite(x) & np.isfinite(y)
        x, y = np.where(both, x, 0.0), np.where(both, y, 0.0)
        n = _window_sum(both.astype(float), window)
        covered = n >= COVERAGE * window
        n = np.where(covered, n, np.nan)
        sx, sy = _window_sum(x, window), _window_sum(y, window)
        return cls(
            count=n,
            sum_x=np.where(covered, sx, np.nan),
            sum_y=np.where(covered, sy, np.nan),
            xx=_window_sum(x * x, window) - sx * sx / n,
            yy=_window_sum(y * y, window) - sy * sy / n,
            xy=_window_sum(x * y, window) - sx * sy / n,
        )

    @property
    def slope(self) -> np.ndarray:
        """Least-squares slope of y on x."""
        return self.xy / _positive(self.xx)

    @property
    def correlation(self) -> np.ndarray:
        """Pearson's correlation, held to -1..1 against rounding."""
        return np.clip(self.xy / np.sqrt(_positive(self.xx) * _positive(self.yy)), -1, 1)


def _window_sum(values: np.ndarray, window: int) -> np.ndarray:
    """Return sums over ``window`` rows, NaN before the first full window."""
    out = np.full(values.shape, np.nan)
    if len(values) >= window:
        total = np.cumsum(values, axis=0)
        out[window - 1] = total[window - 1]
        out[window:] = total[window:] - total[:-window]
    return out


def _positive(values: np.ndarray) -> np.ndarray:
    # Sums of squares of returns: what is below 1e-16 is rounding, not movement.
    return np.where(values > 1e-16, values, np.nan)


def _codes(labels: Sequence[object]) -> np.ndarray:
    known: dict[object, int] = {}
    return np.array([-1 if x is None else known.setdefault(x, len(known)) for x in labels])


def _by_group(
    filled: np.ndarray, present: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each instrument's group total and group count per session; NaN and 0 for code -1."""
    total, count = np.full(filled.shape, np.nan), np.zeros(filled.shape)
    for code in range(codes.max(initial=-1) + 1):
        members = np.flatnonzero(codes == code)
        total[:, members] = filled[:, members].sum(axis=1, keepdims=True)
        count[:, members] = present[:, members].sum(axis=1, keepdims=True)
    return total, count


def _rank(values: np.ndarray, codes: np.ndarray, least: int) -> np.ndarray:
    out = np.full(values.shape, np.nan)
    for code in range(codes.max(initial=-1) + 1):
        members = np.flatnonzero(codes == code)
        if len(members) >= least:
            out[:, members] = _rank_rows(values[:, members], least)
    return out


def _rank_rows(values: np.ndarray, least: int) -> np.ndarray:
    """Return ranks within each row from 0 to 1, ties at their mean, NaN left out."""
    order = np.argsort(values, axis=1)  # NaN last
    ordered = np.take_along_axis(values, order, axis=1)
    place = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    fresh = np.ones(values.shape, dtype=bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(fresh, place, 0), axis=1)
    ends = np.ones(values.shape, dtype=bool)
    ends[:, :-1] = fresh[:, 1:]
    back = np.where(ends, place, values.shape[1])[:, ::-1]
    last = np.minimum.accumulate(back, axis=1)[:, ::-1]
    count = np.isfinite(values).sum(axis=1, keepdims=True)
    share = (first + last) / 2 / np.where(count >= least, count - 1, np.nan)
    out = np.empty(values.shape)
    np.put_along_axis(out, order, share, axis=1)
    return np.where(np.isfinite(values), out, np.nan)
