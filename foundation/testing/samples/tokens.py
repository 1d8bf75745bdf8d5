"""Token windows over a story book, with a word-level tokeniser written out as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Literal

import numpy as np

from foundation.contracts import (
    TAPE,
    LearningPoint,
    StoryBook,
    StoryModel,
    TapeCodes,
    TokenBatch,
    TokenWindows,
    WindowLabel,
    tape_outcomes,
)
from foundation.contracts.token_batch import TASKS
from foundation.kernel import hash_text
from foundation.testing.samples.stories import story_book

CONTEXT = 6
SPECIALS = ("<pad>", "<unk>", "<story>", "<text>", "<end>")
_WORD = re.compile(r"<[^<>]+>|\w+|[^\w\s]+")

Split = Literal["train", "validation", "history", "forecast"]


def token_batch(stories: StoryBook | None = None, *, history: int = 60) -> TokenBatch:
    """Return windows of six stories, with a target where one is learnt.

    Seven sessions are purged before the last ``history`` ones.
    """
    stories = stories or story_book()
    told = [t for t, row in enumerate(stories.texts) if all(row)]
    last = len(stories.sessions)
    targets = [t for t in told if t - CONTEXT >= told[0]]
    learnt = [t for t in targets if t < last - history - CONTEXT - 1]
    cut = max(1, int(0.8 * len(learnt)))
    words = sorted({w for row in stories.texts for text in row for w in _WORD.findall(text)})
    answers = [f"<{name}: {outcome}>" for name in TAPE for outcome in tape_outcomes(name)]
    tape = [*(f"<{name}>" for name in TAPE), *answers]
    vocabulary = {word: i for i, word in enumerate([*SPECIALS, *tape, *words])}
    document = _tokenizer_json(vocabulary)
    splits: tuple[tuple[Split, list[int]], ...] = (
        ("train", learnt[:cut]),
        ("validation", [t for t in learnt[cut:] if t - CONTEXT > learnt[cut - 1]]),
        ("history", [t for t in targets if t >= last - history]),
        ("forecast", [last]),
    )
    return TokenBatch(
        as_of=stories.as_of,
        produced_at=stories.produced_at,
        session=stories.session,
        target_session=stories.target_session,
        tokenizer="sample words",
        tokenizer_hash=hash_text(document),
        tokenizer_json=document,
        vocabulary_size=len(vocabulary),
        codes=TapeCodes(
            pad=vocabulary["<pad>"],
            opening=(),
            story=(vocabulary["<story>"],),
            series=tuple((vocabulary[f"<{name}>"],) for name in TAPE),
            outcomes=tuple(
                tuple((vocabulary[f"<{name}: {outcome}>"],) for outcome in tape_outcomes(name))
                for name in TAPE
            ),
            synonyms=(((),) * 5,) * len(TAPE),
            text=(vocabulary["<text>"],),
            separator=(vocabulary["<end>"],),
            end=(vocabulary["<end>"],),
            tasks=((),) * len(TASKS),
        ),
        tasks=("next day",),
        splits=tuple(_windows(stories, name, rows, vocabulary) for name, rows in splits),
    )


def story_model(tokens: TokenBatch | None = None) -> StoryModel:
    """Return a trained model by reference; no such weights are stored anywhere."""
    tokens = tokens or token_batch()
    learnt = [label.target for label in tokens.split("train").labels if label.target]
    return StoryModel(
        as_of=tokens.as_of,
        produced_at=tokens.produced_at,
        recipe="sample",
        engine="embedded",
        base_model_hash=hash_text("sample base model"),
        weights=hash_text("sample weights"),
        tokenizer_hash=tokens.tokenizer_hash,
        parameters=1_260_000,
        trained_until=max(learnt),
        seed=7,
        steps=200,
        tokens=400_000,
        learning_curve=(
            LearningPoint(
                step=100, tokens=200_000, train_loss=1.9, validation_loss=1.8, story_score=-1.6
            ),
            LearningPoint(
                step=200, tokens=400_000, train_loss=0.9, validation_loss=0.8, story_score=-1.4
            ),
        ),
        validation_loss=0.8,
        validation_bits_per_character=0.21,
    )


def _windows(
    stories: StoryBook, split: Split, rows: Sequence[int], vocabulary: dict[str, int]
) -> TokenWindows:
    labels, lines = [], []
    for t in rows:
        for n, symbol in enumerate(stories.symbols):
            told = [_spelled(stories, k, n) for k in range(t - CONTEXT, t)]
            if split in ("train", "validation"):
                told.append(_spelled(stories, t, n))
            labels.append(
                WindowLabel(
                    symbol=symbol,
                    context_until=stories.sessions[t - 1],
                    target=None if split == "forecast" else stories.sessions[t],
                    task="next day",
                )
            )
            lines.append(_line(told, vocabulary))
    length = max((len(ids) for ids, _, _ in lines), default=0)
    ids, loss, index = (
        np.array(
            [list(line[k]) + [padding] * (length - len(line[0])) for line in lines], dtype="int32"
        ).reshape(len(lines), length)
        for k, padding in ((0, 0), (1, 0), (2, -1))
    )
    mask = (index >= 0).astype("int32")
    return TokenWindows(
        split=split,
        labels=tuple(labels),
        ids=ids,
        attention_mask=mask,
        loss_mask=loss,
        story_index=index,
    )


def _spelled(stories: StoryBook, t: int, n: int) -> list[tuple[str, bool]]:
    """Return a story's words in order, each with whether it is learnt when it is the target."""
    words = [("<story>", False)]
    for name in TAPE:
        code = stories.observed.field(name)[t, n]
        if np.isfinite(code):
            answer = f"<{name}: {tape_outcomes(name)[int(code)]}>"
            words += [(f"<{name}>", False), (answer, True)]
    words.append(("<text>", False))
    words += [(word, True) for word in _WORD.findall(stories.texts[t][n])]
    return [*words, ("<end>", True)]


def _line(
    told: Sequence[list[tuple[str, bool]]], vocabulary: dict[str, int]
) -> tuple[list[int], list[int], list[int]]:
    words = [(word, learnt, k) for k, story in enumerate(told) for word, learnt in story]
    ids = [vocabulary[word] for word, _, _ in words]
    loss = [int(learnt and k == CONTEXT) for _, learnt, k in words]
    return ids, loss, [k for _, _, k in words]


def _tokenizer_json(vocabulary: dict[str, int]) -> str:
    """Return the document that ``tokenizers.Tokenizer.from_str`` reads."""
    special = {
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }
    count = len(SPECIALS) + 6 * len(TAPE)
    added = [{"id": i, "content": w, **special} for w, i in list(vocabulary.items())[:count]]
    return json.dumps(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": None,
            "pre_tokenizer": {"type": "Whitespace"},
            "post_processor": None,
            "decoder": None,
            "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"},
        },
        ensure_ascii=False,
    )
