"""Training finds what is there, nothing where nothing is, and resumes as if never stopped."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch

from foundation.kernel import ArtefactError, OperatorError, UpstreamDataError
from foundation.market_model.answers import answers
from foundation.market_model.checkpoint import PROGRESS, WEIGHTS, TrainedModel
from foundation.market_model.inputs import Labels, ModelData
from foundation.market_model.training.progress import Epoch
from foundation.market_model.training.start import train
from tests.foundation.market_model.markets import SMALL, market

ROWS = {"training": range(0, 160), "validation": range(165, 200)}


class Killed(Exception):
    """Stands for a run that ends in the middle."""


def skill(effect: float) -> tuple[float, float]:
    """Return the mean squared-error gain over zero on unseen sessions, and its standard error."""
    data, labels = market(effect)
    trained = train(data, labels, recipe=SMALL, **ROWS)
    said = answers(trained, data, range(205, 255))
    truth = labels.returns[205:255]
    gain = (truth**2 - (truth - said.returns) ** 2).mean(axis=1)
    return float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(len(gain)))


def test_a_planted_effect_is_found_on_unseen_sessions() -> None:
    gain, error = skill(effect=1.0)
    assert gain > 0.5
    assert gain > 5 * error


def test_nothing_is_found_where_nothing_is() -> None:
    gain, error = skill(effect=0.0)
    assert gain < 2 * error


def test_the_same_recipe_and_data_give_the_same_weights() -> None:
    data, labels = market(0.5)
    recipe = SMALL.model_copy(update={"epochs": 2})
    first, second = (train(data, labels, recipe=recipe, **ROWS) for _ in range(2))
    assert first.content_hash() == second.content_hash()


@pytest.mark.parametrize("symbols_per_step", [None, 4])
def test_a_run_killed_in_the_middle_of_an_epoch_ends_with_the_same_weights(
    tmp_path: Path, symbols_per_step: int | None
) -> None:
    data, labels = market(0.5)
    recipe = SMALL.model_copy(update={"epochs": 3, "symbols_per_step": symbols_per_step})
    whole = train(data, labels, recipe=recipe, **ROWS)

    calls = count()

    def dying_clock() -> float:
        # Every call is a second: the checkpoint is taken at each step. The run dies at the tenth.
        if next(calls) == 10:
            raise Killed
        return 60.0 * next(calls)

    with pytest.raises(Killed):
        train(data, labels, recipe=recipe, checkpoints=tmp_path, clock=dying_clock, **ROWS)
    assert (tmp_path / PROGRESS).exists()
    seen: list[Epoch] = []
    resumed = train(data, labels, recipe=recipe, checkpoints=tmp_path, report=seen.append, **ROWS)
    assert resumed.content_hash() == whole.content_hash()
    assert [e["validation"] for e in resumed.history] == [e["validation"] for e in whole.history]
    assert not (tmp_path / PROGRESS).exists()


def test_a_run_that_is_interrupted_between_checkpoints_goes_on_after_its_last_epoch(
    tmp_path: Path,
) -> None:
    data, labels = market(0.5)
    recipe = SMALL.model_copy(update={"epochs": 3, "checkpoint_minutes": 1000})
    whole = train(data, labels, recipe=recipe, **ROWS)

    def interrupted(epoch: Epoch) -> None:
        if epoch.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(data, labels, recipe=recipe, checkpoints=tmp_path, report=interrupted, **ROWS)
    seen: list[Epoch] = []
    resumed = train(data, labels, recipe=recipe, checkpoints=tmp_path, report=seen.append, **ROWS)
    assert [epoch.number for epoch in seen] == [3]
    assert resumed.content_hash() == whole.content_hash()


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    data, labels = market(0.5)
    ticks = count()

    def dying_clock() -> float:
        if next(ticks) == 6:
            raise Killed
        return 60.0 * next(ticks)

    with pytest.raises(Killed):
        train(data, labels, recipe=SMALL, checkpoints=tmp_path, clock=dying_clock, **ROWS)
    other = SMALL.model_copy(update={"learning_rate": 2e-2})
    with pytest.raises(OperatorError, match="own recipe"):
        train(data, labels, recipe=other, checkpoints=tmp_path, **ROWS)


def test_training_stops_when_validation_has_not_improved_for_long_enough() -> None:
    data, labels = market(0.0)
    recipe = SMALL.model_copy(update={"epochs": 40, "patience": 2})
    history = train(data, labels, recipe=recipe, **ROWS).history
    losses = [epoch["validation"] for epoch in history]
    assert len(losses) < 40
    assert len(losses) - 1 - int(np.argmin(losses)) == 2


def test_labels_of_training_may_not_reach_into_validation() -> None:
    data, labels = market(0.0)
    with pytest.raises(OperatorError, match="before validation begins"):
        train(data, labels, recipe=SMALL, training=range(0, 160), validation=range(164, 200))


def test_sessions_without_a_known_outcome_are_refused() -> None:
    data, labels = market(0.0)
    nothing = Labels(*(np.full_like(labels.returns, np.nan) for _ in range(3)))
    with pytest.raises(UpstreamDataError, match="training sessions have known outcomes"):
        train(data, nothing, recipe=SMALL, **ROWS)


def test_half_precision_changes_the_loss_within_its_tolerance() -> None:
    data, labels = market(0.5)
    recipe = SMALL.model_copy(update={"epochs": 1})
    full = train(data, labels, recipe=recipe, **ROWS)
    half = train(data, labels, recipe=recipe.model_copy(update={"precision": "bfloat16"}), **ROWS)
    assert half.history[0]["training"] == pytest.approx(full.history[0]["training"], rel=0.02)


def trained() -> tuple[TrainedModel, ModelData]:
    data, labels = market(0.5)
    return train(data, labels, recipe=SMALL.model_copy(update={"epochs": 1}), **ROWS), data


def test_a_saved_model_answers_the_same(tmp_path: Path) -> None:
    model, data = trained()
    model.save(tmp_path)
    loaded = TrainedModel.load(tmp_path)
    assert loaded.content_hash() == model.content_hash()
    assert loaded.recipe == model.recipe
    assert loaded.trained_until == data.sessions[159]
    np.testing.assert_array_equal(answers(model, data).returns, answers(loaded, data).returns)


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    model, _ = trained()
    model.save(tmp_path)
    weights = bytearray((tmp_path / WEIGHTS).read_bytes())
    weights[-3] ^= 0x55
    (tmp_path / WEIGHTS).write_bytes(bytes(weights))
    with pytest.raises(ArtefactError, match="belong together"):
        TrainedModel.load(tmp_path)
    with pytest.raises(ArtefactError):
        TrainedModel.load(tmp_path / "nowhere")


def test_answers_feel_nothing_of_later_sessions_to_the_last_bit() -> None:
    model, data = trained()
    whole = answers(model, data)
    day = 140
    rewritten = replace(
        data,
        observed=np.concatenate([data.observed[: day + 1], data.observed[day + 1 :] + 3]),
        returns=np.concatenate([data.returns[: day + 1], -2 * data.returns[day + 1 :]]),
    )
    deleted = ModelData(
        **{
            name: value if name in ("symbols", "observed_names", "statics") else value[: day + 1]
            for name, value in vars(data).items()
        }
    )
    for other in (rewritten, deleted):
        for name in ("embedding", "returns", "hit", "quantiles"):
            np.testing.assert_array_equal(
                getattr(whole, name)[: day + 1], getattr(answers(model, other), name)[: day + 1]
            )


def test_the_same_row_gets_the_same_answer_whatever_rows_are_asked_for() -> None:
    model, data = trained()
    np.testing.assert_array_equal(
        answers(model, data).quantiles[70:101], answers(model, data, range(70, 101)).quantiles
    )


def test_quantiles_never_cross_and_without_scale_or_past_there_is_no_answer() -> None:
    model, data = trained()
    scale = data.scale.copy()
    scale[80, 2] = np.nan
    said = answers(model, replace(data, scale=scale))
    assert np.isnan(said.returns[80, 2])
    assert np.isnan(said.embedding[80, 2]).all()
    # Of ten symbols 20 sessions are known at row 24, and the past is told anew every 21 rows.
    assert np.isnan(said.quantiles[:25]).all()
    known = ~np.isnan(scale)
    known[:25] = False
    assert (np.diff(said.quantiles[known], axis=-1) > 0).all()
    assert ((said.hit[known] > 0) & (said.hit[known] < 1)).all()


def test_torch_is_left_as_it_was() -> None:
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    trained()
    assert torch.equal(torch.rand(3), expected)
