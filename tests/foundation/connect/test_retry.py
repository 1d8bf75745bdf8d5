"""Waits grow, are capped, follow Retry-After, and end."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.connect import RetryPolicy, TransientError, retry_after_seconds
from foundation.connect.retry import with_retries
from foundation.kernel import NEW_YORK
from foundation.testing.vendors import ManualTime

NOW = datetime(2018, 11, 4, 0, 30, tzinfo=NEW_YORK)
"""Half an hour before clocks are set back."""


def failing(times: int, retry_after: float | None = None) -> tuple[list[int], object]:
    calls: list[int] = []

    def attempt() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise TransientError("it works", value=len(calls), retry_after=retry_after)
        return "done"

    return calls, attempt


def run(attempt: object, policy: RetryPolicy, jitter: float = 0.0) -> tuple[object, list[float]]:
    time = ManualTime()
    return with_retries(attempt, policy, time, lambda: jitter), time.waits  # type: ignore[arg-type]


def test_waits_double_from_the_first_to_the_longest() -> None:
    policy = RetryPolicy(attempts=7, first_wait=2.0, longest_wait=10.0)
    # Half of 2, 4, 8, 10, 10 without jitter; with all of it nearly the whole.
    assert run(failing(5)[1], policy) == ("done", [1.0, 2.0, 4.0, 5.0, 5.0])
    waits = run(failing(5)[1], policy, 0.999)[1]
    assert waits == pytest.approx([2.0, 4.0, 8.0, 10.0, 10.0], rel=1e-3)


@given(tried=st.integers(1, 50), jitter=st.floats(0, 0.999))
def test_a_wait_lies_between_half_and_all_of_the_grown_wait(tried: int, jitter: float) -> None:
    policy = RetryPolicy(first_wait=0.5, longest_wait=30.0)
    grown = min(30.0, 0.5 * 2 ** (tried - 1))
    assert grown / 2 <= policy.wait(tried, jitter) < grown


def test_the_last_error_is_raised_when_the_tries_are_used_up() -> None:
    calls, attempt = failing(99)
    with pytest.raises(TransientError) as caught:
        run(attempt, RetryPolicy(attempts=4, first_wait=0.1))
    assert (len(calls), caught.value.value) == (4, 4)


def test_the_server_is_given_the_time_it_asks_for() -> None:
    policy = RetryPolicy(attempts=3, first_wait=1.0, longest_wait=5.0)
    assert run(failing(2, retry_after=40.0)[1], policy)[1] == [40.0, 40.0]
    assert run(failing(2, retry_after=0.0)[1], policy)[1] == [0.5, 1.0]


def test_too_long_a_wait_is_not_waited_for() -> None:
    calls, attempt = failing(99, retry_after=121.0)
    with pytest.raises(TransientError):
        run(attempt, RetryPolicy(attempts=9, longest_retry_after=120.0))
    assert len(calls) == 1


def test_an_error_of_another_kind_is_not_tried_again() -> None:
    calls = []

    def attempt() -> None:
        calls.append(1)
        raise KeyError("x")

    with pytest.raises(KeyError):
        run(attempt, RetryPolicy())
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("-5", 0.0),
        ("Sun, 04 Nov 2018 04:30:07 GMT", 7.0),
        ("Sunday, 04-Nov-18 04:30:07 GMT", 7.0),
        ("Sun, 04 Nov 2018 07:30:00 GMT", 3 * 3600.0),
        ("Sat, 03 Nov 2018 07:30:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("04/11/2018", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@given(st.integers(0, 10**6))
def test_a_date_asks_for_the_seconds_until_it(seconds: int) -> None:
    header = format_datetime(
        (NOW + timedelta(0)).astimezone(tz=None) + timedelta(seconds=seconds), usegmt=False
    )
    assert retry_after_seconds(header, NOW) == pytest.approx(seconds)


@given(st.text(max_size=60))
def test_no_header_whatever_breaks_the_reader(header: str) -> None:
    seconds = retry_after_seconds(header, NOW)
    assert seconds is None or seconds >= 0
