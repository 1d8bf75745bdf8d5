"""The stage: complete, absent where the data is absent, and blind to the future."""

import numpy as np
import pytest

from foundation.contracts import HORIZONS, SERIES, STATES, content_hash
from foundation.kernel import OperatorError, UpstreamDataError
from foundation.quant.options import OPTION_FIELDS
from foundation.testing import samples
from foundation.timeseries import Panel
from stage_01_data_engine.features.catalogue import FEATURE_FIELDS
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage

STAGE = FuzzificationStage(FuzzificationSettings())


def test_every_series_is_graded_for_every_symbol() -> None:
    window = samples.market_window()
    fuzzy = STAGE.run(window)
    assert fuzzy.memberships.fields == tuple(SERIES)
    assert fuzzy.memberships.layers == STATES
    assert fuzzy.movements.layers == HORIZONS
    known = fuzzy.memberships.field("price")[-1]
    np.testing.assert_allclose(known.sum(axis=-1), 1.0)


def test_every_continuous_field_of_the_window_has_a_position() -> None:
    window = samples.market_window()
    fuzzy = STAGE.run(window)
    assert fuzzy.positions.fields == (
        *(f"bars|{f}" for f in window.bars.fields),
        *(f"features|{f}" for f in window.features.fields),
    )
    assert fuzzy.market_positions.fields == tuple(f"market|{f}" for f in window.market.fields)
    assert fuzzy.option_positions is None
    values = window.features.field("rsi_14")[:, 0]
    past = values[-61:-1]
    assert fuzzy.positions.field("features|rsi_14")[-1, 0] == pytest.approx(
        2 + (values[-1] - past.mean()) / past.std(), abs=1e-9
    )


def test_what_stories_speak_of_is_an_excerpt_of_all_degrees() -> None:
    fuzzy = STAGE.run(samples.market_window())
    for series in SERIES.values():
        told = fuzzy.memberships.field(series.name)
        if np.isnan(told).all():
            continue
        found = fuzzy.degrees(series.panel, series.field)
        np.testing.assert_array_equal(told, np.broadcast_to(found, told.shape))


def test_series_of_a_source_and_option_features_are_placed_as_they_come() -> None:
    window = samples.market_window()
    count = len(window.bars.sessions)
    rng = np.random.default_rng(4)
    flow = rng.normal(size=(count, len(window.bars.symbols), 1)).cumsum(axis=0)
    features = Panel(
        sessions=window.bars.sessions,
        symbols=window.bars.symbols,
        fields=(*window.features.fields, "own flow"),
        values=np.concatenate([window.features.values, flow], axis=2),
    )
    skew = rng.normal(size=(count, 1, 2)).cumsum(axis=0)
    options = Panel(
        sessions=window.bars.sessions,
        symbols=window.bars.symbols[1:2],
        fields=("skew", "term slope"),
        values=skew,
    )
    fuzzy = STAGE.run(window.model_copy(update={"features": features, "options": options}))
    assert fuzzy.option_positions is not None
    for placed, values in (
        (fuzzy.positions.field("features|own flow")[-1, 0], flow[-61:, 0, 0]),
        (fuzzy.option_positions.field("options|term slope")[-1, 0], skew[-61:, 0, 1]),
    ):
        past = values[:-1]
        assert placed == pytest.approx(2 + (values[-1] - past.mean()) / past.std(), abs=1e-9)
    assert fuzzy.degrees("options", "skew").shape == (count, 1, 5)
    with pytest.raises(OperatorError, match="option quotes"):
        STAGE.run(window).degrees("options", "skew")


def test_flags_and_codes_have_no_states_and_all_that_are_named_so_exist() -> None:
    settings = FuzzificationSettings()
    known = {f"features|{name}" for name in FEATURE_FIELDS}
    assert set(settings.discrete) <= known
    assert set(settings.logarithmic) <= known | {f"options|{name}" for name in OPTION_FIELDS}
    window = samples.market_window()
    fuzzy = FuzzificationStage(
        settings.model_copy(update={"discrete": ("features|rsi_14", "market|wti")})
    ).run(window)
    assert "features|rsi_14" not in fuzzy.positions.fields
    assert "market|wti" not in fuzzy.market_positions.fields
    with pytest.raises(OperatorError, match="no such label"):
        fuzzy.degrees("features", "rsi_14")


