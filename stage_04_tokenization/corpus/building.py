"""Building a corpus: shards side by side, found again, complete or absent.

Shards are made by processes of their own, appear under their final name only when they are
complete, and are found again by a hash of all that made them: a build that was stopped goes on
where it stood, and a changed story repeats its own shard alone. A process whose builder was
killed ends with it. Splits are by time with a purge (``splits.py``); the manifest counts windows
by split and symbol.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import get_args

from foundation.contracts import StoryBook
from foundation.kernel import UpstreamDataError, hash_text
from foundation.runtime import exclusive
from foundation.storage.atomic import write_file
from foundation.storage.folders import folder_hash
from stage_04_tokenization.corpus.manifest import LOCK, MANIFEST, TOKENIZER, Manifest
from stage_04_tokenization.corpus.shards import Shard, complete, shard_of, told, write
from stage_04_tokenization.plans import make_plans
from stage_04_tokenization.settings import TokenizationSettings
from stage_04_tokenization.splits import Split, spans
from stage_04_tokenization.stage import check_tape, choose_vocabulary
from stage_04_tokenization.vocabulary import StoryVocabulary


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
            shard_of(book, more, settings, vocabulary, folder / f"shard-{number:04d}", symbols)
            for number, symbols in enumerate(_groups(book.symbols, symbols_per_shard))
        ]
        _write_missing(shards, workers, progress)
        manifest = _manifest(book, settings, vocabulary, [shard.folder for shard in shards])
        write_file(folder / MANIFEST, manifest.model_dump_json(indent=1).encode())
        for old in folder.glob("shard-????"):
            if old.name not in manifest.shards:
                shutil.rmtree(old)
    return manifest


def _groups(symbols: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(symbols[first : first + size]) for first in range(0, len(symbols), size)]


def _write_missing(
    shards: Sequence[Shard], workers: int, progress: Callable[[int, int], None]
) -> None:
    missing = [shard for shard in shards if not complete(shard)]
    there = len(shards) - len(missing)
    progress(there, len(shards))
    for done, _ in enumerate(_written(missing, workers), 1):
        progress(there + done, len(shards))


def _written(missing: Sequence[Shard], workers: int) -> Iterator[object]:
    """Write shards, here where one process is enough; yield as each is done."""
    if min(workers, len(missing)) < 2:
        yield from map(write, missing)
        return
    spawn = get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, _end_with_the_builder) as pool:
        waiting = [pool.submit(write, shard) for shard in missing]
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


def _manifest(
    book: StoryBook,
    settings: TokenizationSettings,
    vocabulary: StoryVocabulary,
    folders: Sequence[Path],
) -> Manifest:
    documents = [told(folder) for folder in folders]
    counts: dict[str, dict[str, int]] = {split: {} for split in get_args(Split)}
    tokens: Counter[str] = Counter()
    until: dict[str, date] = {}
    for document in documents:
        tokens.update(document["tokens"])
        for split, symbol, count in document["counts"]:
            counts[split][symbol] = count
        for split, last in document["until"].items():
            until[split] = max(until.get(split, date.min), date.fromisoformat(last))
    shards = {folder.name: folder_hash(folder) for folder in folders}
    tokenizer_hash = hash_text(vocabulary.json)
    return Manifest(
        as_of=book.as_of,
        produced_at=book.produced_at,
        settings=settings,
        tokenizer=vocabulary.name,
        tokenizer_hash=tokenizer_hash,
        vocabulary_size=vocabulary.size,
        corpus_hash=hash_text(tokenizer_hash, *shards.values()),
        codes=vocabulary.codes,
        shards=shards,
        counts=counts,
        tokens={split: tokens[split] for split in counts},
        until=until,
    )
