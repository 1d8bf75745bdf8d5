"""Several windows in one row, none of which sees another.

Padding costs as much as text. Windows are packed into rows of a fixed capacity, first fit by
falling length (Johnson 1973: at most 22% more rows than the best packing). Each keeps positions of
its own and attends to itself alone (a block-diagonal mask), so what is computed of it is what
would be computed alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import TokenWindows
from foundation.kernel import OperatorError
from stage_05_llm_engine.learning.lessons import STRETCH, Batch

if TYPE_CHECKING:
    import torch


def first_fit(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Return rows of places in ``lengths`` whose sums stay within ``capacity``.

    Raises
    ------
    OperatorError
        If one length alone exceeds the capacity.
    """
    rows: list[list[int]] = []
    room: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if lengths[place] > capacity:
            raise OperatorError(
                "A window fits into a packed row",
                value=f"{lengths[place]} tokens in rows of {capacity}",
                remedy="raise pack_tokens in the recipe, or lower max_tokens of the windows",
            )
        found = next((r for r, left in enumerate(room) if left >= lengths[place]), None)
        if found is None:
            rows.append([place])
            room.append(capacity - lengths[place])
        else:
            rows[found].append(place)
            room[found] -= lengths[place]
    return rows


def pack(
    windows: TokenWindows, weights: np.ndarray, rows: Sequence[Sequence[int]], pad: int
) -> Batch:
    """Return rows of windows, one behind the other, as a batch."""
    lengths = windows.attention_mask.sum(axis=1)
    longest = max(int(sum(lengths[w] for w in row)) for row in rows)
    ids = np.full((len(rows), longest), pad, dtype=np.int64)
    counted = np.zeros((len(rows), longest), dtype=np.float32)
    segments = np.full((len(rows), longest), -1, dtype=np.int64)
    positions = np.zeros((len(rows), longest), dtype=np.int64)
    for r, row in enumerate(rows):
        start = 0
        for number, w in enumerate(row):
            stop = start + int(lengths[w])
            ids[r, start:stop] = windows.ids[w, : lengths[w]]
            # A window's first token follows nothing: the one before it belongs to another.
            counted[r, start + 1 : stop] = weights[w, 1 : lengths[w]]
            segments[r, start:stop] = number
            positions[r, start:stop] = np.arange(lengths[w])
            start = stop
    return Batch(
        ids=ids,
        weights=counted,
        tokens=int((segments >= 0).sum()),
        segments=segments,
        positions=positions,
    )


def endless_packs(
    lengths: np.ndarray, size: int, capacity: int, seed: int
) -> Iterator[list[list[int]]]:
    """Yield the windows of batches of ``size`` packed rows without end, each once per pass.

    Windows are packed in stretches, so that a stretch's rows are nearly full; a row left over
    is the first of the next stretch.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    per_row = max(1, capacity // max(1, int(lengths.mean())))
    waiting: list[int] = []
    while True:
        wanted = size * STRETCH * per_row
        while len(waiting) < wanted:
            waiting += rng.permutation(len(lengths)).tolist()
        drawn, waiting = waiting[:wanted], waiting[wanted:]
        rows = [
            [drawn[i] for i in row] for row in first_fit([int(lengths[w]) for w in drawn], capacity)
        ]
        rows = [rows[i] for i in rng.permutation(len(rows))]
        whole = len(rows) // size * size
        waiting = [w for row in rows[whole:] for w in row] + waiting
        for first in range(0, whole, size):
            yield rows[first : first + size]


def seen_within(segments: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Return bool (B, L, L): each token sees its own window up to itself.

    Parameters
    ----------
    segments, positions : tensors (B, L)
        Number of the window within the row, -1 on padding, and the place within the window.
    """
    import torch

    distance = positions[:, :, None] - positions[:, None, :]
    same = segments[:, :, None] == segments[:, None, :]
    # Padding looks at itself: a row without any key would be no distribution.
    itself = torch.eye(segments.shape[1], dtype=torch.bool, device=segments.device)
    real = (segments >= 0)[:, :, None]
    return (same & real & (distance >= 0)) | itself
