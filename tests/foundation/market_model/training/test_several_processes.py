"""Two processes train the market model that one process trains, and go on where they stopped."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import torch

from foundation.kernel import DependencyError, OperatorError
from foundation.market_model.checkpoint import PROGRESS, TrainedModel
from foundation.market_model.training.progress import Epoch
from foundation.market_model.training.start import train
from tests.foundation.market_model.markets import SMALL, market

ROWS = {"training": range(0, 160), "validation": range(165, 200)}
SHARED = SMALL.model_copy(update={"epochs": 2, "passes_per_step": 2, "symbols_per_step": 5})


def same(found: TrainedModel, expected: TrainedModel) -> None:
    """Compare to what another order of sums may change."""
    for name in ("training", "validation"):
        np.testing.assert_allclose(
            [epoch[name] for epoch in found.history],
            [epoch[name] for epoch in expected.history],
            rtol=1e-4,
        )
    for name, weight in expected.state.items():
        torch.testing.assert_close(found.state[name], weight, rtol=1e-3, atol=1e-4)


class Stopped(Exception):
    """Stands for a run that ends in the middle."""


def test_two_processes_train_what_one_trains_and_go_on_where_they_were_stopped(
    tmp_path: Path,
) -> None:
    """With dropout, and with an odd number of passes: the last step has a process too many."""
    data, labels = market(0.5)
    alone = train(data, labels, recipe=SHARED, **ROWS)

    def stop(_: Epoch) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        train(data, labels, recipe=SHARED, processes=2, checkpoints=tmp_path, report=stop, **ROWS)
    assert (tmp_path / PROGRESS).exists()
    assert not multiprocessing.active_children()
    told: list[Epoch] = []
    both = train(
        data, labels, recipe=SHARED, processes=2, checkpoints=tmp_path, report=told.append, **ROWS
    )
    same(both, alone)
    assert len(told) <= 2
    assert not (tmp_path / PROGRESS).exists()


def test_a_step_on_several_passes_follows_their_mean() -> None:
    """Half the steps, and a loss in between: the mean of each pair instead of one after another."""
    data, labels = market(0.5)
    one, two = (
        train(data, labels, recipe=SHARED.model_copy(update={"passes_per_step": n}), **ROWS)
        for n in (1, 2)
    )
    assert one.history[0]["training"] != two.history[0]["training"]
    assert two.history[1]["validation"] < two.history[0]["validation"]


def test_processes_that_cannot_share_the_passes_are_refused() -> None:
    data, labels = market(0.5)
    with pytest.raises(OperatorError, match="set passes_per_step of the recipe to 3"):
        train(data, labels, recipe=SHARED, processes=3, **ROWS)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_too_few_gpus_are_told_before_anything_starts() -> None:
    data, labels = market(0.5)
    with pytest.raises(DependencyError, match="0 devices visible"):
        train(data, labels, recipe=SHARED, processes=2, device="cuda", **ROWS)
