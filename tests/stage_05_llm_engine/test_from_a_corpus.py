"""Learning from a corpus on disk: what is learnt from the same windows in memory, to the byte."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from config.recipes import gpt_oss_20b_lora
from foundation.contracts import StoryBook, StoryModel, TokenBatch, TokenWindows
from foundation.kernel import ArtefactError, OperatorError, UpstreamDataError
from foundation.storage.folders import FolderStore
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_04_tokenization.corpus import Corpus, build_corpus, open_corpus
from stage_05_llm_engine import FolderKeeper, Phase, TrainingRecipe, TrainingStage, Watch
from stage_05_llm_engine.learning import training
from stage_05_llm_engine.learning.material import HeldMaterial, met_tokens
from stage_05_llm_engine.learning.steps import steps
from tests.stage_05_llm_engine.test_resuming import RECIPE, Killed, killed_after

CUT = TokenizationSettings(history_sessions=10, validation_sessions=10)

SHARED = RECIPE.model_copy(update={"accumulation": 2})
SHORT = SHARED.model_copy(
    update={"phases": (Phase(steps=3, loss="every story"),), "evaluations": 1, "average_last": 0.0}
)
PACKED = SHORT.model_copy(update={"pack_tokens": 1024, "accumulation": 1})


@pytest.fixture(scope="module")
def book() -> StoryBook:
    return planted_stories("planted", sessions=60, symbols=5).book


@pytest.fixture(scope="module")
def tokens(book: StoryBook) -> TokenBatch:
    return TokenizationStage(CUT).run(book)


@pytest.fixture(scope="module")
def folder(book: StoryBook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "corpus"
    build_corpus(book, CUT, folder, workers=1, symbols_per_shard=2)
    return folder


@pytest.fixture(scope="module")
def corpus(folder: Path) -> Corpus:
    return open_corpus(folder)


Learnt = tuple[StoryModel, bytes]


def learnt(recipe: TrainingRecipe, given: TokenBatch | Corpus, place: Path) -> Learnt:
    """Return what is learnt, apart from the name of its folder, and the bytes of its weights."""
    store = FolderStore(place)
    made = TrainingStage(recipe, store).run(given)
    weights = (store.path(made.weights) / "model.safetensors").read_bytes()
    return made.model_copy(update={"weights": ""}), weights


@pytest.fixture(scope="module")
def in_memory(tokens: TokenBatch, tmp_path_factory: pytest.TempPathFactory) -> Learnt:
    """What is learnt from the windows in memory: the oracle of all that follows."""
    return learnt(RECIPE, tokens, tmp_path_factory.mktemp("held"))


def test_the_same_windows_give_the_same_weights_from_disk(
    corpus: Corpus, in_memory: Learnt, tmp_path: Path
) -> None:
    assert learnt(RECIPE, corpus, tmp_path) == in_memory
    (folder,) = tmp_path.iterdir()
    card = json.loads((folder / "training.json").read_text())
    assert card["data_hash"] == corpus.manifest.corpus_hash


def test_packed_rows_are_the_same_from_disk(
    corpus: Corpus, tokens: TokenBatch, tmp_path: Path
) -> None:
    held, mapped = (
        learnt(PACKED, given, tmp_path / name)
        for name, given in (("held", tokens), ("mapped", corpus))
    )
    assert mapped == held


@pytest.mark.parametrize("step", [4, 9])
def test_a_killed_run_goes_on_to_the_same_weights(
    corpus: Corpus, in_memory: Learnt, tmp_path: Path, step: int
) -> None:
    store = FolderStore(tmp_path / "store")
    stage = TrainingStage(RECIPE, store, Watch(keeper=FolderKeeper(tmp_path / "standing")))
    with pytest.MonkeyPatch.context() as patch:
        killed_after(step, patch)
        with pytest.raises(Killed):
            stage.run(corpus)
    made = stage.run(corpus)
    assert made.learning_curve == in_memory[0].learning_curve
    assert (store.path(made.weights) / "model.safetensors").read_bytes() == in_memory[1]


def test_a_resumed_run_reads_no_window_of_the_steps_behind_it(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    windows = corpus.windows("train")
    true = windows.rows

    def rows(chosen: list[int]) -> TokenWindows:
        asked.append(len(chosen))
        return true(chosen)

    whole = list(steps(SHARED, corpus))
    monkeypatch.setattr(windows, "rows", rows)
    left = list(steps(SHARED, corpus, 9))
    assert asked == [SHARED.batch_windows] * SHARED.accumulation * 3
    for one, other in zip(left, whole[9:], strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a.ids, b.ids)
            np.testing.assert_array_equal(a.weights, b.weights)


def test_two_processes_map_the_corpus_themselves_and_learn_what_one_learns(
    corpus: Corpus, tokens: TokenBatch, tmp_path: Path
) -> None:
    """What travels to a process is the corpus's place, however much it holds."""
    assert len(pickle.dumps(corpus)) < 0.05 * len(pickle.dumps(HeldMaterial(tokens)))
    alone = learnt(SHORT, tokens, tmp_path / "alone")
    shared = learnt(SHORT.model_copy(update={"processes": 2}), corpus, tmp_path / "shared")
    assert shared[0].learning_curve[-1].story_score == pytest.approx(
        alone[0].learning_curve[-1].story_score, rel=1e-4
    )
    (tmp_path / "a").write_bytes(alone[1])
    (tmp_path / "b").write_bytes(shared[1])
    weights = load_file(tmp_path / "a")
    for name, found in load_file(tmp_path / "b").items():
        torch.testing.assert_close(found, weights[name], rtol=1e-3, atol=1e-4)


