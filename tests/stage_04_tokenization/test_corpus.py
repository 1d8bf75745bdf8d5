"""The corpus on disk: the same windows as in memory, found again, hashed, counted."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from foundation.contracts import Horizon, StoryBook, TokenBatch, TokenWindows
from foundation.kernel import ArtefactError, WorldError
from foundation.runtime import StoreBusy, exclusive
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationStage
from stage_04_tokenization.corpus import (
    Manifest,
    build_corpus,
    open_corpus,
    read_manifest,
    shards,
)
from stage_04_tokenization.corpus.manifest import LOCK, TOKENIZER
from stage_04_tokenization.splits import Split
from stage_04_tokenization.vocabulary import BpeVocabulary
from tests.stage_04_tokenization.conftest import SETTINGS
from tests.stage_04_tokenization.test_tasks import horizon_book


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corpus")


@pytest.fixture(scope="module")
def built(folder: Path, book: StoryBook) -> Manifest:
    return build_corpus(book, SETTINGS, folder, workers=2, symbols_per_shard=2)


def windows_of(folder: Path, split: Split) -> TokenWindows:
    """Read all windows of a split at once."""
    windows = open_corpus(folder).windows(split)
    return windows.rows(range(len(windows.lengths)))


@pytest.mark.parametrize("split", ["train", "validation", "history", "forecast"])
def test_windows_on_disk_are_those_in_memory(
    folder: Path, built: Manifest, batch: TokenBatch, split: Split
) -> None:
    expected, found = batch.split(split), windows_of(folder, split)
    assert found.labels == expected.labels
    for name in ("ids", "attention_mask", "loss_mask", "story_index"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert built.counts[split] == Counter(label.symbol for label in expected.labels)
    assert built.tokens[split] == expected.attention_mask.sum()


def test_what_is_there_is_not_built_again_and_a_changed_story_repeats_its_shard_alone(
    folder: Path, built: Manifest, book: StoryBook, tmp_path: Path
) -> None:
    again = build_corpus(book, SETTINGS, folder, workers=1, symbols_per_shard=2)
    assert again == built
    texts = [list(row) for row in book.texts]
    texts[-1][0] += " And so on."  # In a forecast window: the vocabulary never saw it.
    changed = book.model_copy(update={"texts": tuple(map(tuple, texts))})
    stamps = {s: (folder / s / "shard.json").stat().st_mtime_ns for s in built.shards}
    other = build_corpus(changed, SETTINGS, folder, workers=1, symbols_per_shard=2)
    touched = {
        s for s in built.shards if (folder / s / "shard.json").stat().st_mtime_ns != stamps[s]
    }
    assert touched == {"shard-0000"}
    assert {s for s in built.shards if other.shards[s] != built.shards[s]} == touched
    back = build_corpus(book, SETTINGS, folder, workers=1, symbols_per_shard=2)
    assert back.corpus_hash == built.corpus_hash != other.corpus_hash


def test_an_unfinished_and_a_spoilt_corpus_are_told(
    folder: Path, built: Manifest, tmp_path: Path
) -> None:
    with pytest.raises(ArtefactError, match="manifest"):
        read_manifest(tmp_path)
    path = folder / "shard-0001" / "shard.json"
    kept = path.read_bytes()
    path.write_bytes(kept + b" ")
    with pytest.raises(ArtefactError, match="shard-0001"):
        read_manifest(folder)
    path.write_bytes(kept)
    assert read_manifest(folder) == built


def test_books_of_other_horizons_give_their_tasks_windows(book: StoryBook, tmp_path: Path) -> None:
    """The same windows as in memory, with a book of weeks beside the days."""
    settings = SETTINGS.model_copy(update={"tasks": ("next day", "weekly summary")})
    weeks = horizon_book(book, Horizon.WEEKLY)
    expected = TokenizationStage(settings).run(book, (weeks,)).split("train")
    build_corpus(book, settings, tmp_path, (weeks,), workers=1, symbols_per_shard=2)
    found = windows_of(tmp_path, "train")
    assert found.labels == expected.labels
    assert {label.task for label in found.labels} == {"next day", "weekly summary"}
    np.testing.assert_array_equal(found.ids, expected.ids)
    changed = weeks.model_copy(update={"texts": (weeks.texts[-1], *weeks.texts[1:])})
    assert changed.texts != weeks.texts
    before = read_manifest(tmp_path)
    assert build_corpus(book, settings, tmp_path, (changed,), workers=1).shards != before.shards


def test_a_corpus_of_fewer_symbols_keeps_no_shard_of_the_others(
    book: StoryBook, tmp_path: Path
) -> None:
    build_corpus(book, SETTINGS, tmp_path, workers=1, symbols_per_shard=1)
    fewer = build_corpus(book, SETTINGS, tmp_path, workers=1, symbols_per_shard=3)
    assert {path.name for path in tmp_path.glob("shard-*")} == set(fewer.shards) == {"shard-0000"}


BUILD = """
import sys
from pathlib import Path
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization.corpus import build_corpus
from tests.stage_04_tokenization.conftest import SETTINGS
if __name__ == "__main__":
    book = planted_stories("planted", sessions=120, symbols=24).book
    build_corpus(book, SETTINGS, Path(sys.argv[1]), workers=2, symbols_per_shard=1)
