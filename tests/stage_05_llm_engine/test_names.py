"""Exchange of names: which tokens change, that levels and frames stay, and that it teaches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.recipes import story_nano_test
from foundation.contracts import TAPE, TokenBatch
from foundation.kernel import OperatorError
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine import Phase, TrainingRecipe
from stage_05_llm_engine.learning.lessons import Batch, loss_weights, take, with_asides
from stage_05_llm_engine.learning.material import HeldMaterial, HeldWindows
from stage_05_llm_engine.learning.names import exchange, scarcity, share_of
from stage_05_llm_engine.learning.steps import steps

ROWS = list(range(12))
WEIGHTS = np.array([2.5, 1.0, 0.5, 3.0, 2.0, 0.25])
SHORT = story_nano_test().model_copy(update={"phases": (Phase(steps=4, loss="every story"),)})


@pytest.fixture(scope="module")
def tokens() -> TokenBatch:
    settings = TokenizationSettings(history_sessions=10, validation_sessions=10)
    return TokenizationStage(settings).run(planted_stories("planted", sessions=60, symbols=3).book)


def batch(tokens: TokenBatch) -> Batch:
    windows = tokens.split("train")
    weights = loss_weights(windows, tokens.codes, "every story", tape_weight=WEIGHTS)
    return with_asides(take(windows, weights, ROWS), tokens.codes, WEIGHTS)


def drawn(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def spelled(tokens: TokenBatch) -> dict[int, tuple[int, int]]:
    """Return (series, level) by token; a question's level is -1."""
    codes = tokens.codes
    answers = {
        mark[0]: (s, level)
        for s, outcomes in enumerate(codes.outcomes)
        for level, mark in enumerate(outcomes)
    }
    return answers | {mark[0]: (s, -1) for s, mark in enumerate(codes.series)}


@given(seed=st.integers(0, 10_000))
def test_a_window_with_exchanged_names_is_a_window_of_the_language(
    tokens: TokenBatch, seed: int
) -> None:
    """One name for each name in the whole window, questions aside included; all else stays."""
    before, meaning = batch(tokens), spelled(tokens)
    after = exchange(before, tokens.codes, 1.0, drawn(seed))
    assert before.asides is not None
    assert after.asides is not None
    for row in range(len(ROWS)):
        asked = before.asides.weights[row] > 0
        told = [before.ids[row], *(t[row, asked] for t in _put(before))]
        said = [after.ids[row], *(t[row, asked] for t in _put(after))]
        pairs = set(zip(np.concatenate(told).tolist(), np.concatenate(said).tolist(), strict=True))
        names = set()
        for old, new in pairs:
            if old not in meaning:
                assert new == old
                continue
            (series, level), (called, kept) = meaning[old], meaning[new]
            assert kept == level
            names.add((series, called))
        assert len({old for old, _ in names}) == len({new for _, new in names}) == len(names)
        assert (TAPE.index("price"), TAPE.index("price")) in names
    np.testing.assert_array_equal(after.weights, before.weights)
    np.testing.assert_array_equal(after.asides.weights, before.asides.weights)
    np.testing.assert_array_equal(after.asides.behind, before.asides.behind)


