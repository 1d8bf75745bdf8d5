"""A small GPT-OSS from scratch, and an experts kernel that suits it.

The stock kernels loop over experts or sort tokens by expert. With four small experts one dense
product over all of them, weighted by the router (zero for those not chosen), is faster on a CPU
and the same function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stage_05_llm_engine.network.attention import register_attention
from stage_05_llm_engine.recipe import Architecture

if TYPE_CHECKING:
    import torch
    from transformers import GptOssForCausalLM

DENSE_EXPERTS = "all_experts_at_once"


def dense_experts(
    experts: Any, hidden: torch.Tensor, chosen: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Return the weighted sum of the chosen experts' outputs, from all experts at once.

    Parameters
    ----------
    experts : GptOssExperts
        Holds ``gate_up_proj`` (E, H, 2 I), interleaved, ``down_proj`` (E, I, H) and biases.
    hidden : tensor (S, H)
    chosen, weights : tensors (S, k)
        Expert numbers and router weights per token.
    """
    import torch

    count, width = experts.num_experts, hidden.shape[1]
    share = torch.zeros(len(hidden), count, dtype=weights.dtype, device=hidden.device)
    share = share.scatter(1, chosen, weights)
    gate, up = (
        hidden @ experts.gate_up_proj[..., part::2].transpose(0, 1).reshape(width, -1)
        + experts.gate_up_proj_bias[:, part::2].reshape(-1)
        for part in (0, 1)
    )
    gate = gate.clamp(max=experts.limit)
    up = up.clamp(min=-experts.limit, max=experts.limit)
    inner = (up + 1) * (gate * torch.sigmoid(gate * experts.alpha))
    inner = (inner.view(len(hidden), count, -1) * share[..., None]).view(len(hidden), -1)
    out = inner @ experts.down_proj.reshape(-1, width) + share @ experts.down_proj_bias
    return out.to(hidden.dtype)


def register_dense_experts() -> str:
    """Make the kernel known to transformers; return the name to set on a model's config."""
    from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

    ALL_EXPERTS_FUNCTIONS.register(DENSE_EXPERTS, dense_experts)
    return DENSE_EXPERTS


def build(architecture: Architecture, vocabulary_size: int, pad: int) -> GptOssForCausalLM:
    """Return a new model, initialised from torch's current random state."""
    from transformers import GptOssConfig, GptOssForCausalLM

    config = GptOssConfig(
        vocab_size=vocabulary_size,
        hidden_size=architecture.hidden,
        num_hidden_layers=architecture.layers,
        num_attention_heads=architecture.heads,
        num_key_value_heads=architecture.heads,
        head_dim=architecture.head_width,
        intermediate_size=architecture.intermediate,
        num_local_experts=architecture.experts,
        num_experts_per_tok=architecture.experts_per_token,
        initializer_range=architecture.initializer_range,
        max_position_embeddings=architecture.positions,
        layer_types=[
            "full_attention" if layer % 2 else "sliding_attention"
            for layer in range(architecture.layers)
        ],
        sliding_window=architecture.window,
        rope_parameters={"rope_type": "default", "rope_theta": architecture.rope_theta},
        pad_token_id=pad,
        use_cache=False,
    )
    config._attn_implementation = register_attention()
    config._experts_implementation = register_dense_experts()
    return GptOssForCausalLM(config)
