"""Training: what carries loss, the same weights every time, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from config.recipes import gpt_oss_20b_lora, story_nano_test, story_tiny_cpu
from foundation.contracts import TokenBatch
from foundation.kernel import ModelError
from foundation.storage.folders import FolderStore
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import (
    Adapter,
    EngineInput,
    LlmEngineStage,
    Phase,
    Report,
    TrainingRecipe,
    TrainingStage,
    Watch,
)
from stage_05_llm_engine.learning import training
from stage_05_llm_engine.learning.lessons import endless_rows, loss_weights, take
from stage_05_llm_engine.learning.losses import weighted_loss
from stage_05_llm_engine.learning.training import _gradients
from stage_05_llm_engine.network.architecture import build
from stage_05_llm_engine.weights import checkpoint
from tests.stage_05_llm_engine.conftest import ENGINE, Trained

SHORT = story_nano_test().model_copy(
    update={"phases": (Phase(steps=3, loss="every story"), Phase(steps=2, loss="target"))}
)


@pytest.fixture(scope="module")
def tokens() -> TokenBatch:
    settings = TokenizationSettings(history_sessions=10, validation_sessions=10)
    return TokenizationStage(settings).run(planted_stories("planted", sessions=100, symbols=2).book)


def test_two_runs_give_identical_weights(tokens: TokenBatch, tmp_path: Path) -> None:
    first, second = (
        TrainingStage(SHORT, FolderStore(tmp_path / name)).run(tokens) for name in ("a", "b")
    )
    assert first.weights == second.weights
    assert first == second
    other = TrainingStage(SHORT.model_copy(update={"seed": 1}), FolderStore(tmp_path / "c"))
    assert other.run(tokens).weights != first.weights


def test_weights_are_the_mean_over_the_last_steps(tokens: TokenBatch, tmp_path: Path) -> None:
    """Oracle: the weights after each step, noted and averaged by NumPy."""
    store = FolderStore(tmp_path)
    noted: list[dict[str, np.ndarray]] = []
    true = training._learn_from

    def learn_from(batches: Any, model: Any, *rest: Any) -> float:
        loss = true(batches, model, *rest)
        noted.append({n: w.detach().numpy().copy() for n, w in model.state_dict().items()})
        return loss

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "_learn_from", learn_from)
        # Of five steps the last three.
        recipe = SHORT.model_copy(update={"average_last": 0.6})
        made = TrainingStage(recipe, store).run(tokens)
    assert len(noted) == 5
    for name, found in checkpoint.read(store.path(made.weights)).state_dict().items():
        expected = np.mean([weights[name] for weights in noted[2:]], axis=0, dtype=np.float64)
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
        assert not np.array_equal(found.numpy(), noted[-1][name]) or not found.any()


def test_a_run_that_may_stop_early_has_no_last_steps() -> None:
    with pytest.raises(ValidationError, match="average_last"):
        TrainingRecipe.model_validate({**SHORT.model_dump(), "average_last": 0.5, "patience": 1})


def test_threads_change_no_number(tokens: TokenBatch, tmp_path: Path) -> None:
    alone, beside = (
        TrainingStage(
            SHORT.model_copy(update={"batch_windows": 2, "accumulation": 4, "threads": threads}),
            FolderStore(tmp_path / str(threads)),
        ).run(tokens)
        for threads in (1, 3)
    )
    read = [
        checkpoint.read(FolderStore(tmp_path / str(n)).path(model.weights)).state_dict()
        for n, model in ((1, alone), (3, beside))
    ]
    assert all(torch.equal(read[0][name], read[1][name]) for name in read[0])
    assert alone.learning_curve == beside.learning_curve


def test_passes_of_a_step_add_up_to_one_batch(tokens: TokenBatch) -> None:
    """Gradients of two passes, each its share of the mean, are those of the mean of both."""
    torch.manual_seed(0)
    model = build(SHORT.start, tokens.vocabulary_size, tokens.codes.pad)
    weights = list(model.parameters())
    windows = tokens.split("train")
    counted = loss_weights(windows, tokens.codes, "every story", tape_weight=4.0)
    both, one, other = (take(windows, counted, rows) for rows in ([0, 5], [0], [5]))
    assert both.weight == one.weight + other.weight
    share = partial(_gradients, model, weights, SHORT, both.weight, 0)
    whole = share((0, both))[1]
    parts = [share((number, part))[1] for number, part in enumerate((one, other))]
    for expected, a, b in zip(whole, *parts, strict=True):
        torch.testing.assert_close(a + b, expected, rtol=1e-3, atol=1e-5)


def test_training_leaves_the_process_as_it_was(tokens: TokenBatch, tmp_path: Path) -> None:
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    drawn = np.random.get_state()[1].copy()  # noqa: NPY002
    TrainingStage(SHORT, FolderStore(tmp_path)).run(tokens)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
    assert np.array_equal(np.random.get_state()[1], drawn)  # noqa: NPY002


def test_steps_tokens_and_curve_are_reported(tokens: TokenBatch, tmp_path: Path) -> None:
    told: list[Report] = []
    stage = TrainingStage(SHORT, FolderStore(tmp_path), Watch(progress=told.append))
    model = stage.run(tokens)
    assert model.steps == 5
    assert [point.step for point in model.learning_curve][-1] == 5
    assert model.learning_curve[-1].tokens == model.tokens
    assert (told[-1].step, told[-1].steps, told[-1].seconds_left) == (5, 5, 0.0)
    assert model.parameters == sum(
        p.numel() for p in build(SHORT.start, tokens.vocabulary_size, 0).parameters()
    )


def test_a_target_phase_puts_loss_on_the_target_story_only(tokens: TokenBatch) -> None:
    windows = tokens.split("train")
    weights = loss_weights(windows, tokens.codes, "target", tape_weight=1.0)
    assert np.array_equal(weights, windows.loss_mask)


def test_every_story_but_the_first_is_a_target_of_those_before_it(tokens: TokenBatch) -> None:
    windows = tokens.split("train")
    weights = loss_weights(windows, tokens.codes, "every story", tape_weight=4.0)
    assert not weights[windows.story_index <= 0].any()
    answers = [o[0] for outcomes in tokens.codes.outcomes for o in outcomes]
    frame = [tokens.codes.story[0], tokens.codes.text[0], *(s[0] for s in tokens.codes.series)]
    later = windows.story_index >= 1
    assert (weights[later & np.isin(windows.ids, answers)] == 4.0).all()
    assert not weights[np.isin(windows.ids, frame)].any()
    assert (weights[later & ~np.isin(windows.ids, [*answers, *frame])] == 1.0).all()


def test_the_loss_is_the_weighted_cross_entropy_of_the_next_token(tokens: TokenBatch) -> None:
    """Oracle: log-softmax by hand over transformers' own logits."""
    torch.manual_seed(0)
    model = build(SHORT.start, tokens.vocabulary_size, tokens.codes.pad)
    windows = tokens.split("train")
    weights = loss_weights(windows, tokens.codes, "target", tape_weight=3.0)
    batch = take(windows, weights, [1, 4, 7])
    loss = float(weighted_loss(model, batch, SHORT).detach())
    ids = torch.from_numpy(batch.ids)
    length = ids.shape[1]
    with torch.no_grad():
        logits = model(input_ids=ids).logits
    total, weight = 0.0, 0.0
    for row in range(3):
        for place in range(1, length):
            w = float(batch.weights[row, place])
            if w:
                scores = logits[row, place - 1].double()
                total -= w * float(scores[ids[row, place]] - scores.logsumexp(dim=0))
                weight += w
    assert loss == pytest.approx(total, rel=1e-4)
    assert batch.weight == weight


