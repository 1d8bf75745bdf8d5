"""Tasks beside the next day: who poses them, how they are asked, and that they leave no trace."""

from __future__ import annotations

import numpy as np
import pytest

from foundation.contracts import TAPE, StoryBook, TokenBatch, statement
from foundation.contracts.token_batch import TASKS
from foundation.kernel import OperatorError
from foundation.language import phrasings, read
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_04_tokenization.plans import tells_of_event
from tests.stage_04_tokenization.conftest import SETTINGS

PRICE = TAPE.index("price")
BOTH = SETTINGS.model_copy(update={"tasks": ("next day", "risk scenario", "event-driven")})


@pytest.fixture(scope="module")
def many(book: StoryBook) -> TokenBatch:
    return TokenizationStage(BOTH).run(book)


def rows_of(batch: TokenBatch, task: str) -> list[int]:
    return [i for i, label in enumerate(batch.split("train").labels) if label.task == task]


def target_ids(batch: TokenBatch, row: int) -> list[int]:
    windows = batch.split("train")
    return windows.ids[row, windows.story_index[row] == windows.story_index[row].max()].tolist()


def test_the_risk_task_is_posed_by_every_sharp_drop_and_by_nothing_else(
    book: StoryBook, many: TokenBatch
) -> None:
    labels = many.split("train").labels
    posed = {(labels[i].symbol, labels[i].target) for i in rows_of(many, "risk scenario")}
    last = max(label.target for label in labels if label.target)
    told = {
        (symbol, day)
        for t, day in enumerate(book.sessions[1:], 1)
        for n, symbol in enumerate(book.symbols)
        if day <= last and book.observed.values[t, n, PRICE] == 0
    }
    assert posed == told
    assert len(posed) > 10


def test_the_risk_task_says_so_and_puts_the_drop_first(many: TokenBatch) -> None:
    codes = many.codes
    for row in rows_of(many, "risk scenario")[:9]:
        asked = [*codes.task("risk scenario"), *codes.story, *codes.series[PRICE]]
        assert target_ids(many, row)[: len(asked) + 1] == [*asked, codes.outcomes[PRICE][0][0]]


def test_an_event_on_the_eve_poses_the_event_task(book: StoryBook) -> None:
    """Planted stories tell of no event: one is told here, in each wording of an earnings report."""
    texts = [list(row) for row in book.texts]
    assert not any(tells_of_event(text) for row in book.texts for text in row)
    wordings = phrasings(statement("event", "earnings", "since: today"))
    for place, clause in enumerate(wordings):
        texts[20 + place][1] += f" {clause.capitalize()}."
    changed = book.model_copy(update={"texts": tuple(map(tuple, texts))})
    batch = TokenizationStage(BOTH).run(changed)
    labels = batch.split("train").labels
    found = [labels[i] for i in rows_of(batch, "event-driven")]
    assert {label.symbol for label in found} == {book.symbols[1]}
    assert {label.context_until for label in found} == set(book.sessions[20 : 20 + len(wordings)])


def test_other_tasks_are_added_and_change_no_window_of_the_next_day(
    batch: TokenBatch, many: TokenBatch
) -> None:
    old, new = batch.split("train"), many.split("train")
    kept = rows_of(many, "next day")
    assert [new.labels[i] for i in kept] == list(old.labels)
    for place, row in enumerate(kept):
        width = int(old.attention_mask[place].sum())
        assert np.array_equal(old.ids[place, :width], new.ids[row, :width])
    assert many.tasks == BOTH.tasks
    assert many.split("history").ids.tobytes() == batch.split("history").ids.tobytes()


def test_a_task_carries_no_loss(many: TokenBatch) -> None:
    windows = many.split("train")
    marks = [token for task in many.codes.tasks for token in task]
    assert len(marks) == len(TASKS) - 1
    assert not windows.loss_mask[np.isin(windows.ids, marks)].any()


@pytest.mark.parametrize("task", ["weekly summary", "intraday update"])
def test_a_task_that_the_book_has_no_stories_for_is_refused(book: StoryBook, task: str) -> None:
    settings = SETTINGS.model_copy(update={"tasks": ("next day", task)})
    with pytest.raises(OperatorError, match=task):
        TokenizationStage(settings).run(book)


@pytest.mark.parametrize("tasks", [(), ("risk scenario",), ("next day", "next day")])
def test_the_next_day_is_always_among_the_tasks_and_each_once(tasks: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="next day"):
        TokenizationSettings.model_validate({"tasks": tasks})


def test_planted_stories_can_be_read(book: StoryBook) -> None:
    assert read(book.texts[20][0]).statements
