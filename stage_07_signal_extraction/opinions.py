"""How likely a rise is, by three opinions on one event.

The event: the close ``HORIZON`` sessions after a row's lies above the row's close. All arrays have
sessions on the first axis; what stands in row ``t`` was known at the close of session ``t``, so an
outcome counts ``HORIZON`` rows after the forecast of it. NaN is silence.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

HORIZON = 5
"""Sessions that a signal looks ahead: those that the quantitative context speaks of."""

OPINIONS: tuple[str, ...] = ("past", "story", "model")
_TENTH = NormalDist().inv_cdf(0.9)
_PRICE_OUTCOMES = 5


def moves(close: np.ndarray) -> np.ndarray:
    """Return the log return from each close (T, N) to that ``HORIZON`` sessions on.

    NaN where either close is absent, and in the last ``HORIZON`` rows.
    """
    ahead = np.full(close.shape, np.nan)
    ahead[:-HORIZON] = np.log(close[HORIZON:] / close[:-HORIZON])
    return ahead


def rises(moved: np.ndarray) -> np.ndarray:
    """Return 1 where the close came to lie higher, 0 where it did not, NaN where not known."""
    return np.where(np.isnan(moved), np.nan, moved > 0)


def past_frequency(rose: np.ndarray) -> np.ndarray:
    """Return the share of past cases that rose, all symbols together, (T, N): the base rate.

    Half a case is added on either side (Jeffreys prior), so it is one half before anything is
    known.
    """
    known = ~np.isnan(rose)
    up = _by_then(np.where(known, rose, 0.0).sum(axis=1))
    count = _by_then(known.sum(axis=1))
    return np.repeat(((up + 0.5) / (count + 1.0))[:, None], rose.shape[1], axis=1)


def story_odds(price: np.ndarray, outcomes: np.ndarray, rose: np.ndarray) -> np.ndarray:
    """Return what the story's odds of the next session's price make of the horizon's, (T, N).

    By the law of total probability, ``sum_k p_k f_k``: ``p_k`` is what the story gives to
    outcome k on the next session, ``f_k`` how often a rise over the horizon that begins with
    outcome k was seen in the past (all symbols together, Jeffreys prior). A story that expects of
    tomorrow what the past has shown therefore gives the past frequency.

    Parameters
    ----------
    price : float array (T, N, 5)
        Probabilities of the next session's price outcomes, lowest first.
    outcomes : float array (T, N)
        Code of the price outcome that was observed on the row's own session.
    rose : float array (T, N)
        Of ``rises``.
    """
    following = np.full(outcomes.shape, np.nan)
    following[:-1] = outcomes[1:]
    seen = (following[..., None] == np.arange(_PRICE_OUTCOMES)) & ~np.isnan(rose)[..., None]
    up = _by_then(np.where(seen, rose[..., None], 0.0).sum(axis=1))
    frequency = (up + 0.5) / (_by_then(seen.sum(axis=1)) + 1.0)
    total = price.sum(axis=-1)
    given = np.einsum("tnk,tk->tn", price, frequency)
    return np.divide(given, total, out=np.full(total.shape, np.nan), where=total > 0)


def model_odds(low: np.ndarray, middle: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return what the market model's 10%, 50% and 90% quantiles give to a return above zero.

    Between them the distribution is taken to be normal on either side of the median: ``Phi(z
    middle / (middle - low))`` with z the normal's 90% quantile where the median is positive, so
    that zero lies below it; the upper half's width elsewhere. NaN where that width is not
    positive.
    """
    width = np.where(middle > 0, middle - low, high - middle)
    steps = np.divide(middle, width, out=np.full(width.shape, np.nan), where=width > 0)
    return _normal(_TENTH * steps)


def _by_then(counts: np.ndarray) -> np.ndarray:
    """Return cumulative sums over rows, of the outcomes that were known at each row."""
    total = np.cumsum(counts, axis=0).astype(float)
    known = np.zeros_like(total)
    known[HORIZON:] = total[:-HORIZON]
    return known


def _normal(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    chance: np.ndarray = ndtr(z)
    return chance
