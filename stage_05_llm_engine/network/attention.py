"""Attention with sinks in few passes over memory.

The same function as transformers' ``eager`` attention for GPT-OSS: a softmax over the scores and
one learned sink per head, whose share of attention goes nowhere. Eager code writes the (T, T)
scores out seven times. Here the sink stands as the score of one more key, whose value is zero: one
product, one softmax in one kernel, one product, and the backward pass spelled out the same way.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

SINK_AS_KEY = "sink_as_key"


@cache
def register_attention() -> str:
    """Make the attention known to transformers; return the name to set on a model's config."""
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, eager_mask
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    apply = _function().apply

    def attention(
        module: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None,
        scaling: float,
        **_: object,
    ) -> tuple[torch.Tensor, None]:
        if attention_mask is None:
            raise ValueError("sink_as_key needs an additive mask (B, 1, Q, K)")
        groups = module.num_key_value_groups
        if groups > 1:
            key = key.repeat_interleave(groups, dim=1)
            value = value.repeat_interleave(groups, dim=1)
        kind = value.dtype
        out = apply(
            query.to(kind), key.to(kind), value, attention_mask.to(kind), module.sinks, scaling
        )
        return out.transpose(1, 2).contiguous(), None

    ALL_ATTENTION_FUNCTIONS.register(SINK_AS_KEY, attention)
    ALL_MASK_ATTENTION_FUNCTIONS.register(SINK_AS_KEY, eager_mask)
    return SINK_AS_KEY


def _function() -> Any:
    """Return the autograd function (made on first use: importing this file needs no torch)."""
    import torch
    from torch.nn import functional

    class SinkAttention(torch.autograd.Function):
        """Shapes: query (B, H, Q, D), key and value (B, H, K, D), mask (B or 1, 1, Q, K)."""

        @staticmethod
        def forward(
            ctx: Any,
            query: torch.Tensor,
            key: torch.Tensor,
            value: torch.Tensor,
            mask: torch.Tensor,
            sinks: torch.Tensor,
            scaling: float,
        ) -> torch.Tensor:
            batch, heads, rows, width = query.shape
            q = query.reshape(batch * heads, rows, width)
            k, v = (
                functional.pad(x.reshape(batch * heads, -1, width), (0, 0, 0, 1))
                for x in (key, value)
            )
            bias = functional.pad(mask, (0, 1))
            if len(bias) == 1:
                bias = bias[0].expand(batch * heads, -1, -1)
            else:
                bias = bias.expand(-1, heads, -1, -1).reshape(batch * heads, rows, -1)
            scores = torch.baddbmm(bias, q, k.transpose(1, 2), alpha=scaling)
            scores[..., -1] = sinks.to(scores.dtype).repeat(batch)[:, None]
            shares = torch.softmax(scores, dim=-1)
            ctx.save_for_backward(q, k, v, shares)
            ctx.scaling, ctx.shape, ctx.sink_type = scaling, query.shape, sinks.dtype
            return torch.bmm(shares, v).view(query.shape)

        @staticmethod
        def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
            q, k, v, shares = ctx.saved_tensors
            batch, heads, _, width = ctx.shape
            g = gradients[0].reshape(q.shape)
            g_shares = torch.bmm(g, v.transpose(1, 2))
            g_scores = torch._softmax_backward_data(g_shares, shares, -1, shares.dtype)
            g_sinks = g_scores[..., -1].float().view(batch, heads, -1).sum(dim=(0, 2))
            like = (batch, heads, -1, width)
            return (
                torch.bmm(g_scores, k).mul_(ctx.scaling).view(like),
                torch.bmm(g_scores.transpose(1, 2), q)[:, :-1].mul_(ctx.scaling).view(like),
                torch.bmm(shares.transpose(1, 2), g)[:, :-1].view(like),
                None,
                g_sinks.to(ctx.sink_type),
                None,
            )

    return SinkAttention
