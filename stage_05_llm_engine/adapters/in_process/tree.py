"""Answers as branches of a tree of tokens that do not see one another.

Behind one context several questions, and behind a question several spellings of its answers, can
be read side by side in one pass: each token sees what stands before the tree and its own
ancestors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import TapeCodes

if TYPE_CHECKING:
    import torch

ROOT = -1
"""The place before the tree: the last token that was read."""

Spelling = list[tuple[int, int]]
"""(node, next token) pairs whose log-probabilities add up to that of one spelling."""


@dataclass
class AnswerTree:
    """Tokens behind a context. ``parents[i]`` is ``ROOT`` for a token that follows the context.

    ``answers[q][c]`` lists the spellings of answer c to the q-th question.
    """

    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    answers: list[list[list[Spelling]]] = field(default_factory=list)

    def child(self, parent: int, token: int) -> int:
        """Return the node of a token under a parent, made on first use."""
        for node, (p, t) in enumerate(zip(self.parents, self.tokens, strict=True)):
            if (p, t) == (parent, token):
                return node
        self.tokens.append(token)
        self.parents.append(parent)
        return len(self.tokens) - 1

    def walk(self, parent: int, tokens: Sequence[int]) -> int:
        """Return the node at the end of some tokens under a parent."""
        for token in tokens:
            parent = self.child(parent, token)
        return parent

    def ask(self, asked: int, codes: TapeCodes, series: int) -> None:
        """Add the answers to a series' question, which ends at the node ``asked``."""
        self.answers.append(
            [
                [self._spelling(asked, tokens) for tokens in codes.spellings(series, outcome)]
                for outcome in range(len(codes.outcomes[series]))
            ]
        )

    def _spelling(self, node: int, tokens: Sequence[int]) -> Spelling:
        path: Spelling = []
        for place, token in enumerate(tokens):
            path.append((node, token))
            if place + 1 < len(tokens):
                node = self.child(node, token)
        return path

    def ancestors(self) -> np.ndarray:
        """Return bool (nodes, nodes): row i is true at i itself and at what stands before it."""
        seen = np.eye(len(self.tokens), dtype=bool)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                seen[node] |= seen[parent]
        return seen

    def depths(self) -> np.ndarray:
        """Return how many tokens of the tree stand before each node."""
        return self.ancestors().sum(axis=1) - 1

    def read(self, log_probability: torch.Tensor) -> torch.Tensor:
        """Return (B, questions, 5): log-probabilities of the answers, all spellings added up.

        Parameters
        ----------
        log_probability : tensor (B, 1 + nodes, vocabulary)
            What follows the root, then what follows each node.
        """
        import torch

        asked = []
        for outcomes in self.answers:
            scores = [
                torch.stack(
                    [
                        torch.stack(
                            [log_probability[:, node + 1, token] for node, token in spelling]
                        ).sum(dim=0)
                        for spelling in spellings
                    ]
                ).logsumexp(dim=0)
                for spellings in outcomes
            ]
            asked.append(torch.stack(scores, dim=-1))
        return torch.stack(asked, dim=1)


def question_tree(codes: TapeCodes) -> AnswerTree:
    """Return the tree of tomorrow's story: its frame, then all questions side by side."""
    tree = AnswerTree()
    trunk = tree.walk(ROOT, (*codes.task("next day"), *codes.story))
    for series, question in enumerate(codes.series):
        tree.ask(tree.walk(trunk, question), codes, series)
    return tree


def answer_tree(codes: TapeCodes, series: int) -> AnswerTree:
    """Return the tree behind one question that has been put already."""
    tree = AnswerTree()
    tree.ask(ROOT, codes, series)
    return tree
