"""Tomorrow's distributions, read from the logits in one forward pass per window.

Behind the context stand the frame of tomorrow's story and then, side by side, one question per
tape series. They are branches of a tree: each sees the context and its own ancestors, none sees
another, and all questions stand at the same position, as if each had been asked alone. What the
model then says of the five answers is the marginal distribution of that series (the order of the
tape was drawn at random when stories were written). With the stories' own vocabulary that is
seven tokens more than the context; a base model's vocabulary, where an answer takes several
tokens, only makes the tree deeper.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from foundation.contracts import TapeCodes
from stage_05_llm_engine.network.masks import layer_masks, product_type

if TYPE_CHECKING:
    import torch


@dataclass
class ProbeTree:
    """Tokens behind a context. ``parents[i]`` is -1 for a token that follows the context itself.

    ``answers[s][c]`` lists (node, next token) pairs whose log-probabilities add up to that of
    answer c to question s.
    """

    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    answers: list[list[list[tuple[int, int]]]] = field(default_factory=list)

    def child(self, parent: int, token: int) -> int:
        """Return the node of a token under a parent, made on first use."""
        for node, (p, t) in enumerate(zip(self.parents, self.tokens, strict=True)):
            if (p, t) == (parent, token):
                return node
        self.tokens.append(token)
        self.parents.append(parent)
        return len(self.tokens) - 1

    def ancestors(self) -> np.ndarray:
        """Return bool (nodes, nodes): row i is true at i itself and at what stands before it."""
        seen = np.eye(len(self.tokens), dtype=bool)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                seen[node] |= seen[parent]
        return seen

    def depths(self) -> np.ndarray:
        """Return how many tokens stand between the context and each node."""
        return self.ancestors().sum(axis=1) - 1


def probe_tree(codes: TapeCodes) -> ProbeTree:
    """Return the tree of all questions and their answers, up to each answer's last token."""
    tree = ProbeTree()
    trunk = -1
    for token in codes.story:
        trunk = tree.child(trunk, token)
    for question, outcomes in zip(codes.series, codes.outcomes, strict=True):
        asked = trunk
        for token in question:
            asked = tree.child(asked, token)
        branches = []
        for outcome in outcomes:
            node, path = asked, []
            for place, token in enumerate(outcome):
                path.append((node, token))
                if place + 1 < len(outcome):
                    node = tree.child(node, token)
            branches.append(path)
        tree.answers.append(branches)
    return tree


def ask(model: Any, contexts: list[list[int]], tree: ProbeTree, pad: int) -> np.ndarray:
    """Return float64 (B, series, 5): probabilities of the answers, summing to one per series."""
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
    output = model.model(
        input_ids=ids,
        attention_mask=_masks(model, lengths, longest, tree, positions),
        position_ids=positions,
        use_cache=False,
    ).last_hidden_state
    return _read(model.lm_head(output[:, longest:]).double().log_softmax(dim=-1), tree)


def _read(log_probability: torch.Tensor, tree: ProbeTree) -> np.ndarray:
    """Add up each answer's tokens and normalise over the five answers of a series."""
    import torch

    series = []
    for branches in tree.answers:
        scores = [
            torch.stack([log_probability[:, node, token] for node, token in path]).sum(dim=0)
            for path in branches
        ]
        series.append(torch.stack(scores, dim=-1).softmax(dim=-1))
    return torch.stack(series, dim=1).cpu().numpy()


def _masks(
    model: Any, lengths: torch.Tensor, longest: int, tree: ProbeTree, positions: torch.Tensor
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
