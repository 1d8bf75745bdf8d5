"""Stage 04: from stories to windows of tokens, split by time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import TAPE, StoryBook, TokenBatch
from foundation.contracts.token_batch import Task
from foundation.kernel import OperatorError, UpstreamDataError, hash_text
from foundation.language.task_words import HORIZONS
from foundation.runtime.stage import Stage
from stage_04_tokenization.base_model import BaseModelVocabulary
from stage_04_tokenization.learnt import check_form, check_purge, vocabulary_of
from stage_04_tokenization.plans import (
    NEXT,
    PRICE,
    Plans,
    book_of,
    make_plans,
    stories_of,
)
from stage_04_tokenization.settings import TokenizationSettings
from stage_04_tokenization.splits import Split, spans, spans_to_forecast
from stage_04_tokenization.tape import EncodedStory, tape_order, write_story
from stage_04_tokenization.vocabulary import BpeVocabulary, StoryVocabulary
from stage_04_tokenization.windows import Teller, assemble

if TYPE_CHECKING:
    from stage_04_tokenization.corpus import Corpus


class TokenizationStage(Stage[StoryBook, TokenBatch]):
    """Tokenise a story book: vocabulary from the ``train`` split's stories, then windows."""

    name = "04_tokenization"
    version = "2"

    def __init__(self, settings: TokenizationSettings, corpus: Corpus | None = None) -> None:
        self.settings, self.corpus = settings, corpus

    def run(self, given: StoryBook, more: Sequence[StoryBook] = ()) -> TokenBatch:
        """Return windows of every split and the vocabulary they are written in.

        Where the model learns from a corpus, ``train`` is there and not here, and the others are
        written in the corpus's vocabulary and form.

        Parameters
        ----------
        given : StoryBook
            Daily stories.
        more : sequence of StoryBook
            Stories of other horizons, for the tasks that need them.

        Raises
        ------
        OperatorError
            If there are too few sessions for the splits, a window cannot hold two stories, a
            task is asked for that no book has stories for, or the corpus has another form or
            reaches into what is scored.
        UpstreamDataError
            If no symbol has stories to train on, or a tape holds an impossible outcome.
        """
        check_tape(given)
        if self.corpus is not None:
            return self._after(self.corpus, given)
        cut = spans(len(given.sessions), self.settings)
        plans = make_plans(given, more, cut, self.settings)
        _all_told(plans, "train", "validation")
        return self._written(given, more, plans, choose_vocabulary(given, plans, self.settings))

    def _after(self, corpus: Corpus, given: StoryBook) -> TokenBatch:
        """Return windows of the sessions after those that a corpus teaches."""
        check_form(corpus, self.settings)
        cut = spans_to_forecast(len(given.sessions), self.settings)
        check_purge(corpus, given, cut, self.settings)
        days = self.settings.model_copy(update={"tasks": (NEXT,)})
        plans = make_plans(given, (), cut, days)
        _all_told(plans, "validation")
        del plans["train"]
        return self._written(given, (), plans, vocabulary_of(corpus, self.settings))

    def _written(
        self,
        given: StoryBook,
        more: Sequence[StoryBook],
        plans: Plans,
        vocabulary: StoryVocabulary,
    ) -> TokenBatch:
        story = teller(given, more, vocabulary, plans)
        codes, limit = vocabulary.codes, self.settings.max_tokens
        return TokenBatch(
            as_of=given.as_of,
            produced_at=given.produced_at,
            session=given.session,
            target_session=given.target_session,
            tokenizer=vocabulary.name,
            tokenizer_hash=hash_text(vocabulary.json),
            tokenizer_json=vocabulary.json,
            vocabulary_size=vocabulary.size,
            codes=codes,
            tasks=self.settings.tasks,
            splits=tuple(
                assemble(split, found, story, codes, max_tokens=limit)
                for split, found in plans.items()
            ),
        )


def _all_told(plans: Plans, *splits: Split) -> None:
    if not all(plans[split] for split in splits):
        raise UpstreamDataError(
            "Training and validation need symbols with stories of consecutive sessions",
            value={split: len(found) for split, found in plans.items()},
            remedy="check how many sessions stage 03 had enough history to tell",
        )


def choose_vocabulary(
    book: StoryBook, plans: Plans, settings: TokenizationSettings
) -> StoryVocabulary:
    """Return the base model's vocabulary, or one learnt from the ``train`` split's stories."""
    if settings.base_tokenizer is not None:
        return BaseModelVocabulary(Path(settings.base_tokenizer), settings.layout)
    seen = stories_of([plan for plan in plans["train"] if plan.label.task == NEXT])
    count = min(len(seen), settings.vocabulary_stories)
    chosen = [seen[i * len(seen) // count] for i in range(count)]
    return BpeVocabulary.train(
        [book.texts[t][n] for t, n, _ in chosen],
        vocabulary_size=settings.vocabulary_size,
        across_words=settings.across_words,
    )


def teller(
    book: StoryBook, more: Sequence[StoryBook], vocabulary: StoryVocabulary, plans: Plans
) -> Teller:
    """Encode every story that some window holds, once; return what tells them.

    Only stories of sessions have a tape: a week, an event or a morning is told in words alone.
    """
    places = stories_of([plan for found in plans.values() for plan in found])
    encoded = vocabulary.encode([book_of(task, book, more).texts[t][n] for t, n, task in places])
    words = dict(zip(places, encoded, strict=True))
    untold = np.full(len(TAPE), np.nan)

    @cache
    def story(t: int, n: int, task: Task) -> EncodedStory:
        order = tape_order(book.symbols[n], book.sessions[t])
        if task in HORIZONS:
            return write_story(vocabulary.codes, order, untold, words[t, n, task])
        if task == "risk scenario":
            # What is supposed comes first: the rest of the tape follows from it.
            order = (PRICE, *(s for s in order if s != PRICE))
        return write_story(vocabulary.codes, order, book.observed.values[t, n], words[t, n, NEXT])

    return story


def check_tape(book: StoryBook) -> None:
    """Refuse impossible outcomes, and a tape on other axes than the texts'."""
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
