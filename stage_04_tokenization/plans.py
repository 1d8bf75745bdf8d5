"""Which stories make up which windows: by split, symbol, session and task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from foundation.contracts import PRICE_OUTCOMES, TAPE, StoryBook, WindowLabel
from foundation.contracts.token_batch import Task
from foundation.kernel import OperatorError
from foundation.language import read
from stage_04_tokenization.settings import TokenizationSettings
from stage_04_tokenization.splits import Spans, Split, strided

PRICE = TAPE.index("price")
ADVERSE = PRICE_OUTCOMES.index("drops sharply")


@dataclass(frozen=True)
class Plan:
    """One window before its tokens: positions of its context stories, and of its target's."""

    symbol: int
    context: tuple[int, ...]
    target: int | None
    label: WindowLabel

    @property
    def positions(self) -> tuple[int, ...]:
        """All sessions' positions, the target's last."""
        return self.context if self.target is None else (*self.context, self.target)


Plans = dict[Split, list[Plan]]


def make_plans(book: StoryBook, cut: Spans, settings: TokenizationSettings) -> Plans:
    """Return the windows of every split, symbol by symbol.

    Raises
    ------
    OperatorError
        If a task is asked for whose stories the book does not hold.
    """
    told = np.array([[bool(text) for text in row] for row in book.texts], dtype=bool)
    poses = {task: _poser(task, book) for task in settings.tasks}
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
            if told[target - 1 : target + 1, symbol].all() and poses[task](target, symbol):
                yield _plan(book, told, symbol, target - 1, target, task, settings)

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
    following = book.sessions[origin + 1] if origin + 1 < len(book.sessions) else None
    return Plan(
        symbol,
        tuple(t for t in range(first, origin + 1) if told[t, symbol]),
        target,
        WindowLabel(
            symbol=book.symbols[symbol],
            context_until=book.sessions[origin],
            target=following,
            task=task,
        ),
    )


def _poser(task: Task, book: StoryBook) -> Callable[[int, int], bool]:
    """Return what says whether a next day, by position and symbol, poses a task."""
    if task == "next day":
        return lambda target, symbol: True
    if task == "risk scenario":
        drops = book.observed.values[:, :, PRICE] == ADVERSE
        return lambda target, symbol: bool(drops[target, symbol])
    if task == "event-driven":
        return lambda target, symbol: tells_of_event(book.texts[target - 1][symbol])
    raise OperatorError(
        "A task needs stories of its kind in the book",
        value=f"{task}; the book tells sessions only",
        remedy="leave the task out of the tokenization settings",
    )


def tells_of_event(text: str) -> bool:
    """Say whether a story speaks of an event, past or due, of its instrument or its market."""
    return any(said.kind == "event" for said in read(text).statements)


def stories_of(plans: Sequence[Plan]) -> list[tuple[int, int]]:
    """Return (session, symbol) of every story that some window holds, each once, in order."""
    return sorted({(t, plan.symbol) for plan in plans for t in plan.positions})
