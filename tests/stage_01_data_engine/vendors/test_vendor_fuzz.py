"""Whatever is wrong with an answer, a source ends in data or in a documented error."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.kernel import FinancialStoryError, UpstreamDataError
from stage_01_data_engine import DataEngineSettings, RawMarket
from stage_01_data_engine.quality import gate
from tests.stage_01_data_engine.vendors.vendor_fuzz import ASKED, MAKERS, outcome


@pytest.mark.parametrize("vendor", MAKERS)
@settings(max_examples=100)
@given(seed=st.integers(0, 2**32))
def test_no_answer_whatever_breaks_a_source(vendor: str, seed: int) -> None:
    made = outcome(vendor, seed)
    if isinstance(made, RawMarket):
        judged = gate(made.bars, made.instruments, made.request.sessions, DataEngineSettings())
        assert len(judged.bars) + judged.quarantined == len(made.bars)
    elif isinstance(made, pd.DataFrame):
        assert (made["known_at"].notna()).all()
    else:
        assert isinstance(made, FinancialStoryError)
        assert made.rule
        assert made.remedy


@pytest.mark.parametrize("vendor", MAKERS)
def test_the_fuzzing_reaches_both_ends(vendor: str) -> None:
    kinds = {type(outcome(vendor, seed)) for seed in range(60)}
    given = pd.DataFrame if vendor in ASKED else RawMarket
    assert {given, UpstreamDataError} <= kinds


@pytest.mark.parametrize("seed", [4854, 5311])
def test_dates_before_the_calendar_and_halves_of_characters_are_refused(seed: int) -> None:
    """Found by fuzzing: both once ended in an error of Python's own."""
    assert isinstance(outcome("polygon", seed), UpstreamDataError)


@pytest.mark.parametrize("seed", [1116, 2086])
def test_quotes_of_no_moment_of_our_time_are_refused(seed: int) -> None:
    """Found by fuzzing: stamps too large to count, and infinite ones."""
    assert isinstance(outcome("polygon, option chain", seed), UpstreamDataError)
