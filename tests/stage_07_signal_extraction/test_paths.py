"""Scenarios share out the model's own probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stage_07_signal_extraction.levels import Ground
from stage_07_signal_extraction.paths import split_paths
from stage_07_signal_extraction.settings import SignalSettings

S = SignalSettings()
GROUND = Ground(100.0, 2.0, None, None)


def test_a_bullish_signal_by_hand() -> None:
    price = np.array([0.05, 0.15, 0.3, 0.4, 0.1])
    found = split_paths(price, "bullish", GROUND, S)
    assert [(s.name, s.direction) for s in found] == [
        ("base", "bullish"),
        ("alternative 1", "neutral"),
        ("alternative 2", "bearish"),
        ("risk", "bearish"),
    ]
    assert [s.probability for s in found] == pytest.approx([0.5, 0.3, 0.15, 0.05])
    assert (found[0].target, found[0].stop) == (106, 97)
    assert (found[1].target, found[1].stop) == (None, None)


def test_the_risk_of_a_bearish_signal_is_a_sharp_rise() -> None:
    found = split_paths(np.array([0.1, 0.4, 0.3, 0.15, 0.05]), "bearish", GROUND, S)
    assert (found[-1].direction, found[-1].probability) == ("bullish", pytest.approx(0.05))


def test_the_base_is_the_likeliest_path_even_against_the_signal() -> None:
    found = split_paths(np.array([0.05, 0.1, 0.6, 0.2, 0.05]), "bullish", GROUND, S)
    assert found[0].direction == "neutral"


@given(
    hnp.arrays(np.float64, 5, elements=st.floats(0.001, 1)),
    st.sampled_from(["bullish", "neutral", "bearish"]),
)
def test_probabilities_sum_to_one_and_the_base_leads_the_alternatives(
    weights: np.ndarray, direction: str
) -> None:
    found = split_paths(weights / weights.sum(), direction, GROUND, S)  # type: ignore[arg-type]
    assert sum(s.probability for s in found) == pytest.approx(1.0)
    base, one, two, _ = (s.probability for s in found)
    assert base >= one >= two
