"""Purged splits: nothing a training row knows reaches what a test row is made from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.kernel import OperatorError
from foundation.quant.evaluation import purged_split


@given(
    st.integers(0, 10), st.integers(0, 30), st.integers(0, 5), st.integers(1, 20), st.integers(1, 4)
)
def test_no_label_of_a_training_row_reaches_the_context_of_a_test_row(
    horizon, context, embargo, test_size, folds
):
    for fold in purged_split(200, horizon, context, embargo, test_size=test_size, folds=folds):
        last_label = max(s + horizon for s in fold.train)
        first_context = min(s - context for s in fold.test)
        assert last_label + embargo < first_context


def test_tests_are_consecutive_blocks_at_the_end():
    folds = purged_split(100, 5, 10, 2, test_size=10, folds=3)
    assert [list(f.test) for f in folds] == [
        list(range(70, 80)),
        list(range(80, 90)),
        list(range(90, 100)),
    ]
    assert folds[0].train == range(70 - 17)


def test_too_few_rows_are_refused_with_a_remedy():
    with pytest.raises(OperatorError, match="Remedy: use more rows"):
        purged_split(20, 5, 10, 0, test_size=5)


def test_negative_lengths_are_refused():
    with pytest.raises(OperatorError, match="must not be negative"):
        purged_split(100, -1, 0, 0, test_size=5)
