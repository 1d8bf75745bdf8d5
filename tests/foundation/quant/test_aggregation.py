"""Opinions as one: as good as the best mix of them, whatever happens, and never ahead of time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.kernel import OperatorError
from foundation.quant.aggregation import Bernstein, aggregate, gains

HORIZON = 5


def squared(outcome: np.ndarray):  # type: ignore[no-untyped-def]
    return lambda published, row: 2 * (published - outcome[row])


def market(
    biases: dict[str, float], sessions: int = 1200, stocks: int = 6, seed: int = 0
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return opinions that miss the truth by a bias, and a noisy outcome."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(size=(sessions, stocks))
    outcome = truth + draw.normal(size=truth.shape)
    return {name: truth + bias for name, bias in biases.items()}, outcome


def loss(values: np.ndarray, outcome: np.ndarray, since: int = HORIZON) -> float:
    return float(((values - outcome)[since:] ** 2).mean())


def test_the_best_opinion_ends_with_nearly_all_the_weight() -> None:
    opinions, outcome = market({"good": 0.0, "bad": 1.0, "worse": -2.0})
    # A bias of minus two and one of one cancel: nobody may be needed but the good one.
    made = aggregate(opinions, squared(outcome), dict.fromkeys(opinions, 1.0), horizon=HORIZON)
    assert loss(made.values, outcome, 200) < loss(opinions["good"], outcome, 200) + 0.02


def test_two_opinions_that_err_either_way_are_mixed_and_beat_both() -> None:
    opinions, outcome = market({"high": 1.0, "low": -1.0})
    made = aggregate(opinions, squared(outcome), dict.fromkeys(opinions, 1.0), horizon=HORIZON)
    assert made.weights[-1] == pytest.approx([0.5, 0.5], abs=0.1)
    assert loss(made.values, outcome) < loss(opinions["high"], outcome) - 0.8


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.floats(-2, 2), min_size=2, max_size=5),
    st.integers(0, 10_000),
    st.booleans(),
)
def test_the_loss_exceeds_that_of_the_best_mix_by_little_whatever_happens(
    biases: list[float], seed: int, changing: bool
) -> None:
    opinions, outcome = market({str(k): b for k, b in enumerate(biases)}, 600, 2, seed)
    if changing:  # An adversary: whoever was right is wrong from the middle on.
        for k, values in enumerate(opinions.values()):
            values[300:] += 1.5 * (-1) ** k
    made = aggregate(opinions, squared(outcome), dict.fromkeys(opinions, 1.0), horizon=HORIZON)
    said = np.stack(list(opinions.values()))
    best = min(
        loss(np.tensordot(w, said, 1), outcome)
        for w in np.random.default_rng(0).dirichlet(np.ones(len(said)), 200)
    )
    best = min(best, *(loss(values, outcome) for values in opinions.values()))
    # The bound's form: gradients up to twice the reach of opinions, sqrt(delay log K / T).
    reach = np.abs(said - outcome).max() * np.ptp(said, axis=0).max()
    bound = 4 * reach * np.sqrt(HORIZON * np.log(len(said) + 1) / len(outcome))
    assert loss(made.values, outcome) <= best + bound + 1e-9


def test_weights_sum_to_one_and_begin_at_the_prior() -> None:
    opinions, outcome = market({"a": 0.0, "b": 1.0, "c": 2.0}, 60)
    prior = {"a": 1.0, "b": 2.0, "c": 1.0}
    made = aggregate(opinions, squared(outcome), prior, horizon=HORIZON)
    np.testing.assert_allclose(made.weights[:HORIZON], [[0.25, 0.5, 0.25]] * HORIZON)
    np.testing.assert_allclose(made.weights.sum(axis=1), 1)
    by_hand = 0.25 * opinions["a"] + 0.5 * opinions["b"] + 0.25 * opinions["c"]
    np.testing.assert_allclose(made.values[:HORIZON], by_hand[:HORIZON])


def test_outcomes_that_are_not_known_yet_move_nothing() -> None:
    opinions, outcome = market({"a": 0.0, "b": 1.0}, 100)
    prior = {"a": 1.0, "b": 1.0}
    before = aggregate(opinions, squared(outcome), prior, horizon=HORIZON)
    row = 60
    outcome[row - HORIZON + 1 :] *= -7
    after = aggregate(opinions, squared(outcome), prior, horizon=HORIZON)
    np.testing.assert_array_equal(before.weights[: row + 1], after.weights[: row + 1])
    np.testing.assert_array_equal(before.values[: row + 1], after.values[: row + 1])
    assert not np.array_equal(before.weights[row + 1 :], after.weights[row + 1 :])


def test_whoever_is_silent_keeps_its_standing_and_the_others_answer() -> None:
    opinions, outcome = market({"a": 0.0, "b": 1.0}, 200)
    opinions["b"][:120] = np.nan
    opinions["b"][150, 2] = np.nan
    made = aggregate(opinions, squared(outcome), {"a": 1.0, "b": 1.0}, horizon=HORIZON)
    np.testing.assert_array_equal(made.weights[:120], [[1.0, 0.0]] * 120)
    np.testing.assert_array_equal(made.values[:120], opinions["a"][:120])
    assert made.weights[120] == pytest.approx([0.5, 0.5])
    assert made.values[150, 2] == pytest.approx(opinions["a"][150, 2])
    opinions["a"][180] = opinions["b"][180] = np.nan
    silent = aggregate(opinions, squared(outcome), {"a": 1.0, "b": 1.0}, horizon=HORIZON)
    assert np.isnan(silent.values[180]).all()
    assert np.isnan(silent.weights[180]).all()
    assert np.isfinite(silent.values[181]).all()


def test_an_outcome_that_nobody_knows_is_no_gain() -> None:
    said = np.array([[1.0, 2.0], [3.0, np.nan]])
    slope = np.array([2.0, np.nan])
    # By hand: minus slope times distance, over the one stock that is known.
    np.testing.assert_array_equal(gains(said, np.array([2.0, 2.0]), slope), [2.0, -2.0])
    nothing = np.array([np.nan, np.nan])
    np.testing.assert_array_equal(gains(said, np.array([2.0, 2.0]), nothing), [0.0, 0.0])


def test_weights_after_one_gain_are_those_of_the_formula() -> None:
    learner = Bernstein(np.array([1.0, 1.0]), delay=1)
    learner.learn(np.array([0.2, -0.2]))
    # Range 1 / 0.4 = 2.5, spread sqrt(ln 2) / 0.2 = 4.16: the rate is 2.5 for both.
    totals = np.array([0.2, -0.2]) - 2.5 * 0.04
    by_hand = np.exp(2.5 * totals)
    np.testing.assert_allclose(learner.weights(), by_hand / by_hand.sum(), rtol=1e-12)


def test_other_numbers_of_the_same_opinions_are_weighed_alike() -> None:
    opinions, outcome = market({"a": 0.0, "b": 1.0}, 80)
    made = aggregate(opinions, squared(outcome), {"a": 1.0, "b": 3.0}, horizon=HORIZON)
    other = {name: 10 * values for name, values in opinions.items()}
    np.testing.assert_allclose(made.of(other), 10 * made.values)


def test_quantiles_that_do_not_cross_do_not_cross_together() -> None:
    draw = np.random.default_rng(1)
    opinions = {name: np.sort(draw.normal(size=(90, 4, 3)), axis=-1) for name in ("a", "b", "c")}
    outcome = draw.normal(size=(90, 4))

    def slope(published: np.ndarray, row: int) -> np.ndarray:
        below = outcome[row][:, None] < published
        return below - np.array([0.1, 0.5, 0.9])

    made = aggregate(opinions, slope, dict.fromkeys(opinions, 1.0), horizon=HORIZON)
    assert (np.diff(made.values, axis=-1) >= 0).all()


def test_a_prior_that_leaves_somebody_out_is_refused() -> None:
    opinions, outcome = market({"a": 0.0, "b": 1.0}, 10)
    for prior in ({"a": 1.0}, {"a": 1.0, "b": 0.0}, {"a": 1.0, "b": 1.0, "c": 1.0}):
        with pytest.raises(OperatorError, match="prior weight"):
            aggregate(opinions, squared(outcome), prior, horizon=HORIZON)
