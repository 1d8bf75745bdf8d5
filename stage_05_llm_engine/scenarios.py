"""The four scenarios: how boldly each is drawn, what its tape is made to say, what it avoids.

Base, alternatives and risk of a symbol tell different stories, not one story in other words: an
alternative lets the key series, the price, do something else than the scenarios it stands beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from foundation.contracts import PRICE_OUTCOMES, TAPE
from foundation.contracts.token_batch import Task
from foundation.kernel import OperatorError, seed_from
from foundation.language.task_words import HORIZONS
from stage_05_llm_engine.narrative import Order
from stage_05_llm_engine.settings import EngineSettings

Name = Literal["base", "alternative 1", "alternative 2", "risk"]

RISK = {TAPE.index("price"): PRICE_OUTCOMES.index("drops sharply")}
"""What the risk scenario's tape is made to say: series position -> outcome code."""


BESIDE: dict[Name, tuple[Name, ...]] = {
    "base": (),
    "alternative 1": ("base",),
    "alternative 2": ("base", "alternative 1"),
    "risk": (),
}
"""Scenarios whose answer to the key question (of the same attempt) a scenario does not repeat."""


def key_series(present: Sequence[int]) -> int:
    """Return the position of the series that alternatives differ in: the price where there is one,
    else the first that a symbol has. The first of all where it has none."""
    price = TAPE.index("price")
    return price if price in present or not present else min(present)


@dataclass(frozen=True)
class Scenario:
    """How one scenario is drawn: its tape's temperature, its words', and what its tape must say.

    ``forced`` maps series positions to outcome codes; ``task`` is what the model is asked.
    """

    name: Name
    temperature: float
    word_temperature: float
    forced: dict[int, int]
    task: Task = "next day"


def scenario(
    name: str, settings: EngineSettings, learnt: Sequence[Task] = ("next day",)
) -> Scenario:
    """Return a scenario by name.

    Parameters
    ----------
    learnt : sequence of str
        The tasks that the model learnt. Where the risk scenario is one of them, that is what it
        is asked; otherwise its tape alone says what is supposed.

    Raises
    ------
    OperatorError
        If there is none of that name.
    """
    words = settings.word_temperature
    first, second = settings.alternative_temperatures
    risk: Task = "risk scenario" if "risk scenario" in learnt else "next day"
    known = {
        "base": Scenario("base", settings.base_temperature, words, {}),
        "alternative 1": Scenario("alternative 1", first, words, {}),
        "alternative 2": Scenario("alternative 2", second, words, {}),
        "risk": Scenario("risk", settings.risk_temperature, words, RISK, risk),
    }
    if name not in known:
        raise OperatorError(
            "There is no such scenario", value=name, remedy=f"choose one of {list(known)}"
        )
    return known[name]


def scenario_of(order: Order, settings: EngineSettings, learnt: Sequence[Task]) -> Scenario:
    """Return how an order is drawn.

    Raises
    ------
    OperatorError
        If a task is ordered that the model never learnt, or one of another horizon in a scenario
        that supposes something of the day.
    """
    if order.task == "next day":
        return scenario(order.scenario, settings, learnt)
    if order.task not in HORIZONS or order.scenario != "base":
        raise OperatorError(
            "Stories of another horizon than the day are told in the base scenario",
            value=f"{order.task}, {order.scenario}",
            remedy=f"order the scenario base and one of {list(HORIZONS)}",
        )
    if order.task not in learnt:
        raise OperatorError(
            "A model tells what it has learnt to tell",
            value=f"{order.task}; learnt: {', '.join(learnt)}",
            remedy="add the task to tokens.tasks and train the model again",
        )
    return replace(scenario("base", settings), task=order.task)


def draft_seed(settings: EngineSettings, symbol: str, session: date, order: Order) -> int:
    """Return the seed of one draft: it depends on nothing that stands beside it in a batch."""
    name = order.scenario if order.task == "next day" else order.task
    return seed_from(
        "continuation", settings.seed, symbol, session.isoformat(), name, order.attempt
    )
