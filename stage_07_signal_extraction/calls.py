"""Whether odds are worth a trade: direction and conviction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.contracts.signal import Direction
from stage_07_signal_extraction.opinions import HORIZON

SESSIONS_A_YEAR = 252
HISTORICAL = 20
_WAYS: dict[int, Direction] = {1: "bullish", 0: "neutral", -1: "bearish"}


@dataclass(frozen=True)
class Stakes:
    """What rises and falls have brought, and how much one symbol moves.

    Attributes
    ----------
    rise, fall : float arrays (T, 1)
        Mean log return over the horizon of past cases that rose and that did not, in units of
        the volatility that was forecast; all symbols together, of outcomes known at the row.
        NaN before there is one of each.
    volatility : float array (T, N)
        Standard deviation of the log return over the horizon.
    """

    rise: np.ndarray
    fall: np.ndarray
    volatility: np.ndarray


def stakes(moved: np.ndarray, volatility: np.ndarray) -> Stakes:
    """Return the stakes on each row from log returns (T, N) over the horizon.

    Notes
    -----
    NaN in ``volatility``, or what is not positive, is not known: such cases count nowhere.
    """
    usable = np.isfinite(volatility) & (volatility > 0)
    known = usable & np.isfinite(moved)
    scaled = np.divide(moved, volatility, out=np.zeros(moved.shape), where=known)

    def mean(of: np.ndarray) -> np.ndarray:
        total = np.cumsum(np.where(of, scaled, 0.0).sum(axis=1))
        count = np.cumsum(of.sum(axis=1))
        out = np.full((len(moved), 1), np.nan)
        past = slice(0, max(0, len(moved) - HORIZON))
        seen = count[past] > 0
        out[HORIZON:, 0][seen] = total[past][seen] / count[past][seen]
        return out

    return Stakes(mean(known & (moved > 0)), mean(known & (moved <= 0)), volatility)


def horizon_volatility(close: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """Return the volatility over the horizon (T, N): as forecast, or else as it has been.

    Where no model forecasts one, the standard deviation of the last 20 daily log returns stands
    in, times the root of the horizon (historical volatility); NaN with fewer.
    """
    daily = np.full(close.shape, np.nan)
    daily[1:] = np.diff(np.log(close), axis=0)
    past = np.full(close.shape, np.nan)
    if len(close) >= HISTORICAL:
        windows = np.lib.stride_tricks.sliding_window_view(daily, HISTORICAL, axis=0)
        past[HISTORICAL - 1 :] = windows.std(axis=-1) * np.sqrt(HORIZON)
    return np.where(np.isfinite(forecast) & (forecast > 0), forecast, past)


def information_ratios(
    odds: np.ndarray, usual: np.ndarray, stake: Stakes, cost: float
) -> np.ndarray:
    """Return what a trade on these odds is expected to earn for its risk, signed, (T, N).

    A position must pay, after the costs of getting in and out, against both alternatives: against
    holding none, and against what the symbol usually does. The lesser of the two expected returns
    over the horizon, in units of its volatility, times the root of the horizons in a year: an
    information ratio (Grinold & Kahn, "Active Portfolio Management", 2000, chapter 5). Positive:
    a long position pays. Negative: a short one. 0: neither does, or nothing can be said.

    Parameters
    ----------
    odds, usual : float arrays (T, N)
        Probability of a rise, and its past frequency.
    cost : float
        Of one trade, as a fraction of what is traded.
    """
    spread = stake.rise - stake.fall
    expected = stake.fall + odds * spread
    excess = (odds - usual) * spread
    known = np.isfinite(stake.volatility) & (stake.volatility > 0)
    price = np.divide(2 * cost, stake.volatility, out=np.full(known.shape, np.nan), where=known)
    long = np.minimum(excess, expected) - price
    short = np.minimum(-excess, -expected) - price
    ratio = np.where(long > 0, long, np.where(short > 0, -short, 0.0))
    return ratio * np.sqrt(SESSIONS_A_YEAR / HORIZON)


def direction_of(ratio: float) -> Direction:
    """Return the direction of a signed information ratio."""
    return _WAYS[int(np.sign(ratio))]
