"""Our kernels are transformers' own functions, computed another way."""

from __future__ import annotations

import pytest
import torch
from transformers import GptOssConfig, GptOssForCausalLM

from stage_05_llm_engine.learning.muon import Muon, orthogonalise
from stage_05_llm_engine.network.architecture import DENSE_EXPERTS, build, register_dense_experts
from stage_05_llm_engine.network.attention import SINK_AS_KEY, register_attention
from stage_05_llm_engine.network.masks import causal_masks
from stage_05_llm_engine.network.tail import tail_states
from stage_05_llm_engine.recipe import Architecture


def small(attention: str, experts: str) -> GptOssForCausalLM:
    """Return the same random model each time, with grouped heads and a sliding layer."""
    register_attention()
    register_dense_experts()
    torch.manual_seed(0)
    config = GptOssConfig(
        vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, intermediate_size=24, num_local_experts=4,
        num_experts_per_tok=2, sliding_window=5, initializer_range=0.3, pad_token_id=0,
        layer_types=["sliding_attention", "full_attention"],
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
    )  # fmt: skip
    config._attn_implementation = attention
    config._experts_implementation = experts
    return GptOssForCausalLM(config)


@pytest.mark.parametrize(
    ("attention", "experts"),
    [(SINK_AS_KEY, "eager"), ("eager", DENSE_EXPERTS), (SINK_AS_KEY, DENSE_EXPERTS)],
)
def test_our_kernels_agree_with_the_stock_ones_forward_and_backward(
    attention: str, experts: str
) -> None:
    ids = torch.randint(0, 60, (3, 17), generator=torch.Generator().manual_seed(1))
    results = []
    for kind in (("eager", "eager"), (attention, experts)):
        model = small(*kind)
        logits = model(input_ids=ids, attention_mask=causal_masks(model, 17, model.dtype)).logits
        logits.square().sum().backward()
        results.append((logits, {n: p.grad for n, p in model.named_parameters()}))
    torch.testing.assert_close(results[1][0], results[0][0], rtol=1e-4, atol=1e-4)
    for name, gradient in results[0][1].items():
        scale = float(gradient.abs().max()) + 1e-9
        torch.testing.assert_close(
            results[1][1][name] / scale, gradient / scale, rtol=1e-3, atol=1e-4, msg=name
        )


def test_our_causal_masks_are_the_ones_that_transformers_would_make() -> None:
    ids = torch.randint(0, 60, (2, 11), generator=torch.Generator().manual_seed(2))
    model = small("eager", "eager").eval()
    with torch.no_grad():
        own = model(input_ids=ids, attention_mask=causal_masks(model, 11, model.dtype)).logits
        stock = model(input_ids=ids).logits
    torch.testing.assert_close(own, stock)


@pytest.mark.parametrize("start", [1, 7, 10])
def test_the_tail_of_a_text_reads_as_it_does_in_the_whole(start: int) -> None:
    ids = torch.randint(0, 60, (2, 11), generator=torch.Generator().manual_seed(3))
    model = small("eager", "eager").eval()
    with torch.no_grad():
        whole = model.model(input_ids=ids).last_hidden_state
        masks = causal_masks(model, 11, model.dtype)
        tail = tail_states(model, ids, masks, torch.arange(11).expand(2, -1), start)
    torch.testing.assert_close(tail, whole[:, start:])


def test_the_architecture_has_the_size_it_says() -> None:
    model = build(Architecture(), vocabulary_size=1000, pad=0)
    # By hand: 2 x 1000 x 128 embeddings and output; per layer 4 x (128 x 128 + 128) attention and
    # 4 sinks, 4 x 128 + 4 router, experts 4 x (128 x 256 + 256 + 128 x 128 + 128), 2 norms; 1 norm.
    attention, router = 4 * (128 * 128 + 128) + 4, 4 * 128 + 4
    experts = 4 * (128 * 256 + 256 + 128 * 128 + 128)
    expected = 2 * 1000 * 128 + 4 * (attention + router + experts + 2 * 128) + 128
    assert sum(p.numel() for p in model.parameters()) == expected


@pytest.mark.parametrize("shape", [(16, 16), (8, 24), (24, 8)])
def test_orthogonalising_keeps_singular_vectors_and_evens_singular_values(
    shape: tuple[int, int],
) -> None:
    """Oracle: the singular value decomposition."""
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(4))
    made = orthogonalise(matrix)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    inside = left.T @ made @ right.T
    assert ((inside.diagonal() > 0.55) & (inside.diagonal() < 1.3)).all()
    off = inside - torch.diag(inside.diagonal())
    assert off.abs().max() < 0.1


def test_a_stack_of_matrices_is_moved_like_each_alone() -> None:
    stack = torch.randn(3, 6, 10, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(
        orthogonalise(stack), torch.stack([orthogonalise(m) for m in stack]), rtol=0.02, atol=0.02
    )


def test_muon_steps_against_the_gradient() -> None:
    weight = torch.nn.Parameter(torch.randn(6, 6, generator=torch.Generator().manual_seed(6)))
    target = torch.eye(6)
    muon = Muon([(weight, False)], rate=0.1)
    before = (weight - target).square().sum().item()
    for _ in range(40):
        weight.grad = None
        (weight - target).square().sum().backward()
        muon.step(scale=1.0)
    assert (weight - target).square().sum().item() < 0.2 * before
