"""Misprints: bars that stand away from their level for one session."""

from __future__ import annotations

import numpy as np

from stage_01_data_engine.histories.history import History

MONTH = 21
PRINT_LEAST = 0.08
"""Both overnight steps around a misprint are at least 8%: pairs of opposite ones of that size on
consecutive nights are all but unknown among shares, while one of 5% and back is not."""
PRINT_SCALES = 5.0
"""... and at least this many of the symbol's overnight scales, in times when 8% is ordinary."""
PRINT_RETURN = 0.5
"""How far the two steps may fall short of undoing each other, in the smaller of them: what is left
is the news of two nights, for which the next session has every right."""


def bad_prints(bars: History) -> np.ndarray:
    """Say which bars look like misprints: the night before undoes what the night after does.

    All prices of a misprinted bar are off by one factor, so the step from the last close to its
    open and the step from its close to the next open carry that factor and its inverse, beside two
    ordinary nights. How far the share moves within the sessions says nothing: a true reversal opens
    where trading left off and moves from there. The steps are counted with and without the market's
    own, and the smaller counts. Without opens, closes stand in for them.
    """
    found = np.zeros(len(bars.symbol), dtype=bool)
    steps = np.stack([bars.step, bars.own_step])
    rows = np.flatnonzero(np.nan_to_num(np.abs(steps).min(axis=0)) >= PRINT_LEAST)
    near, inside = bars.around(rows, 0, 1)
    known = inside.all(axis=1) & (bars.gap[near] <= MONTH).all(axis=1)
    rows, after = rows[known], near[known, 1]
    out, back = steps[:, rows], steps[:, after]
    size = np.minimum(np.abs(out), np.abs(back)).min(axis=0)
    least = np.fmax(PRINT_LEAST, PRINT_SCALES * bars.gap_scale(rows))
    opposite = (out * back < 0).all(axis=0)
    undone = np.abs(out + back).min(axis=0) <= PRINT_RETURN * size
    # With too few bars before, it is not known what is ordinary here, and nothing is said.
    judged = np.isfinite(bars.gap_scale(rows))
    found[rows[judged & opposite & undone & (size >= least)]] = True
    return found
