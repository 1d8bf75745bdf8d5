"""What is published is weighed: by the past alone, and drafts tell what is published."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import torch

from foundation.contracts import OPINIONS, TAPE
from foundation.kernel import UpstreamDataError
from foundation.timeseries import Panel
from stage_05_llm_engine.adapters.in_process.engine import TransformersNarrative
from stage_05_llm_engine.adapters.in_process.generation import draw
from stage_05_llm_engine.drawing import Draft
from stage_05_llm_engine.scenarios import Scenario
from stage_05_llm_engine.weighing import Blend, blends, contexts, weigh
from stage_05_llm_engine.weights import checkpoint
from tests.stage_05_llm_engine.conftest import ENGINE, Trained

MODEL = OPINIONS.index("story model")
UNKNOWN = date.min


def test_the_published_forecast_is_the_mean_of_three_opinions_by_its_weights(
    planted: Trained,
) -> None:
    """Oracle: transitions and frequencies of the stories, counted in a loop, at the last row."""
    forecast, observed = planted.forecast, planted.stories.book.observed.values
    weights = forecast.weights.values[-1, 0]
    for s, series in enumerate(TAPE):
        moves = np.full((5, 5), 0.5)
        seen = np.full(5, 0.5)
        for column in observed[:, :, s].T.tolist():
            for now in column:
                if now == now:
                    seen[int(now)] += 1
            for now, then in itertools.pairwise(column):
                if now == now and then == then:
                    moves[int(now), int(then)] += 1
        for n in range(len(forecast.distributions.symbols)):
            model = forecast.model_distributions.values[-1, n, s]
            if np.isnan(model).any():
                assert np.isnan(forecast.distributions.values[-1, n, s]).all()
                continue
            row = moves[int(observed[-1, n, s])]
            opinions = [model, row / row.sum(), seen / seen.sum()]
            expected = sum(w * o for w, o in zip(weights[s], opinions, strict=True))
            published = forecast.distributions.values[-1, n, s]
            np.testing.assert_allclose(published, expected, err_msg=series)


def test_weights_begin_before_the_first_scored_session_and_follow_the_better_opinion(
    planted: Trained,
) -> None:
    weights = planted.forecast.weights
    assert weights.sessions == planted.forecast.distributions.sessions
    assert weights.layers == OPINIONS
    np.testing.assert_allclose(weights.values.sum(axis=-1), 1.0)
    price = weights.values[:, 0, TAPE.index("price")]
    assert price[0, MODEL] != pytest.approx(1 / 3)
    assert price[-1, MODEL] > 0.9


def test_on_a_martingale_what_is_published_is_not_worse_than_past_frequencies(
    martingale: Trained,
) -> None:
    book, forecast = martingale.stories.book, martingale.forecast
    origins = [book.sessions.index(day) for day in forecast.distributions.sessions[:-1]]
    happened = book.observed.values[[t + 1 for t in origins]]
    for s, series in enumerate(TAPE):
        known = ~np.isnan(happened[:, :, s])
        codes = happened[:, :, s][known].astype(int)
        place = np.arange(len(codes))
        counts = np.array([(book.observed.values[: origins[0], :, s] == c).sum() for c in range(5)])
        plain = ((counts + 0.5) / (counts.sum() + 2.5))[codes]
        said = forecast.distributions.values[:-1, :, s][known][place, codes]
        gain = np.log(said) - np.log(plain)
        assert gain.mean() > -2 * gain.std() / np.sqrt(len(gain)) - np.log(3) / len(origins), series


def test_what_comes_later_changes_no_earlier_row(planted: Trained) -> None:
    model, observed = planted.forecast.model_distributions, planted.stories.book.observed
    later = observed.values.copy()
    later[-20:] = 4.0 - later[-20:]
    rewritten = Panel(
        sessions=observed.sessions, symbols=observed.symbols, fields=TAPE, values=later
    )
    before, after = weigh(model, observed, UNKNOWN), weigh(model, rewritten, UNKNOWN)
    kept = len(model.sessions) - 20
    for one, other in (
        (before.distributions, after.distributions),
        (before.weights, after.weights),
    ):
        assert one.values[:kept].tobytes() == other.values[:kept].tobytes()
    assert not np.array_equal(before.weights.values[-1], after.weights.values[-1])


def test_what_the_model_may_know_earns_it_no_weight(planted: Trained) -> None:
    model, observed = planted.forecast.model_distributions, planted.stories.book.observed
    cut = model.sessions[-11]
    weights = weigh(model, observed, cut).weights.values[:, 0]
    np.testing.assert_allclose(weights[:-10], 1 / 3)
    assert (np.abs(weights[-1] - 1 / 3) > 1e-3).any()
    later = weigh(model, observed, date.max).weights.values
    np.testing.assert_allclose(later, 1 / 3)


def test_stories_that_do_not_reach_as_far_as_the_windows_are_refused(planted: Trained) -> None:
    book = planted.stories.book
    short = book.model_copy(update={"observed": book.observed.until(book.sessions[-2])})
    with pytest.raises(UpstreamDataError, match="record of what happened"):
        planted.engine.run(replace(planted.given, stories=short))


@pytest.mark.parametrize("series", ["price", "volatility"])
def test_drafts_tell_what_is_published(planted: Trained, series: str) -> None:
    """Frequencies of drawn answers are those of the mixture."""
    s, count = TAPE.index(series), 500
    narrative = TransformersNarrative(
        checkpoint.read(planted.store.path(planted.model.weights)),
        planted.tokens.codes,
        planted.tokens.tokenizer_json,
        ENGINE.model_copy(update={"scoring_precision": "float32"}),
        weights=planted.model.weights,
    )
    windows, codes = planted.tokens.split("forecast"), planted.tokens.codes
    model = narrative.next_states(windows).values[0, s]
    others = np.array([0.0, 0.1, 0.0, 0.2, 0.4])
    drafts = [
        Draft(
            codes, [s], Scenario("base", 1.0, 1.0, {}), seed, max_words=1, repeat_span=4,
            repeat_times=3, mixed={s: Blend(0.3, others)},
        )
        for seed in range(count)
    ]  # fmt: skip
    context = windows.ids[0, : windows.attention_mask[0].sum()].tolist()
    with torch.no_grad():
        draw(narrative.model, codes, [context], [(0, d) for d in drafts])
    frequencies = np.bincount([d.outcomes[s] for d in drafts], minlength=5) / count
    expected = 0.3 * model + others
    error = np.sqrt(expected * (1 - expected) / count)
    assert (np.abs(frequencies - expected) < 4 * error + 1 / count).all()


def test_blends_give_back_what_is_published(planted: Trained) -> None:
    forecast = planted.forecast
    model, published = (
        panel.values[-1] for panel in (forecast.model_distributions, forecast.distributions)
    )
    mixed = blends(forecast)
    for n, symbol in enumerate(forecast.distributions.symbols):
        assert set(mixed[symbol]) == set(np.flatnonzero(~np.isnan(model[n, :, 0])).tolist())
        for s, blend in mixed[symbol].items():
            np.testing.assert_allclose(np.exp(blend.of(np.log(model[n, s]))), published[n, s])


def test_contexts_hold_all_of_a_window_but_its_target(planted: Trained) -> None:
    windows = planted.tokens.split("validation")
    cut = contexts(windows)
    for row in (0, 5, len(windows.ids) - 1):
        last = windows.story_index[row].max()
        expected = windows.ids[
            row, (windows.story_index[row] < last) & (windows.story_index[row] >= 0)
        ]
        kept = cut.ids[row, : cut.attention_mask[row].sum()]
        assert kept.tolist() == expected.tolist()
    assert not cut.loss_mask.any()