def test_every_window_is_read_once_per_pass_in_a_seeded_order(tokens: TokenBatch) -> None:
    lengths = tokens.split("train").attention_mask.sum(axis=1)
    count = len(lengths) // 16 * 16

    def first_pass(seed: int) -> list[int]:
        return [row for rows in islice(endless_rows(lengths, 1, seed), count) for row in rows]

    assert set(first_pass(0)) <= set(range(len(lengths)))
    assert len(set(first_pass(0))) == count
    assert first_pass(0) == first_pass(0) != first_pass(1)


def test_a_run_that_diverges_says_so(tokens: TokenBatch, tmp_path: Path) -> None:
    wild = SHORT.model_copy(update={"learning_rate": 1e30, "matrix_rate": None, "warmup_steps": 0})
    with pytest.raises(ModelError, match="lower the recipe's learning rate"):
        TrainingStage(wild, FolderStore(tmp_path)).run(tokens)


def test_windows_of_another_tokeniser_are_refused(planted: Trained, tokens: TokenBatch) -> None:
    with pytest.raises(ModelError, match="tokeniser it was trained with"):
        LlmEngineStage(ENGINE, planted.store).run(
            EngineInput(tokens, planted.model, planted.stories.book)
        )


def test_the_learning_curve_falls(planted: Trained) -> None:
    curve = planted.model.learning_curve
    assert curve[-1].validation_loss < 0.95 * curve[0].validation_loss
    assert 0 < planted.model.validation_bits_per_character < 1


def test_recipes_are_complete_and_frozen() -> None:
    for recipe in (story_tiny_cpu(), story_nano_test(), gpt_oss_20b_lora()):
        assert recipe.model_validate_json(recipe.model_dump_json()) == recipe
        with pytest.raises(ValidationError):
            recipe.seed = 3  # type: ignore[misc]


def test_a_recipe_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValidationError, match="dropout must be 0"):
        Adapter(dropout=0.1, expert_parameters=("mlp.experts.down_proj",))
    document = story_nano_test().model_dump()
    with pytest.raises(ValidationError, match="needs a checkpoint"):
        type(SHORT).model_validate({**document, "adapter": Adapter().model_dump()})


def test_importing_the_stages_does_not_import_torch() -> None:
    code = (
        "import sys, stage_04_tokenization, stage_05_llm_engine, config.recipes;"
        "print([m for m in ('torch', 'transformers', 'peft', 'tokenizers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
