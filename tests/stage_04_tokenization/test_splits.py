"""Splits are by time, with a purge between them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.kernel import OperatorError
from stage_04_tokenization.settings import TokenizationSettings
from stage_04_tokenization.splits import spans, strided


@given(
    sessions=st.integers(120, 2000),
    context=st.integers(1, 10),
    history=st.integers(0, 60),
    validation=st.integers(1, 30),
)
def test_no_session_is_a_target_of_one_split_and_in_a_window_of_a_later_one(
    sessions: int, context: int, history: int, validation: int
) -> None:
    cut = spans(
        sessions,
        TokenizationSettings(
            context_sessions=context, history_sessions=history, validation_sessions=validation
        ),
    )
    last_train, first_validation = cut.train[-1], cut.validation[0]
    assert last_train < first_validation - context
    first_origin = cut.history[0] if history else cut.forecast[0]
    assert cut.validation[-1] < first_origin - (context - 1)
    assert len(cut.history) == history
    assert list(cut.forecast) == [sessions - 1]
    assert len(cut.validation) == validation


def test_the_history_ends_with_the_session_before_the_as_of_one() -> None:
    cut = spans(900, TokenizationSettings())
    assert (cut.history[0], cut.history[-1]) == (839, 898)
    # Purge of six context sessions and one of horizon before the first origin.
    assert cut.validation[-1] == 839 - 7
    assert cut.train[-1] == cut.validation[0] - 7


def test_too_few_sessions_name_how_many_are_needed() -> None:
    with pytest.raises(OperatorError, match="tell at least 115 sessions") as caught:
        spans(114, TokenizationSettings())
    assert "114 sessions" in str(caught.value)
    assert len(spans(115, TokenizationSettings()).train) >= 1


def test_strided_windows_tile_the_span_once() -> None:
    targets = list(strided(range(10, 200), "AAPL", 7))
    assert all(b - a == 7 for a, b in pairwise(targets))
    assert 10 <= targets[0] < 17
    assert 193 <= targets[-1] < 200
