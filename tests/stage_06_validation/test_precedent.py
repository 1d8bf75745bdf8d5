"""The past is counted as a slow loop would count it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stage_06_validation.precedent import count_precedents

CODES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6),
    elements=st.sampled_from([np.nan, 0.0, 1.0, 2.0, 3.0, 4.0]),
)


@given(CODES)
def test_counts_are_those_of_a_plain_loop(codes: np.ndarray) -> None:
    sessions, symbols, series = codes.shape
    transitions = np.zeros((symbols, series, 5, 5), dtype=int)
    pairings = np.zeros((series, series, 5, 5), dtype=int)
    for t in range(sessions):
        for n in range(symbols):
            for s in range(series):
                here = codes[t, n, s]
                if np.isnan(here):
                    continue
                if t and not np.isnan(codes[t - 1, n, s]):
                    transitions[n, s, int(codes[t - 1, n, s]), int(here)] += 1
                for r in range(series):
                    if not np.isnan(codes[t, n, r]):
                        pairings[s, r, int(here), int(codes[t, n, r])] += 1
    counted = count_precedents(codes)
    np.testing.assert_array_equal(counted.transitions, transitions)
    np.testing.assert_array_equal(counted.pairings, pairings)


@given(CODES, st.integers(0, 4), st.floats(0.1, 100))
def test_smoothed_frequencies_are_a_distribution(
    codes: np.ndarray, today: int, prior: float
) -> None:
    frequencies = count_precedents(codes).frequency(0, 0, today, prior)
    assert (frequencies > 0).all()
    np.testing.assert_allclose(frequencies.sum(), 1.0)


def test_a_symbol_with_a_long_past_is_judged_by_its_own() -> None:
    # One symbol that always stays at 1, one that always alternates between 1 and 3.
    codes = np.stack([np.ones(1001), np.tile([1.0, 3.0], 501)[:1001]], axis=1)[:, :, None]
    counted = count_precedents(codes)
    assert counted.frequency(0, 0, 1, prior=20)[1] > 0.98
    assert counted.frequency(1, 0, 1, prior=20)[3] > 0.95
