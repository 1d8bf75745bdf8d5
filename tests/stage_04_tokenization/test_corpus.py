"""The corpus on disk: the same windows as in memory, found again, hashed, counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from foundation.contracts import StoryBook, TokenBatch
from foundation.kernel import ArtefactError
from stage_04_tokenization.corpus import Manifest, build_corpus, read_manifest, windows_of
from tests.stage_04_tokenization.conftest import SETTINGS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corpus")


@pytest.fixture(scope="module")
def built(folder: Path, book: StoryBook) -> Manifest:
    return build_corpus(book, SETTINGS, folder, workers=2, symbols_per_shard=2)


@pytest.mark.parametrize("split", ["train", "validation", "history", "forecast"])
def test_windows_on_disk_are_those_in_memory(
    folder: Path, built: Manifest, batch: TokenBatch, split: str
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
