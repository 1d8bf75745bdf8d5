"""The walk-forward model: it finds what was planted, and learns from nothing later."""

from unittest import mock

import numpy as np
import pytest

from foundation.kernel import OperatorError
from foundation.quant import QuantileSettings, quantiles
from foundation.quant.evaluation import brier_score, pinball_loss
from foundation.quant.labels import target_before_stop
from foundation.quant.quantiles import (
    LEVELS,
    model_inputs,
    past_quantiles,
    walk_forward_quantiles,
)
from foundation.quant.returns import forward_log_returns
from foundation.testing.samples import market_window
from foundation.timeseries import Panel

SMALL = QuantileSettings(
    refit_every=100,
    minimum_sessions=150,
    minimum_leaf=20,
    round_choices=(0, 40),
    leaves=7,
    learning_rate=0.1,
)


def flat(window, level=0.02):
    return np.full(window.bars.values.shape[:2], level)


def planted(seed=1):
    """A window whose drift, over blocks of ten sessions, is announced by a feature."""
    window = market_window(500, seed)
    generator = np.random.default_rng(seed)
    hint = generator.choice([-1.0, 1.0], size=(50, 4)).repeat(10, axis=0)
    steps = 0.004 * generator.normal(size=(500, 4))
    steps[1:] += 0.003 * hint[:-1]
    close = 100 * np.exp(np.cumsum(steps, axis=0))
    nothing = np.full(close.shape, np.nan)
    bars = {"open": nothing, "high": nothing, "low": nothing, "close": close, "volume": nothing}
    sessions, symbols = window.bars.sessions, window.bars.symbols
    return window.model_copy(
        update={
            "bars": Panel.from_fields(sessions, symbols, bars),
            "features": Panel.from_fields(sessions, symbols, {"hint": hint}),
        }
    )


@pytest.fixture(scope="module")
def window():
    return market_window(500)


def test_quantiles_never_cross_and_start_after_enough_sessions(window):
    made = walk_forward_quantiles(window, flat(window), SMALL)
    assert made.refit_rows == (150, 250, 350, 450)
    assert np.isnan(made.quantiles[:150]).all()
    assert np.isfinite(made.quantiles[150:]).all()
    assert (np.diff(made.quantiles[150:], axis=-1) >= 0).all()
    assert ((made.hit_probability[150:] > 0) & (made.hit_probability[150:] < 1)).all()


def test_a_planted_effect_is_found_out_of_sample():
    window = planted()
    volatility = flat(window, 0.015)
    hinted = SMALL.model_copy(update={"features": ("hint",)})
    made = walk_forward_quantiles(window, volatility, hinted)
    close = window.bars.field("close")
    move = forward_log_returns(close, 5)
    hit = target_before_stop(close, close, close, volatility, 5)
    seen = np.isfinite(move) & np.isfinite(made.hit_probability)
    past = np.quantile(move[:145], LEVELS)
    loss = pinball_loss(made.quantiles, move, LEVELS)[seen].mean()
    naive = pinball_loss(np.broadcast_to(past, (*move.shape, 3)), move, LEVELS)[seen].mean()
    assert loss < 0.9 * naive
    assert np.corrcoef(made.expected_return[seen], move[seen])[0, 1] > 0.3
    base = brier_score(np.full(hit.shape, hit[:145].mean()), hit)[seen].mean()
    assert brier_score(made.hit_probability, hit)[seen].mean() < base


def test_no_label_in_training_reaches_past_its_refit(window):
    seen = []
    real = quantiles.fit

    def watched(tasks, early, late, everything, settings):
        seen.append((early, late, everything))
        return real(tasks, early, late, everything, settings)

    with mock.patch.object(quantiles, "fit", watched):
        made = walk_forward_quantiles(window, flat(window), SMALL)
    move = forward_log_returns(window.bars.field("close"), 5) / 0.02
    for row, (early, late, everything) in zip(made.refit_rows, seen, strict=True):
        # the last label ends on the refit session itself: rows 0 .. row - 5
        assert len(everything.inputs) == (row - 5 + 1) * 4
        assert everything.labels[0][-4:] == pytest.approx(move[row - 5])
        assert late.labels[0][-4:] == pytest.approx(move[row - 5])
        # the labels that rounds are tried with end before the first held-back row
        assert len(early.inputs) + len(late.inputs) == len(everything.inputs) - 5 * 4


