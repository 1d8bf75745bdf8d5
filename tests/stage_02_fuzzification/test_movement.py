"""Movements: measured in scales known before the move, with borders at the stated multiples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stage_02_fuzzification.movement import by_horizon, classify, code, degree, own_scale

BORDERS = {"steady_multiple": 0.5, "sharp_multiple": 2.0}


def five_day_code(move: float, scale: float = 1.0) -> float:
    values = np.array([[100.0], [100.0], [100.0], [100.0], [100.0], [100.0 + move]])
    return code(values, np.full((6, 1), scale), 5, **BORDERS)[5, 0]


@pytest.mark.parametrize(
    ("move", "expected"),
    [(0.0, 0), (0.49, 0), (0.51, 1), (-0.51, -1), (1.99, 1), (2.01, 2), (-2.01, -2), (50.0, 2)],
)
def test_a_week_is_classified_by_multiples_of_the_scale(move: float, expected: int) -> None:
    movement, strength = classify(np.array([five_day_code(move)]))
    assert movement[0] == expected
    assert 0.5 <= strength[0] <= 1.0


def test_a_session_is_held_to_borders_that_shrink_with_the_square_root_of_time() -> None:
    border = 2.0 * np.sqrt(1 / 5)
    for move, expected in ((border - 0.01, 1), (border + 0.01, 2)):
        values = np.array([[10.0], [10.0 + move]])
        moved, _ = classify(code(values, np.ones((2, 1)), 1, **BORDERS)[1])
        assert moved[0] == expected


@given(st.floats(-20, 20), st.floats(0.01, 10))
def test_falling_mirrors_rising(move: float, scale: float) -> None:
    assert five_day_code(move, scale) == pytest.approx(-five_day_code(-move, scale), abs=1e-12)


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=2), st.floats(0.01, 10))
def test_a_bigger_move_never_has_a_smaller_code(moves: list[float], scale: float) -> None:
    low, high = sorted(moves)
    assert five_day_code(low, scale) <= five_day_code(high, scale) + 1e-9


@given(st.floats(-2, 2))
def test_degrees_of_the_five_movements_sum_to_one(where: float) -> None:
    total = sum(degree(np.array(where), k) for k in range(-2, 3))
    assert total == pytest.approx(1.0)


def test_a_jump_does_not_widen_the_yardstick_it_is_measured_by() -> None:
    values = np.array([[10.0], [10.0], [13.0]])
    scale = np.array([[1.0], [1.0], [100.0]])
    moved, _ = classify(code(values, scale, 1, **BORDERS)[2])
    assert moved[0] == 2


def test_segments_that_ended_earlier_are_read_where_they_ended() -> None:
    values = np.array([[0.0], [0.0], [0.0], [3.0], [3.0], [3.0]])
    moves = code(values, np.ones((6, 1)), 1, **BORDERS)
    told = by_horizon(np.zeros((6, 1)), classify(moves)[0], 1)
    np.testing.assert_array_equal(told[5, 0], [0, 2, 0, 0])
    np.testing.assert_array_equal(told[4, 0], [0, 0, 2, 0])
    np.testing.assert_array_equal(told[2, 0], [0, np.nan, 0, 0])


@given(st.floats(0.1, 2), st.floats(2.1, 6), st.floats(-30, 30))
def test_codes_lie_on_the_broken_line_through_the_borders(
    steady: float, sharp: float, move: float
) -> None:
    values = np.array([[0.0], [0.0], [0.0], [0.0], [0.0], [move]])
    found = code(values, np.ones((6, 1)), 5, steady_multiple=steady, sharp_multiple=sharp)[5, 0]
    size = np.interp(abs(move), [0, steady, sharp, 2 * sharp], [0, 0.5, 1.5, 2.0])
    assert found == pytest.approx(np.copysign(size, move), abs=1e-12)


def test_absent_values_have_no_movement_and_a_dead_scale_makes_any_move_sharp() -> None:
    values = np.array([[1.0], [np.nan], [1.0], [1.0], [1.1]])
    scale = np.array([[1.0], [1.0], [1.0], [0.0], [0.0]])
    result = code(values, scale, 1, **BORDERS)[:, 0]
    assert np.isnan(result[:3]).all()
    assert result[3] == 0.0
    assert result[4] == pytest.approx(2.0)


def test_own_scale_is_twice_the_mean_absolute_change() -> None:
    values = np.array([0.0, 1.0, -1.0, 2.0, 2.0, 2.5])[:, None]
    scale = own_scale(values, 5)
    assert np.isnan(scale[:5]).all()
    assert scale[5, 0] == pytest.approx(2 * (1 + 2 + 3 + 0 + 0.5) / 5)
