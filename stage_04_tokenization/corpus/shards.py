"""A shard: the windows of some symbols, written beside its place and moved there when complete."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from foundation.contracts import StoryBook, TapeCodes, TokenWindows, content_hash
from foundation.kernel import hash_text
from foundation.storage.atomic import refused
from stage_04_tokenization.plans import make_plans
from stage_04_tokenization.settings import TokenizationSettings
from stage_04_tokenization.splits import spans
from stage_04_tokenization.stage import choose_vocabulary, teller
from stage_04_tokenization.vocabulary import BpeVocabulary, StoryVocabulary
from stage_04_tokenization.windows import assemble

KEY = "shard.json"
FORM = "2"
"""Raised when a shard of the same stories would be written otherwise."""

COLUMNS = ("split", "symbol", "context_until", "target", "task", "ids", "loss", "story")


@dataclass(frozen=True)
class Shard:
    """What a worker is given. ``key`` is a hash of all that decides what the shard holds."""

    book: StoryBook
    more: tuple[StoryBook, ...]
    settings: TokenizationSettings
    vocabulary_json: str
    folder: Path
    key: str


def shard_of(
    book: StoryBook,
    more: Sequence[StoryBook],
    settings: TokenizationSettings,
    vocabulary: StoryVocabulary,
    folder: Path,
    symbols: tuple[str, ...],
) -> Shard:
    """Return the shard of some symbols of a book."""
    own, *others = (_of(one, symbols) for one in (book, *more))
    key = hash_text(
        FORM,
        *map(content_hash, (own, *others)),
        # Where the base model's tokeniser lies is no matter: it is hashed itself.
        settings.model_dump_json(exclude={"base_tokenizer"}),
        vocabulary.json,
        vocabulary.name,
    )
    return Shard(own, tuple(others), settings, vocabulary.json, folder, key)


def _of(book: StoryBook, symbols: tuple[str, ...]) -> StoryBook:
    """Return some symbols' part of a book."""
    columns = [book.symbols.index(symbol) for symbol in symbols]
    return book.model_copy(
        update={
            "symbols": symbols,
            "texts": tuple(tuple(row[n] for n in columns) for row in book.texts),
            "observed": book.observed.select(symbols=symbols),
            "recent": (),
        }
    )


def complete(shard: Shard) -> bool:
    """Say whether this very shard is there."""
    path = shard.folder / KEY
    return path.is_file() and json.loads(path.read_text(encoding="utf-8"))["key"] == shard.key


def told(folder: Path) -> dict[str, Any]:
    """Return what a shard says of itself: counts, tokens and last targets by split."""
    document: dict[str, Any] = json.loads((folder / KEY).read_text(encoding="utf-8"))
    return document


def write(shard: Shard) -> None:
    """Write one shard.

    Raises
    ------
    WorldError
        If the disk refuses.
    """
    from datasets import disable_progress_bars
    from tokenizers import Tokenizer

    disable_progress_bars()
    book, more, settings = shard.book, shard.more, shard.settings
    plans = make_plans(book, more, spans(len(book.sessions), settings), settings)
    vocabulary: StoryVocabulary = (
        BpeVocabulary(Tokenizer.from_str(shard.vocabulary_json))
        if settings.base_tokenizer is None
        else choose_vocabulary(book, plans, settings)
    )
    story = teller(book, more, vocabulary, plans)
    rows: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for split, found in plans.items():
        windows = assemble(split, found, story, vocabulary.codes, max_tokens=settings.max_tokens)
        _append(rows, windows)
    try:
        _save(shard, rows, vocabulary.codes)
    except OSError as error:
        raise refused(shard.folder, error) from error


def _append(rows: dict[str, list[Any]], windows: TokenWindows) -> None:
    lengths = windows.attention_mask.sum(axis=1)
    for place, label in enumerate(windows.labels):
        length = int(lengths[place])
        rows["split"].append(windows.split)
        rows["symbol"].append(label.symbol)
        rows["context_until"].append(label.context_until.isoformat())
        rows["target"].append(label.target.isoformat() if label.target else "")
        rows["task"].append(label.task)
        rows["ids"].append(windows.ids[place, :length])
        rows["loss"].append(windows.loss_mask[place, :length].astype(np.int8))
        rows["story"].append(windows.story_index[place, :length].astype(np.int8))


def _save(shard: Shard, rows: dict[str, list[Any]], codes: TapeCodes) -> None:
    from datasets import Dataset

    beside = shard.folder.with_suffix(".part")
    shutil.rmtree(beside, ignore_errors=True)
    Dataset.from_dict(rows).save_to_disk(str(beside))
    # What datasets notes about its own caches would differ from run to run.
    state = beside / "state.json"
    noted = json.loads(state.read_text(encoding="utf-8"))
    state.write_text(json.dumps(noted | {"_fingerprint": shard.key[:16]}, sort_keys=True))
    counted = Counter(zip(rows["split"], rows["symbol"], strict=True))
    tokens, until = Counter[str](), dict[str, str]()
    for split, ids, target in zip(rows["split"], rows["ids"], rows["target"], strict=True):
        tokens[split] += len(ids)
        if split in ("train", "validation"):
            until[split] = max(until.get(split, ""), target)
    document = {
        "key": shard.key,
        "counts": [[split, symbol, count] for (split, symbol), count in sorted(counted.items())],
        "tokens": dict(sorted(tokens.items())),
        "until": dict(sorted(until.items())),
        "codes": codes.model_dump(mode="json"),
    }
    (beside / KEY).write_text(json.dumps(document), encoding="utf-8")
    shutil.rmtree(shard.folder, ignore_errors=True)
    beside.rename(shard.folder)
