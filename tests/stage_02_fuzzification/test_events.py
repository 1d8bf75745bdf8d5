"""Releases as a trader knew them on each day."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from foundation.contracts import MarketEvent
from foundation.kernel import NEW_YORK
from stage_02_fuzzification.events import MINIMUM_HISTORY, summarise


def release(day: date, actual: float | None, previous: float | None) -> MarketEvent:
    moment = datetime(day.year, day.month, day.day, 8, 30, tzinfo=NEW_YORK)
    return MarketEvent(
        kind="economic release",
        name="core inflation",
        event_time=moment,
        known_at=moment if actual is not None else moment - timedelta(days=365),
        actual=actual,
        previous=previous,
    )


WEEK = tuple(date(2018, 3, d) for d in (5, 6, 7, 8, 9, 12, 13, 14))


def test_time_since_and_until_a_release() -> None:
    panel = summarise([release(WEEK[1], 2.0, 1.9), release(date(2018, 3, 16), None, 2.0)], WEEK)
    since = panel.field("core inflation|sessions since")[:, 0]
    np.testing.assert_array_equal(since, [np.nan, 0, 1, 2, 3, 4, 5, 6])
    until = panel.field("core inflation|weekdays until")[:, 0]
    # On the first day only the release announced a year ago is known, not the one of tomorrow.
    np.testing.assert_array_equal(until, [9, 8, 7, 6, 5, 4, 3, 2])


def test_surprise_is_the_change_in_past_standard_deviations() -> None:
    changes = [0.1, -0.1] * (MINIMUM_HISTORY // 2) + [0.3]
    days = [date(2016, 1, 15) + timedelta(days=30 * k) for k in range(len(changes))]
    events, level = [], 2.0
    for day, change in zip(days, changes, strict=True):
        events.append(release(day, level + change, level))
        level += change
    panel = summarise(events, (days[-2], days[-1]))
    surprise = panel.field("core inflation|surprise")[:, 0]
    assert np.isnan(surprise[0])
    assert surprise[1] == pytest.approx(3.0)


def test_a_value_is_not_known_before_its_time() -> None:
    early = release(WEEK[4], 2.0, 1.9)
    panel = summarise([early], WEEK)
    assert np.isnan(panel.field("core inflation|sessions since")[:4, 0]).all()


def test_no_events_give_an_empty_panel() -> None:
    assert summarise([], WEEK).fields == ()
