"""Who moves with whom: the correlation graph of every session, past only.

An edge joins two symbols whose log returns over the last ``window`` sessions have a correlation of
at least ``threshold`` in absolute value; it carries the correlation (Mantegna, 1999, European
Physical Journal B 11, on networks of stocks by correlation of returns).

A new session needs the returns of its window and nothing else: its graph is one product of
standardised returns, so a day costs the same however long the history is, and gives the same bytes
wherever the history begins. Running sums that add a row and drop a row would be no faster at a
window of sixty (measured) and would drift. Symbols with a gap in the window, few as a rule, are
paired on the sessions that both report.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from foundation.kernel import OperatorError, Part

STILL = 1e-18
"""Product of two sums of squared log returns below which one of them did not move."""


class CorrelationSettings(Part):
    """What makes an edge."""

    window: int = Field(default=60, ge=3, description="Sessions looked back on, today's included.")
    threshold: float = Field(
        default=0.3, ge=0, lt=1, description="Least absolute correlation of an edge."
    )
    least_share: float = Field(
        default=0.5, gt=0, le=1, description="Share of the window that both symbols must report."
    )


@dataclass(frozen=True)
class CorrelationGraph:
    """Edges of one session; each pair stands once, the lower position first.

    Attributes
    ----------
    symbols : int
        Number of nodes.
    first, second : int32 arrays, shape (E,)
        Positions of the two symbols, ``first < second``, in ascending order.
    weight : float64 array, shape (E,)
        Correlation, -1 to 1.
    """

    symbols: int
    first: np.ndarray
    second: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.weight)

    def degrees(self) -> np.ndarray:
        """Return how many edges each symbol has, int array (N,)."""
        ends = np.concatenate([self.first, self.second])
        return np.bincount(ends, minlength=self.symbols)

    def matrix(self) -> np.ndarray:
        """Return the weights as a symmetric array (N, N): zero without an edge, one on the
        diagonal."""
        dense = np.eye(self.symbols)
        dense[self.first, self.second] = self.weight
        dense[self.second, self.first] = self.weight
        return dense


class RollingCorrelation:
    """The graph after each new session; holds the returns of one window.

    Parameters
    ----------
    symbols : int
    settings : CorrelationSettings
    """

    def __init__(self, symbols: int, settings: CorrelationSettings) -> None:
        self.settings = settings
        self._rows: deque[np.ndarray] = deque(maxlen=settings.window)
        self._symbols = symbols
        self._upper = np.triu_indices(symbols, 1)
        self._flat = np.ravel_multi_index(self._upper, (symbols, symbols))

    def push(self, log_returns: np.ndarray) -> CorrelationGraph:
        """Add a session and return its graph.

        Parameters
        ----------
        log_returns : float64 array, shape (N,)
            NaN where absent.

        Raises
        ------
        OperatorError
            If there is not one return a symbol.
        """
        if log_returns.shape != (self._symbols,):
            raise OperatorError(
                "A session has one return for each symbol of the graph",
                value=log_returns.shape,
                remedy=f"give an array of {self._symbols} returns, NaN where there is none",
            )
        self._rows.append(np.array(log_returns, dtype=float))
        found = correlations(np.array(self._rows), self.settings)
        weight = found.take(self._flat)
        at = np.flatnonzero(np.abs(weight) >= self.settings.threshold)
        first, second = (axis[at].astype(np.int32) for axis in self._upper)
        return CorrelationGraph(self._symbols, first, second, weight[at])


def correlation_graphs(
    log_returns: np.ndarray, settings: CorrelationSettings
) -> Iterator[CorrelationGraph]:
    """Yield the graph of every session of (T, N) log returns, one at a time.

    They are not kept: where markets fall together half of all pairs are edges, and a thousand
    such days of five hundred symbols would fill gigabytes.
    """
    rolling = RollingCorrelation(log_returns.shape[1], settings)
    for row in log_returns:
        yield rolling.push(row)


def correlations(window: np.ndarray, settings: CorrelationSettings) -> np.ndarray:
    """Return Pearson's correlations of a window (W, N) of log returns, shape (N, N).

    Pairs are correlated over the sessions on which both are present. Zero where those are fewer
    than the share of the full window that the settings ask for, or one of the two stood still;
    the diagonal is not meant to be read.
    """
    present = np.isfinite(window)
    count = present.sum(axis=0)
    filled = np.where(present, window, 0.0)
    centred = np.where(present, filled - filled.sum(axis=0) / np.maximum(count, 1), 0.0)
    squares = (centred * centred).sum(axis=0)
    least = settings.least_share * settings.window
    usable = (squares * squares > STILL) & (count >= least)
    scaled = np.where(usable, centred / np.sqrt(np.where(usable, squares, 1.0)), 0.0)
    found = scaled.T @ scaled
    gaps = np.flatnonzero((count < len(window)) & (count > 0))
    if len(gaps):
        pairs = _of_pairs(centred, present, gaps, least)
        found[gaps] = pairs
        found[:, gaps] = pairs.T
    return np.clip(found, -1.0, 1.0, out=found)


def _of_pairs(
    centred: np.ndarray, present: np.ndarray, rows: np.ndarray, least: float
) -> np.ndarray:
    """Return the correlations of some symbols with all, over the sessions both report."""
    both_present = present.astype(float)
    x, m = centred[:, rows].T, both_present[:, rows].T
    count = m @ both_present
    n = np.maximum(count, 1.0)
    sum_x, sum_y = x @ both_present, m @ centred
    squares_x = (x * x) @ both_present - sum_x**2 / n
    squares_y = m @ (centred * centred) - sum_y**2 / n
    scale = np.maximum(squares_x, 0) * np.maximum(squares_y, 0)
    usable = (count >= least) & (scale > STILL)
    product = x @ centred - sum_x * sum_y / n
    return np.where(usable, product / np.sqrt(np.where(usable, scale, 1.0)), 0.0)
