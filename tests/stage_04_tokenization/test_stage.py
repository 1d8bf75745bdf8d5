"""Windows of the whole stage: what is in them, and what never is."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from tokenizers import Tokenizer

from foundation.contracts import TAPE, StoryBook, TokenBatch, TokenWindows, content_hash
from foundation.kernel import OperatorError, UpstreamDataError, hash_text
from foundation.testing.planted_stories import planted_stories
from foundation.timeseries import Panel
from stage_04_tokenization import TokenizationStage
from tests.stage_04_tokenization.conftest import SETTINGS


def texts_of(batch: TokenBatch, windows: TokenWindows, row: int) -> list[str]:
    """Return the words of each story of a window, read by an independent tokeniser."""
    reader = Tokenizer.from_str(batch.tokenizer_json)
    found = []
    for number in range(windows.story_index[row].max() + 1):
        ids = windows.ids[row, windows.story_index[row] == number].tolist()
        words = ids[ids.index(batch.codes.text[0]) + 1 :]
        assert words[-1] == batch.codes.end[0]
        found.append(reader.decode(words[:-1], skip_special_tokens=False))
    return found


def rewritten(book: StoryBook, after: date) -> StoryBook:
    """Return the book with every story and outcome after a session replaced."""
    later = np.array([s > after for s in book.sessions])
    values = book.observed.values.copy()
    values[later] = 4 - values[later]
    return book.model_copy(
        update={
            "texts": tuple(
                tuple("Something else entirely happened; nobody expected it." for _ in row)
                if late
                else row
                for row, late in zip(book.texts, later, strict=True)
            ),
            "observed": Panel(
                sessions=book.sessions, symbols=book.symbols, fields=TAPE, values=values
            ),
        }
    )


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_window_is_six_stories_and_the_target_story(
    book: StoryBook, batch: TokenBatch, split: str
) -> None:
    windows = batch.split(split)
    for row in range(0, len(windows.labels), 5):
        label = windows.labels[row]
        t, n = book.sessions.index(label.target), book.symbols.index(label.symbol)
        assert book.sessions[t - 1] == label.context_until
        first = max(0, t - 6)
        assert texts_of(batch, windows, row) == [book.texts[k][n] for k in range(first, t + 1)]


@pytest.mark.parametrize("split", ["history", "forecast"])
def test_a_forecast_window_holds_its_context_only(
    book: StoryBook, batch: TokenBatch, split: str
) -> None:
    windows = batch.split(split)
    assert windows.loss_mask.sum() == 0
    for row in range(0, len(windows.labels), 7):
        label = windows.labels[row]
        t, n = book.sessions.index(label.context_until), book.symbols.index(label.symbol)
        assert texts_of(batch, windows, row) == [book.texts[k][n] for k in range(t - 5, t + 1)]
    last = {label.target for label in batch.split("forecast").labels}
    assert last == {None}


def test_loss_stands_on_the_target_story_only(batch: TokenBatch) -> None:
    windows = batch.split("train")
    last = windows.story_index.max(axis=1, keepdims=True)
    on_loss = windows.loss_mask == 1
    assert (windows.story_index == last)[on_loss].all()
    # Frame and questions are put, not predicted; answers, words and the end are.
    frame = [*batch.codes.story, *batch.codes.text, *(s[0] for s in batch.codes.series)]
    put = np.isin(windows.ids, frame)
    assert np.array_equal(on_loss, (windows.story_index == last) & ~put)


def test_windows_are_padded_on_the_right_and_only_there(batch: TokenBatch) -> None:
    for windows in batch.splits:
        mask = windows.attention_mask
        assert (np.diff(mask, axis=1) <= 0).all()
        assert np.array_equal(mask == 1, windows.story_index >= 0)
        assert (windows.ids[mask == 0] == batch.codes.pad).all()
        assert (np.diff(windows.story_index, axis=1)[mask[:, 1:] == 1] >= 0).all()


def test_a_series_that_a_symbol_does_not_have_is_never_on_its_tape(
    book: StoryBook, batch: TokenBatch
) -> None:
    windows = batch.split("train")
    silent = np.array([label.symbol == book.symbols[-1] for label in windows.labels])
    asked = windows.ids == batch.codes.series[TAPE.index("volume")][0]
    assert not asked[silent].any()
    assert asked[~silent].any()


def test_the_tokeniser_is_named_by_its_content(batch: TokenBatch) -> None:
    assert batch.tokenizer_hash == hash_text(batch.tokenizer_json)
    assert batch.tokenizer_hash[:12] in batch.tokenizer
    reader = Tokenizer.from_str(batch.tokenizer_json)
    assert reader.get_vocab_size() == batch.vocabulary_size
    assert reader.token_to_id("<price: rises sharply>") == batch.codes.outcomes[0][4][0]


def test_ids_are_the_same_to_the_byte_when_the_future_is_rewritten(
    book: StoryBook, batch: TokenBatch
) -> None:
    """Rewrite everything after a session within history: all windows up to it stay."""
    session = batch.split("history").labels[10].context_until
    changed = TokenizationStage(SETTINGS).run(rewritten(book, session))
    assert changed.tokenizer_json == batch.tokenizer_json
    for split in ("train", "validation"):
        assert changed.split(split).ids.tobytes() == batch.split(split).ids.tobytes()
    before, after = batch.split("history"), changed.split("history")
    kept = [i for i, label in enumerate(before.labels) if label.context_until <= session]
    moved = [i for i, label in enumerate(before.labels) if label.context_until > session]
    assert len(kept) > 20
    for i in kept:
        width = before.attention_mask[i].sum()
        assert np.array_equal(before.ids[i, :width], after.ids[i, :width])
    assert all(texts_of(batch, before, i) != texts_of(changed, after, i) for i in moved)


def test_the_vocabulary_never_saw_stories_after_training(
    book: StoryBook, batch: TokenBatch
) -> None:
    last = max(label.target for label in batch.split("train").labels if label.target)
    changed = TokenizationStage(SETTINGS).run(rewritten(book, last))
    assert changed.tokenizer_hash == batch.tokenizer_hash
    assert changed.split("train").ids.tobytes() == batch.split("train").ids.tobytes()


def test_two_runs_give_the_same_artefact(book: StoryBook, batch: TokenBatch) -> None:
    assert content_hash(TokenizationStage(SETTINGS).run(book)) == content_hash(batch)


def test_missing_stories_are_left_out_and_never_targets(book: StoryBook) -> None:
    gap = book.sessions[50]
    holes = tuple(
        tuple("" if t == 50 and n == 0 else text for n, text in enumerate(row))
        for t, row in enumerate(book.texts)
    )
    batch = TokenizationStage(SETTINGS).run(book.model_copy(update={"texts": holes}))
    windows = batch.split("train")
    mine = [i for i, label in enumerate(windows.labels) if label.symbol == book.symbols[0]]
    assert gap not in {windows.labels[i].target for i in mine}
    crossing = [
        i
        for i in mine
        if (until := book.sessions.index(windows.labels[i].context_until)) > 50 >= until - 5
    ]
    assert all(len(texts_of(batch, windows, i)) == 6 for i in crossing)


def test_a_window_too_long_loses_its_oldest_stories_whole(book: StoryBook) -> None:
    settings = SETTINGS.model_copy(update={"max_tokens": 100})
    batch = TokenizationStage(settings).run(book)
    windows = batch.split("train")
    assert windows.attention_mask.sum(axis=1).max() <= 100
    for row in range(0, len(windows.labels), 9):
        label = windows.labels[row]
        t, n = book.sessions.index(label.target), book.symbols.index(label.symbol)
        found = texts_of(batch, windows, row)
        assert 2 <= len(found) < 7
        assert found == [book.texts[k][n] for k in range(t - len(found) + 1, t + 1)]


def test_a_limit_below_two_stories_is_refused(book: StoryBook) -> None:
    with pytest.raises(OperatorError, match="raise max_tokens"):
        TokenizationStage(SETTINGS.model_copy(update={"max_tokens": 30})).run(book)


def test_an_impossible_outcome_is_refused_by_name(book: StoryBook) -> None:
    values = book.observed.values.copy()
    values[7, 1, 2] = 5
    observed = Panel(sessions=book.sessions, symbols=book.symbols, fields=TAPE, values=values)
    with pytest.raises(UpstreamDataError, match=r"5\.0 for momentum of S01"):
        TokenizationStage(SETTINGS).run(book.model_copy(update={"observed": observed}))


def test_more_sessions_leave_planted_stories_as_they_are() -> None:
    short, long = (planted_stories("planted", sessions=n, symbols=2).book for n in (30, 60))
    assert long.texts[:30] == short.texts
