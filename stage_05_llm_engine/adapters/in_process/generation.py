"""Drawing many continuations together: one pass over each context, then token by token.

Contexts are padded on the right; what is drawn goes behind the padding but counts its position
from the context's own end, and padding is masked out, so a row computes what it would compute
alone (up to the rounding of float32). All drafts of a context share its keys and values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from foundation.contracts import TapeCodes
from stage_05_llm_engine.adapters.in_process.cache import GrowingCache, Peek
from stage_05_llm_engine.adapters.in_process.tree import AnswerTree, answer_tree
from stage_05_llm_engine.drawing import Ask, Choose, Draft, Put, drawn
from stage_05_llm_engine.network.masks import layer_masks, product_type

if TYPE_CHECKING:
    import torch


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

    batch = _Batch(model, codes, contexts, drafts)
    with torch.no_grad():
        batch.read_contexts()
        while batch.drafts:
            batch.step()


class _Batch:
    """Drafts that are drawn side by side, and what has been read of each."""

    def __init__(
        self,
        model: Any,
        codes: TapeCodes,
        contexts: list[list[int]],
        drafts: Sequence[tuple[int, Draft]],
    ) -> None:
        import torch

        self.model, self.codes, self.contexts = model, codes, contexts
        self.drafts = [draft for _, draft in drafts]
        self.rows = torch.tensor([place for place, _ in drafts], device=model.device)
        self.lengths = torch.tensor([len(c) for c in contexts], device=model.device)
        self.longest = int(self.lengths.max())
        self.room = max(d.max_words for d in self.drafts) + _frame(codes)
        self.words = _word_mask(codes, model.config.vocab_size)
        self.trees = {s: answer_tree(codes, s) for s in range(len(codes.series))}
        self.drawn = 0

    def read_contexts(self) -> None:
        """Read every context once and give each draft its keys and values."""
        import torch

        ids = torch.full((len(self.contexts), self.longest), self.codes.pad, dtype=torch.int64)
        for row, context in enumerate(self.contexts):
            ids[row, : len(context)] = torch.tensor(context)
        cache = GrowingCache(len(self.contexts), self.longest)
        self.model.model(
            input_ids=ids.to(self.model.device),
            attention_mask=_context_masks(self.model, self.lengths, self.longest),
            past_key_values=cache,
            use_cache=True,
        )
        self.cache = cache.spread(self.rows, self.longest + self.room)
        self.lengths = self.lengths[self.rows]
        # The first mark of a story is always put, so no logits are needed before it.
        for draft in self.drafts:
            wish = draft.wish
            assert isinstance(wish, Put)
            draft.put(wish.token)

    def step(self) -> None:
        """Read each draft's last token and give it its next one."""
        import torch

        tokens = torch.tensor([d.ids[-1] for d in self.drafts], device=self.model.device)
        output = self.model.model(
            input_ids=tokens[:, None],
            attention_mask=self._masks(None),
            position_ids=(self.lengths + self.drawn)[:, None],
            past_key_values=self.cache,
            use_cache=True,
        ).last_hidden_state
        self.drawn += 1
        follows = self.model.lm_head(output[:, -1]).double().log_softmax(dim=-1)
        said = follows.cpu().numpy()
        answers = self._answers(follows)
        for row, draft in enumerate(self.drafts):
            _take(draft, said[row], answers.get(row), self.words)
        self._compact()

    def _answers(self, follows: torch.Tensor) -> dict[int, np.ndarray]:
        """Return, for every row that was just asked, log-probabilities (5,) of the answers."""
        import torch

        found: dict[int, np.ndarray] = {}
        asked: dict[int, list[int]] = {}
        for row, draft in enumerate(self.drafts):
            if isinstance(draft.wish, Ask):
                asked.setdefault(draft.wish.series, []).append(row)
        for series, rows in asked.items():
            tree, chosen = self.trees[series], torch.tensor(rows, device=follows.device)
            said = follows[chosen][:, None]
            if tree.tokens:
                said = torch.cat([said, self._look_ahead(tree, chosen)], dim=1)
            found |= dict(zip(rows, tree.read(said)[:, 0].cpu().numpy(), strict=True))
        return found

    def _look_ahead(self, tree: AnswerTree, rows: torch.Tensor) -> torch.Tensor:
        """Return (R, nodes, vocabulary): what follows each node of a tree behind some rows."""
        import torch

        device = self.model.device
        depths = torch.from_numpy(tree.depths()).to(device)
        output = self.model.model(
            input_ids=torch.tensor(tree.tokens, device=device).expand(len(rows), -1),
            attention_mask=self._masks(tree, rows),
            position_ids=self.lengths[rows][:, None] + self.drawn + depths,
            past_key_values=Peek(self.cache, rows),
            use_cache=True,
        ).last_hidden_state
        return self.model.lm_head(output).double().log_softmax(dim=-1)

    def _masks(
        self, tree: AnswerTree | None, rows: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Return masks (B, 1, Q, K) for the next token of each row, or for a tree behind it."""
        import torch

        device = self.model.device
        lengths = self.lengths if rows is None else self.lengths[rows]
        nodes = tree.ancestors() if tree else np.ones((1, 1), dtype=bool)
        depths = torch.from_numpy(tree.depths() if tree else np.zeros(1, dtype=int)).to(device)
        place = torch.arange(self.longest, device=device)
        behind = torch.cat([torch.arange(self.drawn, device=device), self.drawn + depths])
        position = torch.cat([place.expand(len(lengths), -1), lengths[:, None] + behind], dim=1)
        seen = torch.ones(
            len(lengths), len(nodes), position.shape[1], dtype=torch.bool, device=device
        )
        seen[:, :, : self.longest] = (place < lengths[:, None])[:, None]
        seen[:, :, self.longest + self.drawn :] = torch.from_numpy(nodes).to(device)
        distance = (lengths[:, None] + self.drawn + depths)[:, :, None] - position[:, None, :]
        return layer_masks(self.model, seen, distance, product_type(self.model))

    def _compact(self) -> None:
        """Let go of finished drafts once they are half of all; their keys are not read again."""
        import torch

        alive = [row for row, draft in enumerate(self.drafts) if draft.ending is None]
        if len(alive) > len(self.drafts) // 2 and alive:
            return
        self.drafts = [self.drafts[row] for row in alive]
        rows = torch.tensor(alive, device=self.model.device, dtype=torch.int64)
        self.lengths = self.lengths[rows]
        if alive:
            self.cache = self.cache.spread(rows, self.cache.capacity)


def _take(draft: Draft, said: np.ndarray, answers: np.ndarray | None, words: np.ndarray) -> None:
    """Give a draft its next token, or the answer to its question."""
    wish = draft.wish
    if draft.ending is not None:
        return
    if isinstance(wish, Put):
        draft.put(wish.token)
    elif isinstance(wish, Ask):
        assert answers is not None
        draft.draw_answer(answers)
    else:
        assert isinstance(wish, Choose)
        choices = words if wish.tokens is None else np.asarray(wish.tokens)
        place = drawn(said[choices], draft.scenario.word_temperature, draft.rng)
        draft.choose(int(choices[place]), float(said[choices[place]]))


def _frame(codes: TapeCodes) -> int:
    """Return how many tokens the longest tape with its frame can take."""
    longest = [max(outcomes, key=len) for outcomes in codes.outcomes]
    marks = [codes.story, *codes.series, *longest, codes.text, codes.end]
    return max(map(len, codes.tasks)) + sum(map(len, marks))


def _word_mask(codes: TapeCodes, vocabulary_size: int) -> np.ndarray:
    """Return the ids that may stand among words: all but the tape's own special tokens, and end.

    Marks that are spelled in several ordinary tokens are ordinary words and stay allowed.
    """
    marks = [codes.story, codes.text, *codes.series, *(o for s in codes.outcomes for o in s)]
    special = {mark[0] for mark in marks if len(mark) == 1}
    if len(special) < len(marks):
        special = set()
    else:
        special |= {token for task in codes.tasks for token in task}
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