"""


def test_a_killed_build_goes_on_to_the_same_hashes_and_leaves_no_process(
    tmp_path: Path,
) -> None:
    script = tmp_path / "build.py"
    script.write_text(BUILD)
    root = Path(__file__).resolve().parents[2]
    folder = tmp_path / "corpus"
    building = subprocess.Popen(
        [sys.executable, str(script), str(folder)], env={**os.environ, "PYTHONPATH": str(root)}
    )
    while not list(folder.glob("shard-????/shard.json")):
        assert building.poll() is None
        time.sleep(0.005)
    workers = children(building.pid)
    building.kill()
    building.wait()
    there = {path.parent.name for path in folder.glob("shard-????/shard.json")}
    assert 0 < len(there) < 24
    assert len(workers) >= 2
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a worker outlives its builder"
        time.sleep(0.01)
    with pytest.raises(ArtefactError, match="manifest"):
        read_manifest(folder)
    stamps = {name: (folder / name / "shard.json").stat().st_mtime_ns for name in there}
    book = planted_stories("planted", sessions=120, symbols=24).book
    told: list[tuple[int, int]] = []
    resumed = build_corpus(
        book,
        SETTINGS,
        folder,
        workers=1,
        symbols_per_shard=1,
        progress=lambda *now: told.append(now),
    )
    assert told[0][0] >= len(there)
    assert told[-1] == (24, 24)
    assert {n: (folder / n / "shard.json").stat().st_mtime_ns for n in there} == stamps
    whole = build_corpus(book, SETTINGS, tmp_path / "whole", workers=1, symbols_per_shard=1)
    assert resumed == whole


def children(pid: int) -> list[int]:
    """Return the processes that a process started."""
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_full_disk_is_said_and_keeps_what_was_finished(
    book: StoryBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = build_corpus(book, SETTINGS, tmp_path, workers=1, symbols_per_shard=2)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    read = BpeVocabulary(Tokenizer.from_file(str(tmp_path / TOKENIZER)))
    shard = shards.shard_of(book, (), SETTINGS, read, tmp_path / "more", book.symbols[:1])
    monkeypatch.setattr("datasets.Dataset.save_to_disk", full)
    with pytest.raises(WorldError, match="No space left"):
        shards.write(shard)
    assert not (tmp_path / "more").exists()
    assert read_manifest(tmp_path) == kept


def test_two_builds_of_one_corpus_do_not_write_over_each_other(
    book: StoryBook, tmp_path: Path
) -> None:
    with exclusive(tmp_path / LOCK), pytest.raises(StoreBusy):
        build_corpus(book, SETTINGS, tmp_path)
