"""Which forecast is held against which observation, and what is never scored."""

from datetime import date

import numpy as np
import pytest

from foundation.contracts import TAPE
from foundation.kernel import ModelError, OperatorError, UpstreamDataError
from foundation.testing.samples import market_window
from foundation.timeseries import Panel
from stage_09_feedback import FeedbackInput, FeedbackSettings, FeedbackStage
from tests.stage_09_feedback.cases import SYMBOLS, constant, drawn, given

PLANTED = (0.1, 0.2, 0.4, 0.2, 0.1)


def report(case, **settings):
    return FeedbackStage(FeedbackSettings(**settings)).run(case)


@pytest.fixture
def lively():
    generator = np.random.default_rng(2)
    observed = drawn(constant(PLANTED, 80), generator)
    return observed, generator.dirichlet(np.ones(5), size=(31, 4, 6))


def test_a_forecast_is_held_against_the_next_session(lively):
    observed, distributions = lively
    made = report(given(observed, distributions))
    sessions = market_window(80).bars.sessions
    assert (made.scored_from, made.scored_to) == (sessions[50], sessions[79])
    for outcome in made.outcomes:
        t = sessions.index(outcome.session)
        n, s = SYMBOLS.index(outcome.symbol), TAPE.index(outcome.series)
        assert outcome.target_session == sessions[t + 1]
        assert outcome.observed == observed[t + 1, n, s]
        assert outcome.probabilities == pytest.approx(distributions[t - 49, n, s])
    assert len(made.outcomes) == 5 * 4 * 6


def test_the_forecast_of_tomorrow_is_never_scored(lively):
    observed, distributions = lively
    before = report(given(observed, distributions))
    distributions = distributions.copy()
    distributions[-1] = (1.0, 0, 0, 0, 0)
    assert report(given(observed, distributions)) == before
    assert before.sessions_scored == 30


def test_symbols_in_another_order_give_the_same_record(lively):
    observed, distributions = lively
    turned = given(observed, distributions[:, ::-1], forecast_symbols=SYMBOLS[::-1])
    straight = report(given(observed, distributions))
    made = report(turned)
    for a, b in zip(made.scores, straight.scores, strict=True):
        assert a.model_dump() == pytest.approx(b.model_dump())
    assert made.direction == straight.direction


def test_rewriting_what_came_later_changes_nothing_that_was_scored_before(lively):
    observed, distributions = lively
    full = given(observed, distributions)
    rewritten = observed.copy()
    rewritten[70:] = 4.0 - rewritten[70:]
    other = given(rewritten, distributions)
    early, also = (FeedbackStage(FeedbackSettings()).run(_as_of_row(c, 69)) for c in (full, other))
    assert early == also
    assert early.sessions_scored == 20
    assert report(full).scores != report(other).scores


def _as_of_row(case, row):
    """The input as it stood at the close of a row's session."""
    session = case.market.bars.sessions[row]
    target = case.market.bars.sessions[row + 1]
    moved = {"session": session, "target_session": target}
    forecast, stories, market = case.forecast, case.stories, case.market
    return FeedbackInput(
        forecast=forecast.model_copy(
            update={**moved, "distributions": forecast.distributions.until(session)}
        ),
        stories=stories.model_copy(
            update={
                **moved,
                "sessions": stories.sessions[: row + 1],
                "observed": stories.observed.until(session),
            }
        ),
        market=market.model_copy(update={**moved, "bars": market.bars.until(session)}),
    )


def test_rows_that_the_model_saw_in_training_are_left_out_and_named(lively):
    observed, distributions = lively
    sessions = market_window(80).bars.sessions
    made = report(given(observed, distributions, trained_until=sessions[55]))
    assert made.scored_from == sessions[56]
    assert made.sessions_scored == 24
    assert "6 sessions of forecasts that the model had seen in training were left out" in " ".join(
        made.summary
    )


def test_a_session_missing_from_the_book_is_skipped_not_bridged(lively):
    observed, distributions = lively
    case = given(observed, distributions)
    book = case.stories.observed
    keep = [i for i in range(80) if i != 60]
    thinned = Panel(
        sessions=tuple(book.sessions[i] for i in keep),
        symbols=book.symbols,
        fields=book.fields,
        values=book.values[keep],
    )
    stories = case.stories.model_copy(update={"observed": thinned})
    made = report(FeedbackInput(case.forecast, stories, case.market))
    # neither the forecast for session 60 nor the one made on it has a partner
    assert made.sessions_scored == 28


@pytest.mark.parametrize("rows", [1, 2, 9])
def test_a_short_history_is_said_to_be_too_short(rows):
    made = report(given(np.full((30, 4, 6), 2.0), constant(PLANTED, rows)))
    assert made.sessions_scored == rows - 1
    assert made.scores == ()
    assert made.direction.hit_rate is None
    assert "at least 10 sessions are needed" in made.summary[0]
    assert (made.scored_from is None) == (rows == 1)


def test_a_malformed_distribution_is_refused():
    bad = constant(PLANTED, 21)
    bad[3, 1, 2] = (0.5, 0.5, 0.5, 0, 0)
    with pytest.raises(ModelError, match="sum to one"):
        report(given(np.full((40, 4, 6), 2.0), bad))
    bad[3, 1, 2] = (np.nan, 0.5, 0.5, 0, 0)
    with pytest.raises(ModelError, match="sum to one"):
        report(given(np.full((40, 4, 6), 2.0), bad))


def test_artefacts_of_different_sessions_are_refused(lively):
    case = given(*lively)
    late = case.forecast.model_copy(update={"session": date(2018, 12, 27)})
    with pytest.raises(OperatorError, match="same session"):
        report(FeedbackInput(late, case.stories, case.market))


def test_a_book_of_strangers_is_refused(lively):
    case = given(*lively)
    panel = case.forecast.distributions
    strangers = panel.model_copy(update={"symbols": ("A", "B", "C", "D")})
    forecast = case.forecast.model_copy(update={"distributions": strangers})
    with pytest.raises(UpstreamDataError, match="at least one symbol"):
        report(FeedbackInput(forecast, case.stories, case.market))
