"""Tomorrow's distributions, read from the logits in one forward pass per window.

Behind the context stand the frame of tomorrow's story and then, side by side, one question per
tape series (``tree.py``). All questions stand at the same position, as if each had been asked
alone. What the model then says of the five answers is the marginal distribution of that series
(the order of the tape was drawn at random when stories were written). With the stories' own
vocabulary that is seven tokens more than the context; a base model's vocabulary, where an answer
takes several tokens and has several spellings, only makes the tree larger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stage_05_llm_engine.adapters.in_process.tree import AnswerTree
from stage_05_llm_engine.network.masks import layer_masks, product_type
from stage_05_llm_engine.network.tail import tail_states

if TYPE_CHECKING:
    import torch


def ask(model: Any, contexts: list[list[int]], tree: AnswerTree, pad: int) -> np.ndarray:
    """Return float64 (B, questions, 5): probabilities of the answers, summing to one."""
    import torch

    lengths = torch.tensor([len(c) for c in contexts], device=model.device)
    longest, nodes = int(lengths.max()), len(tree.tokens)
    ids = torch.full((len(contexts), longest + nodes), pad, dtype=torch.int64)
    for row, context in enumerate(contexts):
        ids[row, : len(context)] = torch.tensor(context)
    ids[:, longest:] = torch.tensor(tree.tokens)
    ids = ids.to(model.device)
    depths = torch.from_numpy(tree.depths()).to(model.device)
    positions = torch.cat(
        [
            torch.arange(longest, device=model.device).expand(len(contexts), -1),
            lengths[:, None] + depths,
        ],
        dim=1,
    )
    masks = _masks(model, lengths, longest, tree, positions)
    # The root itself is never asked: every question stands behind the frame.
    output = tail_states(model, ids, masks, positions, longest - 1)
    said = model.lm_head(output).double().log_softmax(dim=-1)
    return tree.read(said).softmax(dim=-1).cpu().numpy()


def _masks(
    model: Any, lengths: torch.Tensor, longest: int, tree: AnswerTree, positions: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Return additive masks (B, 1, Q, K) by layer type: who may look at whom."""
    import torch

    size = longest + len(tree.tokens)
    allowed = torch.zeros(size, size, dtype=torch.bool, device=model.device)
    allowed[:longest, :longest] = torch.ones(longest, longest, dtype=torch.bool).tril()
    allowed[longest:, :longest] = True
    allowed[longest:, longest:] = torch.from_numpy(tree.ancestors()).to(model.device)
    real = torch.ones(len(lengths), size, dtype=torch.bool, device=model.device)
    real[:, :longest] = torch.arange(longest, device=model.device) < lengths[:, None]
    # Padding may look at itself: a row without any key would be no distribution.
    itself = torch.eye(size, dtype=torch.bool, device=model.device)
    distance = positions[:, :, None] - positions[:, None, :]
    return layer_masks(model, (allowed & real[:, None, :]) | itself, distance, product_type(model))
