"""The corpus on disk: windows of many symbols as a ``datasets`` dataset, in shards.

A shard holds the windows of some symbols. Shards are made side by side by processes of their
own, appear under their final name only when they are complete, and are found again by a hash of
all that made them: a build that was stopped goes on where it stood, and a changed story repeats
its own shard alone. A process whose builder was killed ends with it. Splits are by time with a
purge (``splits.py``); the manifest counts windows by split and symbol.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from foundation.contracts import StoryBook, TapeCodes, TokenWindows, WindowLabel, content_hash
from foundation.kernel import ArtefactError, Part, UpstreamDataError, hash_text
from foundation.runtime import exclusive
from foundation.storage.atomic import refused, write_file
from foundation.storage.folders import folder_hash
from stage_04_tokenization.plans import make_plans
from stage_04_tokenization.settings import TokenizationSettings
from stage_04_tokenization.splits import Split, spans
from stage_04_tokenization.stage import check_tape, choose_vocabulary, teller
from stage_04_tokenization.vocabulary import BpeVocabulary, StoryVocabulary
from stage_04_tokenization.windows import assemble

if TYPE_CHECKING:
    from datasets import Dataset

MANIFEST, TOKENIZER, KEY = "manifest.json", "tokenizer.json", "shard.json"
LOCK = "build.lock"


class Manifest(Part):
    """What a corpus holds.

    Attributes
    ----------
    tokenizer, tokenizer_hash : str
    corpus_hash : str
        Hash of all shards and the tokeniser: names this corpus, to the byte.
    codes : TapeCodes
    shards : dict of str to str
        Content hash by folder name.
    counts : dict of str to dict of str to int
        Windows by split, then symbol.
    tokens : dict of str to int
        Tokens by split.
    """

    tokenizer: str
    tokenizer_hash: str
    corpus_hash: str
    codes: TapeCodes
    shards: dict[str, str]
    counts: dict[str, dict[str, int]]
    tokens: dict[str, int]


@dataclass(frozen=True)
class _Shard:
    """What a worker is given."""

    book: StoryBook
    more: tuple[StoryBook, ...]
    settings: TokenizationSettings
    vocabulary_json: str
    folder: Path
    key: str


def build_corpus(
    book: StoryBook,
    settings: TokenizationSettings,
    folder: Path,
    more: Sequence[StoryBook] = (),
    *,
    workers: int = 2,
    symbols_per_shard: int = 25,
    progress: Callable[[int, int], None] = lambda done, shards: None,
) -> Manifest:
    """Write a corpus, or what is missing of it, and return what it holds.

    Parameters
    ----------
    book : StoryBook
        Daily stories of all symbols.
    settings : TokenizationSettings
    folder : Path
        Becomes the corpus.
    more : sequence of StoryBook
        Stories of other horizons, for the tasks that need them.
    workers : int
        Processes; they change no byte. One works in this process.
    symbols_per_shard : int
    progress : callable
        Told how many shards are there, of how many.

    Raises
    ------
    UpstreamDataError
        If no symbol has stories to train on.
    OperatorError
        As ``TokenizationStage.run``, and where another process builds in that folder.
    WorldError
        If the disk refuses. Finished shards stay.
    """
    check_tape(book)
    plans = make_plans(book, more, spans(len(book.sessions), settings), settings)
    if not plans["train"]:
        raise UpstreamDataError(
            "A corpus needs symbols with stories of consecutive sessions",
            value=f"none of {len(book.symbols)} symbols",
            remedy="check how many sessions stage 03 had enough history to tell",
        )
    vocabulary = choose_vocabulary(book, plans, settings)
    with exclusive(folder / LOCK):
        write_file(folder / TOKENIZER, vocabulary.json.encode())
        shards = [
            _shard(book, more, settings, vocabulary, folder / f"shard-{number:04d}", symbols)
            for number, symbols in enumerate(_groups(book.symbols, symbols_per_shard))
        ]
        _write_missing(shards, workers, progress)
        manifest = _manifest(vocabulary, [shard.folder for shard in shards])
        write_file(folder / MANIFEST, manifest.model_dump_json(indent=1).encode())
        for old in folder.glob("shard-????"):
            if old.name not in manifest.shards:
                shutil.rmtree(old)
    return manifest


def _write_missing(
    shards: Sequence[_Shard], workers: int, progress: Callable[[int, int], None]
) -> None:
    missing = [shard for shard in shards if not _complete(shard)]
    there = len(shards) - len(missing)
    progress(there, len(shards))
    for done, _ in enumerate(_written(missing, workers), 1):
        progress(there + done, len(shards))


def _written(missing: Sequence[_Shard], workers: int) -> Iterator[object]:
    """Write shards, here where one process is enough; yield as each is done."""
    if min(workers, len(missing)) < 2:
        yield from map(_write, missing)
        return
    spawn = get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, _end_with_the_builder) as pool:
        waiting = [pool.submit(_write, shard) for shard in missing]
        try:
            for future in as_completed(waiting):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _end_with_the_builder() -> None:
    """Let this process end when the one that started it is gone, however it went."""
    builder = parent_process()
    assert builder is not None

    def watch() -> None:
        builder.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def read_manifest(folder: Path) -> Manifest:
    """Return what a corpus holds.

    Raises
    ------
    ArtefactError
        If it was never finished, or a shard no longer matches its hash.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtefactError(
            "A corpus has a manifest once it is complete",
            value=str(folder),
            remedy="build it again: what is there is kept",
        )
    manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    for name, digest in manifest.shards.items():
        if not (folder / name).is_dir() or folder_hash(folder / name) != digest:
            raise ArtefactError(
                "A shard of the corpus matches its content hash",
                value=str(folder / name),
                remedy="delete that folder and build the corpus again",
            )
    return manifest


