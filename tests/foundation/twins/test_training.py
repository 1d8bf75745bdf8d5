"""Twins learn what is their own, each by itself, and stop where nothing is left to learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from foundation.kernel import OperatorError
from foundation.twins import training
from foundation.twins.bank import answer
from foundation.twins.layout import Layout
from foundation.twins.objective import losses
from foundation.twins.training import train
from tests.foundation.twins.banks import QUIET, RECIPE, SIZES, stocks
from tests.foundation.twins.plain import PlainTwin


def begin(twins: int) -> torch.Tensor:
    return Layout(SIZES).untrained(twins, torch.Generator().manual_seed(1))


def test_effects_that_differ_by_stock_are_found_where_they_are_and_not_elsewhere() -> None:
    effects = [2.5, -2.5, 0.0, 0.0, 2.5, 0.0]
    recipe = RECIPE.model_copy(update={"epochs": 40})
    trained = train(begin(6), *stocks(effects, sessions=250), recipe)
    unseen, truth = stocks(effects, seed=9)
    said = answer(Layout(SIZES), trained.rows, unseen)
    gain = (truth.returns**2 - (truth.returns - said.returns) ** 2).mean(dim=1)
    planted = torch.tensor(effects) != 0
    # 6.25 is all there is to gain: the variance that the effect explains.
    assert (gain[planted] > 2.0).all()
    assert (gain[~planted].abs() < 0.3).all()


def test_an_input_that_the_embedding_has_dropped_is_found_all_the_same() -> None:
    effects = [2.5, -2.5, 0.0]
    recipe = RECIPE.model_copy(update={"epochs": 40})
    trained = train(begin(3), *stocks([0.0] * 3, sessions=250, unseen=effects), recipe)
    unseen, truth = stocks([0.0] * 3, seed=9, unseen=effects)
    said = answer(Layout(SIZES), trained.rows, unseen)
    gain = (truth.returns**2 - (truth.returns - said.returns) ** 2).mean(dim=1)
    # Of 6.25 a tenth is hidden by absent inputs.
    assert (gain[:2] > 2.0).all()
    assert abs(gain[2]) < 0.3


def test_the_detector_learns_the_regimes_it_is_told() -> None:
    recipe = RECIPE.model_copy(update={"epochs": 60, "patience": 60})
    trained = train(begin(4), *stocks([0.0] * 4, sessions=250), recipe)
    unseen, truth = stocks([0.0] * 4, seed=9)
    found = answer(Layout(SIZES), trained.rows, unseen).regimes.argmax(-1)
    assert (found == truth.regime).float().mean() > 0.85


def test_a_twin_learns_the_same_alone_and_among_others() -> None:
    given, targets = stocks([1.0, -1.0, 0.5])
    rows = begin(3)
    together = train(rows, given, targets, QUIET)
    some = torch.tensor([1])
    alone = train(rows[some], given.of(some), targets.of(some), QUIET)
    torch.testing.assert_close(together.rows[some], alone.rows, rtol=1e-3, atol=1e-4)
    assert together.epochs[1] == alone.epochs[0]


def test_one_step_is_that_of_a_plain_twin_under_adamw() -> None:
    recipe = QUIET.model_copy(
        update={
            "epochs": 1,
            "batch": 200,
            "stock_rate": QUIET.learning_rate,
            "decay": 0.01,
            "held_back": 10,
        }
    )
    given, targets = stocks([2.0])
    rows = begin(1) + 0.1 * torch.randn(1, Layout(SIZES).width, generator=torch.manual_seed(2))
    twin = PlainTwin(SIZES)
    twin.take({k: v[0] for k, v in Layout(SIZES).views(rows).items()})
    optimiser = torch.optim.AdamW(
        twin.parameters(), lr=recipe.learning_rate, weight_decay=recipe.decay
    )
    early = slice(0, 120 - 10 - recipe.horizon)
    x = given.cut(early)
    out = twin(x)
    truth = targets.cut(early)
    said = type(answer(Layout(SIZES), rows, x))(**{k: v[None] for k, v in out.items()})
    losses(said, truth, recipe.weights).sum().backward()
    torch.nn.utils.clip_grad_norm_(twin.parameters(), recipe.clip)
    optimiser.step()

    trained = train(rows, given, targets, recipe)
    assert trained.epochs[0] == 1
    got = {k: v[0] for k, v in Layout(SIZES).views(trained.rows).items()}
    torch.testing.assert_close(got["stock"], twin.stock.detach(), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(
        got["correction.1.weight"].mT, twin.correction[1].weight.detach(), rtol=1e-4, atol=1e-6
    )
    torch.testing.assert_close(
        got["quantiles.weight"].mT, twin.quantiles.weight.detach(), rtol=1e-4, atol=1e-6
    )


def test_a_frozen_twin_keeps_every_bit() -> None:
    rows = begin(3)
    trained = train(rows, *stocks([1.0] * 3), RECIPE, rates=torch.tensor([1.0, 0.0, 1.0]))
    assert torch.equal(trained.rows[1], rows[1])
    assert trained.epochs[1] == 0
    assert not torch.equal(trained.rows[0], rows[0])


def test_a_smaller_rate_moves_a_twin_less() -> None:
    rows, (given, targets) = begin(2), stocks([1.0, 1.0])
    same = torch.tensor([0, 0])
    recipe = QUIET.model_copy(update={"epochs": 2})
    trained = train(
        rows[same], given.of(same), targets.of(same), recipe, rates=torch.tensor([1.0, 0.1])
    )
    moved = (trained.rows - rows[same]).norm(dim=1)
    assert moved[1] < 0.3 * moved[0]


def test_a_twin_that_betters_nothing_stays_untrained_and_the_loss_never_rises() -> None:
    rows = begin(8)
    trained = train(rows, *stocks([0.0] * 8), RECIPE)
    assert (trained.losses[:, 1] <= trained.losses[:, 0]).all()
    kept = trained.epochs == 0
    assert torch.equal(trained.rows[kept], rows[kept])


def test_twins_stop_by_themselves() -> None:
    recipe = RECIPE.model_copy(update={"epochs": 200, "patience": 1})
    trained = train(begin(12), *stocks([0.0] * 12), recipe)
    assert (trained.passes == trained.epochs + 2).all()
    assert len(set(trained.passes)) > 2


def test_groups_change_nothing_and_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    given, targets = stocks([1.0, -1.0, 0.5, 0.0, 2.0])
    together = train(begin(5), given, targets, RECIPE)
    monkeypatch.setattr(training, "GROUP", 2)
    told: list[tuple[int, int]] = []
    apart = train(begin(5), given, targets, RECIPE, report=lambda done, of: told.append((done, of)))
    assert told == [(2, 5), (4, 5), (5, 5)]
    np.testing.assert_array_equal(together.epochs, apart.epochs)
    torch.testing.assert_close(together.rows, apart.rows, rtol=1e-3, atol=1e-4)


def test_outcomes_that_are_not_known_teach_nothing() -> None:
    given, targets = stocks([1.0, 1.0])
    for field in (targets.returns, targets.hit, targets.volatility):
        field[1] = torch.nan
    targets.regime[1] = -1
    rows = begin(2)
    trained = train(rows, given, targets, RECIPE)
    assert torch.equal(trained.rows[1], rows[1])
    assert np.isnan(trained.losses[1]).all()
    assert np.isfinite(trained.losses[0]).all()


def test_too_short_a_past_is_refused() -> None:
    with pytest.raises(OperatorError, match="some sessions"):
        train(begin(1), *stocks([0.0], sessions=20), RECIPE)
