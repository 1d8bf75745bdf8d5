"""A base model's own tokeniser, behind the same interface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from foundation.contracts import STATES, TAPE, StoryBook, tape_outcomes
from foundation.kernel import DependencyError
from stage_04_tokenization import TokenizationStage
from stage_04_tokenization.base_model import BaseModelVocabulary
from tests.stage_04_tokenization.conftest import SETTINGS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a small byte-level tokeniser the way a pre-trained model's comes."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        [" rises sharply; drops; the price is very high and low today"] * 3,
        trainers.BpeTrainer(
            vocab_size=330,
            special_tokens=["<|endoftext|>", "<|return|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    where = tmp_path_factory.mktemp("base") / "tiny-gpt-oss"
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|return|>", pad_token="<|endoftext|>"
    ).save_pretrained(str(where))
    return where


@pytest.fixture(scope="module")
def vocabulary(folder: Path) -> BaseModelVocabulary:
    return BaseModelVocabulary(folder, "plain")


def test_the_tape_is_spelled_in_plain_words(folder: Path) -> None:
    vocabulary = BaseModelVocabulary(folder, "plain")
    codes = vocabulary.codes
    told = [*codes.story, *codes.series[0], *codes.outcomes[0][4], *codes.text]
    assert vocabulary.decode(told) == "Session: price: rises sharply; Story:"
    for series, outcomes in zip(TAPE, codes.outcomes, strict=True):
        words = [vocabulary.decode(o).strip() for o in outcomes]
        assert words == [f"{outcome};" for outcome in tape_outcomes(series)]


def test_no_answer_is_the_beginning_of_another(folder: Path) -> None:
    for outcomes in BaseModelVocabulary(folder, "plain").codes.outcomes:
        for a in outcomes:
            assert not any(b[: len(a)] == a for b in outcomes if b != a)


def test_texts_come_back_exactly(folder: Path, book: StoryBook) -> None:
    vocabulary = BaseModelVocabulary(folder, "plain")
    texts = [*book.texts[3], "zxqv 1,234.5 é漢 <|return|>"]
    assert [vocabulary.decode(ids) for ids in vocabulary.encode(texts)] == texts


def test_the_stage_writes_windows_in_it(folder: Path, book: StoryBook) -> None:
    asked = SETTINGS.model_copy(update={"base_tokenizer": str(folder), "max_tokens": 4096})
    batch = TokenizationStage(asked).run(book)
    windows = batch.split("train")
    assert batch.tokenizer.startswith("base-tiny-gpt-oss-plain-")
    last = windows.ids[0, windows.story_index[0] == windows.story_index[0].max()]
    said = Tokenizer.from_str(batch.tokenizer_json).decode(last.tolist(), skip_special_tokens=False)
    t = book.sessions.index(windows.labels[0].target)
    n = book.symbols.index(windows.labels[0].symbol)
    trend = STATES[int(book.observed.values[t, n, TAPE.index("trend")])]
    assert f" trend: {trend};" in said
    assert said.endswith(f" Story: {book.texts[t][n]}<|return|>")
    assert np.isin(windows.ids[windows.loss_mask == 1], batch.codes.end).sum() == len(windows.ids)


def test_a_missing_folder_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match="hf download openai/gpt-oss-20b"):
        BaseModelVocabulary(tmp_path / "nothing", "plain")


@given(text=st.text(max_size=80))
@settings(max_examples=60)
def test_any_text_comes_back_exactly(vocabulary: BaseModelVocabulary, text: str) -> None:
    assert vocabulary.decode(vocabulary.encode([text])[0]) == text


def test_every_story_of_a_book_comes_back_exactly(
    vocabulary: BaseModelVocabulary, book: StoryBook
) -> None:
    texts = [text for row in book.texts for text in row]
    assert [vocabulary.decode(ids) for ids in vocabulary.encode(texts)] == texts
