"""The quantitative context as a contract: complete, past-only, and honest about its gaps."""

import subprocess
import sys

import numpy as np
import pytest

from foundation.contracts import QUANT_FIELDS, REGIME_FIELDS
from foundation.kernel import UpstreamDataError
from foundation.quant import (
    Forecaster,
    GarchSettings,
    QuantForecaster,
    QuantileSettings,
    QuantSettings,
)
from foundation.testing.samples import market_window
from foundation.timeseries import Panel

SETTINGS = QuantSettings(
    garch=GarchSettings(minimum_observations=120, refit_every=150, fit_window=300),
    quantiles=QuantileSettings(
        minimum_sessions=100, refit_every=120, minimum_leaf=50, round_choices=(0, 10), leaves=5
    ),
)


@pytest.fixture(scope="module")
def window():
    return market_window(420)


@pytest.fixture(scope="module")
def context(window):
    forecaster: Forecaster = QuantForecaster(SETTINGS)
    return forecaster.context(window)


def test_the_context_covers_every_session_and_symbol_of_the_window(window, context):
    assert context.values.sessions == window.bars.sessions
    assert context.values.symbols == window.bars.symbols
    assert context.values.fields == QUANT_FIELDS
    assert (context.as_of, context.produced_at) == (window.as_of, window.produced_at)


def test_the_last_row_answers_for_everything_but_alpha_and_regimes_a_random_walk_has_not(context):
    last = context.values.values[-1]
    answered = np.isfinite(last).all(axis=0)
    assert dict(zip(QUANT_FIELDS, answered, strict=True)) == {
        name: name not in (*REGIME_FIELDS, "idiosyncratic_alpha") for name in QUANT_FIELDS
    }
    assert "tells no regimes apart" in context.models[0].version
    q10, q50, q90 = (context.values.field(q)[-1] for q in ("q10", "q50", "q90"))
    assert ((q10 <= q50) & (q50 <= q90)).all()
    assert (context.values.field("volatility_5d")[-1] > 0).all()


def test_a_market_that_storms_every_few_months_has_regimes_the_same_for_all_stocks(window):
    storm = np.where(np.arange(420) // 60 % 2 == 1, 3.0, 1.0)[:, None]
    fields = {name: window.bars.field(name) for name in window.bars.fields}
    walk = np.diff(np.log(fields["close"]), axis=0, prepend=np.log(fields["close"][:1]))
    fields["close"] = fields["close"][:1] * np.exp(np.cumsum(storm * walk, axis=0))
    bars = Panel.from_fields(window.bars.sessions, window.bars.symbols, fields)
    made = QuantForecaster(SETTINGS).context(window.model_copy(update={"bars": bars}))
    last = made.values.values[-1, :, :4]
    assert last.sum(axis=1) == pytest.approx(np.ones(4))
    assert (last == last[0]).all()
    assert last[0, REGIME_FIELDS.index("p_choppy")] > 0.9
    assert "tells apart 2 states, calmest first: choppy, volatile" in made.models[0].version
    assert made.models[0].trained_until == window.bars.sessions[272]


def test_every_answering_field_names_its_model_and_its_training(window, context):
    named = [f for m in context.models for f in m.fields]
    assert sorted(named) == sorted(set(QUANT_FIELDS) - {"idiosyncratic_alpha"})
    garch = next(m for m in context.models if m.name == "GARCH(1,1)")
    assert "8 fits, 0 refused" in garch.version
    assert garch.trained_until == window.bars.sessions[270]


def test_a_later_as_of_repeats_what_an_earlier_one_said(window, context):
    cut = window.bars.sessions[380]
    earlier = window.model_copy(
        update={name: getattr(window, name).until(cut) for name in ("bars", "features", "market")}
    )
    shorter = QuantForecaster(SETTINGS).context(earlier)
    assert shorter.values == context.values.until(cut)


def test_a_window_too_short_for_any_model_is_answered_with_absence_not_numbers():
    made = QuantForecaster(SETTINGS).context(market_window(60))
    assert np.isnan(made.values.values).all()
    assert {m.trained_until for m in made.models} == {None}


def test_panels_that_disagree_on_sessions_are_refused(window):
    torn = window.model_copy(update={"features": window.features.last(100)})
    with pytest.raises(UpstreamDataError, match="share the same"):
        QuantForecaster(SETTINGS).context(torn)


def test_importing_the_room_loads_no_heavy_library():
    code = (
        "import sys, foundation.quant, foundation.quant.evaluation\n"
        "print([m for m in ('arch', 'lightgbm', 'pandas', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