def test_rows_come_in_the_order_asked_for_as_wide_as_the_longest(
    corpus: Corpus, tokens: TokenBatch
) -> None:
    windows, held = corpus.windows("train"), tokens.split("train")
    lengths = held.attention_mask.sum(axis=1)
    np.testing.assert_array_equal(windows.lengths, lengths)
    chosen = [7, 0, 7, 11]
    read = windows.rows(chosen)
    longest = int(lengths[chosen].max())
    assert read.labels == tuple(held.labels[row] for row in chosen)
    for name in ("ids", "attention_mask", "loss_mask", "story_index"):
        expected = getattr(held, name)[chosen, :longest]
        np.testing.assert_array_equal(getattr(read, name), expected)
    met = met_tokens(windows, tokens.vocabulary_size)
    assert set(np.flatnonzero(met)) == set(held.ids[held.attention_mask == 1].tolist())


def test_a_changed_shard_and_another_tokeniser_are_told(folder: Path) -> None:
    for name, rule in (
        ("shard-0001/shard.json", "shard of the corpus"),
        ("tokenizer.json", "tokeniser of a corpus"),
    ):
        path = folder / name
        kept = path.read_bytes()
        path.write_bytes(kept + b" ")
        with pytest.raises(ArtefactError, match=rule):
            open_corpus(folder)
        path.write_bytes(kept)


def test_a_corpus_of_an_older_version_is_told(folder: Path, tmp_path: Path) -> None:
    document = json.loads((folder / "manifest.json").read_text())
    del document["until"]
    (tmp_path / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(ArtefactError, match="this version wrote"):
        open_corpus(tmp_path)


def test_an_empty_split_is_told_before_anything_is_learnt(
    book: StoryBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No story was told of the sessions that would be judged by."""
    last = len(book.sessions) - CUT.history_sessions - CUT.context_sessions - 1
    texts = [
        tuple("" for _ in row) if last - CUT.validation_sessions <= t < last else row
        for t, row in enumerate(book.texts)
    ]
    build_corpus(book.model_copy(update={"texts": tuple(texts)}), CUT, tmp_path, workers=1)
    monkeypatch.setattr(training, "_learn_from", None)
    with pytest.raises(UpstreamDataError, match="has no validation windows"):
        TrainingStage(RECIPE, FolderStore(tmp_path / "s")).run(open_corpus(tmp_path))


def test_a_batch_that_only_forecasts_is_nothing_to_learn_from(
    tokens: TokenBatch, tmp_path: Path
) -> None:
    only = tokens.model_copy(update={"splits": tokens.splits[1:]})
    with pytest.raises(UpstreamDataError, match="no train windows"):
        TrainingStage(RECIPE, FolderStore(tmp_path)).run(only)


def test_a_base_model_is_not_taught_in_another_models_tokens(
    corpus: Corpus, base: Path, tmp_path: Path
) -> None:
    with pytest.raises(OperatorError, match="base model's own"):
        TrainingStage(gpt_oss_20b_lora(str(base)), FolderStore(tmp_path)).run(corpus)
