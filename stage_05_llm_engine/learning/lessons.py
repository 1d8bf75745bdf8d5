"""From token windows to what a training step needs: batches, and a weight for every token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from foundation.contracts import SERIES, TAPE, TapeCodes, TokenWindows
from stage_05_llm_engine.learning.asides import Asides, put_aside

STRETCH = 16
"""Batches that are filled together, windows of like length side by side."""


@dataclass(frozen=True)
class Batch:
    """Rows of tokens: ids (B, L), and the loss weight of predicting each (B, L).

    Where windows are packed, ``segments`` (B, L) numbers the windows of a row (-1 on padding) and
    ``positions`` (B, L) counts within each; otherwise a row is a window. ``asides`` are questions
    that stand behind the rows.
    """

    ids: np.ndarray
    weights: np.ndarray
    tokens: int
    segments: np.ndarray | None = None
    positions: np.ndarray | None = None
    asides: Asides | None = None

    @property
    def weight(self) -> float:
        """The weights of all that is predicted (a window's first token is not)."""
        put = 0.0 if self.asides is None else float(self.asides.weights.sum(dtype=np.float64))
        return float(self.weights[:, 1:].sum(dtype=np.float64)) + put


def loss_weights(
    windows: TokenWindows, codes: TapeCodes, loss: str, tape_weight: float | np.ndarray
) -> np.ndarray:
    """Return float32 (W, L): how much the prediction of each token counts.

    With ``loss="every story"`` the answers, words and end of every story but a window's first
    count, otherwise those of the target story. Where the tape is spelled in several ordinary
    tokens frame and answers cannot be told apart by id: then every token of those stories counts,
    and all count the same. ``tape_weight`` is what an answer weighs beside a word, or one weight
    per entry of ``TAPE``.
    """
    if loss == "target":
        mask = windows.loss_mask.astype(np.float32)
    else:
        mask = (windows.story_index >= 1).astype(np.float32)
    single = marks_are_single(codes)
    if single and loss != "target":
        frame = [codes.story[0], codes.text[0], *(s[0] for s in codes.series)]
        frame += [token for task in codes.tasks for token in task]
        mask[np.isin(windows.ids, frame)] = 0.0
    if single:
        weights = np.broadcast_to(tape_weight, len(TAPE))
        for outcomes, weight in zip(codes.outcomes, weights, strict=True):
            mask[np.isin(windows.ids, [outcome[0] for outcome in outcomes])] *= weight
    return mask


def series_shares(symbols: int) -> np.ndarray:
    """Return float64 (len(TAPE),): what an answer of each series weighs beside others.

    A series with one value a session is told again by every symbol. Taken for as many draws, a
    model learns what happened instead of what tends to; so N tellings weigh as the root of N.
    """
    shared = [SERIES[name].panel == "market" for name in TAPE]
    return np.where(shared, symbols**-0.5, 1.0)


def marks_are_single(codes: TapeCodes) -> bool:
    """Say whether every mark of the tape is one token of its own."""
    marks = [codes.story, codes.text, *codes.series, *(o for s in codes.outcomes for o in s)]
    return all(len(mark) == 1 for mark in marks)


def endless_rows(lengths: np.ndarray, size: int, seed: int) -> Iterator[list[int]]:
    """Yield the windows of batches without end, each once per pass, in a seeded order.

    Within stretches of ``STRETCH`` batches windows of like length come together, so that little
    is computed on padding; the order of batches within a stretch is drawn again.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    waiting: list[int] = []
    while True:
        while len(waiting) < size * STRETCH:
            waiting += rng.permutation(len(lengths)).tolist()
        rows, waiting = waiting[: size * STRETCH], waiting[size * STRETCH :]
        rows.sort(key=lambda row: int(lengths[row]))
        for number in rng.permutation(STRETCH):
            yield rows[number * size : (number + 1) * size]


def take(windows: TokenWindows, weights: np.ndarray, rows: list[int]) -> Batch:
    """Return some windows as a batch, without the columns that are padding in all of them."""
    tokens = windows.attention_mask[rows]
    longest = int(tokens.sum(axis=1).max())
    return Batch(
        ids=windows.ids[rows, :longest].astype(np.int64),
        weights=weights[rows, :longest],
        tokens=int(tokens.sum()),
    )


def with_asides(batch: Batch, codes: TapeCodes, weights: np.ndarray) -> Batch:
    """Return the batch with the questions of the stories that it teaches put aside.

    Parameters
    ----------
    weights : float array, shape (len(TAPE),)
        Of an answer of each series, a word weighing 1. All zero: the batch as it is.
    """
    if not weights.any():
        return batch
    return replace(batch, asides=put_aside(batch.ids, batch.weights > 0, codes, weights))


def spread(count: int, wanted: int) -> list[int]:
    """Return at most ``wanted`` positions, evenly spread over ``count``."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(int)).tolist()
