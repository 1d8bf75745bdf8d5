"""Tomorrow's distributions: skill where there is some, none where there is none, and exactness."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from foundation.contracts import TAPE, TokenWindows
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.adapters.in_process.generation import draw
from stage_05_llm_engine.adapters.in_process.tree import question_tree
from stage_05_llm_engine.drawing import Draft
from stage_05_llm_engine.scenarios import Scenario
from stage_05_llm_engine.weights import checkpoint
from tests.stage_05_llm_engine.conftest import ENGINE, Trained, score


@pytest.fixture(scope="module")
def exact(planted: Trained) -> TransformersNarrative:
    """The planted model reading in float32, so that two ways to the same number can be compared."""
    return TransformersNarrative(
        checkpoint.read(planted.store.path(planted.model.weights)),
        planted.tokens.codes,
        planted.tokens.tokenizer_json,
        ENGINE.model_copy(update={"scoring_precision": "float32"}),
        weights=planted.model.weights,
    )


def context(windows: TokenWindows, row: int) -> list[int]:
    return windows.ids[row, : windows.attention_mask[row].sum()].tolist()


@pytest.mark.parametrize("series", ["price", "trend", "momentum", "volatility"])
def test_what_is_planted_is_found(planted: Trained, series: str) -> None:
    """The model comes most of the way from climatology to the law itself."""
    scored = score(planted, series)
    gain = (scored.climatology - scored.model).mean()
    assert gain > 0.5 * (scored.climatology - scored.truth).mean() > 0


@pytest.mark.parametrize("series", TAPE)
def test_nothing_is_found_in_a_martingale(martingale: Trained, series: str) -> None:
    gain = score(martingale, series)
    difference = gain.climatology - gain.model
    assert difference.mean() < 2 * difference.std() / np.sqrt(len(difference))
    assert difference.mean() > -0.25


def test_a_distribution_stands_for_every_scored_session_and_tomorrow(planted: Trained) -> None:
    panel, book = planted.forecast.distributions, planted.stories.book
    assert panel.sessions == book.sessions[-61:]
    assert panel.symbols == book.symbols
    assert planted.forecast.target_session == book.target_session
    there = ~np.isnan(panel.values)
    volume = TAPE.index("volume")
    assert not there[:, -1, volume].any()
    assert there[:, :-1].all()
    sums = panel.values[:, :-1].sum(axis=-1)
    np.testing.assert_allclose(sums, 1.0, atol=1e-9)


def test_the_model_was_trained_before_the_first_scored_session(planted: Trained) -> None:
    sessions = planted.stories.book.sessions
    first = sessions.index(planted.forecast.distributions.sessions[0])
    assert sessions.index(planted.forecast.trained_until) <= first - 7


def test_asking_all_at_once_is_asking_one_by_one(
    planted: Trained, exact: TransformersNarrative
) -> None:
    """Oracle: a plain forward pass over context, frame and one question, masks by transformers."""
    windows, codes = planted.tokens.split("forecast"), planted.tokens.codes
    together = exact.next_states(windows).values
    for row in range(len(windows.ids)):
        for s in range(len(TAPE)):
            if np.isnan(together[row, s]).any():
                continue
            asked = [*context(windows, row), *codes.story, *codes.series[s]]
            with torch.no_grad():
                logits = exact.model(input_ids=torch.tensor([asked])).logits[0, -1]
            answers = torch.tensor([o[0] for o in codes.outcomes[s]])
            alone = logits[answers].double().softmax(dim=0).numpy()
            np.testing.assert_allclose(together[row, s], alone, atol=1e-5)


def test_the_questions_cost_seven_tokens(planted: Trained) -> None:
    assert len(question_tree(planted.tokens.codes).tokens) == 1 + len(TAPE)


@pytest.mark.parametrize("series", ["price", "volatility"])
def test_frequencies_of_drawn_answers_agree_with_the_distribution(
    planted: Trained, exact: TransformersNarrative, series: str
) -> None:
    s, count = TAPE.index(series), 600
    windows, codes = planted.tokens.split("forecast"), planted.tokens.codes
    as_believed = Scenario("base", 1.0, 1.0, {})
    drafts = [
        Draft(codes, [s], as_believed, seed, max_words=1, repeat_span=4, repeat_times=3)
        for seed in range(count)
    ]
    with torch.no_grad():
        draw(exact.model, codes, [context(windows, 0)], [(0, d) for d in drafts])
    place = {outcome[0]: code for code, outcome in enumerate(codes.outcomes[s])}
    told = [next(place[i] for i in d.ids if i in place) for d in drafts]
    frequencies = np.bincount(told, minlength=5) / count
    expected = exact.next_states(windows).values[0, s]
    error = np.sqrt(expected * (1 - expected) / count)
    assert (np.abs(frequencies - expected) < 4 * error + 1 / count).all()


def test_a_forecast_does_not_depend_on_its_company(
    planted: Trained, exact: TransformersNarrative
) -> None:
    windows = planted.tokens.split("forecast")
    together = exact.next_states(windows).values
    one = windows.model_copy(
        update={
            "labels": windows.labels[2:3],
            **{
                name: getattr(windows, name)[2:3]
                for name in ("ids", "attention_mask", "loss_mask", "story_index")
            },
        }
    )
    np.testing.assert_allclose(exact.next_states(one).values[0], together[2], atol=1e-5)


def test_a_story_scores_what_the_training_loss_says_of_it(
    planted: Trained, exact: TransformersNarrative
) -> None:
    """Oracle: a plain pass of the stock model over each window, token by token."""
    windows = planted.tokens.split("validation")
    scores = exact.score(windows)
    assert np.isnan(exact.score(planted.tokens.split("forecast"))).all()
    for row in (0, 7, 30):
        ids = torch.tensor([context(windows, row)])
        with torch.no_grad():
            said = exact.model(input_ids=ids).logits[0].double().log_softmax(dim=-1)
        counted = np.nonzero(windows.loss_mask[row])[0].tolist()
        expected = sum(float(said[place - 1, ids[0, place]]) for place in counted)
        assert scores[row] == pytest.approx(expected, abs=1e-3)
