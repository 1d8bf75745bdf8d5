"""States of known parameters are called what the rule says."""

import numpy as np
import pytest

from foundation.contracts import REGIMES
from foundation.quant.regimes.emissions import Parameters
from foundation.quant.regimes.fitting import Fit
from foundation.quant.regimes.naming import degrees_of_names
from foundation.quant.settings import MarketRegimeSettings

SETTINGS = MarketRegimeSettings(volatile_ratio=1.5, least_memory=0.1)


def named(memory, spread, error=0.01):
    """Return degrees of states that are equally frequent, as dicts."""
    states = len(memory)
    stay = np.full((states, states), 0.1 / max(states - 1, 1))
    np.fill_diagonal(stay, 0.9 if states > 1 else 1.0)
    one = np.ones((1, states))
    p = Parameters(
        memory=np.array([memory], dtype=float),
        market=np.array([spread], dtype=float),
        own=one,
        market_freedom=np.ones(1),
        own_freedom=np.ones(1),
        slope_spread=np.zeros(1),
        moves=stay[None],
    )
    fit = Fit(p, 1.0, np.full(states, error), False, 0.0, ())
    degrees = degrees_of_names(fit, SETTINGS)
    assert degrees.sum(axis=1) == pytest.approx(np.ones(states))
    return [{r: d for r, d in zip(REGIMES, row, strict=True) if d} for row in degrees]


def test_four_clear_states_bear_the_four_names():
    assert named([0.25, -0.35, 0.0, 0.0], [1.0, 1.0, 0.7, 2.0]) == [
        {"trending": 1},
        {"mean-reverting": 1},
        {"choppy": 1},
        {"volatile": 1},
    ]


def test_memory_that_is_small_or_uncertain_is_no_name():
    assert named([0.09, 0.0], [1.0, 1.0]) == [{"choppy": 1}, {"choppy": 1}]
    assert named([0.25, 0.0], [1.0, 1.0], error=0.2) == [{"choppy": 1}, {"choppy": 1}]


def test_a_state_between_calm_and_storm_is_volatile_by_degree():
    # Usual is the geometric mean: sqrt(0.8 * 1.25) = 1, and 1.25 lies half way to 1.5.
    calm, wide = named([0.0, 0.0], [0.8, 1.25])
    assert calm == {"choppy": 1}
    assert wide == pytest.approx({"choppy": 0.5, "volatile": 0.5})


def test_only_the_widest_state_is_volatile_before_its_memory_counts():
    calm, wide, widest = named([0.0, -0.3, -0.3], [0.5, 1.6, 4.0])
    assert calm == {"choppy": 1}
    assert wide == {"mean-reverting": 1}
    assert widest == {"volatile": 1}


def test_several_states_may_share_a_name():
    assert named([0.0, 0.0, 0.0], [1.0, 1.0, 4.0])[:2] == [{"choppy": 1}, {"choppy": 1}]
