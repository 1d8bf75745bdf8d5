"""The whole foundation as a forecaster: complete, blind to the future, frank about who answers."""

from __future__ import annotations

import re

import numpy as np
import pytest

from foundation.contracts import MarketWindow, QuantContext
from foundation.kernel import OperatorError
from foundation.market_model import (
    BackboneSizes,
    EncoderSizes,
    GraphSizes,
    MarketModelRecipe,
)
from foundation.quant import GarchSettings, QuantileSettings, QuantSettings
from foundation.quant.settings import RecalibrationSettings
from foundation.testing.samples import market_window
from foundation.twins import TwinRecipe
from foundation.twins.forecaster import FoundationForecaster
from foundation.twins.settings import FoundationSettings
from tests.foundation.twins.banks import SIZES

QUANT = QuantSettings(
    garch=GarchSettings(minimum_observations=100, refit_every=150),
    quantiles=QuantileSettings(minimum_sessions=80, refit_every=150, minimum_leaf=40),
)
RECIPE = MarketModelRecipe(
    name="small",
    encoder=EncoderSizes(hidden=8, heads=2, lstm_layers=1),
    graph=GraphSizes(heads=2, width=4, projected=4),
    backbone=BackboneSizes(sector=2, liquidity=2, market_regime=2, middle=16, embedding=8),
    context=12,
    block=64,
    epochs=2,
    entry="close",
    features=("log_return_1", "rsi_14", "realised_volatility_20"),
    price_units=(),
    market_series=("vix",),
    threads=1,
)
SETTINGS = FoundationSettings(
    market_model=RECIPE,
    twins=TwinRecipe(
        sizes=SIZES.model_copy(update={"inputs": 6}),
        epochs=2,
        sessions=60,
        held_back=10,
        batch=16,
        threads=1,
    ),
    first_refit=120,
    refit_every=90,
    held_back=20,
    twin_refit_every=15,
    least=20,
    trial=60,
    recalibration=RecalibrationSettings(window=60, least=20, every=15),
)
FIELDS = ("expected_return_5d", "hit_probability", "volatility_5d", "q10", "q90")


def context(window: MarketWindow) -> QuantContext:
    return FoundationForecaster(QUANT, SETTINGS).context(window)


@pytest.fixture(scope="module")
def window() -> MarketWindow:
    return market_window(420)


@pytest.fixture(scope="module")
def made(window: MarketWindow) -> QuantContext:
    return context(window)


def test_every_field_is_answered_and_quantiles_do_not_cross(made: QuantContext) -> None:
    recent = made.values.values[300:]
    for name in FIELDS:
        assert np.isfinite(made.values.field(name)[300:]).all(), name
    assert recent.shape[2] == 11
    q10, q50, q90 = (made.values.field(f"q{q}")[300:] for q in (10, 50, 90))
    assert (q10 <= q50).all()
    assert (q50 <= q90).all()


def test_the_context_says_who_carries_how_much_weight_and_how_each_stood(
    made: QuantContext,
) -> None:
    assert made.report is not None
    rulings = made.report.rulings
    assert [r.matter for r in rulings] == ["quantiles", "hit", "volatility"]
    assert all(made.values.has(field) for r in rulings for field in r.fields)
    for ruling in rulings:
        weights = [voice.weight for voice in ruling.voices]
        assert sum(weights) == pytest.approx(1)
        assert weights == sorted(weights, reverse=True)
        assert ruling.leader == ruling.tenures[-1].name
        assert [s.name for s in ruling.standings] == [v.name for v in ruling.voices]
        for standing in ruling.standings:
            assert 20 <= standing.sessions <= SETTINGS.trial
            assert standing.low <= standing.gain <= standing.high
    assert {v.name for v in rulings[0].voices} == {
        "LightGBM", "plain past in GARCH's units", "market model", "market model and twins",
    }  # fmt: skip
    model = next(m for m in made.models if m.name == "market model")
    assert re.search(
        r"keeps \d+% of return, \d+% of hit, \d+% of median, \d+% of spread$", model.version
    )
    told = next(m for m in made.models if m.name == "combination")
    assert set(told.fields) == {field for r in rulings for field in r.fields}
    assert f"hit: {rulings[1].leader} {rulings[1].voices[0].weight:.0%}" in told.version


