"""What has happened before: counts of past transitions and of past pairings.

Everything here comes from ``StoryBook.observed`` and ``FuzzyWindow.memberships``, whose last
rows are the as-of session, so no count uses anything later. Codes are 0..4; NaN (absent) pairs
with nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

OUTCOMES = 5


@dataclass(frozen=True)
class Precedents:
    """Counts over the past, per symbol and pooled.

    Attributes
    ----------
    transitions : int64 array, shape (N, S, 5, 5)
        ``[n, s, i, j]``: how often series ``s`` of symbol ``n`` went from code i to code j from
        one session to the next.
    pairings : int64 array, shape (S, S, 5, 5)
        ``[s, r, i, j]``: how often series ``s`` stood at i while series ``r`` stood at j, all
        symbols together.
    """

    transitions: np.ndarray
    pairings: np.ndarray

    def pooled(self, series: int) -> np.ndarray:
        """Return one series' transition counts over all symbols, shape (5, 5)."""
        return self.transitions[:, series].sum(axis=0)

    def frequency(self, symbol: int, series: int, today: int, prior: float) -> np.ndarray:
        """Return the smoothed past frequencies of the five outcomes after ``today``, shape (5,).

        The all-symbol frequencies (with half an observation added to each outcome, Jeffreys'
        prior) count as ``prior`` pseudo-observations beside the symbol's own:
        ``(n_ij + prior * f_j) / (n_i + prior)``. They sum to one.
        """
        pooled = self.pooled(series)[today] + 0.5
        own = self.transitions[symbol, series, today]
        return (own + prior * pooled / pooled.sum()) / (own.sum() + prior)

    def share(self, symbol: int, series: int) -> np.ndarray:
        """Return how often each code was arrived at in the symbol's past, shape (5,), and NaN
        throughout where there is no past."""
        counts = self.transitions[symbol, series].sum(axis=0)
        total = counts.sum()
        return counts / total if total else np.full(OUTCOMES, np.nan)


def count_precedents(codes: np.ndarray) -> Precedents:
    """Count transitions and pairings.

    Parameters
    ----------
    codes : float array, shape (T, N, S)
        Observed codes 0..4, NaN where absent.

    Returns
    -------
    Precedents
    """
    present = ~np.isnan(codes)
    whole = np.where(present, codes, 0).astype(np.int64)
    indicator = np.zeros((*codes.shape, OUTCOMES), dtype=np.float64)
    np.put_along_axis(indicator, whole[..., None], present[..., None].astype(float), axis=-1)
    series = codes.shape[2]
    rows = indicator.reshape(-1, series * OUTCOMES)
    pairs = (rows.T @ rows).reshape(series, OUTCOMES, series, OUTCOMES).transpose(0, 2, 1, 3)
    return Precedents(
        transitions=count_transitions(codes),
        pairings=np.rint(pairs).astype(np.int64),
    )


def count_transitions(codes: np.ndarray) -> np.ndarray:
    """Return how often code i was followed by code j, int64, shape (N, S, 5, 5).

    ``codes`` has shape (T, N, S), NaN where absent; a step from or to an absent code is none.
    """
    present = ~np.isnan(codes)
    whole = np.where(present, codes, 0).astype(np.int64)
    _, symbols, series = codes.shape
    both = present[:-1] & present[1:]
    cell = np.arange(symbols)[:, None] * series + np.arange(series)
    flat = (cell * OUTCOMES + whole[:-1]) * OUTCOMES + whole[1:]
    counts = np.bincount(flat[both], minlength=symbols * series * OUTCOMES**2)
    return counts.reshape(symbols, series, OUTCOMES, OUTCOMES)
