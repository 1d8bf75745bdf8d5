"""Odds that are published: probabilities, past-only, and right where somebody is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foundation.quant.evaluation import brier_score
from stage_07_signal_extraction.odds import weigh
from tests.stage_07_signal_extraction.worlds import SYMBOLS, planted

ODDS = st.one_of(st.just(float("nan")), st.floats(0, 1))


@settings(max_examples=50)
@given(
    hnp.arrays(np.float64, (30, 3), elements=ODDS),
    hnp.arrays(np.float64, (30, 3), elements=ODDS),
    hnp.arrays(np.float64, (30, 3), elements=st.sampled_from([-0.02, 0.02, np.nan])),
)
def test_published_odds_are_probabilities_between_the_opinions(
    story: np.ndarray, model: np.ndarray, moved: np.ndarray
) -> None:
    past = np.full(moved.shape, 0.55)
    made = weigh({"past": past, "story": story, "model": model}, moved)
    said = np.stack([past, story, model])
    assert (made.published >= np.nanmin(said, axis=0) - 1e-12).all()
    assert (made.published <= np.nanmax(said, axis=0) + 1e-12).all()
    np.testing.assert_allclose(made.weights.sum(axis=1), 1)


@pytest.mark.parametrize("who", ["story", "model"])
def test_the_odds_approach_the_true_ones_whoever_knows_them(who: str) -> None:
    world = planted(600, 0.15, seed=1)
    noise = np.random.default_rng(2).uniform(0.2, 0.9, world.truth.shape)
    said = {"story": noise, "model": noise} | {who: world.truth}
    made = weigh(world.opinions(**said), world.moved)
    gap = np.abs(made.published - world.truth)
    assert gap[:20].mean() > 0.08
    assert gap[-100:].mean() < 0.02


def test_where_nothing_can_be_known_the_odds_stay_at_the_base_rate() -> None:
    world = planted(600, 0.0, seed=3)
    rng = np.random.default_rng(4)
    bold = [rng.uniform(0.2, 0.9, world.truth.shape) for _ in range(2)]
    made = weigh(world.opinions(*bold), world.moved)
    assert np.abs(made.published[-100:] - 0.55).max() < 0.05
    assert np.abs(made.published[-100:] - 0.55).mean() < 0.02


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.15])
def test_what_is_published_loses_little_to_the_best_opinion(spread: float) -> None:
    world = planted(600, spread, seed=5)
    noise = np.random.default_rng(6).uniform(0.3, 0.8, world.truth.shape)
    said = world.opinions(world.truth, noise)
    made = weigh(said, world.moved)
    known = ~np.isnan(world.moved)
    losses = {name: brier_score(p, made.rose)[known].mean() for name, p in said.items()}
    assert brier_score(made.published, made.rose)[known].mean() <= min(losses.values()) + 2e-3


def test_who_has_just_begun_to_speak_has_earned_no_more_than_the_past() -> None:
    # Weights of the past and of a story that was silent so far have moved alike.
    world = planted(300, 0.1, seed=31)
    silent = np.full(world.truth.shape, np.nan)
    silent[-1] = 0.9
    made = weigh(world.opinions(silent, world.truth), world.moved)
    past, story, model = made.weights[-1]
    assert story == pytest.approx(past)
    assert model > 0.8
    mean = past * made.opinions["past"][-1] + story * 0.9 + model * world.truth[-1]
    assert made.published[-1] == pytest.approx(mean)


def test_an_outcome_teaches_nothing_before_it_is_known() -> None:
    world = planted(100, 0.15, seed=7)
    other = world.moved.copy()
    other[60:] *= -1  # known from row 65 on
    noise = np.random.default_rng(8).uniform(0.3, 0.8, world.truth.shape)
    said = world.opinions(world.truth, noise)
    one, two = weigh(said, world.moved), weigh(said, other)
    np.testing.assert_array_equal(one.published[:65], two.published[:65])
    assert (one.published[65:] != two.published[65:]).any()
    assert one.published.shape == (100, SYMBOLS)
