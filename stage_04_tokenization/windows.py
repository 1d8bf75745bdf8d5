"""Windows: the stories of six sessions and the target's, one after the other, padded right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from foundation.contracts import TokenWindows, WindowLabel
from foundation.kernel import OperatorError
from stage_04_tokenization.splits import Split
from stage_04_tokenization.tape import EncodedStory


@dataclass(frozen=True)
class Plan:
    """One window before its tokens: positions of its context stories, and of its target's."""

    symbol: int
    context: tuple[int, ...]
    target: int | None
    label: WindowLabel


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
            value=f"the last stories take {list(lengths[-2:])} tokens, max_tokens is {limit}",
            remedy="raise max_tokens in the tokenization settings",
        )
    return len(lengths) - kept


def assemble(
    split: Split,
    plans: Sequence[Plan],
    story: Callable[[int, int], EncodedStory],
    *,
    max_tokens: int,
    pad: int,
) -> TokenWindows:
    """Return the windows of one split.

    Parameters
    ----------
    story : callable (session position, symbol position) -> EncodedStory
    max_tokens : int
        Limit per window; the oldest stories beyond it are left out whole.
    pad : int
        Id that fills windows to the length of the longest.
    """
    rows = [_row(plan, story, max_tokens) for plan in plans]
    length = max((len(ids) for ids, _, _ in rows), default=0)
    ids = np.full((len(rows), length), pad, dtype=np.int32)
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
    plan: Plan, story: Callable[[int, int], EncodedStory], max_tokens: int
) -> tuple[list[int], list[int], list[int]]:
    told = [story(t, plan.symbol) for t in plan.context]
    if plan.target is not None:
        told.append(story(plan.target, plan.symbol))
    told = told[fit([len(s.ids) for s in told], max_tokens) :]
    ids: list[int] = []
    loss: list[int] = []
    index: list[int] = []
    for number, one in enumerate(told):
        is_target = plan.target is not None and number == len(told) - 1
        ids += one.ids
        loss += one.answers if is_target else [0] * len(one.ids)
        index += [number] * len(one.ids)
    return ids, loss, index
