"""Windows: the stories of six sessions and the target's, one after the other, padded right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from foundation.contracts import TapeCodes, TokenWindows
from foundation.contracts.token_batch import Task
from foundation.kernel import OperatorError
from stage_04_tokenization.plans import Plan
from stage_04_tokenization.splits import Split
from stage_04_tokenization.tape import EncodedStory

Teller = Callable[[int, int, Task], EncodedStory]
"""From (session position, symbol position, task) to the story as it is told for that task."""


def fit(lengths: Sequence[int], limit: int) -> int:
    """Return how many stories to leave out at the front so that the rest fits into ``limit``.

    Raises
    ------
    OperatorError
        If not even the last two stories fit: a target needs something before it.
    """
    kept, total = 0, 0
    for length in reversed(lengths):
        if total + length > limit:
            break
        kept, total = kept + 1, total + length
    if kept < min(2, len(lengths)):
        raise OperatorError(
            "A window must hold the target story and at least one before it",
            value=f"the last stories take {list(lengths[-2:])} tokens, {limit} are left for them",
            remedy="raise max_tokens in the tokenization settings",
        )
    return len(lengths) - kept


def assemble(
    split: Split, plans: Sequence[Plan], story: Teller, codes: TapeCodes, *, max_tokens: int
) -> TokenWindows:
    """Return the windows of one split.

    Parameters
    ----------
    max_tokens : int
        Limit per window; the oldest stories beyond it are left out whole.
    """
    rows = [_row(plan, story, codes, max_tokens) for plan in plans]
    length = max((len(ids) for ids, _, _ in rows), default=0)
    ids = np.full((len(rows), length), codes.pad, dtype=np.int32)
    loss = np.zeros((len(rows), length), dtype=np.int32)
    index = np.full((len(rows), length), -1, dtype=np.int32)
    for w, (row_ids, row_loss, row_index) in enumerate(rows):
        ids[w, : len(row_ids)] = row_ids
        loss[w, : len(row_ids)] = row_loss
        index[w, : len(row_ids)] = row_index
    return TokenWindows(
        split=split,
        labels=tuple(plan.label for plan in plans),
        ids=ids,
        attention_mask=(index >= 0).astype(np.int32),
        loss_mask=loss,
        story_index=index,
    )


def _row(
    plan: Plan, story: Teller, codes: TapeCodes, max_tokens: int
) -> tuple[list[int], list[int], list[int]]:
    """Return ids, loss and story number of every token of a window."""
    task = plan.label.task
    told: list[tuple[Sequence[int], Sequence[int]]] = []
    for t in plan.context:
        past = (*story(t, plan.symbol, "next day").ids, *codes.separator)
        told.append((past, [0] * len(past)))
    if plan.target is not None:
        target, asked = story(plan.target, plan.symbol, task), codes.task(task)
        told.append(
            (
                (*asked, *target.ids, *codes.end),
                [*[0] * len(asked), *target.answers, *[1] * len(codes.end)],
            )
        )
    told = told[fit([len(ids) for ids, _ in told], max_tokens - len(codes.opening)) :]
    row_ids, row_loss = [*codes.opening], [0] * len(codes.opening)
    row_index = [0] * len(codes.opening)
    for number, (ids, loss) in enumerate(told):
        row_ids += ids
        row_loss += loss
        row_index += [number] * len(ids)
    return row_ids, row_loss, row_index
