"""The vocabulary: lossless for any text, whole words, the same every time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from foundation.contracts import StoryBook
from stage_04_tokenization.vocabulary import BpeVocabulary, special_tokens


def stories(book: StoryBook) -> list[str]:
    return [text for row in book.texts for text in row]


@pytest.fixture(scope="module", params=[True, False], ids=["phrases", "words"])
def vocabulary(request: pytest.FixtureRequest, book: StoryBook) -> BpeVocabulary:
    return BpeVocabulary.train(stories(book), vocabulary_size=700, across_words=request.param)


def test_every_story_comes_back_exactly(vocabulary: BpeVocabulary, book: StoryBook) -> None:
    texts = stories(book)
    assert [vocabulary.decode(ids) for ids in vocabulary.encode(texts)] == texts


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_comes_back_exactly(text: str) -> None:
    assert _tiny().decode(_tiny().encode([text])[0]) == text


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=" .,;:!?\n<>abfirmtrend|price", max_size=60))
def test_encoding_clause_by_clause_is_encoding_as_a_whole(text: str) -> None:
    whole = Tokenizer.from_str(_tiny().json)
    whole.encode_special_tokens = True
    assert _tiny().encode([text])[0] == whole.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("text", ["<story> <end>", "a <price: rises> b", "zxqvk 1,234.5 é漢🙂"])
def test_marks_and_unknown_words_inside_a_text_are_plain_text(
    vocabulary: BpeVocabulary, text: str
) -> None:
    ids = vocabulary.encode([text])[0]
    assert min(ids) >= len(special_tokens())
    assert vocabulary.decode(ids) == text


def test_tokens_are_whole_words_or_whole_phrases(book: StoryBook) -> None:
    """No token joins the end of one word with the beginning of the next."""
    vocabulary = BpeVocabulary.train(stories(book), vocabulary_size=900, across_words=True)
    words = {w for text in stories(book) for w in text.replace(".", " ").replace(";", " ").split()}
    for ids in vocabulary.encode(stories(book)):
        for i in ids:
            assert set(vocabulary.decode([i]).split()) - {".", ";", ","} <= words


def test_phrases_make_stories_shorter_at_the_same_vocabulary_size(book: StoryBook) -> None:
    by_words, by_phrases = (
        BpeVocabulary.train(stories(book), vocabulary_size=900, across_words=across)
        for across in (False, True)
    )
    shortened = sum(map(len, by_phrases.encode(stories(book))))
    assert shortened < 0.6 * sum(map(len, by_words.encode(stories(book))))


def test_the_same_texts_give_the_same_vocabulary_to_the_byte(book: StoryBook) -> None:
    first, second = (
        BpeVocabulary.train(stories(book), vocabulary_size=700, across_words=True) for _ in "ab"
    )
    assert first.json == second.json
    assert first.name == second.name


def test_the_size_asked_for_is_a_bound(vocabulary: BpeVocabulary) -> None:
    assert 256 + len(special_tokens()) < vocabulary.size <= 700


_CACHE: list[BpeVocabulary] = []


def _tiny() -> BpeVocabulary:
    if not _CACHE:
        _CACHE.append(
            BpeVocabulary.train(
                ["The trend is firm; the price rose today."] * 4,
                vocabulary_size=400,
                across_words=True,
            )
        )
    return _CACHE[0]
