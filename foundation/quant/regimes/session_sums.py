"""What a session says about the market's regime, boiled down to six numbers.

Each stock's return and the one before it are divided by the stock's own relative scale. In an
autoregression with equally correlated shocks the market mean and the deviations from it are
independent (the closed form of the one-factor likelihood), and all that the likelihood asks of
the deviations are three sums of products. So a market of 500 stocks costs an estimation no more
than one of five.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

REACH = 5.0
"""Robust deviations of a session beyond which a stock's return is drawn in."""


@dataclass(frozen=True)
class SessionSums:
    """Six numbers a session, float64 arrays (T,); nought where no stock has both returns.

    Attributes
    ----------
    count : stocks with a return today and one the session before
    mean, mean_before : their mean scaled return, today's and the one before (log return)
    square, cross, square_before
        Sums over stocks of products of deviations from those means: today's with itself, today's
        with the one before, the one before with itself.
    """

    count: np.ndarray
    mean: np.ndarray
    mean_before: np.ndarray
    square: np.ndarray
    cross: np.ndarray
    square_before: np.ndarray

    def until(self, row: int) -> SessionSums:
        """Return the sums of rows up to and with ``row``."""
        return SessionSums(**{f.name: getattr(self, f.name)[: row + 1] for f in fields(self)})

    @property
    def degrees(self) -> np.ndarray:
        """Degrees of freedom of the deviations, (T,)."""
        return np.maximum(self.count - 1, 0)


def session_sums(returns: np.ndarray, half_life: int) -> tuple[SessionSums, np.ndarray]:
    """Return the sums of each session, and the deviations they were made from, (T, N).

    Parameters
    ----------
    returns : float64 array, shape (T, N)
        Log returns; NaN where absent. Row ``t`` of the answer uses rows ``<= t``.
    half_life : int
        Of the relative scale, in a stock's own sessions.

    Notes
    -----
    A return far out of its session's reach is drawn in (``within_reach``). A stock counts where
    its return, the session before's and its scale are known. Deviations are nought elsewhere.
    """
    scale = relative_scale(returns, half_life)
    returns = scale * within_reach(returns / scale)
    before = np.vstack([np.full((1, returns.shape[1]), np.nan), returns[:-1]])
    known = np.isfinite(returns) & np.isfinite(before) & np.isfinite(scale)
    count = known.sum(axis=1)
    deviations, means = [], []
    for values in (returns, before):
        scaled = np.where(known, values / scale, 0.0)
        mean = scaled.sum(axis=1) / np.maximum(count, 1)
        means.append(mean)
        deviations.append(np.where(known, scaled - mean[:, None], 0.0))
    today, then = deviations
    sums = SessionSums(
        count=count.astype(float),
        mean=means[0],
        mean_before=means[1],
        square=np.einsum("tn,tn->t", today, today),
        cross=np.einsum("tn,tn->t", today, then),
        square_before=np.einsum("tn,tn->t", then, then),
    )
    return sums, today


def relative_scale(returns: np.ndarray, half_life: int) -> np.ndarray:
    """Return how much larger a stock's moves have been than the market's mean stock's, (T, N).

    Exponentially weighted mean of the stock's absolute returns over that of the cross-section's
    mean absolute return, on the stock's own sessions before the row. The ratio leaves in the
    data what moves all stocks alike, such as a regime, and takes out what is a stock's own:
    its size of moves and its clusters. A market of one stock has scale 1. NaN until a stock has
    ``half_life`` returns, and where its prices stood still.
    """
    if returns.shape[1] == 1:
        return np.ones_like(returns)
    keep = 0.5 ** (1 / half_life)
    known = np.isfinite(returns)
    size = np.where(known, np.abs(returns), 0.0)
    of_all = size.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    own, market = np.zeros(returns.shape[1]), np.zeros(returns.shape[1])
    seen = np.cumsum(known, axis=0)
    scale = np.full(returns.shape, np.nan)
    for t in range(1, len(returns)):
        own = np.where(known[t - 1], keep * own + size[t - 1], own)
        market = np.where(known[t - 1], keep * market + of_all[t - 1], market)
        usable = (seen[t - 1] >= half_life) & (own > 0)
        scale[t, usable] = own[usable] / market[usable]
    return scale


def within_reach(values: np.ndarray) -> np.ndarray:
    """Return values drawn in to what the session's others make credible, shape (T, N).

    No further from nought than ``REACH`` robust deviations of their session (1.4826 times the
    median of absolute values, Huber's winsorising): one stock's bad price or takeover says nothing
    about the market. Normal values are left as they are but for one in a million.
    """
    absent = np.isnan(values).all(axis=1)
    typical = np.zeros(len(values))
    typical[~absent] = np.nanmedian(np.abs(values[~absent]), axis=1)
    reach = np.where(typical > 0, REACH * 1.4826 * typical, np.inf)[:, None]
    return np.clip(values, -reach, reach)


def effective_share(deviations: np.ndarray, window: int) -> float:
    """Return the share of the deviations' degrees of freedom that are independent, in (0, 1].

    Stocks of one sector move together. Their deviations carry as much about a variance or a
    slope as ``tr(C)^2 / tr(C^2)`` independent ones, ``C`` their covariance (Satterthwaite 1946,
    "An approximate distribution of estimates of variance components", Biometrics Bulletin 2).
    Its inverse is the mean squared cosine between the deviations of two different sessions,
    which needs no estimate of ``C``.

    Parameters
    ----------
    deviations : float64 array, shape (T, N)
    window : int
        Sessions that are compared with one another: the last ones.
    """
    length = np.sqrt(np.einsum("tn,tn->t", deviations, deviations))
    found = np.flatnonzero(length > 0)[-window:]
    if len(found) < 2:
        return 1.0
    directions = deviations[found] / length[found, None]
    cosines = directions @ directions.T
    pairs = len(found) * (len(found) - 1)
    mean = ((cosines**2).sum() - len(found)) / pairs
    degrees = (deviations[found] != 0).sum(axis=1).mean() - 1
    return float(np.clip(1 / (mean * max(degrees, 1.0)), 1 / max(degrees, 1.0), 1.0))
