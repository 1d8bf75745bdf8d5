"""A trained model's folder: what it says of itself, and what others can load of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, GptOssForCausalLM

from config.recipes import gpt_oss_20b_lora
from foundation.contracts import TokenBatch
from foundation.kernel import OperatorError
from foundation.storage.folders import FolderStore
from stage_05_llm_engine import Checkpoint, TrainingStage, export
from stage_05_llm_engine.learning.lessons import spread
from stage_05_llm_engine.weights import checkpoint
from tests.stage_05_llm_engine.conftest import recipe

IDS = torch.arange(3, 40)[None]


def said(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return model.eval()(input_ids=IDS).logits.float()


def test_an_adapter_is_kept_with_all_that_made_it(
    base: Path, base_tokens: TokenBatch, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path)
    made = TrainingStage(recipe(base), store).run(base_tokens)
    folder = store.path(made.weights)
    assert checkpoint.recipe_of(folder) == recipe(base)
    assert (folder / "tokenizer.json").read_text() == base_tokens.tokenizer_json
    card = json.loads((folder / "training.json").read_text())
    assert card["base_model_hash"] == made.base_model_hash
    assert card["tokenizer_hash"] == base_tokens.tokenizer_hash
    assert (card["seed"], card["steps"]) == (made.seed, 3)
    assert card["validation_loss"] == made.validation_loss
    assert [point["step"] for point in card["learning_curve"]] == [3]
    assert card["libraries"]["torch"] == str(torch.__version__)

    other = TrainingStage(recipe(base, seed=1), store).run(base_tokens)
    again = json.loads((store.path(other.weights) / "training.json").read_text())
    assert again["data_hash"] == card["data_hash"]
    assert again["seed"] == 1


@pytest.mark.parametrize("experts", ["bfloat16", "packed"])
def test_a_model_is_exported_for_anyone_who_serves_gpt_oss(
    published: Path, base_tokens: TokenBatch, tmp_path: Path, experts: str
) -> None:
    """Read back by transformers alone, which knows nothing of adapters or packed experts here."""
    start = Checkpoint(folder=str(published), experts=experts)
    store, target = FolderStore(tmp_path / "store"), tmp_path / "exported"
    made = TrainingStage(recipe(published, start=start), store).run(base_tokens)
    folder = store.path(made.weights)
    export(folder, target)
    plain = GptOssForCausalLM.from_pretrained(str(target))
    assert plain.dtype == torch.bfloat16
    assert not hasattr(plain.config, "quantization_config")
    torch.testing.assert_close(said(plain), said(checkpoint.read(folder, unpacked=True)))
    text = "the price rises sharply"
    tokenizer = AutoTokenizer.from_pretrained(str(target))
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    with pytest.raises(OperatorError, match="new folder"):
        export(folder, target)


def test_the_20b_recipes_batch_rate_and_rhythm_are_those_of_the_plan() -> None:
    given = gpt_oss_20b_lora()
    assert (given.batch_windows, given.accumulation, given.learning_rate) == (4, 8, 2e-4)
    assert (given.weight_decay, given.warmup_steps, given.recompute) == (0.01, 500, True)
    adapter = given.adapter
    assert adapter is not None
    assert (adapter.rank, adapter.alpha, adapter.dropout) == (16, 32, 0.1)
    assert adapter.modules == ("q_proj", "k_proj", "v_proj", "o_proj")
    # Evaluated, and kept, every 500 steps.
    assert spread(given.steps + 1, given.evaluations + 1)[1:] == [500, 1000, 1500, 2000]
