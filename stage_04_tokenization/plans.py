"""Which stories make up which windows: by split, symbol, session and task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from foundation.contracts import PRICE_OUTCOMES, TAPE, StoryBook, WindowLabel
from foundation.contracts.token_batch import Task
from foundation.kernel import OperatorError
from foundation.language.task_words import HORIZONS
from stage_04_tokenization.settings import TokenizationSettings
from stage_04_tokenization.splits import Spans, Split, strided

NEXT: Task = "next day"
PRICE = TAPE.index("price")
ADVERSE = PRICE_OUTCOMES.index("drops sharply")


@dataclass(frozen=True)
class Plan:
    """One window before its tokens: positions of its context stories, and of its target's."""

    symbol: int
    context: tuple[int, ...]
    target: int | None
    label: WindowLabel


Plans = dict[Split, list[Plan]]


def make_plans(
    book: StoryBook, more: Sequence[StoryBook], cut: Spans, settings: TokenizationSettings
) -> Plans:
    """Return the windows of every split, symbol by symbol.

    Parameters
    ----------
    book : StoryBook
        Daily stories.
    more : sequence of StoryBook
        Those of other horizons, on the same sessions and symbols.

    Raises
    ------
    OperatorError
        If a task is asked for whose stories the book does not hold.
    """
    told = np.array([[bool(text) for text in row] for row in book.texts], dtype=bool)
    poses = {task: _poser(task, book, more) for task in settings.tasks}
    plans: Plans = {"train": [], "validation": [], "history": [], "forecast": []}
    learning: tuple[tuple[Split, range], ...] = (
        ("train", cut.train),
        ("validation", cut.validation),
    )
    forecasting: tuple[tuple[Split, range], ...] = (
        ("history", cut.history),
        ("forecast", cut.forecast),
    )

    def windows(symbol: int, targets: Iterator[int], task: Task) -> Iterator[Plan]:
        for target in targets:
            if told[target - 1 : target + 1, symbol].all() and poses[task][target, symbol]:
                # A week is summed up once its last session has been told.
                until = target if task == "weekly summary" else target - 1
                yield _plan(book, told, symbol, until, target, task, settings)

    for n, name in enumerate(book.symbols):
        for split, span in learning:
            for task in settings.tasks:
                targets = strided(span, name, settings.stride)
                # Events and sharp drops are rare: every one of them is shown.
                every = targets if task == "next day" else iter(span)
                plans[split] += windows(n, every, task)
        for split, span in forecasting:
            plans[split] += (
                _plan(book, told, n, origin, None, "next day", settings)
                for origin in span
                if origin >= 0 and told[origin, n]
            )
    return plans


def _plan(
    book: StoryBook,
    told: np.ndarray,
    symbol: int,
    origin: int,
    target: int | None,
    task: Task,
    settings: TokenizationSettings,
) -> Plan:
    """Return the window whose context ends at ``origin``, a session with a story."""
    first = max(0, origin + 1 - settings.context_sessions)
    following = origin + 1 if target is None else target
    return Plan(
        symbol,
        tuple(t for t in range(first, origin + 1) if told[t, symbol]),
        target,
        WindowLabel(
            symbol=book.symbols[symbol],
            context_until=book.sessions[origin],
            target=book.sessions[following] if following < len(book.sessions) else None,
            task=task,
        ),
    )


def book_of(task: Task, book: StoryBook, more: Sequence[StoryBook]) -> StoryBook:
    """Return the book that tells the targets of a task.

    Raises
    ------
    OperatorError
        If there is none, or it stands on other sessions or symbols than the daily one.
    """
    if task not in HORIZONS:
        return book
    found = next((one for one in more if one.horizon == HORIZONS[task]), None)
    if found is None:
        raise OperatorError(
            f"The task {task} needs stories of the horizon {HORIZONS[task].value}",
            value=f"books of {[one.horizon.value for one in (book, *more)]}",
            remedy="leave the task out of the tokenization settings, or tell such stories",
        )
    if (found.sessions, found.symbols) != (book.sessions, book.symbols):
        raise OperatorError(
            "Books of all horizons stand on the same sessions and symbols",
            value=f"{len(found.sessions)} and {len(book.sessions)} sessions",
            remedy="tell them from one market window",
        )
    return found


def _poser(task: Task, book: StoryBook, more: Sequence[StoryBook]) -> np.ndarray:
    """Return bool (T, N): whether a session of a symbol is a target of a task."""
    if task == "risk scenario":
        return np.asarray(book.observed.values[:, :, PRICE] == ADVERSE)
    return np.array([[bool(text) for text in row] for row in book_of(task, book, more).texts])


def stories_of(plans: Sequence[Plan]) -> list[tuple[int, int, Task]]:
    """Return (session, symbol, teller's task) of every story that some window holds, once.

    Stories of the past are told as next days, whatever the window asks for.
    """
    past = {(t, plan.symbol, NEXT) for plan in plans for t in plan.context}
    targets = {
        (plan.target, plan.symbol, plan.label.task if plan.label.task in HORIZONS else NEXT)
        for plan in plans
        if plan.target is not None
    }
    return sorted(past | targets)
