"""Sequences of three price movements: early, middle and late segment of the fortnight.

A sequence matches as well as its weakest movement (Zadeh's minimum). The first nine are those of
the source design and their mirror images; the others name what traders call these paths
(Edwards, Magee and Bassetti, *Technical Analysis of Stock Trends*, 2007, on reversal days,
consolidation and acceleration). Plain climbs and standstills have no name here: the story tells
the path anyway, and a name should be news.
"""

from __future__ import annotations

import numpy as np

from stage_02_fuzzification.movement import degree

SEQUENCES: dict[str, tuple[int, int, int]] = {
    "bullish reversal": (-2, 0, 2),
    "bearish reversal": (2, 0, -2),
    "momentum continuation": (1, 0, 2),
    "downward continuation": (-1, 0, -2),
    "bearish breakdown": (0, 0, -2),
    "bullish lift-off": (0, 0, 2),
    "capitulation": (-1, -2, -2),
    "melt-up": (1, 2, 2),
    "relief rally": (-2, -1, 1),
    # Turned without a pause.
    "v-shaped recovery": (-2, 1, 2),
    "inverted v": (2, -1, -2),
    # The mirror image of a relief rally.
    "failing rally": (2, 1, -1),
    # A sharp move that is being digested.
    "consolidation after a surge": (2, 0, 0),
    "consolidation after a plunge": (-2, 0, 0),
    # Each segment faster than the one before, or slower.
    "accelerating rise": (0, 1, 2),
    "accelerating decline": (0, -1, -2),
    "fading rise": (2, 1, 0),
    "fading decline": (-2, -1, 0),
}
"""Movement codes by name: -2 drops sharply, 0 steady, +2 rises sharply."""


def sequences(early: np.ndarray, middle: np.ndarray, late: np.ndarray) -> dict[str, np.ndarray]:
    """Return the match strength of every sequence pattern, each of the codes' shape (T, N)."""
    return {
        name: np.minimum(
            np.minimum(degree(early, wanted[0]), degree(middle, wanted[1])),
            degree(late, wanted[2]),
        )
        for name, wanted in SEQUENCES.items()
    }
