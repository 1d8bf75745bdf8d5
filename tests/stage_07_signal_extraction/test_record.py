"""The record of past odds against scikit-learn's, and against worlds whose odds are known."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from stage_07_signal_extraction.odds import RiseOdds
from stage_07_signal_extraction.opinions import rises
from stage_07_signal_extraction.record import decile_of, odds_record
from stage_07_signal_extraction.settings import SignalSettings
from tests.stage_07_signal_extraction.worlds import planted

S = SignalSettings()


def told(said: np.ndarray, moved: np.ndarray, past: float = 0.55) -> RiseOdds:
    opinions = {"past": np.full(said.shape, past), "story": said, "model": said}
    return RiseOdds(moved, rises(moved), opinions, said, np.full((len(said), 3), 1 / 3))


def test_the_reliability_table_is_the_one_of_scikit_learn() -> None:
    world = planted(400, 0.1, seed=21)
    said = np.clip(world.truth + np.random.default_rng(22).normal(0, 0.05, world.truth.shape), 0, 1)
    record = odds_record(told(said, world.moved), np.zeros(said.shape), S)
    assert record is not None
    known = ~np.isnan(world.moved)
    happened, odds = world.moved[known] > 0, said[known]
    observed, forecast = calibration_curve(happened, odds, n_bins=10, strategy="quantile")
    assert [d.forecast for d in record.deciles] == pytest.approx(forecast.tolist(), abs=1e-3)
    assert [d.observed for d in record.deciles] == pytest.approx(observed.tolist(), abs=5e-3)
    assert record.brier == pytest.approx(brier_score_loss(happened, odds))
    assert record.forecasts == known.sum() == sum(d.count for d in record.deciles)
    assert record.rose == pytest.approx(happened.mean())


def test_true_odds_lie_within_their_intervals_and_beat_the_base_rate() -> None:
    world = planted(600, 0.1, seed=23)
    record = odds_record(told(world.truth, world.moved), np.zeros(world.truth.shape), S)
    assert record is not None
    assert len(record.deciles) == 2  # two different odds, so eight deciles are empty
    assert all(d.low <= d.forecast <= d.high for d in record.deciles)
    assert record.high < 0
    assert record.calibration_error < 0.02


def test_bold_odds_that_know_nothing_are_shown_to_be_worse() -> None:
    world = planted(600, 0.0, seed=24)
    bold = np.random.default_rng(25).uniform(0.2, 0.9, world.truth.shape)
    record = odds_record(told(bold, world.moved), np.sign(bold - 0.5), S)
    assert record is not None
    assert record.low > 0
    assert record.calibration_error > 0.1
    assert record.deciles[0].high > record.deciles[0].forecast + 0.1
    # Calls are counted by their sign: half of what was called came true.
    assert record.calls == record.forecasts
    assert record.right / record.calls == pytest.approx(0.5, abs=0.03)


def test_a_short_past_has_no_record() -> None:
    world = planted(24, 0.1, seed=26)  # 19 outcomes are known
    assert odds_record(told(world.truth, world.moved), np.zeros(world.truth.shape), S) is None
    longer = planted(25, 0.1, seed=26)
    assert odds_record(told(longer.truth, longer.moved), np.zeros(longer.truth.shape), S)


def test_sessions_on_which_the_past_stands_alone_are_not_scored() -> None:
    world = planted(200, 0.1, seed=27)
    said = world.truth.copy()
    silent = np.where(np.arange(200)[:, None] < 120, np.nan, said)
    odds = told(said, world.moved)
    opinions = {"past": odds.opinions["past"], "story": silent, "model": silent}
    record = odds_record(
        RiseOdds(odds.moved, odds.rose, opinions, said, odds.weights), np.zeros(said.shape), S
    )
    assert record is not None
    assert record.sessions == 75


def test_deciles_rank_what_is_known() -> None:
    found = decile_of(np.array([[0.7, 0.1], [np.nan, 0.3], [0.2, np.nan]]))
    assert (found[1, 0], found[2, 1]) == (-1, -1)
    assert found[0, 1] == 0
    assert found[0, 1] < found[2, 0] < found[1, 1] < found[0, 0] == 9


def test_equal_odds_share_a_decile() -> None:
    assert decile_of(np.full((3, 2), 0.5)).tolist() == [[0, 0]] * 3
