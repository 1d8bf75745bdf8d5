"""Drawing many continuations together: one pass over each context, then token by token.

Contexts are padded on the right; what is drawn goes behind the padding but counts its position
from the context's own end, and padding is masked out, so a row computes what it would compute
alone (up to the rounding of float32).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from foundation.contracts import TapeCodes
from stage_05_llm_engine.drawing import Draft
from stage_05_llm_engine.network.masks import layer_masks, product_type

if TYPE_CHECKING:
    import torch


class GrowingCache:
    """Keys and values of all layers in buffers of their final size, so that nothing is copied.

    It answers the two calls that transformers' attention layers make of a cache.
    """

    def __init__(self, rows: int, capacity: int) -> None:
        self.rows, self.capacity = rows, capacity
        self.keys: list[torch.Tensor] = []
        self.values: list[torch.Tensor] = []
        self.lengths: list[int] = []

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer: int, *_: object, **__: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append (B, heads, new, width) to a layer and return all it holds."""
        if layer == len(self.keys):
            shape = (self.rows, keys.shape[1], self.capacity, keys.shape[3])
            self.keys.append(keys.new_zeros(shape))
            self.values.append(values.new_zeros(shape))
            self.lengths.append(0)
        start = self.lengths[layer]
        stop = start + keys.shape[2]
        self.keys[layer][:, :, start:stop] = keys
        self.values[layer][:, :, start:stop] = values
        self.lengths[layer] = stop
        return self.keys[layer][:, :, :stop], self.values[layer][:, :, :stop]

    def get_seq_length(self, layer: int = 0) -> int:
        """Return how many positions a layer holds."""
        return self.lengths[layer] if layer < len(self.lengths) else 0

    def spread(self, rows: torch.Tensor, capacity: int) -> GrowingCache:
        """Return a cache whose row i holds what row ``rows[i]`` holds here."""
        wide = GrowingCache(len(rows), capacity)
        for layer, length in enumerate(self.lengths):
            wide.update(
                self.keys[layer][rows, :, :length], self.values[layer][rows, :, :length], layer
            )
        return wide


def draw(
    model: Any, codes: TapeCodes, contexts: list[list[int]], drafts: Sequence[tuple[int, Draft]]
) -> None:
    """Draw every draft to its end.

    Parameters
    ----------
    contexts : token ids of each window
    drafts : pairs (position in ``contexts``, draft)
    """
    import torch

    device = model.device
    lengths = torch.tensor([len(c) for c in contexts], device=device)
    longest = int(lengths.max())
    room = max(d.max_words + len(_frame(codes)) for _, d in drafts)
    ids = torch.full((len(contexts), longest), codes.pad, dtype=torch.int64)
    for row, context in enumerate(contexts):
        ids[row, : len(context)] = torch.tensor(context)
    read = GrowingCache(len(contexts), longest)
    model.model(
        input_ids=ids.to(device),
        attention_mask=_context_masks(model, lengths, longest),
        past_key_values=read,
        use_cache=True,
    )
    rows = torch.tensor([place for place, _ in drafts], device=device)
    cache = read.spread(rows, longest + room)
    lengths = lengths[rows]
    allowed = _word_mask(codes, model.config.vocab_size)
    step = 0
    # The first mark of a story is always put, so no logits are needed before it.
    _advance([d for _, d in drafts], None, allowed)
    while any(d.ending is None for _, d in drafts):
        tokens = torch.tensor([d.ids[-1] for _, d in drafts], device=device)[:, None]
        output = model.model(
            input_ids=tokens,
            attention_mask=_step_masks(model, lengths, longest, step),
            position_ids=(lengths + step)[:, None],
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        logits = model.lm_head(output[:, -1]).double().log_softmax(dim=-1).cpu().numpy()
        _advance([d for _, d in drafts], logits, allowed)
        step += 1


def _advance(drafts: Sequence[Draft], logits: np.ndarray | None, words: np.ndarray) -> None:
    """Give every unfinished draft its next token."""
    for row, draft in enumerate(drafts):
        if draft.ending is not None:
            continue
        wish = draft.wish
        if isinstance(wish, int):
            draft.take(wish, None)
            continue
        assert logits is not None
        choices = words if wish is None else np.asarray(wish)
        kind = draft.scenario
        scaled = logits[row, choices] / (
            kind.word_temperature if draft.in_words else kind.temperature
        )
        cumulative = np.exp(scaled - scaled.max()).cumsum()
        place = int(np.searchsorted(cumulative, draft.rng.random() * cumulative[-1], side="right"))
        token = int(choices[min(place, len(choices) - 1)])
        draft.take(token, float(logits[row, token]))


def _frame(codes: TapeCodes) -> list[int]:
    """Return as many tokens as the longest tape with its frame can take."""
    longest = [max(outcomes, key=len) for outcomes in codes.outcomes]
    marks = [codes.story, *codes.series, *longest, codes.text, codes.end]
    return [token for mark in marks for token in mark]


def _word_mask(codes: TapeCodes, vocabulary_size: int) -> np.ndarray:
    """Return the ids that may stand among words: all but the tape's own special tokens, and end.

    Marks that are spelled in several ordinary tokens are ordinary words and stay allowed.
    """
    marks = [codes.story, codes.text, *codes.series, *(o for s in codes.outcomes for o in s)]
    special = {mark[0] for mark in marks if len(mark) == 1}
    if len(special) < len(marks):
        special = set()
    special.add(codes.pad)
    special.discard(codes.end[0])
    return np.array([i for i in range(vocabulary_size) if i not in special])


def _context_masks(model: Any, lengths: torch.Tensor, longest: int) -> dict[str, torch.Tensor]:
    """Return masks (B, 1, L, L): each context from left to right; padding looks at itself."""
    import torch

    place = torch.arange(longest, device=lengths.device)
    distance = (place[:, None] - place[None, :])[None]
    real = (place < lengths[:, None])[:, None, :]
    allowed = (distance >= 0) & (real | (distance == 0))
    return layer_masks(model, allowed, distance, product_type(model))


def _step_masks(
    model: Any, lengths: torch.Tensor, longest: int, step: int
) -> dict[str, torch.Tensor]:
    """Return masks (B, 1, 1, longest + step + 1) for the token drawn at a step."""
    import torch

    place = torch.arange(longest, device=lengths.device)
    drawn = torch.arange(step + 1, device=lengths.device)
    position = torch.cat([place.expand(len(lengths), -1), lengths[:, None] + drawn], dim=1)
    real = torch.ones(position.shape, dtype=torch.bool, device=lengths.device)
    real[:, :longest] = place < lengths[:, None]
    distance = (lengths[:, None] + step) - position
    return layer_masks(model, real[:, None], distance[:, None], product_type(model))
