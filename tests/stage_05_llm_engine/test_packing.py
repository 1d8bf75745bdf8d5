"""Packed windows: rows are full, and nothing passes from one window to another."""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from foundation.contracts import TokenBatch
from foundation.kernel import OperatorError
from foundation.storage.folders import FolderStore
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import TrainingStage
from stage_05_llm_engine.learning.lessons import Batch, take
from stage_05_llm_engine.learning.losses import view, weighted_loss
from stage_05_llm_engine.learning.packing import endless_packs, first_fit, pack
from stage_05_llm_engine.network.architecture import build
from tests.stage_05_llm_engine.test_training import SHORT


@pytest.fixture(scope="module")
def tokens() -> TokenBatch:
    settings = TokenizationSettings(history_sessions=10, validation_sessions=10)
    return TokenizationStage(settings).run(planted_stories("planted", sessions=60, symbols=2).book)


@pytest.fixture(scope="module")
def model(tokens: TokenBatch) -> torch.nn.Module:
    torch.manual_seed(0)
    return build(SHORT.start, tokens.vocabulary_size, tokens.codes.pad).eval()


def logits(model: torch.nn.Module, batch: Batch) -> torch.Tensor:
    with torch.no_grad():
        hidden = model.model(
            input_ids=torch.from_numpy(batch.ids[:, :-1]), use_cache=False, **view(model, batch)
        ).last_hidden_state
        return model.lm_head(hidden)


def test_a_packed_window_computes_what_it_computes_alone(
    tokens: TokenBatch, model: torch.nn.Module
) -> None:
    """Oracle: transformers' own masks over each window by itself."""
    windows = tokens.split("train")
    weights = np.ones(windows.ids.shape, dtype=np.float32)
    batch = pack(windows, weights, [[3, 0, 5], [1]], tokens.codes.pad)
    said = logits(model, batch)
    for row, members in enumerate([[3, 0, 5], [1]]):
        start = 0
        for w in members:
            length = int(windows.attention_mask[w].sum())
            alone = torch.from_numpy(windows.ids[w : w + 1, :length].astype(np.int64))
            with torch.no_grad():
                expected = model(input_ids=alone).logits[0]
            found = said[row, start : start + length]
            torch.testing.assert_close(found, expected[: len(found)], rtol=1e-4, atol=1e-4)
            start += length


def test_another_window_in_the_row_changes_nothing(
    tokens: TokenBatch, model: torch.nn.Module
) -> None:
    windows = tokens.split("train")
    weights = np.ones(windows.ids.shape, dtype=np.float32)
    batch = pack(windows, weights, [[3, 0]], tokens.codes.pad)
    first = int(windows.attention_mask[3].sum())
    changed = batch.ids.copy()
    changed[0, :first] = changed[0, :first][::-1]
    after = logits(model, Batch(changed, batch.weights, batch.tokens, batch.segments,
                                batch.positions))  # fmt: skip
    assert torch.equal(logits(model, batch)[0, first:], after[0, first:])


def test_packing_changes_no_loss(tokens: TokenBatch, model: torch.nn.Module) -> None:
    windows = tokens.split("train")
    weights = windows.loss_mask.astype(np.float32)
    rows = [2, 4, 7]
    apart = weighted_loss(model, take(windows, weights, rows), SHORT)
    packed = weighted_loss(model, pack(windows, weights, [rows], tokens.codes.pad), SHORT)
    assert float(packed) == pytest.approx(float(apart), rel=1e-4)


@given(st.lists(st.integers(1, 50), max_size=40), st.integers(50, 120))
def test_every_window_has_one_place_and_no_row_is_too_long(
    lengths: list[int], capacity: int
) -> None:
    rows = first_fit(lengths, capacity)
    assert sorted(i for row in rows for i in row) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in row) <= capacity for row in rows)
    # Any two rows together would not fit into one, but for the last.
    sums = [sum(lengths[i] for i in row) for row in rows]
    assert all(a + b > capacity for a, b in pairwise(sums))


def test_a_window_longer_than_a_row_is_refused() -> None:
    with pytest.raises(OperatorError, match="pack_tokens"):
        first_fit([30, 200], 100)


def test_rows_are_nearly_full_and_no_window_predicts_the_next_ones_start(
    tokens: TokenBatch,
) -> None:
    windows = tokens.split("train")
    weights = np.ones(windows.ids.shape, dtype=np.float32)
    capacity = 4 * windows.ids.shape[1]
    lengths = windows.attention_mask.sum(axis=1)
    batches = [
        pack(windows, weights, rows, tokens.codes.pad)
        for rows in islice(endless_packs(lengths, 2, capacity, 0), 6)
    ]
    filled = sum(b.tokens for b in batches) / (len(batches) * 2 * capacity)
    assert filled > 0.85
    for batch in batches:
        assert batch.weights[batch.positions == 0].sum() == 0
        assert (batch.ids[batch.segments < 0] == tokens.codes.pad).all()


def test_a_model_learns_from_packed_rows(
    tokens: TokenBatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    recipe = SHORT.model_copy(update={"pack_tokens": 1024, "batch_windows": 2})
    made = TrainingStage(recipe, FolderStore(tmp_path_factory.mktemp("packed"))).run(tokens)
    assert made.steps == 5
    assert np.isfinite(made.validation_loss)
