"""Choosing one opinion by its past instead of weighing them all: what the weighing is held against.

Imported by ``market_forecasts.py``. The incumbent answers until a challenger's losses on past
sessions, every one of them forecast before its outcome was known, lie below the incumbent's by
more than chance would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from foundation.kernel import OperatorError
from foundation.twins.promotion import Comparison, compare
from foundation.twins.report import session_means


@dataclass(frozen=True)
class Choice:
    """Who answers from a row on, and how the challengers stood against the incumbent there."""

    row: int
    name: str
    comparisons: Mapping[str, Comparison]


def choose(
    losses: Mapping[str, np.ndarray],
    incumbent: str,
    *,
    rows: Sequence[int],
    horizon: int,
    trial: int,
    least: int,
    seed: int,
) -> tuple[Choice, ...]:
    """Return who answers from each row on.

    Parameters
    ----------
    losses : mapping of name to float array (T, N)
        Out-of-sample losses; NaN where an opinion was not given or the outcome is not known.
    incumbent : str
        Who answers at first, and whenever the one before gives no opinion any more.
    rows : sequence of int, ascending
        Where choices are made: by losses of rows ``s`` with ``s + horizon <= row``.

    Raises
    ------
    OperatorError
        If the incumbent gives no losses.
    """
    if incumbent not in losses:
        raise OperatorError(
            "The incumbent is one of the opinions",
            value=incumbent,
            remedy=f"name one of {sorted(losses)}",
        )
    means = {name: session_means(losses[name], losses[incumbent]) for name in losses}
    present, choices = incumbent, []
    for row in rows:
        known = max(0, row + 1 - horizon)
        past = slice(max(0, known - trial), known)
        found = {
            name: compare(means[present][past, None], mean[past, None], least=least, seed=seed)[0]
            for name, mean in means.items()
            if name != present
        }
        better = {name: c.gain for name, c in found.items() if c.promotes}
        if better:
            present = max(better, key=lambda name: better[name])
        choices.append(Choice(row, present, found))
    return tuple(choices)


def assembled(
    opinions: Mapping[str, np.ndarray], incumbent: str, choices: Sequence[Choice]
) -> np.ndarray:
    """Return the values of whoever was chosen at each row; the incumbent's where that one is
    silent."""
    out = opinions[incumbent].copy()
    for choice, until in zip(choices, [*(c.row for c in choices[1:]), len(out)], strict=True):
        said = opinions[choice.name][choice.row : until]
        kept = out[choice.row : until]
        np.copyto(kept, said, where=np.isfinite(said))
    return out
