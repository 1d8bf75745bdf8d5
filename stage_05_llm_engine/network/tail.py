"""The last tokens of a text, read without computing what nobody asks of the ones before.

A layer hands two things on: to the next layer every token's hidden state, and to later tokens its
keys and values. Behind the last layer there is no next one. So of the tokens before those that are
asked it need give keys and values only: no queries, no attention, no experts. In a model of two
layers that is nearly half of the work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class _Before:
    """Keys and values of the tokens before, as the cache that an attention layer asks for."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        self._held = keys, values

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        before, valued = self._held
        return torch.cat([before, keys], dim=2), torch.cat([valued, values], dim=2)


def tail_states(
    model: Any,
    ids: torch.Tensor,
    masks: dict[str, torch.Tensor],
    positions: torch.Tensor,
    start: int,
) -> torch.Tensor:
    """Return the last hidden states (B, L - start, H) of the tokens from ``start`` (1 or later) on.

    Parameters
    ----------
    ids, positions : tensors (B, L)
    masks : additive masks (B or 1, 1, L, L) by type of layer
    """
    from transformers.models.gpt_oss.modeling_gpt_oss import apply_rotary_pos_emb

    inner, kinds = model.model, model.config.layer_types
    hidden = inner.embed_tokens(ids)
    turns = inner.rotary_emb(hidden, positions)
    for kind, layer in zip(kinds[:-1], inner.layers[:-1], strict=True):
        hidden = layer(hidden, attention_mask=masks[kind], position_embeddings=turns)
    last = inner.layers[-1]
    early = last.input_layernorm(hidden[:, :start])
    shape = (*early.shape[:2], -1, last.self_attn.head_dim)
    keys, values = (
        project(early).view(shape).transpose(1, 2)
        for project in (last.self_attn.k_proj, last.self_attn.v_proj)
    )
    cosines, sines = (turn[:, :start] for turn in turns)
    keys, _ = apply_rotary_pos_emb(keys, keys, cosines, sines)
    hidden = last(
        hidden[:, start:],
        attention_mask=masks[kinds[-1]][:, :, start:],
        position_embeddings=tuple(turn[:, start:] for turn in turns),
        past_key_values=_Before(keys, values),
    )
    return inner.norm(hidden)
