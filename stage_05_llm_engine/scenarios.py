"""The four scenarios: how boldly each is drawn, and what its tape is made to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from foundation.contracts import PRICE_OUTCOMES, TAPE
from foundation.kernel import OperatorError, seed_from
from stage_05_llm_engine.settings import EngineSettings

Name = Literal["base", "alternative 1", "alternative 2", "risk"]

RISK = {TAPE.index("price"): PRICE_OUTCOMES.index("drops sharply")}
"""What the risk scenario's tape is made to say: series position -> outcome code."""


@dataclass(frozen=True)
class Scenario:
    """How one scenario is drawn: its tape's temperature, its words', and what its tape must say.

    ``forced`` maps series positions to outcome codes.
    """

    name: Name
    temperature: float
    word_temperature: float
    forced: dict[int, int]


def scenario(name: str, settings: EngineSettings) -> Scenario:
    """Return a scenario by name.

    Raises
    ------
    OperatorError
        If there is none of that name.
    """
    words = settings.word_temperature
    first, second = settings.alternative_temperatures
    known = {
        "base": Scenario("base", settings.base_temperature, words, {}),
        "alternative 1": Scenario("alternative 1", first, words, {}),
        "alternative 2": Scenario("alternative 2", second, words, {}),
        "risk": Scenario("risk", settings.risk_temperature, words, RISK),
    }
    if name not in known:
        raise OperatorError(
            "There is no such scenario", value=name, remedy=f"choose one of {list(known)}"
        )
    return known[name]


def draft_seed(
    settings: EngineSettings, symbol: str, session: date, name: str, attempt: int
) -> int:
    """Return the seed of one draft: it depends on nothing that stands beside it in a batch."""
    return seed_from("continuation", settings.seed, symbol, session.isoformat(), name, attempt)