def test_volume_is_placed_by_its_logarithm_and_a_session_without_trade_nowhere() -> None:
    window = samples.market_window()
    bars = window.bars.values.copy()
    volume = window.bars.fields.index("volume")
    n = next(k for k, i in enumerate(window.instruments) if "volume" in i.fields)
    bars[-3, n, volume] = 0.0
    changed = Panel(**{**dict(window.bars), "values": bars})
    placed = STAGE.run(window.model_copy(update={"bars": changed})).positions.field("bars|volume")
    assert np.isnan(placed[-3, n])
    logs = np.log(np.where(bars[:, n, volume] > 0, bars[:, n, volume], np.nan))
    past = logs[-62:-2]
    expected = 2 + (logs[-2] - np.nanmean(past)) / np.nanstd(past)
    assert placed[-2, n] == pytest.approx(expected, abs=1e-9)


def test_shape_and_width_of_states_are_settings() -> None:
    window = samples.market_window()
    plain = STAGE.run(window)
    bells = FuzzificationStage(FuzzificationSettings(shape="gaussian")).run(window)
    np.testing.assert_array_equal(bells.positions.values, plain.positions.values)
    assert (bells.memberships.values[-1, 0, 0] > 0).all()
    np.testing.assert_array_equal(
        bells.degrees("bars", "close")[-1, 0], bells.memberships.field("price")[-1, 0]
    )
    wide = FuzzificationStage(FuzzificationSettings(sigma=2.0)).run(window)
    away = plain.positions.field("bars|close") - 2
    np.testing.assert_allclose(wide.positions.field("bars|close") - 2, away / 2, rtol=1e-9)
    with pytest.raises(ValueError, match="sharp_multiple must exceed"):
        FuzzificationSettings(sharp_multiple=0.5, steady_multiple=0.5)


def test_close_only_instruments_have_no_volume_state_but_all_others() -> None:
    window = samples.market_window()
    fuzzy = STAGE.run(window)
    n = next(k for k, i in enumerate(window.instruments) if i.close_only)
    assert np.isnan(fuzzy.memberships.field("volume")[:, n]).all()
    assert np.isnan(fuzzy.movements.field("volume")[:, n]).all()
    assert not np.isnan(fuzzy.memberships.field("price")[-1, n]).any()


def test_two_runs_give_the_same_bytes() -> None:
    window = samples.market_window()
    assert content_hash(STAGE.run(window)) == content_hash(STAGE.run(window))


def test_a_rewritten_future_changes_nothing_before_it() -> None:
    window = samples.market_window()
    cut = 200
    bars = window.bars.values.copy()
    bars[cut:] *= 1.7
    features = window.features.values.copy()
    features[cut:] = -features[cut:]
    changed = window.model_copy(
        update={
            "bars": Panel(**{**dict(window.bars), "values": bars}),
            "features": Panel(**{**dict(window.features), "values": features}),
        }
    )
    before, after = STAGE.run(window), STAGE.run(changed)
    names = (
        "positions",
        "memberships",
        "movements",
        "strengths",
        "patterns",
        "inference",
        "events",
    )
    for name in names:
        np.testing.assert_array_equal(
            getattr(before, name).values[:cut], getattr(after, name).values[:cut]
        )
    assert not np.array_equal(
        before.memberships.values[cut:], after.memberships.values[cut:], equal_nan=True
    )


def test_an_empty_window_is_refused_with_a_remedy() -> None:
    window = samples.market_window()
    empty = window.model_copy(update={"bars": window.bars.last(0)})
    with pytest.raises(UpstreamDataError, match="findings of stage 01"):
        STAGE.run(empty)
