"""What a model from scratch has never met is not read, and how answers begin."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from foundation.contracts import TAPE, TokenBatch, TokenWindows
from foundation.storage.folders import FolderStore
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import EngineSettings, TrainingStage
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.network.answers import begin_as_series_and_level
from stage_05_llm_engine.network.architecture import build
from stage_05_llm_engine.network.familiar import FamiliarSentences, forget_unmet
from stage_05_llm_engine.weights import checkpoint
from tests.stage_05_llm_engine.test_training import SHORT

STRANGE = " Zyx wvu, qpo; nml."


@pytest.fixture(scope="module")
def tokens() -> TokenBatch:
    settings = TokenizationSettings(history_sessions=10, validation_sessions=10)
    return TokenizationStage(settings).run(planted_stories("planted", sessions=60, symbols=2).book)


@pytest.fixture(scope="module")
def trained(tokens: TokenBatch, tmp_path_factory: pytest.TempPathFactory) -> TransformersNarrative:
    store = FolderStore(tmp_path_factory.mktemp("familiar"))
    made = TrainingStage(SHORT, store).run(tokens)
    return TransformersNarrative(
        checkpoint.read(store.path(made.weights)),
        tokens.codes,
        tokens.tokenizer_json,
        EngineSettings(threads=1, scoring_precision="float32"),
        weights=made.weights,
    )


def strange_ids(tokens: TokenBatch) -> list[int]:
    """Return a sentence in words that no story told, and check that its spelling is new."""
    reader = Tokenizer.from_str(tokens.tokenizer_json)
    ids = reader.encode(STRANGE, add_special_tokens=False).ids
    train = tokens.split("train")
    assert set(ids) - set(train.ids[train.attention_mask == 1].tolist())
    return list(ids)


def with_strangers(tokens: TokenBatch, windows: TokenWindows) -> TokenWindows:
    """Return the windows with a strange sentence behind the words of their first two stories."""
    strange, end = strange_ids(tokens), tokens.codes.end[0]
    rows = []
    for row in range(len(windows.ids)):
        ids: list[int] = []
        index: list[int] = []
        loss: list[int] = []
        real = windows.attention_mask[row] == 1
        for token, number, counts in zip(
            windows.ids[row, real], windows.story_index[row, real], windows.loss_mask[row, real],
            strict=True,
        ):  # fmt: skip
            if token == end and number < 2:
                ids += strange
                index += [number] * len(strange)
                loss += [0] * len(strange)
            ids.append(int(token))
            index.append(int(number))
            loss.append(int(counts))
        rows.append((ids, index, loss))
    width = max(len(ids) for ids, _, _ in rows)
    tables = [np.full((len(rows), width), fill, dtype=np.int32) for fill in (0, -1, 0)]
    tables[0][:] = tokens.codes.pad
    for row, parts in enumerate(rows):
        for table, values in zip(tables, parts, strict=True):
            table[row, : len(values)] = values
    ids_, index_, loss_ = tables
    return windows.model_copy(
        update={
            "ids": ids_,
            "attention_mask": (index_ >= 0).astype(np.int32),
            "story_index": index_,
            "loss_mask": loss_,
        }
    )


def test_a_sentence_in_unmet_words_changes_no_forecast(
    tokens: TokenBatch, trained: TransformersNarrative
) -> None:
    windows = tokens.split("history")
    expected = trained.next_states(windows).values
    found = trained.next_states(with_strangers(tokens, windows)).values
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.isfinite(expected).any()


def test_a_sentence_in_unmet_words_before_it_changes_no_score_of_a_story(
    tokens: TokenBatch, trained: TransformersNarrative
) -> None:
    windows = tokens.split("validation")
    found = trained.score(with_strangers(tokens, windows))
    np.testing.assert_allclose(found, trained.score(windows), rtol=1e-5)


def test_a_target_story_is_scored_whole_whatever_it_says(
    tokens: TokenBatch, trained: TransformersNarrative
) -> None:
    """Unmet words are improbable: a story that ends in them scores worse, not the same."""
    windows = tokens.split("validation")
    last = windows.story_index[0].max()
    place = int(np.flatnonzero(windows.story_index[0] == last)[-1])
    ids, loss, index = (
        np.insert(table[:1], [place] * 4, values, axis=1)
        for table, values in (
            (windows.ids, strange_ids(tokens)[:4]),
            (windows.loss_mask, [1] * 4),
            (windows.story_index, [last] * 4),
        )
    )
    longer = windows.model_copy(
        update={
            "labels": windows.labels[:1],
            "ids": ids,
            "loss_mask": loss,
            "story_index": index,
            "attention_mask": (index >= 0).astype(np.int32),
        }
    )
    assert trained.score(longer)[0] < trained.score(windows)[0] - 4


def test_training_leaves_unmet_embeddings_at_zero_and_moves_all_others(
    tokens: TokenBatch, trained: TransformersNarrative
) -> None:
    train = tokens.split("train")
    met = set(train.ids[train.attention_mask == 1].tolist())
    rows = trained.model.get_input_embeddings().weight
    zero = {i for i in range(len(rows)) if not rows[i].any()}
    assert zero == set(range(len(rows))) - met
    assert zero


def test_marks_are_always_read_and_sentences_whole_or_not_at_all(tokens: TokenBatch) -> None:
    torch.manual_seed(0)
    model = build(SHORT.start, tokens.vocabulary_size, tokens.codes.pad)
    train = tokens.split("train")
    met = np.isin(np.arange(tokens.vocabulary_size), train.ids[train.attention_mask == 1])
    forget_unmet(model, met)
    familiar = FamiliarSentences(model, tokens.codes, tokens.tokenizer_json)
    codes, strange = tokens.codes, strange_ids(tokens)
    known = [codes.story[0], *codes.series[0], *codes.outcomes[0][1], codes.text[0]]
    sentence = train.ids[0]
    words = sentence[np.flatnonzero(sentence == codes.text[0])[0] + 1 :][:3].tolist()
    ids = np.array([*known, *strange, *words, codes.end[0], *known, *words, *strange, codes.end[0]])
    expected = [*known, *words, codes.end[0], *known, codes.end[0]]
    # The last sentence began in met words and went on in unmet ones: it is left out whole.
    assert familiar.read(ids.tolist()) == expected


def test_a_model_without_zero_embeddings_reads_everything(tokens: TokenBatch) -> None:
    torch.manual_seed(0)
    model = build(SHORT.start, tokens.vocabulary_size, tokens.codes.pad)
    familiar = FamiliarSentences(model, tokens.codes, tokens.tokenizer_json)
    pad = tokens.codes.pad
    ids = np.array([i for i in range(tokens.vocabulary_size) if i != pad])
    assert familiar.readable(ids).all()


def test_answers_begin_as_series_and_level(tokens: TokenBatch) -> None:
    """Two levels stand to each other in every series as in every other, but for a little."""
    torch.manual_seed(0)
    model = build(SHORT.start, tokens.vocabulary_size, tokens.codes.pad)
    size = model.get_input_embeddings().weight.std().item()
    begin_as_series_and_level(model, tokens.codes)
    for layer in (model.get_input_embeddings(), model.get_output_embeddings()):
        rows = layer.weight.detach()
        answers = torch.stack([torch.stack([rows[o[0]] for o in s]) for s in tokens.codes.outcomes])
        assert answers.std().item() == pytest.approx(size, rel=0.1)
        steps = answers[:, 4] - answers[:, 0]
        alike = torch.nn.functional.cosine_similarity(steps[0], steps[1:], dim=1)
        assert (alike > 0.75).all()
        questions = torch.stack([rows[q[0]] for q in tokens.codes.series])
        nearest = torch.cdist(answers.mean(dim=1), questions).argmin(dim=1)
        assert nearest.tolist() == list(range(len(TAPE)))
