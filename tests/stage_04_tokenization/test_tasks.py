"""Tasks beside the next day: who poses them, how they are asked, and that they leave no trace."""

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer

from foundation.contracts import TAPE, Horizon, StoryBook, TokenBatch
from foundation.contracts.token_batch import TASKS, Task
from foundation.kernel import OperatorError
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from tests.stage_04_tokenization.conftest import SETTINGS

PRICE = TAPE.index("price")
BOTH = SETTINGS.model_copy(update={"tasks": ("next day", "risk scenario")})


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


def horizon_book(book: StoryBook, horizon: Horizon) -> StoryBook:
    """Return a book that tells something every fifth session."""
    texts = tuple(
        tuple(
            f"{horizon.value} story {t} of {name}." if t % 5 == 4 else "" for name in book.symbols
        )
        for t in range(len(book.sessions))
    )
    return book.model_copy(update={"horizon": horizon, "texts": texts})


@pytest.mark.parametrize(
    ("task", "horizon", "told_until"),
    [
        ("weekly summary", Horizon.WEEKLY, 0),
        ("event-driven", Horizon.EVENT, -1),
        ("intraday update", Horizon.INTRADAY, -1),
    ],
)
def test_targets_of_other_horizons_are_told_by_their_own_book(
    book: StoryBook, batch: TokenBatch, task: Task, horizon: Horizon, told_until: int
) -> None:
    settings = SETTINGS.model_copy(update={"tasks": ("next day", task)})
    made = TokenizationStage(settings).run(book, (horizon_book(book, horizon),))
    reader, labels = Tokenizer.from_str(made.tokenizer_json), made.split("train").labels
    assert made.tokenizer_hash == batch.tokenizer_hash
    rows = rows_of(made, task)
    assert {book.sessions.index(labels[row].target) % 5 for row in rows} == {4}
    for row in rows[:8]:
        t = book.sessions.index(labels[row].target)
        ids = target_ids(made, row)
        mark = [*made.codes.task(task), *made.codes.story, *made.codes.text]
        assert ids[: len(mark)] == mark  # words alone, no tape
        words = reader.decode(ids[len(mark) : -1], skip_special_tokens=False)
        assert words == f"{horizon.value} story {t} of {labels[row].symbol}."
        assert labels[row].context_until == book.sessions[t + told_until]


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
def test_a_task_without_a_book_of_its_horizon_is_refused(book: StoryBook, task: str) -> None:
    settings = SETTINGS.model_copy(update={"tasks": ("next day", task)})
    with pytest.raises(OperatorError, match=task):
        TokenizationStage(settings).run(book)


@pytest.mark.parametrize("tasks", [(), ("risk scenario",), ("next day", "next day")])
def test_the_next_day_is_always_among_the_tasks_and_each_once(tasks: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="next day"):
        TokenizationSettings.model_validate({"tasks": tasks})
