"""Twins along history: what they add, from when on, and by what they are believed."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from foundation.kernel import OperatorError
from foundation.market_model.answers import Answers
from foundation.market_model.inputs import Labels
from foundation.twins.walk_forward import TwinHistory, walk_forward
from tests.foundation.twins.banks import RECIPE

SESSIONS, FRESH, EVERY = 390, 150, 40
FAST = RECIPE.model_copy(update={"learning_rate": 1e-2})


def history(effects: list[float], seed: int = 0) -> tuple[Answers, Labels]:
    """Return shared answers that know nothing and stocks that move with their first input."""
    draw = np.random.default_rng(seed)
    shape = (SESSIONS, len(effects))
    inputs = draw.normal(size=(*shape, 3)).astype(np.float32)
    outcome = np.array(effects) * inputs[..., 0] + draw.normal(size=shape)
    outcome[-RECIPE.horizon :] = np.nan
    shared = Answers(
        embedding=draw.normal(size=(*shape, 8)).astype(np.float32),
        returns=np.zeros(shape, np.float32),
        hit=np.full(shape, 0.2, np.float32),
        quantiles=np.tile(np.array([-1.3, 0, 1.3], np.float32), (*shape, 1)),
        inputs=inputs,
    )
    hit = np.where(np.isnan(outcome), np.nan, outcome > 1)
    return shared, Labels(outcome, hit, np.abs(outcome))


def walk(shared: Answers, labels: Labels, before: dict[int, Answers] | None = None) -> TwinHistory:
    answered = replace(shared)
    for field in fields(Answers):
        values = getattr(shared, field.name).copy()
        values[:FRESH] = np.nan
        answered = replace(answered, **{field.name: values})
    return walk_forward(
        answered,
        labels,
        np.full(labels.returns.shape, -1),
        FAST,
        refit_rows=range(FRESH, SESSIONS, EVERY),
        fresh_rows=[FRESH],
        trial=200,
        least=40,
        before=before,
    )


def part(shared: Answers, rows: slice) -> Answers:
    return Answers(**{f.name: getattr(shared, f.name)[rows] for f in fields(Answers)})


def test_effects_are_found_believed_and_promoted_and_noise_is_not() -> None:
    shared, labels = history([2.0, -2.0, 0.0, 0.0])
    found = walk(shared, labels)
    late = slice(300, SESSIONS - RECIPE.horizon)
    left = ((labels.returns - found.answers.returns)[late] ** 2).mean(axis=0)
    explained = 1 - left / (labels.returns[late] ** 2).mean(axis=0)
    # Four fifths of the variance is to be had where there is an effect.
    assert (explained[:2] > 0.3).all()
    assert (np.abs(explained[2:]) < 0.05).all()
    assert (found.factors[:2, 0] > 0.8).all()
    assert (found.factors[2:, 0] < 0.2).all()
    assert found.promoted[-1].tolist() == [True, True, False, False]


def test_until_an_outcome_is_known_the_shared_heads_answer_alone() -> None:
    shared, labels = history([2.0, 0.0])
    found = walk(shared, labels, {FRESH: part(shared, slice(30, FRESH))})
    begins = slice(FRESH, FRESH + EVERY)
    np.testing.assert_array_equal(found.answers.returns[begins], shared.returns[begins])
    np.testing.assert_allclose(found.answers.quantiles[begins], shared.quantiles[begins], atol=1e-5)
    np.testing.assert_allclose(found.answers.volatility[begins], 1.0, rtol=1e-6)


def test_a_fresh_market_models_word_on_earlier_sessions_lets_twins_begin_at_once() -> None:
    shared, labels = history([2.0, -2.0])
    second = slice(FRESH + EVERY, FRESH + 2 * EVERY)

    def moved(found: TwinHistory) -> float:
        return float(np.abs(found.answers.returns - shared.returns)[second].mean())

    assert moved(walk(shared, labels)) == 0
    assert moved(walk(shared, labels, {FRESH: part(shared, slice(30, FRESH))})) > 0.05


def test_outcomes_after_a_refit_change_nothing_before_it() -> None:
    shared, labels = history([2.0, -2.0])
    before = {FRESH: part(shared, slice(30, FRESH))}
    whole = walk(shared, labels, before)
    row = FRESH + 2 * EVERY
    changed = [getattr(labels, f.name).copy() for f in fields(Labels)]
    for values in changed:
        values[row + 1 - RECIPE.horizon :] = 1.0
    other = walk(shared, Labels(*changed), before)
    for field in fields(whole.answers):
        one, two = (getattr(h.answers, field.name) for h in (whole, other))
        np.testing.assert_array_equal(one[: row + EVERY], two[: row + EVERY])
    np.testing.assert_array_equal(whole.promoted[: row + EVERY], other.promoted[: row + EVERY])
    assert not np.array_equal(whole.answers.returns, other.answers.returns)


@pytest.mark.parametrize("what", ["embedding", "inputs"])
def test_twins_of_another_width_are_refused(what: str) -> None:
    shared, labels = history([0.0])
    wider = np.concatenate([getattr(shared, what)] * 2, axis=-1)
    with pytest.raises(OperatorError, match=what):
        walk(replace(shared, **{what: wider}), labels)
