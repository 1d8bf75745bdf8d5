"""Sums over windows of rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.timeseries.rolling import rolling_sum

NUMBERS = st.floats(-1e6, 1e6)


@given(values=st.lists(NUMBERS, max_size=60), window=st.integers(1, 40))
def test_each_value_is_the_sum_of_its_window(values: list[float], window: int) -> None:
    found = rolling_sum(np.array(values, dtype=float), window)
    assert len(found) == len(values)
    for t, got in enumerate(found):
        if t + 1 < window:
            assert math.isnan(got)
        else:
            exact = math.fsum(values[t + 1 - window : t + 1])
            assert got == pytest.approx(exact, rel=1e-12, abs=1e-6)


@given(values=st.lists(NUMBERS, min_size=2, max_size=60), window=st.integers(1, 40),
       dropped=st.integers(1, 30))  # fmt: skip
def test_no_bit_depends_on_where_the_history_begins(
    values: list[float], window: int, dropped: int
) -> None:
    whole = np.array(values, dtype=float)
    full, late = rolling_sum(whole, window), rolling_sum(whole[dropped:], window)
    np.testing.assert_array_equal(late[window - 1 :], full[dropped:][window - 1 :])


def test_columns_are_summed_apart_and_an_unknown_row_spoils_its_windows_only() -> None:
    values = np.array([[1.0, 10.0], [2.0, np.nan], [3.0, 30.0], [4.0, 40.0]])
    expected = [[np.nan, np.nan], [3.0, np.nan], [5.0, np.nan], [7.0, 70.0]]
    np.testing.assert_array_equal(rolling_sum(values, 2), expected)


def test_a_shorter_input_is_aligned_to_the_end() -> None:
    np.testing.assert_array_equal(
        rolling_sum(np.array([1.0, 2.0, 4.0]), 2, 4), [np.nan, np.nan, 3.0, 6.0]
    )