def test_before_the_first_refit_garch_and_lightgbm_answer_alone(
    window: MarketWindow, made: QuantContext
) -> None:
    settings = FoundationSettings(recalibration=SETTINGS.recalibration)
    alone = FoundationForecaster(QUANT, settings).context(window)
    assert made.report is not None
    first = made.values.sessions.index(made.report.rulings[0].tenures[0].since)
    for name in FIELDS:
        np.testing.assert_array_equal(
            made.values.field(name)[:first], alone.values.field(name)[:first]
        )
        assert not np.array_equal(
            made.values.field(name)[first:], alone.values.field(name)[first:]
        ), name


def test_rewriting_the_future_changes_no_byte_of_the_past(
    window: MarketWindow, made: QuantContext
) -> None:
    day = 330

    def other(name: str) -> object:
        panel = getattr(window, name)
        values = panel.values.copy()
        values[day + 1 :] *= 1.5 + np.random.default_rng(0).random(values[day + 1 :].shape)
        return panel.model_copy(update={"values": values})

    rewritten = context(
        window.model_copy(update={n: other(n) for n in ("bars", "features", "market")})
    )
    np.testing.assert_array_equal(made.values.values[: day + 1], rewritten.values.values[: day + 1])
    assert not np.array_equal(
        made.values.values[day + 1 :], rewritten.values.values[day + 1 :], equal_nan=True
    )


def test_deleting_the_future_changes_no_byte_of_the_past(
    window: MarketWindow, made: QuantContext
) -> None:
    last = window.bars.sessions[330]
    shorter = context(
        window.model_copy(
            update={n: getattr(window, n).until(last) for n in ("bars", "features", "market")}
        )
    )
    np.testing.assert_array_equal(made.values.values[:331], shorter.values.values)
    assert made.report is not None
    assert made.report.regimes is not None
    assert shorter.report is not None
    assert shorter.report.regimes is not None
    told = made.report.regimes.until(last).values
    assert np.isfinite(told).any()
    np.testing.assert_array_equal(told, shorter.report.regimes.values[-len(told) :])
    assert shorter.report.observed.sessions == (last,)


def test_without_a_market_model_garch_and_lightgbm_answer_alone(window: MarketWindow) -> None:
    from foundation.quant import QuantForecaster

    alone = FoundationForecaster(QUANT, FoundationSettings()).context(window)
    assert alone == QuantForecaster(QUANT).context(window)


def test_too_short_a_past_leaves_the_opinion_to_garch_and_lightgbm() -> None:
    short = context(market_window(180))
    assert not any(m.name == "market model" for m in short.models)


def test_opinions_from_different_entries_are_refused(window: MarketWindow) -> None:
    other = SETTINGS.model_copy(
        update={"market_model": RECIPE.model_copy(update={"entry": "next open"})}
    )
    with pytest.raises(OperatorError, match="same entry"):
        FoundationForecaster(QUANT, other).context(window)


def test_recalibration_touches_odds_and_outer_quantiles_alone_and_says_so(
    window: MarketWindow,
) -> None:
    settings = FoundationSettings(recalibration=SETTINGS.recalibration)
    plain = FoundationForecaster(QUANT, FoundationSettings()).context(window)
    made = FoundationForecaster(QUANT, settings).context(window)
    touched = {"hit_probability", "q10", "q90"}
    for name in plain.values.fields:
        same = np.array_equal(made.values.field(name), plain.values.field(name), equal_nan=True)
        assert same == (name not in touched), name
    assert next(m for m in made.models if m not in plain.models).fields == (
        "hit_probability",
        "q10",
        "q90",
    )
