from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from foundation.kernel import NEW_YORK
from foundation.market import close_of, sessions_until
from stage_01_data_engine import observation_frame
from stage_01_data_engine.alignment import bar_values, last_known

DAYS = sessions_until(date(2018, 12, 28), 12)  # 24 December closes at 13:00


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=NEW_YORK)


def observed(*rows: tuple[datetime, datetime, float]) -> pd.DataFrame:
    return observation_frame([("vix", *row, "x:1") for row in rows])


def test_a_value_counts_from_the_first_close_at_which_it_is_known() -> None:
    christmas_eve = date(2018, 12, 24)
    k = DAYS.index(christmas_eve)
    known = at(christmas_eve, 13)
    values, age = last_known(observed((known, known, 7.0)), DAYS, 99)
    assert np.isnan(values[:k]).all()
    assert (values[k:] == 7).all()
    assert age.tolist() == [-1] * k + list(range(12 - k))

    later = at(christmas_eve, 13, 1)
    values, _ = last_known(observed((known, later, 7.0)), DAYS, 99)
    assert np.isnan(values[k])
    assert values[k + 1] == 7


def test_a_value_goes_stale_after_its_cap() -> None:
    known = at(DAYS[2], 10)
    values, age = last_known(observed((known, known, 7.0)), DAYS, 3)
    assert np.flatnonzero(values == 7).tolist() == [2, 3, 4, 5]
    assert age[-1] == 9


def test_age_counts_sessions_before_the_window_too() -> None:
    known = at(sessions_until(DAYS[0], 5)[0], 10)  # four sessions earlier
    values, age = last_known(observed((known, known, 7.0)), DAYS, 5)
    assert age[:3].tolist() == [4, 5, 6]
    assert np.flatnonzero(values == 7).tolist() == [0, 1]


def test_news_about_an_earlier_time_never_replaces_a_later_one() -> None:
    rows = observed(
        (at(DAYS[1], 16), at(DAYS[1], 16), 1.0),
        (at(DAYS[0], 16), at(DAYS[3], 10), 9.0),  # told late
        (at(DAYS[4], 16), at(DAYS[4], 16), 2.0),
    )
    values, _ = last_known(rows, DAYS, 99)
    assert values[1:6].tolist() == [1, 1, 1, 2, 2]


def test_a_series_never_observed_is_absent_everywhere() -> None:
    values, age = last_known(observed(), DAYS, 5)
    assert np.isnan(values).all()
    assert (age == -1).all()


@given(
    st.lists(st.tuples(st.integers(-40, 14), st.integers(0, 20), st.floats(-9, 9)), max_size=25),
    st.integers(0, 6),
)
def test_alignment_agrees_with_looking_session_by_session(
    drawn: list[tuple[int, int, float]], cap: int
) -> None:
    begin = at(DAYS[0], 9)
    rows = [
        (begin + timedelta(days=d), begin + timedelta(days=d, hours=lag), v) for d, lag, v in drawn
    ]
    values, _ = last_known(observed(*rows), DAYS, cap)
    calendar = sessions_until(DAYS[-1], 80)
    for session, value in zip(DAYS, values, strict=True):
        told = [r for r in rows if r[1] <= close_of(session)]
        if not told:
            assert np.isnan(value)
            continue
        latest = max(r[0] for r in told)
        about = [r for r in told if r[0] == latest]
        known = max(r[1] for r in about)
        since = len([d for d in calendar if d <= session and close_of(d) >= known]) - 1
        if since > cap:
            assert np.isnan(value)
        else:
            assert value in {r[2] for r in about if r[1] == known}


def test_bars_land_on_their_session_and_symbol() -> None:
    frame = pd.DataFrame(
        {"symbol": ["B", "A"], "session": pd.to_datetime([DAYS[3], DAYS[1]]), "open": [1.0, 2.0],
         "high": [3.0, 4.0], "low": [5.0, 6.0], "close": [7.0, 8.0], "volume": [9.0, np.nan]}
    )  # fmt: skip
    values = bar_values(frame, DAYS, ("A", "B"))
    assert values[3, 1].tolist() == [1, 3, 5, 7, 9]
    assert values[1, 0, :4].tolist() == [2, 4, 6, 8]
    assert np.isfinite(values).sum() == 9
