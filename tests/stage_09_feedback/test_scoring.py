"""Scores of planted forecasts against hand-computed values and known truths."""

import math

import numpy as np
import pytest

from foundation.contracts import TAPE
from stage_09_feedback import FeedbackSettings, FeedbackStage
from tests.stage_09_feedback.cases import constant, drawn, given

PLANTED = (0.1, 0.2, 0.4, 0.2, 0.1)


def report(case, **settings):
    return FeedbackStage(FeedbackSettings(**settings)).run(case)


def score(made, series, metric, baseline):
    (found,) = (
        s
        for s in made.scores
        if (s.series, s.metric, s.baseline_name) == (series, metric, baseline)
    )
    return found


def test_a_planted_forecast_scores_what_the_definition_says():
    # Every session ends in category 3: log score -ln .2, RPS (.01 + .09 + .49 + .01) / 4.
    made = report(given(np.full((40, 4, 6), 3.0), constant(PLANTED, 21)))
    assert made.sessions_scored == 20
    for series in (*TAPE, "all"):
        log = score(made, series, "log score", "climatology")
        rps = score(made, series, "ranked probability score", "persistence")
        assert log.system == pytest.approx(-math.log(0.2))
        assert rps.system == pytest.approx(0.60 / 4)
        assert log.forecasts == (20 * 4 if series != "all" else 20 * 4 * 6)


def test_references_score_what_counting_the_past_by_hand_says():
    # Ten sessions of the same code; the last forecast origin is row 8 of 0..9.
    made = report(given(np.full((12, 4, 6), 3.0), constant(PLANTED, 12)), minimum_sessions=11)
    rows = range(11)  # origins 0..10 know t + 1 codes and t stays
    climatology = np.mean([-math.log((t + 1.5) / (t + 3.5)) for t in rows])
    persistence = np.mean([-math.log((t + 0.5) / (t + 1)) for t in rows])
    found = score(made, "trend", "log score", "climatology")
    assert found.baseline == pytest.approx(climatology)
    assert found.difference == pytest.approx(climatology + math.log(0.2))
    assert score(made, "trend", "log score", "persistence").baseline == pytest.approx(persistence)


def test_the_true_distribution_of_a_moving_target_beats_both_references():
    generator = np.random.default_rng(3)
    truth = generator.dirichlet(np.full(5, 0.7), size=(240, 4, 6))
    observed = np.zeros((240, 4, 6))
    observed[1:] = drawn(truth[:-1], generator)
    made = report(given(observed, truth[-61:]))
    for baseline in ("climatology", "persistence"):
        for metric in ("log score", "ranked probability score"):
            assert score(made, "all", metric, baseline).low > 0
    assert made.expected_calibration_error["all"] < 0.05
    assert made.direction.low > 0.5


def test_martingales_yield_no_skill_beyond_two_standard_errors():
    # 60 markets without memory and forecasters without knowledge; one false find in 40 is due.
    beyond = {"all": 0, "price": 0, "direction": 0}
    for seed in range(60):
        generator = np.random.default_rng(seed)
        codes = drawn(constant(PLANTED, 240), generator)
        fancy = generator.dirichlet(50 * np.array(PLANTED), size=(61, 4, 6))
        made = report(given(codes, fancy), bootstrap_samples=300)
        for series in ("all", "price"):
            found = score(made, series, "log score", "climatology")
            beyond[series] += found.difference > 2 * found.detectable / 2.8016
        beyond["direction"] += not made.direction.low <= 0.5 <= made.direction.high
    assert beyond["all"] <= 5
    assert beyond["price"] <= 5
    assert beyond["direction"] <= 9


def test_a_record_without_skill_is_told_as_one():
    generator = np.random.default_rng(17)
    codes = drawn(constant(PLANTED, 240), generator)
    made = report(given(codes, generator.dirichlet(50 * np.array(PLANTED), size=(61, 4, 6))))
    said = " ".join(made.summary)
    assert "did not beat climatology" in said
    assert "not shown to be better than a coin" in said


def test_direction_counts_signs_and_leaves_steady_sessions_out():
    observed = np.full((40, 4, 6), 2.0)
    observed[20:, 0, 0] = 4.0  # SPX rises sharply on every scored session: right
    observed[20:30, 1, 0] = 1.0  # IXIC drops on half of them: wrong; steady otherwise
    made = report(given(observed, constant((0.1, 0.1, 0.2, 0.3, 0.3), 21)))
    assert made.direction.forecasts == 20 + 9 + 1 - (0 if observed[20, 1, 0] == 1.0 else 1)
    assert made.direction.hit_rate == pytest.approx(20 / made.direction.forecasts)


def test_a_symmetric_forecast_names_no_direction():
    made = report(given(np.full((40, 4, 6), 4.0), constant(PLANTED, 21)))
    assert made.direction.forecasts == 0
    assert made.direction.hit_rate is None
    assert "No price forecast named a direction" in " ".join(made.summary)


def test_an_outcome_called_impossible_is_floored_counted_and_stated():
    sure = constant((1.0, 0, 0, 0, 0), 21)
    made = report(given(np.full((40, 4, 6), 4.0), sure), probability_floor=1e-4)
    found = score(made, "all", "log score", "climatology")
    assert found.system == pytest.approx(4 * math.log(10))
    assert "In 480 of 480 forecasts" in " ".join(made.summary)
    assert "below 0.0001" in " ".join(made.summary)


def test_calibration_bins_hold_every_outcome_of_every_pair():
    made = report(given(np.full((40, 4, 6), 3.0), constant(PLANTED, 21)))
    bins = [b for b in made.calibration if b.series == "price"]
    # .1 twice and .2 twice (one of them always true), .4 once
    assert [(round(b.forecast, 6), b.observed, b.count) for b in bins] == [
        (0.1, 0.0, 160),
        (0.2, 0.5, 160),
        (0.4, 0.0, 80),
    ]
    expected = (160 * 0.1 + 160 * 0.3 + 80 * 0.4) / 400
    assert made.expected_calibration_error["price"] == pytest.approx(expected)


def test_an_absent_series_has_no_score_and_does_not_dilute_the_pool():
    observed = np.full((40, 4, 6), 3.0)
    distributions = constant(PLANTED, 21)
    volume = TAPE.index("volume")
    observed[:, 2:, volume] = np.nan
    distributions[:, 2:, volume] = np.nan
    partly = report(given(observed, distributions))
    assert score(partly, "volume", "log score", "climatology").forecasts == 20 * 2
    distributions[:, :, volume] = np.nan
    absent = report(given(observed, distributions))
    assert "volume" not in {s.series for s in absent.scores}
    assert "volume" not in absent.expected_calibration_error
    assert score(absent, "all", "log score", "climatology").system == pytest.approx(-math.log(0.2))


def test_intervals_come_from_sessions_so_copies_of_an_instrument_do_not_narrow_them():
    generator = np.random.default_rng(5)
    one = drawn(constant(PLANTED, 120)[:, :1], generator)
    wobble = generator.dirichlet(20 * np.array(PLANTED), size=(61, 1, 6))
    alone = one.repeat(4, axis=1)
    alone[:, 1:] = np.nan
    copied = report(given(one.repeat(4, axis=1), wobble.repeat(4, axis=1)))
    single = report(given(alone, wobble.repeat(4, axis=1)))
    a, b = (score(m, "all", "log score", "climatology") for m in (copied, single))
    assert (a.low, a.high) == pytest.approx((b.low, b.high))
