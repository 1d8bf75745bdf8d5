"""Windows for a model that learnt from a corpus: its tokeniser, its form, and after it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from foundation.contracts import StoryBook, TokenBatch
from foundation.kernel import OperatorError
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_04_tokenization.corpus import Corpus, build_corpus, open_corpus
from stage_04_tokenization.splits import spans, spans_to_forecast
from tests.stage_04_tokenization.conftest import SETTINGS
from tests.stage_04_tokenization.test_base_model import folder as base_tokenizer

__all__ = ["base_tokenizer"]


@pytest.fixture(scope="module")
def corpus(book: StoryBook, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("corpus")
    build_corpus(book, SETTINGS, folder, workers=1)
    return open_corpus(folder)


def until(book: StoryBook, sessions: int) -> StoryBook:
    """Return a book's first sessions, as it was told then."""
    return book.model_copy(
        update={
            "sessions": book.sessions[:sessions],
            "texts": book.texts[:sessions],
            "observed": book.observed.until(book.sessions[sessions - 1]),
            "session": book.sessions[sessions - 1],
            "target_session": book.sessions[sessions] if sessions < len(book.sessions) else
            book.target_session,
        }
    )  # fmt: skip


def test_of_the_same_stories_all_but_the_windows_to_learn_from_are_made(
    corpus: Corpus, book: StoryBook, batch: TokenBatch
) -> None:
    made = TokenizationStage(SETTINGS, corpus).run(book)
    assert made.model_copy(update={"splits": batch.splits}) == batch
    assert [windows.split for windows in made.splits] == ["validation", "history", "forecast"]
    for windows in made.splits:
        expected = batch.split(windows.split)
        assert windows.labels == expected.labels
        np.testing.assert_array_equal(windows.ids, expected.ids)
        np.testing.assert_array_equal(windows.loss_mask, expected.loss_mask)


def test_other_symbols_of_later_days_are_told_in_the_corpuss_tokens(corpus: Corpus) -> None:
    """Words that the corpus never held are spelled, and come back exactly."""
    later = planted_stories("planted", sessions=300, symbols=3, seed=9).book
    texts = [list(row) for row in later.texts]
    texts[-1][0] += " Żółw?"
    later = later.model_copy(update={"texts": tuple(map(tuple, texts))})
    made = TokenizationStage(SETTINGS, corpus).run(later)
    assert made.tokenizer_hash == corpus.tokenizer_hash
    ahead = made.split("forecast")
    reader = Tokenizer.from_str(corpus.tokenizer_json)
    said = reader.decode(ahead.ids[0][ahead.attention_mask[0] == 1].tolist())
    assert " Żółw?" in said


def test_a_model_is_not_scored_on_what_it_learnt_from(
    book: StoryBook, tmp_path: Path, corpus: Corpus
) -> None:
    """A corpus of all sessions, and forecasts as of one session before its last."""
    stage = TokenizationStage(SETTINGS, corpus)
    with pytest.raises(OperatorError, match="after those that it learnt from"):
        stage.run(until(book, len(book.sessions) - 1))
    # The other way round it may be: a corpus of yesterday serves today.
    build_corpus(until(book, len(book.sessions) - 1), SETTINGS, tmp_path, workers=1)
    made = TokenizationStage(SETTINGS, open_corpus(tmp_path)).run(book)
    assert made.session == book.session


@given(
    sessions=st.integers(120, 400),
    context=st.integers(1, 10),
    history=st.integers(0, 60),
    validation=st.integers(1, 30),
)
def test_forecasts_beside_a_corpus_are_cut_where_a_run_of_its_own_cuts_them(
    sessions: int, context: int, history: int, validation: int
) -> None:
    settings = TokenizationSettings(
        context_sessions=context, history_sessions=history, validation_sessions=validation
    )
    own, beside = spans(sessions, settings), spans_to_forecast(sessions, settings)
    assert (beside.validation, beside.history, beside.forecast) == (
        own.validation, own.history, own.forecast,
    )  # fmt: skip
    assert len(beside.train) == 0
    # Fewer stories will do where nothing is to be learnt from them.
    least = history + context + 3
    assert len(spans_to_forecast(least, settings).validation) == 1
    with pytest.raises(OperatorError, match=f"tell at least {least} sessions"):
        spans_to_forecast(least - 1, settings)


@pytest.mark.parametrize(
    "changed",
    [{"context_sessions": 3}, {"max_tokens": 500}, {"tasks": ("next day", "event-driven")}],
)
def test_windows_of_another_form_are_refused(
    corpus: Corpus, book: StoryBook, changed: dict[str, object]
) -> None:
    with pytest.raises(OperatorError, match=next(iter(changed))):
        TokenizationStage(SETTINGS.model_copy(update=changed), corpus).run(book)


def test_a_base_models_tokeniser_is_held_against_the_corpuss(
    corpus: Corpus, book: StoryBook, base_tokenizer: Path
) -> None:
    other = SETTINGS.model_copy(update={"base_tokenizer": str(base_tokenizer)})
    with pytest.raises(OperatorError, match="tokeniser of the corpus"):
        TokenizationStage(other, corpus).run(book)
