"""Stage 04: from stories to windows of tokens, split by time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from foundation.contracts import StoryBook, TokenBatch, TokenWindows, WindowLabel
from foundation.kernel import OperatorError, UpstreamDataError, hash_text
from foundation.runtime.stage import Stage
from stage_04_tokenization.base_model import BaseModelVocabulary
from stage_04_tokenization.settings import TokenizationSettings
from stage_04_tokenization.splits import Spans, Split, spans, strided
from stage_04_tokenization.tape import EncodedStory, tape_order, write_story
from stage_04_tokenization.vocabulary import BpeVocabulary, StoryVocabulary
from stage_04_tokenization.windows import Plan, assemble


class TokenizationStage(Stage[StoryBook, TokenBatch]):
    """Tokenise a story book: vocabulary from the ``train`` split's stories, then windows."""

    name = "04_tokenization"

    def __init__(self, settings: TokenizationSettings) -> None:
        self.settings = settings

    def run(self, given: StoryBook) -> TokenBatch:
        """Return windows of every split and the vocabulary they are written in.

        Raises
        ------
        OperatorError
            If there are too few sessions for the splits, or a window cannot hold two stories.
        UpstreamDataError
            If no symbol has stories to train on, or a tape holds an impossible outcome.
        """
        _check_tape(given)
        cut = spans(len(given.sessions), self.settings)
        told = np.array([[bool(text) for text in row] for row in given.texts], dtype=bool)
        plans = self._plans(given, cut, told)
        if not plans["train"] or not plans["validation"]:
            raise UpstreamDataError(
                "Training and validation need symbols with stories of consecutive sessions",
                value={split: len(found) for split, found in plans.items()},
                remedy="check how many sessions stage 03 had enough history to tell",
            )
        vocabulary = self._vocabulary(given, plans["train"])
        story = _encoder(given, vocabulary, plans)
        return TokenBatch(
            as_of=given.as_of,
            produced_at=given.produced_at,
            session=given.session,
            target_session=given.target_session,
            tokenizer=vocabulary.name,
            tokenizer_hash=hash_text(vocabulary.json),
            tokenizer_json=vocabulary.json,
            vocabulary_size=vocabulary.size,
            codes=vocabulary.codes,
            splits=tuple(self._windows(split, plans[split], story, vocabulary) for split in plans),
        )

    def _vocabulary(self, book: StoryBook, train: Sequence[Plan]) -> StoryVocabulary:
        if self.settings.base_tokenizer is not None:
            return BaseModelVocabulary(Path(self.settings.base_tokenizer))
        seen = sorted({(t, plan.symbol) for plan in train for t in _positions(plan)})
        count = min(len(seen), self.settings.vocabulary_stories)
        chosen = [seen[i * len(seen) // count] for i in range(count)]
        return BpeVocabulary.train(
            [book.texts[t][n] for t, n in chosen],
            vocabulary_size=self.settings.vocabulary_size,
            across_words=self.settings.across_words,
        )

    def _windows(
        self,
        split: Split,
        plans: Sequence[Plan],
        story: Callable[[int, int], EncodedStory],
        vocabulary: StoryVocabulary,
    ) -> TokenWindows:
        return assemble(
            split,
            plans,
            story,
            max_tokens=self.settings.max_tokens,
            pad=vocabulary.codes.pad,
        )

    def _plans(self, book: StoryBook, cut: Spans, told: np.ndarray) -> dict[Split, list[Plan]]:
        plans: dict[Split, list[Plan]] = {
            "train": [],
            "validation": [],
            "history": [],
            "forecast": [],
        }
        learning: tuple[tuple[Split, range], ...] = (
            ("train", cut.train),
            ("validation", cut.validation),
        )
        forecasting: tuple[tuple[Split, range], ...] = (
            ("history", cut.history),
            ("forecast", cut.forecast),
        )
        for n, symbol in enumerate(book.symbols):
            for split, span in learning:
                for target in strided(span, symbol, self.settings.stride):
                    if told[target, n]:
                        self._add(plans[split], book, told, n, target - 1, target)
            for split, span in forecasting:
                for origin in span:
                    self._add(plans[split], book, told, n, origin, None)
        return plans

    def _add(
        self,
        plans: list[Plan],
        book: StoryBook,
        told: np.ndarray,
        symbol: int,
        origin: int,
        target: int | None,
    ) -> None:
        """Add the window that ends its context at ``origin``, where that session has a story."""
        if origin < 0 or not told[origin, symbol]:
            return
        first = max(0, origin + 1 - self.settings.context_sessions)
        context = tuple(t for t in range(first, origin + 1) if told[t, symbol])
        label = WindowLabel(
            symbol=book.symbols[symbol],
            context_until=book.sessions[origin],
            target=_next(book, origin),
        )
        plans.append(Plan(symbol, context, target, label))


def _next(book: StoryBook, origin: int) -> date | None:
    return book.sessions[origin + 1] if origin + 1 < len(book.sessions) else None


def _positions(plan: Plan) -> tuple[int, ...]:
    return plan.context if plan.target is None else (*plan.context, plan.target)


def _encoder(
    book: StoryBook, vocabulary: StoryVocabulary, plans: dict[Split, list[Plan]]
) -> Callable[[int, int], EncodedStory]:
    """Encode every story that some window holds, once."""
    places = sorted(
        {(t, p.symbol) for found in plans.values() for p in found for t in _positions(p)}
    )
    words = vocabulary.encode([book.texts[t][n] for t, n in places])
    stories = {
        (t, n): write_story(
            vocabulary.codes,
            tape_order(book.symbols[n], book.sessions[t]),
            book.observed.values[t, n],
            words[i],
        )
        for i, (t, n) in enumerate(places)
    }
    return lambda t, n: stories[t, n]


def _check_tape(book: StoryBook) -> None:
    values = book.observed.values
    wrong = np.isfinite(values) & ~np.isin(values, [0, 1, 2, 3, 4])
    if wrong.any():
        t, n, s = (int(i[0]) for i in np.nonzero(wrong))
        raise UpstreamDataError(
            "An observed outcome is one of the codes 0 to 4, or NaN",
            value=f"{values[t, n, s]} for {book.observed.fields[s]} of {book.symbols[n]} "
            f"on {book.sessions[t]}",
            remedy="check what stage 03 writes into `observed`",
        )
    if book.observed.sessions != book.sessions or book.observed.symbols != book.symbols:
        raise OperatorError(
            "Texts and tape of a story book stand on the same sessions and symbols",
            value=f"{len(book.sessions)} and {len(book.observed.sessions)} sessions",
            remedy="build the book with stage 03",
        )
