"""Attention with sinks in few passes over memory.

The same function as transformers' ``eager`` attention for GPT-OSS: a softmax over the scores and
one learned sink per head, whose share of attention goes nowhere. Eager code writes the (T, T)
scores out seven times; here they are written once and changed in place, and the backward pass is
spelled out. On two cores that is a third off the cost of attention.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

SINKS_IN_PLACE = "sinks_in_place"


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
            raise ValueError("sinks_in_place needs an additive mask (B, 1, Q, K)")
        groups = module.num_key_value_groups
        if groups > 1:
            key = key.repeat_interleave(groups, dim=1)
            value = value.repeat_interleave(groups, dim=1)
        kind = value.dtype
        out = apply(
            query.to(kind), key.to(kind), value, attention_mask.to(kind), module.sinks, scaling
        )
        return out.transpose(1, 2).contiguous(), None

    ALL_ATTENTION_FUNCTIONS.register(SINKS_IN_PLACE, attention)
    ALL_MASK_ATTENTION_FUNCTIONS.register(SINKS_IN_PLACE, eager_mask)
    return SINKS_IN_PLACE


def _function() -> Any:
    """Return the autograd function (made on first use: importing this file needs no torch)."""
    import torch

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
            q, k, v = (x.reshape(batch * heads, -1, width) for x in (query, key, value))
            if mask.shape[0] == 1:
                bias = mask[0].expand(batch * heads, -1, -1)
            else:
                bias = mask.expand(-1, heads, -1, -1).reshape(batch * heads, rows, -1)
            scores = torch.baddbmm(bias, q, k.transpose(1, 2), alpha=scaling)
            sink = sinks.to(scores.dtype).repeat(batch)[:, None, None]
            top = torch.maximum(scores.amax(dim=-1, keepdim=True), sink)
            scores.sub_(top).exp_()
            escaped = (sink - top).float().exp()
            total = scores.sum(dim=-1, keepdim=True, dtype=torch.float32) + escaped
            shares = scores.mul_((1 / total).to(scores.dtype))
            out = torch.bmm(shares, v)
            ctx.save_for_backward(q, k, v, shares, out, escaped / total)
            ctx.scaling, ctx.shape, ctx.sink_type = scaling, query.shape, sinks.dtype
            return out.view(query.shape)

        @staticmethod
        def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
            q, k, v, shares, out, escaped = ctx.saved_tensors
            batch, heads, _, width = ctx.shape
            g = gradients[0].reshape(q.shape)
            along = (g * out).sum(dim=-1, keepdim=True)
            g_scores = torch.bmm(g, v.transpose(1, 2)).sub_(along).mul_(shares)
            g_sinks = -(escaped * along.float()).view(batch, heads, -1).sum(dim=(0, 2))
            like = (batch, heads, -1, width)
            return (
                torch.bmm(g_scores, k).mul_(ctx.scaling).view(like),
                torch.bmm(g_scores.transpose(1, 2), q).mul_(ctx.scaling).view(like),
                torch.bmm(shares.transpose(1, 2), g).view(like),
                None,
                g_sinks.to(ctx.sink_type),
                None,
            )

    return SinkAttention
