"""What a story says follows from degrees and distances, at borders worked out by hand."""

import numpy as np
import pytest

from foundation.contracts import STATES, Statement
from foundation.testing import samples
from foundation.timeseries import Panel
from stage_03_story_assembly import StoryAssemblySettings
from stage_03_story_assembly.content.columns import (
    SILENT,
    Column,
    appetite_column,
    level_columns,
    past_rank,
    pattern_column,
    quant_columns,
    state_column,
)

SETTINGS = StoryAssemblySettings()


def said(column: Column, t: int, n: int) -> Statement | None:
    code = column.codes[t, n]
    return None if code == SILENT else column.options[code]


@pytest.mark.parametrize(
    ("degrees", "value", "hedge"),
    [
        ((0, 0, 0, 0, 1.0), "very high", "clear"),
        ((0, 0, 0.1, 0.9, 0), "high", "clear"),
        ((0, 0, 0.3, 0.7, 0), "high", "leaning lower"),
        ((0, 0, 0, 0.7, 0.3), "high", "leaning higher"),
        ((0, 0.45, 0.55, 0, 0), "medium", "between lower"),
        ((0, 0, 0.55, 0.45, 0), "medium", "between higher"),
        ((0.6, 0.4, 0, 0, 0), "very low", "between higher"),
        ((0, 0, 0, 0.4, 0.6), "very high", "between lower"),
        # Bells: every state holds a little; the nearer neighbour decides the lean.
        ((0.0, 0.02, 0.28, 0.66, 0.04), "high", "leaning lower"),
        ((0.0, 0.01, 0.03, 0.66, 0.3), "high", "leaning higher"),
        ((0.02, 0.03, 0.05, 0.3, 0.6), "very high", "between lower"),
    ],
)
def test_hedges_follow_the_degrees(degrees: tuple, value: str, hedge: str) -> None:
    fuzzy = samples.fuzzy_window()
    values = fuzzy.memberships.values.copy()
    k = fuzzy.memberships.fields.index("momentum")
    values[-1, 0, k] = degrees
    fuzzy = fuzzy.model_copy(
        update={"memberships": Panel(**{**dict(fuzzy.memberships), "values": values})}
    )
    column = state_column(fuzzy, "momentum", SETTINGS)
    statement = said(column, -1, 0)
    assert statement is not None
    assert (statement.value, statement.hedge) == (value, hedge)
    assert column.degrees[-1, 0] == max(degrees)
    assert value in STATES


def test_levels_are_banded_by_their_distance_in_scales() -> None:
    market = samples.market_window()
    features = market.features.values.copy()
    close = market.bars.field("close")[-1, 0]
    at = market.features.fields.index
    features[-1, 0, at("volatility_scale_20")] = 10.0
    features[-1, 0, at("support_20")] = close - 2.0
    features[-1, 0, at("resistance_20")] = close + 25.0
    market = market.model_copy(
        update={"features": Panel(**{**dict(market.features), "values": features})}
    )
    support, resistance = level_columns(market, SETTINGS)
    assert said(support, -1, 0).value == "at"  # type: ignore[union-attr]
    assert said(resistance, -1, 0).value == "within reach"  # type: ignore[union-attr]


def test_a_silent_model_is_said_to_be_silent() -> None:
    quant = samples.quant_context()
    nothing = np.full(quant.values.values.shape, np.nan)
    quant = quant.model_copy(update={"values": Panel(**{**dict(quant.values), "values": nothing})})
    *spoken, absence = quant_columns(quant, SETTINGS)
    assert all((column.codes == SILENT).all() for column in spoken)
    assert (absence.codes == 0).all()


def test_past_rank_counts_only_the_past() -> None:
    values = np.array([1.0, 2.0, 3.0, 0.0, 2.5, np.nan, 9.0])[:, None]
    rank = past_rank(values, 4)[:, 0]
    expected = [np.nan, 1.0, 1.0, 0.0, 3 / 4, np.nan, 1.0]
    np.testing.assert_allclose(rank, expected)
    changed = values.copy()
    changed[4:] = -5.0
    np.testing.assert_array_equal(past_rank(changed, 4)[:4], past_rank(values, 4)[:4])


@pytest.mark.parametrize(
    ("points", "value", "hedge"),
    [
        (0.0, "very low", "clear"),
        (30.0, "low", "leaning higher"),
        (50.0, "medium", "clear"),
        (64.0, "high", "between lower"),
        (92.0, "very high", "leaning lower"),
    ],
)
def test_risk_appetite_is_told_in_states_of_25_points(
    points: float, value: str, hedge: str
) -> None:
    fuzzy = samples.fuzzy_window()
    values = fuzzy.inference.values.copy()
    values[-1, :, fuzzy.inference.fields.index("risk appetite")] = points
    values[-2, :, fuzzy.inference.fields.index("risk appetite")] = np.nan
    fuzzy = fuzzy.model_copy(
        update={"inference": Panel(**{**dict(fuzzy.inference), "values": values})}
    )
    column = appetite_column(fuzzy, SETTINGS)
    assert said(column, -1, 0) == Statement(
        kind="state", subject="risk appetite", value=value, hedge=hedge
    )
    assert said(column, -2, 0) is None


def test_of_two_equally_good_patterns_the_first_of_the_library_is_told() -> None:
    fuzzy = samples.fuzzy_window()
    values = np.zeros(fuzzy.patterns.values.shape)
    values[-1, 0, :2] = 0.8
    values[-2, 0, 1], values[-2, 0, 2] = 0.5, 0.7
    fuzzy = fuzzy.model_copy(
        update={"patterns": Panel(**{**dict(fuzzy.patterns), "values": values})}
    )
    column = pattern_column(fuzzy, SETTINGS)
    names = fuzzy.patterns.fields
    assert said(column, -1, 0).subject == names[0]  # type: ignore[union-attr]
    assert said(column, -2, 0).subject == names[2]  # type: ignore[union-attr]
    assert said(column, -3, 0) is None