def read_split(folder: Path, split: Split) -> Dataset:
    """Return the windows of one split as a dataset (columns as in ``windows_of``)."""
    from datasets import Dataset, concatenate_datasets

    parts = [Dataset.load_from_disk(str(folder / s)) for s in sorted(read_manifest(folder).shards)]
    whole = concatenate_datasets(parts)
    wanted = np.nonzero(np.array(whole["split"]) == split)[0]
    return whole.select(wanted)


def windows_of(folder: Path, split: Split) -> TokenWindows:
    """Return the windows of one split as training takes them, padded to the longest."""
    pad = read_manifest(folder).codes.pad
    rows = read_split(folder, split)
    length = max((len(ids) for ids in rows["ids"]), default=0)
    tables = {
        name: np.full((len(rows), length), fill, dtype=np.int32)
        for name, fill in (("ids", pad), ("loss", 0), ("story", -1))
    }
    for name, table in tables.items():
        for place, values in enumerate(rows[name]):
            table[place, : len(values)] = values
    labels = zip(rows["symbol"], rows["context_until"], rows["target"], rows["task"], strict=True)
    return TokenWindows(
        split=split,
        labels=tuple(
            WindowLabel.model_validate(
                {"symbol": s, "context_until": u, "target": t or None, "task": k}
            )
            for s, u, t, k in labels
        ),
        ids=tables["ids"],
        attention_mask=(tables["story"] >= 0).astype(np.int32),
        loss_mask=tables["loss"],
        story_index=tables["story"],
    )


def _groups(symbols: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(symbols[first : first + size]) for first in range(0, len(symbols), size)]


def _shard(
    book: StoryBook,
    more: Sequence[StoryBook],
    settings: TokenizationSettings,
    vocabulary: StoryVocabulary,
    folder: Path,
    symbols: tuple[str, ...],
) -> _Shard:
    own, *others = (_of(one, symbols) for one in (book, *more))
    key = hash_text(
        *map(content_hash, (own, *others)),
        settings.model_dump_json(),
        vocabulary.json,
        vocabulary.name,
    )
    return _Shard(own, tuple(others), settings, vocabulary.json, folder, key)


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


def _complete(shard: _Shard) -> bool:
    path = shard.folder / KEY
    return path.is_file() and json.loads(path.read_text(encoding="utf-8"))["key"] == shard.key


def _write(shard: _Shard) -> None:
    """Write one shard beside its place, then move it there."""
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
    story, rows = teller(book, more, vocabulary, plans), _columns()
    for split, found in plans.items():
        windows = assemble(split, found, story, vocabulary.codes, max_tokens=settings.max_tokens)
        _append(rows, windows)
    try:
        _save(shard, rows, vocabulary.codes)
    except OSError as error:
        raise refused(shard.folder, error) from error


def _save(shard: _Shard, rows: dict[str, list[Any]], codes: TapeCodes) -> None:
    from datasets import Dataset

    beside = shard.folder.with_suffix(".part")
    shutil.rmtree(beside, ignore_errors=True)
    Dataset.from_dict(rows).save_to_disk(str(beside))
    # What datasets notes about its own caches would differ from run to run.
    state = beside / "state.json"
    told = json.loads(state.read_text(encoding="utf-8"))
    state.write_text(json.dumps(told | {"_fingerprint": shard.key[:16]}, sort_keys=True))
    counted = Counter(zip(rows["split"], rows["symbol"], strict=True))
    tokens = Counter[str]()
    for split, ids in zip(rows["split"], rows["ids"], strict=True):
        tokens[split] += len(ids)
    document = {
        "key": shard.key,
        "counts": [[split, symbol, count] for (split, symbol), count in sorted(counted.items())],
        "tokens": dict(sorted(tokens.items())),
        "codes": codes.model_dump(mode="json"),
    }
    (beside / KEY).write_text(json.dumps(document), encoding="utf-8")
    shutil.rmtree(shard.folder, ignore_errors=True)
    beside.rename(shard.folder)


def _columns() -> dict[str, list[Any]]:
    names = ("split", "symbol", "context_until", "target", "task", "ids", "loss", "story")
    return {name: [] for name in names}


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


def _manifest(vocabulary: StoryVocabulary, folders: Sequence[Path]) -> Manifest:
    told = [json.loads((folder / KEY).read_text(encoding="utf-8")) for folder in folders]
    counts: dict[str, dict[str, int]] = {split: {} for split in get_args(Split)}
    tokens: Counter[str] = Counter()
    for document in told:
        tokens.update(document["tokens"])
        for split, symbol, count in document["counts"]:
            counts[split][symbol] = count
    shards = {folder.name: folder_hash(folder) for folder in folders}
    tokenizer_hash = hash_text(vocabulary.json)
    return Manifest(
        tokenizer=vocabulary.name,
        tokenizer_hash=tokenizer_hash,
        corpus_hash=hash_text(tokenizer_hash, *shards.values()),
        codes=vocabulary.codes,
        shards=shards,
        counts=counts,
        tokens={split: tokens[split] for split in counts},
    )
