"""Experts in their published four bits: the same numbers as unpacked, in a third of the memory.

The oracle is transformers' own unpacking of the same files.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from pydantic import ValidationError
from safetensors.torch import load_file, save_file
from transformers import GptOssForCausalLM

from config.recipes import gpt_oss_20b_qlora
from foundation.contracts import TokenBatch
from foundation.kernel import ModelError, OperatorError
from foundation.storage.folders import FolderStore
from stage_05_llm_engine import Adapter, Checkpoint, TrainingRecipe, TrainingStage
from stage_05_llm_engine.weights import checkpoint
from stage_05_llm_engine.weights.lora import load_base
from stage_05_llm_engine.weights.packed import unpack
from tests.stage_05_llm_engine.conftest import recipe


def opened(folder: Path, experts: str) -> GptOssForCausalLM:
    return load_base(Checkpoint(folder=str(folder), experts=experts), "cpu")


def test_a_byte_holds_two_values_and_a_block_its_exponent() -> None:
    """By hand: 0x7 is 6 and 0xA is -1 in E2M1; a scale of 128 doubles, one of 126 halves."""
    blocks = torch.zeros(1, 2, 16, dtype=torch.uint8)
    blocks[0, 0, 0], blocks[0, 1, 15] = 0xA7, 0x1F
    scales = torch.tensor([[128, 126]], dtype=torch.uint8)
    matrix = unpack(blocks, scales, torch.bfloat16)
    expected = torch.zeros(1, 64, dtype=torch.bfloat16)
    expected[0, 0], expected[0, 1] = 12.0, -2.0
    expected[0, 62], expected[0, 63] = -3.0, 0.25
    assert torch.equal(matrix, expected)


def test_packed_experts_compute_what_unpacked_ones_do_forward_and_backward(
    published: Path,
) -> None:
    ids = torch.randint(0, 300, (2, 40), generator=torch.Generator().manual_seed(3))
    seen = []
    for experts in ("bfloat16", "packed"):
        model = opened(published, experts).float()
        said = model.model.embed_tokens(ids).detach().requires_grad_()
        logits = model(inputs_embeds=said).logits
        logits.square().mean().backward()
        seen.append((logits.detach(), said.grad))
    for whole, packed in zip(*seen, strict=True):
        assert whole.abs().max() > 1e-6
        torch.testing.assert_close(packed, whole, rtol=1e-4, atol=1e-6)


def test_packed_experts_take_four_and_a_quarter_bits_a_weight(published: Path) -> None:
    """32 values of 4 bits and one exponent of 8; the bfloat16 form takes 16 bits."""
    config = opened(published, "packed").config
    experts = opened(published, "packed").model.layers[0].mlp.experts
    weights = config.num_local_experts * 3 * config.hidden_size * config.intermediate_size
    assert sum(b.numel() * b.element_size() for b in experts.buffers()) * 8 == 4.25 * weights


def test_nothing_unpacked_is_kept_for_the_backward_pass(published: Path) -> None:
    model = opened(published, "packed")
    experts = model.model.layers[0].mlp.experts
    kept: list[torch.Size] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.is_floating_point():
            kept.append(tensor.shape)
        return tensor

    hidden = torch.randn(5, model.config.hidden_size).bfloat16().requires_grad_()
    chosen = torch.tensor([[0, 1]] * 5)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        experts(hidden, chosen, torch.full((5, 2), 0.5).bfloat16())
    matrices = {(2 * model.config.intermediate_size, model.config.hidden_size)}
    assert kept
    assert not matrices & {tuple(shape) for shape in kept}
    assert max(shape.numel() for shape in kept) <= 5 * 2 * model.config.intermediate_size


def small(published: Path, experts: str, **changes: object) -> TrainingRecipe:
    """Return the recipe of LoRA or of QLoRA, small, on a CPU, in three steps of bfloat16."""
    start = Checkpoint(folder=str(published), experts=experts)
    assert gpt_oss_20b_qlora().start.experts == "packed"
    return recipe(published, start=start, precision="bfloat16", recompute=True, **changes)


def test_qlora_learns_what_lora_on_the_unpacked_model_learns(
    published: Path, base_tokens: TokenBatch, tmp_path: Path
) -> None:
    store, made = FolderStore(tmp_path), {}
    for experts in ("bfloat16", "packed"):
        made[experts] = TrainingStage(small(published, experts), store).run(base_tokens)
    for whole, packed in zip(*(m.learning_curve for m in made.values()), strict=True):
        for name in ("train_loss", "validation_loss", "story_score"):
            assert getattr(packed, name) == pytest.approx(getattr(whole, name), rel=5e-3)
    folder = store.path(made["packed"].weights)
    assert {path.name for path in folder.iterdir()} >= {"adapter_model.safetensors", "recipe.json"}
    ids = torch.arange(3, 40)[None]
    with torch.no_grad():
        before = opened(published, "packed")(input_ids=ids).logits.float()
        adapted = PeftModel.from_pretrained(opened(published, "packed"), str(folder)).eval()
        unmerged = adapted(input_ids=ids).logits.float()
        merged = checkpoint.read(folder)(input_ids=ids).logits.float()
    # Merging rounds to bfloat16, which may turn the choice of an expert for single tokens.
    moved = (unmerged - before).abs().mean()
    assert moved > 1e-2
    assert (merged - unmerged).abs().mean() < 0.2 * moved


def test_experts_that_are_not_packed_cannot_stay_packed(base: Path, published: Path) -> None:
    with pytest.raises(OperatorError, match="no quantisation"):
        opened(base, "packed")


def test_files_that_lack_weights_are_told(published: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(published, tmp_path / "torn")
    weights = load_file(folder / "model.safetensors")
    weights["model.layers.0.odd"] = weights.pop("model.layers.1.mlp.experts.down_proj_scales")
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"down_proj_scales.*missing.*odd.*unknown"):
        opened(folder, "packed")


def test_packed_experts_take_no_adapter_and_no_shards(published: Path) -> None:
    document = small(published, "packed").model_dump()
    experts = Adapter(dropout=0.0, expert_parameters=("mlp.experts.down_proj",)).model_dump()
    for change, told in (
        ({"adapter": None}, "train an adapter"),
        ({"adapter": experts}, "no adapter of their own"),
        ({"sharded": True}, "sharded=False"),
    ):
        with pytest.raises(ValidationError, match=told):
            TrainingRecipe.model_validate({**document, **change})