def test_rewriting_the_future_changes_no_earlier_forecast(window):
    t = 320
    bars = np.array(window.bars.values)
    features, market = np.array(window.features.values), np.array(window.market.values)
    bars[t:] *= 7.0
    features[t:] = -1.0
    market[t:] = 99.0
    rewritten = window.model_copy(
        update={
            name: getattr(window, name).model_copy(update={"values": values})
            for name, values in (("bars", bars), ("features", features), ("market", market))
        }
    )
    before, after = (walk_forward_quantiles(w, flat(w), SMALL) for w in (window, rewritten))
    assert before.quantiles[:t].tobytes() == after.quantiles[:t].tobytes()
    assert before.hit_probability[:t].tobytes() == after.hit_probability[:t].tobytes()
    assert before.quantiles[t:].tobytes() != after.quantiles[t:].tobytes()


def test_the_same_window_gives_the_same_bytes(window):
    first, second = (walk_forward_quantiles(window, flat(window), SMALL) for _ in range(2))
    assert first.quantiles.tobytes() == second.quantiles.tobytes()
    assert first.hit_probability.tobytes() == second.hit_probability.tobytes()


def test_features_that_the_settings_do_not_name_change_no_input(window):
    noise = np.random.default_rng(5).normal(size=window.bars.field("close").shape)
    panels = {}
    for name in ("features", "market"):
        panel = getattr(window, name)
        fields = {f: panel.field(f) for f in panel.fields[::-1]}
        added = {"unheard_of": noise[:, : len(panel.symbols)]}
        panels[name] = Panel.from_fields(panel.sessions, panel.symbols, added | fields)
    before, after = (
        model_inputs(w, flat(w), SMALL) for w in (window, window.model_copy(update=panels))
    )
    assert before.tobytes() == after.tobytes()


def test_a_window_without_a_feature_that_the_settings_name_is_refused(window):
    settings = SMALL.model_copy(update={"features": (*SMALL.features, "unheard_of")})
    with pytest.raises(OperatorError, match="unheard_of"):
        model_inputs(window, flat(window), settings)


def test_inputs_do_not_depend_on_the_price_level(window):
    bars, features = np.array(window.bars.values), np.array(window.features.values)
    bars[..., :4] *= 10.0
    for name in SMALL.price_unit_features:
        features[..., window.features.index_of("fields", name)] *= 10.0
    split = window.model_copy(
        update={
            "bars": window.bars.model_copy(update={"values": bars}),
            "features": window.features.model_copy(update={"values": features}),
        }
    )
    first, second = (model_inputs(w, flat(w), SMALL) for w in (window, split))
    assert first == pytest.approx(second, nan_ok=True, rel=1e-9)


def test_where_volatility_is_absent_there_is_no_forecast(window):
    volatility = flat(window)
    volatility[:, 3] = np.nan
    volatility[400, 0] = np.nan
    made = walk_forward_quantiles(window, volatility, SMALL)
    assert np.isnan(made.quantiles[:, 3]).all()
    assert np.isnan(made.quantiles[400, 0]).all()
    assert np.isfinite(made.quantiles[401, 0]).all()
    nothing = walk_forward_quantiles(window, np.full_like(volatility, np.nan), SMALL)
    assert nothing.refit_rows == ()
    assert np.isnan(nothing.hit_probability).all()


def test_the_expected_return_is_swansons_mean_of_the_quantiles():
    made = quantiles.QuantileForecasts(
        np.array([[[-0.04, 0.01, 0.05]]]), np.array([[0.5]]), refit_rows=(0,), rounds=()
    )
    assert made.expected_return[0, 0] == pytest.approx(0.3 * -0.04 + 0.4 * 0.01 + 0.3 * 0.05)


def test_past_quantiles_are_those_of_what_was_known_and_of_nothing_later() -> None:
    draw = np.random.default_rng(4)
    outcome, scale = draw.standard_normal((60, 4)), draw.uniform(0.01, 0.02, (60, 4))
    outcome[3, 2] = np.nan
    made = past_quantiles(outcome, scale, horizon=5, every=3, least=40)
    assert np.isnan(made[:16]).all()
    # Learnt at row 40, outcomes of rows 0 to 35 are known; rows 40 to 42 use them.
    by_hand = np.nanquantile(outcome[:36], [0.1, 0.5, 0.9])
    np.testing.assert_allclose(made[42, 1], by_hand * scale[42, 1], rtol=1e-12)
    outcome[36:] *= -5
    other = past_quantiles(outcome, scale, horizon=5, every=3, least=40)
    np.testing.assert_array_equal(made[:43], other[:43])
    assert not np.array_equal(made[43:], other[43:])
