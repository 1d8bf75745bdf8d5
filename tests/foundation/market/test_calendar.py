"""Expected dates are the exchange's own announcements, not this calendar's answers."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.kernel import NEW_YORK, OperatorError
from foundation.market import (
    close_of,
    closes,
    is_session,
    last_session_of_month,
    next_session,
    session_on_or_before,
    sessions,
    sessions_until,
)


@pytest.mark.parametrize(
    ("day", "trades"),
    [
        (date(2018, 12, 28), True),
        (date(2018, 12, 29), False),  # Saturday
        (date(2018, 12, 25), False),  # Christmas
        (date(2018, 12, 5), False),  # mourning for President G. H. W. Bush
        (date(2012, 10, 29), False),  # hurricane Sandy
        (date(2001, 9, 11), False),
        (date(2001, 9, 17), True),
        (date(2022, 6, 20), False),  # Juneteenth observed
        (date(2021, 6, 18), True),  # not yet a holiday
    ],
)
def test_sessions_are_those_the_exchange_held(day: date, trades: bool) -> None:
    assert is_session(day) is trades


def test_2018_had_251_sessions() -> None:
    assert len(sessions(date(2018, 1, 1), date(2018, 12, 31))) == 251


@pytest.mark.parametrize(
    ("day", "hour"),
    [(date(2018, 12, 28), 16), (date(2018, 12, 24), 13), (date(2018, 11, 23), 13),
     (date(2018, 7, 3), 13), (date(2018, 7, 2), 16)],
)  # fmt: skip
def test_a_session_closes_at_four_or_on_early_closes_at_one(day: date, hour: int) -> None:
    close = close_of(day)
    assert close == datetime(day.year, day.month, day.day, hour, tzinfo=NEW_YORK)
    assert close.tzinfo is NEW_YORK


def test_a_day_without_trading_has_no_close_and_the_error_names_the_session_before() -> None:
    with pytest.raises(OperatorError, match="2018-12-04"):
        close_of(date(2018, 12, 5))


def test_next_session_skips_weekends_holidays_and_decades() -> None:
    assert next_session(date(2018, 12, 28)) == date(2018, 12, 31)
    assert next_session(date(2018, 12, 31)) == date(2019, 1, 2)
    assert next_session(date(2019, 12, 31)) == date(2020, 1, 2)
    assert session_on_or_before(date(2020, 1, 1)) == date(2019, 12, 31)


def test_a_range_may_cross_decades_or_be_empty() -> None:
    assert sessions(date(2019, 12, 30), date(2020, 1, 3)) == (
        date(2019, 12, 30), date(2019, 12, 31), date(2020, 1, 2), date(2020, 1, 3),
    )  # fmt: skip
    assert sessions(date(2020, 1, 3), date(2020, 1, 2)) == ()


def test_the_last_session_of_a_month_may_fall_before_its_last_day() -> None:
    assert last_session_of_month(2018, 12) == date(2018, 12, 31)
    assert last_session_of_month(2018, 3) == date(2018, 3, 29)  # Good Friday, then Saturday


def test_years_outside_the_calendar_are_refused() -> None:
    with pytest.raises(OperatorError, match="1970 to 2049"):
        is_session(date(1950, 1, 3))


@settings(deadline=None, max_examples=60)
@given(st.dates(date(1985, 1, 1), date(2025, 12, 31)), st.integers(min_value=1, max_value=600))
def test_windows_ranges_and_neighbours_agree(day: date, count: int) -> None:
    last = session_on_or_before(day)
    window = sessions_until(day, count)
    assert len(window) == count
    assert window[-1] == last
    assert sessions(window[0], day) == window
    assert next_session(last) > day
    assert session_on_or_before(next_session(last) - timedelta(days=1)) == last


def test_closes_stand_beside_their_sessions() -> None:
    start, end = date(2018, 12, 20), date(2019, 1, 10)
    expected = [np.datetime64(int(close_of(d).timestamp()), "s") for d in sessions(start, end)]
    assert closes(start, end).tolist() == np.array(expected, dtype="M8[ns]").tolist()


def test_importing_the_room_costs_no_heavy_library() -> None:
    code = (
        "import sys, foundation.market; print({'pandas', 'exchange_calendars'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
