"""Questions put aside: what they ask, that they are answered as a forecast is, and seen by none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from foundation.contracts import TAPE, TokenBatch, TokenWindows
from foundation.kernel import OperatorError
from foundation.testing.planted_stories import planted_stories
from stage_04_tokenization import TokenizationSettings, TokenizationStage
from stage_05_llm_engine.learning.asides import put_aside
from stage_05_llm_engine.learning.lessons import (
    Batch,
    loss_weights,
    series_shares,
    take,
    with_asides,
)
from stage_05_llm_engine.learning.losses import weighted_loss
from stage_05_llm_engine.learning.packing import pack
from stage_05_llm_engine.network.architecture import build
from stage_05_llm_engine.tape import read_tape
from tests.stage_05_llm_engine.test_training import SHORT

ROWS = [3, 0, 5]
WEIGHTS = np.array([2.5, 1.0, 0.5, 3.0, 2.0, 0.25])
"""Of an answer of each series, all different."""


@pytest.fixture(scope="module")
def tokens() -> TokenBatch:
    settings = TokenizationSettings(history_sessions=10, validation_sessions=10)
    return TokenizationStage(settings).run(planted_stories("planted", sessions=60, symbols=2).book)


@pytest.fixture(scope="module")
def model(tokens: TokenBatch) -> torch.nn.Module:
    torch.manual_seed(0)
    return build(SHORT.start, tokens.vocabulary_size, tokens.codes.pad).eval()


def batch(tokens: TokenBatch, loss: str = "every story") -> Batch:
    windows = tokens.split("train")
    return take(windows, loss_weights(windows, tokens.codes, loss, tape_weight=4.0), ROWS)


def tapes(windows: TokenWindows, tokens: TokenBatch, row: int) -> list[dict[int, int]]:
    """Return the tape of each story of a window, read by stage 05's own reader."""
    index = windows.story_index[row]
    return [
        read_tape(tokens.codes, windows.ids[row, index == number].tolist())
        for number in range(index.max() + 1)
    ]


@pytest.mark.parametrize(("loss", "asked"), [("every story", slice(1, None)), ("target", [-1])])
def test_every_series_of_every_learnt_story_is_asked_once(
    tokens: TokenBatch, loss: str, asked: slice | list[int]
) -> None:
    windows, codes = tokens.split("train"), tokens.codes
    aside = with_asides(batch(tokens, loss), codes, WEIGHTS).asides
    assert aside is not None
    for place, row in enumerate(ROWS):
        told = tapes(windows, tokens, row)
        wanted = told[asked] if isinstance(asked, slice) else [told[i] for i in asked]
        expected = sorted(
            (codes.series[s][0], codes.outcomes[s][code][0], WEIGHTS[s])
            for tape in wanted
            for s, code in tape.items()
        )
        there = aside.weights[place] > 0
        asked_ = (aside.questions, aside.answers, aside.weights)
        triples = zip(*(table[place, there].tolist() for table in asked_), strict=True)
        assert sorted(triples) == expected
        assert (windows.ids[row, aside.behind[place, there]] == codes.story[0]).all()


@pytest.mark.parametrize("packed", [False, True])
def test_an_aside_is_answered_as_if_it_were_asked_alone(
    tokens: TokenBatch, model: torch.nn.Module, packed: bool
) -> None:
    """Oracle: transformers' own pass over the past, the opening mark and one question."""
    windows, codes = tokens.split("train"), tokens.codes
    plain = batch(tokens)
    if packed:
        weights = loss_weights(windows, codes, "every story", tape_weight=4.0)
        plain = pack(windows, weights, [ROWS[:2], ROWS[2:]], codes.pad)
    asking = with_asides(plain, codes, WEIGHTS)
    expected = 0.0
    for row in ROWS:
        index, ids = windows.story_index[row], windows.ids[row]
        for number, tape in enumerate(tapes(windows, tokens, row)):
            past = ids[(index >= 0) & (index < number)].tolist()
            for s, code in tape.items() if number else ():
                asked = torch.tensor([[*past, *codes.story, *codes.series[s]]])
                with torch.no_grad():
                    said = model(input_ids=asked).logits[0, -1].log_softmax(dim=0)
                expected -= WEIGHTS[s] * float(said[codes.outcomes[s][code][0]])
    with torch.no_grad():
        found = float(weighted_loss(model, asking, SHORT))
        without = float(weighted_loss(model, plain, SHORT))
    assert found - without == pytest.approx(expected, rel=1e-3)


def test_nothing_sees_what_is_asked_aside(tokens: TokenBatch, model: torch.nn.Module) -> None:
    """Answers of no weight leave the loss of a row's own tokens as it is."""
    plain = batch(tokens)
    asking = with_asides(plain, tokens.codes, WEIGHTS)
    assert asking.asides is not None
    silent = replace(
        asking, asides=replace(asking.asides, weights=np.zeros_like(asking.asides.weights))
    )
    with torch.no_grad():
        found, expected = (float(weighted_loss(model, b, SHORT)) for b in (silent, plain))
    assert found == pytest.approx(expected, rel=1e-5)


def test_asides_count_in_a_batchs_weight(tokens: TokenBatch) -> None:
    plain = batch(tokens)
    asking = with_asides(plain, tokens.codes, WEIGHTS)
    windows = tokens.split("train")
    put = sum(WEIGHTS[s] for row in ROWS for tape in tapes(windows, tokens, row)[1:] for s in tape)
    assert asking.weight == pytest.approx(plain.weight + put)
    assert with_asides(plain, tokens.codes, 0.0 * WEIGHTS) is plain


def test_what_all_symbols_tell_weighs_as_the_root_of_their_number(tokens: TokenBatch) -> None:
    shares = dict(zip(TAPE, series_shares(2), strict=True))
    assert shares.pop("market volatility") == pytest.approx(1 / np.sqrt(2))
    assert set(shares.values()) == {1.0}


def test_marks_of_several_tokens_are_refused(tokens: TokenBatch) -> None:
    plain = batch(tokens)
    spelled = tokens.codes.model_copy(update={"story": (7, 8)})
    with pytest.raises(OperatorError, match="aside_weight"):
        put_aside(plain.ids, plain.weights > 0, spelled, WEIGHTS)