def _put(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    assert batch.asides is not None
    return batch.asides.questions, batch.asides.answers


def test_every_state_is_called_by_every_state_s_name_equally_often(tokens: TokenBatch) -> None:
    codes, one = tokens.codes, replace(batch(tokens), asides=None)
    trend = codes.series[TAPE.index("trend")][0]
    place = tuple(np.argwhere(one.ids == trend)[0])
    draws = [exchange(one, codes, 1.0, drawn(seed)).ids[place] for seed in range(1000)]
    found = {token: draws.count(token) for token in set(draws)}
    assert set(found) == {codes.series[s][0] for s, name in enumerate(TAPE) if name != "price"}
    # 200 each; four standard deviations of a binomial count.
    assert all(abs(count - 200) < 4 * np.sqrt(1000 * 0.2 * 0.8) for count in found.values())


def test_no_share_gives_the_very_batch(tokens: TokenBatch) -> None:
    one = batch(tokens)
    assert exchange(one, tokens.codes, 0.0, drawn(0)) is one


def test_names_are_exchanged_until_averaging_begins() -> None:
    recipe = story_nano_test().model_copy(
        update={
            "phases": (Phase(steps=60, loss="every story"), Phase(steps=40, loss="target")),
            "exchanged_names": 0.8,
            "average_last": 0.35,
        }
    )
    assert [share_of(recipe, step) for step in (0, 64, 65, 99)] == [0.8, 0.8, 0.0, 0.0]


def test_real_names_come_last() -> None:
    values = story_nano_test().model_dump() | {"exchanged_names": 0.5, "average_last": 0.0}
    with pytest.raises(ValidationError, match="until weights begin to be averaged"):
        TrainingRecipe(**values)


def without(tokens: TokenBatch, series: str, symbol: str) -> TokenBatch:
    """Return the batch with the series' questions of one symbol's windows made padding."""
    train = tokens.split("train")
    rows = np.array([label.symbol == symbol for label in train.labels])
    asked = train.ids == tokens.codes.series[TAPE.index(series)][0]
    ids = np.where(asked & rows[:, None], tokens.codes.pad, train.ids).astype(np.int32)
    kept = tuple(one for one in tokens.splits if one.split != "train")
    return tokens.model_copy(update={"splits": (train.model_copy(update={"ids": ids}), *kept)})


def test_names_are_exchanged_for_the_sake_of_a_rare_series_alone(tokens: TokenBatch) -> None:
    """Of the three symbols one reports no volume; without it all series are as common."""
    train = tokens.split("train")
    asked = {name: (train.ids == tokens.codes.series[s][0]) for s, name in enumerate(TAPE)}
    expected = 1 - asked["volume"].sum() / asked["trend"].sum()
    assert 0.2 < expected < 0.5
    assert scarcity(HeldWindows(train), tokens.codes) == pytest.approx(expected)
    reporting = HeldWindows(train).rows(np.flatnonzero(asked["volume"].any(axis=1)).tolist())
    assert scarcity(HeldWindows(reporting), tokens.codes) == 0.0
    kept = tuple(one for one in tokens.splits if one.split != "train")
    even = HeldMaterial(tokens.model_copy(update={"splits": (reporting, *kept)}))
    recipe = SHORT.model_copy(update={"exchanged_names": 1.0})
    for one, other in zip(steps(recipe, even), steps(SHORT, even), strict=True):
        assert all((a.ids == b.ids).all() for a, b in zip(one, other, strict=True))


def test_a_series_that_nobody_tells_is_not_rare(tokens: TokenBatch) -> None:
    silent = tokens
    for symbol in {label.symbol for label in tokens.split("train").labels}:
        silent = without(silent, "volume", symbol)
    assert scarcity(HeldWindows(silent.split("train")), tokens.codes) == 0.0


def test_steps_that_go_on_read_the_names_that_an_unbroken_run_reads(tokens: TokenBatch) -> None:
    recipe = SHORT.model_copy(update={"exchanged_names": 1.0})
    material = HeldMaterial(tokens)
    whole = list(steps(recipe, material))
    late = list(steps(recipe, material, 2))
    for one, other in zip(whole[2:], late, strict=True):
        for there, here in zip(one, other, strict=True):
            np.testing.assert_array_equal(there.ids, here.ids)
    plain = list(steps(SHORT, material))
    assert any((a.ids != b.ids).any() for a, b in zip(whole[0], plain[0], strict=True))
    assert all((a.ids == b.ids).all() for a, b in zip(whole[3], plain[3], strict=True))


def test_marks_of_several_tokens_are_refused(tokens: TokenBatch) -> None:
    codes = tokens.codes.model_copy(update={"story": (1, 2)})
    with pytest.raises(OperatorError, match="exchanged_names = 0"):
        exchange(batch(tokens), codes, 0.5, drawn(0))
