"""Rules give what scikit-fuzzy's control system gives, and mean what the table says."""

from itertools import product

import numpy as np
import pytest
import skfuzzy
from hypothesis import given, settings
from hypothesis import strategies as st
from skfuzzy import control

from foundation.contracts import STATES, grade
from stage_02_fuzzification.inference import (
    CENTRES,
    RISK_APPETITE,
    STORY_CONFIDENCE,
    TERMS,
    UNIVERSE,
    RuleTable,
    infer,
    risk_appetite,
    story_confidence,
)

TABLES = {"risk appetite": RISK_APPETITE, "story confidence": STORY_CONFIDENCE}


def oracle(table: RuleTable) -> control.ControlSystemSimulation:
    """The same rules built of scikit-fuzzy's own parts."""
    inputs = [control.Antecedent(np.arange(0, 4.5, 0.5), name) for name in table.inputs]
    for one in inputs:
        one["low"] = skfuzzy.trapmf(one.universe, [0, 0, 1, 2])
        one["medium"] = skfuzzy.trimf(one.universe, [1, 2, 3])
        one["high"] = skfuzzy.trapmf(one.universe, [2, 3, 4, 4])
    answer = control.Consequent(UNIVERSE, "answer", defuzzify_method="centroid")
    for state, centre in zip(STATES, CENTRES, strict=True):
        answer[state] = skfuzzy.trimf(UNIVERSE, [centre - 25, centre, centre + 25])
    rules = [
        control.Rule(
            inputs[0][a] & inputs[1][b] & inputs[2][c],
            answer[conclusion],
        )
        for (a, b, c), conclusion in table.rules.items()
    ]
    return control.ControlSystemSimulation(control.ControlSystem(rules))


@pytest.fixture(scope="module", params=TABLES)
def pair(request: pytest.FixtureRequest) -> tuple[RuleTable, control.ControlSystemSimulation]:
    return TABLES[request.param], oracle(TABLES[request.param])


def test_answers_equal_scikit_fuzzy(pair: tuple) -> None:
    table, simulation = pair
    rng = np.random.default_rng(5)
    random = rng.uniform(-0.2, 4.2, (150, 3))
    corners = np.array(list(product((0.0, 1.0, 1.5, 2.0, 4.0), repeat=3)))
    rows = np.concatenate([random, corners])
    ours = infer(table, {name: rows[:, k] for k, name in enumerate(table.inputs)})
    for row, answer in zip(np.clip(rows, 0, 4), ours, strict=True):
        for name, value in zip(table.inputs, row, strict=True):
            simulation.input[name] = value
        simulation.compute()
        assert answer == pytest.approx(simulation.output["answer"], abs=1e-6), row


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_tables_are_complete_and_a_rule_alone_gives_its_own_conclusion(table: RuleTable) -> None:
    centre = {"low": 0.0, "medium": 2.0, "high": 4.0}
    assert set(table.rules) == set(product(TERMS, repeat=3))
    for terms, conclusion in table.rules.items():
        given_ = {n: np.array(centre[t]) for n, t in zip(table.inputs, terms, strict=True)}
        assert infer(table, given_) == pytest.approx(25.0 * STATES.index(conclusion))


positions = st.tuples(*(st.floats(0, 4) for _ in range(3)))


@settings(max_examples=60)
@given(positions, st.integers(0, 2))
def test_answers_lie_between_nothing_and_a_hundred(where: tuple, absent: int) -> None:
    given_ = {n: np.array([v, v]) for n, v in zip(RISK_APPETITE.inputs, where, strict=True)}
    given_[RISK_APPETITE.inputs[absent]][1] = np.nan
    answer = infer(RISK_APPETITE, given_)
    assert 0.0 <= answer[0] <= 100.0
    assert np.isnan(answer[1])


def test_fear_takes_the_appetite_and_calm_gives_it_back() -> None:
    for calm in TERMS:
        conclusions = [STATES.index(RISK_APPETITE.rules[fear, "medium", calm]) for fear in TERMS]
        assert conclusions == sorted(conclusions, reverse=True)
        assert conclusions[0] > conclusions[-1]


def day(**states: float) -> dict[str, np.ndarray]:
    return {name: grade(np.array([[value]])) for name, value in states.items()}


QUIET = {"market volatility": 0.0, "credit spread": 0.5, "breadth": 3.8}
SERIES_OF_A_DAY = {"price": 4.0, "trend": 4.0, "momentum": 3.0, "volume": 2.0, **QUIET}


def test_risk_appetite_of_a_calm_market_is_very_high_and_absent_without_a_fear_gauge() -> None:
    assert risk_appetite(day(**QUIET))[0, 0] == pytest.approx(100.0)
    assert np.isnan(risk_appetite(day(**{**QUIET, "market volatility": np.nan}))[0, 0])


def test_a_story_is_trusted_less_where_its_facts_disagree_blur_or_lack() -> None:
    clear = story_confidence(day(**SERIES_OF_A_DAY))[0, 0]
    torn = story_confidence(day(**{**SERIES_OF_A_DAY, "price": 0.0, "momentum": 0.2}))[0, 0]
    blurred = story_confidence(
        day(**{name: value + 0.5 if value < 3 else value - 0.5
               for name, value in SERIES_OF_A_DAY.items()})
    )[0, 0]  # fmt: skip
    lacking = story_confidence(
        day(**{name: value if name in ("price", "trend") else np.nan
               for name, value in SERIES_OF_A_DAY.items()})
    )[0, 0]  # fmt: skip
    assert clear > max(torn, blurred, lacking)
    nothing = story_confidence(day(**dict.fromkeys(SERIES_OF_A_DAY, np.nan)))
    assert np.isnan(nothing).all()
