"""An interpolated 5-gram model, modified Kneser-Ney, on arrays.

S. F. Chen and J. Goodman (1999), "An empirical study of smoothing techniques for language
modeling", Computer Speech and Language 13, section 3: three discounts per order from counts of
counts, lower orders by the number of different words before, every order mixed with the one below
and the lowest with the uniform distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class _Order:
    """n-grams of one order as sorted keys with counts, and their histories' totals."""

    keys: np.ndarray
    counts: np.ndarray
    histories: np.ndarray
    totals: np.ndarray
    kept_back: np.ndarray
    discounts: np.ndarray


class KneserNey:
    """The model.

    Parameters
    ----------
    sequences : sequence of int arrays
        Texts to learn from. No n-gram spans two of them.
    size : int
        Vocabulary size V; ids are 0 .. V-1. ``(V + 1) ** order`` must fit into 63 bits.
    order : int
        Longest n-gram.
    """

    def __init__(self, sequences: Sequence[np.ndarray], size: int, order: int = 5) -> None:
        if (size + 1) ** order >= 2**63:
            raise ValueError(f"n-grams of {size} words and order {order} do not fit into 63 bits")
        self.size, self.order = size, order
        keys, counts = np.unique(self._keys(sequences, order), return_counts=True)
        self.orders: list[_Order] = []
        for length in range(order, 0, -1):
            self.orders.append(self._made(keys, counts))
            # The next lower order counts how many different words stand before an n-gram.
            keys, counts = np.unique(keys % (size + 1) ** (length - 1), return_counts=True)

    def log_probability(self, sequences: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return, for each sequence, nats of every token given those before it."""
        keys = self._keys(sequences, self.order)
        chances = np.full(len(keys), 1.0 / self.size)
        for length, made in zip(range(1, self.order + 1), reversed(self.orders), strict=True):
            asked = keys % (self.size + 1) ** length
            chances = self._mixed(made, asked, chances)
        ends = np.cumsum([len(s) for s in sequences])[:-1]
        return np.split(np.log(chances), ends)

    def _mixed(self, made: _Order, asked: np.ndarray, below: np.ndarray) -> np.ndarray:
        """Return chances at one order from those one order below."""
        seen = _look_up(made.keys, made.counts, asked)
        place, known = _places(made.histories, asked // (self.size + 1))
        total = np.where(known, made.totals[place], 1.0)
        cut = made.discounts[np.minimum(seen, 3).astype(int)]
        mixed = (np.maximum(seen - cut, 0.0) + made.kept_back[place] * below) / total
        return np.where(known, mixed, below)

    def _made(self, keys: np.ndarray, counts: np.ndarray) -> _Order:
        ones, twos, threes, fours = (float((counts == n).sum()) for n in (1, 2, 3, 4))
        ratio = ones / (ones + 2 * twos) if ones else 0.0
        levels = [(1, ones, twos), (2, twos, threes), (3, threes, fours)]
        found = [n - (n + 1) * ratio * after / here if here else 0.0 for n, here, after in levels]
        discounts = np.clip([0.0, *found], 0.0, [0.0, 1.0, 2.0, 3.0])
        histories, start = np.unique(keys // (self.size + 1), return_index=True)
        return _Order(
            keys=keys,
            counts=counts,
            histories=histories,
            totals=np.add.reduceat(counts, start).astype(float),
            kept_back=np.add.reduceat(discounts[np.minimum(counts, 3)], start),
            discounts=discounts,
        )

    def _keys(self, sequences: Sequence[np.ndarray], order: int) -> np.ndarray:
        """Return one int64 per token: it and those before it; before a text stand marks V."""
        parts = []
        for sequence in sequences:
            padded = np.concatenate([np.full(order - 1, self.size), sequence]).astype(np.int64)
            key = np.zeros(len(sequence), dtype=np.int64)
            for offset in range(order):
                key = key * (self.size + 1) + padded[offset : offset + len(sequence)]
            parts.append(key)
        return np.concatenate(parts)


def _places(keys: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return place, keys[place] == asked


def _look_up(keys: np.ndarray, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    place, known = _places(keys, asked)
    return np.where(known, values[place], 0)
