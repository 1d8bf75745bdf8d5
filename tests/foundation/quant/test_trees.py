"""Trees are used where features earned them on the past, and only there."""

import numpy as np
import pytest

from foundation.quant import QuantileSettings
from foundation.quant.trees import Rows, Task, fit

SETTINGS = QuantileSettings(
    round_choices=(0, 30), minimum_leaf=50, leaves=4, learning_rate=0.1, feature_fraction=1.0
)
TASKS = (Task(0.1), Task(0.9), Task(None))


def samples(generator, count, effect):
    x = generator.normal(size=(count, 3))
    y = effect * np.sign(x[:, 0]) + generator.normal(size=count)
    return Rows(x, (y, y, (y > 0).astype(float)))


def fitted(effect, seed, settings=SETTINGS, count=1500):
    generator = np.random.default_rng(seed)
    early, late = samples(generator, count, effect), samples(generator, count // 2, effect)
    everything = Rows(
        np.concatenate([early.inputs, late.inputs]),
        tuple(np.concatenate(pair) for pair in zip(early.labels, late.labels, strict=True)),
    )
    return fit(TASKS, early, late, everything, settings), everything


def test_features_that_say_nothing_earn_no_trees_and_the_plain_past_answers():
    rounds = []
    for seed in range(8):
        models, everything = fitted(0.0, seed)
        rounds += [m.rounds for m in models]
        for model, task, label in zip(models, TASKS, everything.labels, strict=True):
            if model.rounds == 0:
                plain = label.mean() if task.level is None else np.quantile(label, task.level)
                assert model.answer(np.zeros((2, 3))) == pytest.approx([plain, plain])
    assert np.mean(np.array(rounds) == 0) > 0.6


def test_a_planted_effect_earns_trees_that_answer_near_the_truth():
    models, _ = fitted(1.5, seed=1, count=6000)
    assert [m.rounds for m in models] == [30, 30, 30]
    q10, q90, odds = (m.answer(np.array([[1.0, 0, 0], [-1.0, 0, 0]])) for m in models)
    # y is N(+-1.5, 1): its deciles lie 1.2816 from the mean, P(y > 0) = Phi(+-1.5)
    assert q10 == pytest.approx([1.5 - 1.2816, -1.5 - 1.2816], abs=0.25)
    assert q90 == pytest.approx([1.5 + 1.2816, -1.5 + 1.2816], abs=0.25)
    assert odds == pytest.approx([0.933, 0.067], abs=0.06)


def test_too_few_rows_to_judge_on_leave_the_plain_past():
    models, everything = fitted(1.5, seed=2, count=150)
    assert [m.rounds for m in models] == [0, 0, 0]
    assert models[0].answer(np.zeros((1, 3)))[0] == pytest.approx(
        np.quantile(everything.labels[0], 0.1)
    )
