"""The running bar of a session: from bars that had ended, and from no later one."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import BAR_FIELDS
from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError
from foundation.market import sessions
from stage_01_data_engine.intraday import place
from stage_01_data_engine.so_far import read_intraday, session_so_far, sessions_so_far

DAYS = sessions(date(2014, 3, 3), date(2014, 3, 14))
TODAY = DAYS[-1]


def bars() -> pd.DataFrame:
    """Half-hours of ten days, stamped as minutes 9:30 to 9:39; each day starts 10 higher."""
    rows = []
    for k, day in enumerate(DAYS):
        for m in range(10):
            close = 100.0 + 10 * k + m
            stamp = datetime.combine(day, time(9, 30 + m))
            rows.append(("AAA", stamp, close - 0.5, close + 1, close - 1, close, 100.0 * (k + 1)))
    return pd.DataFrame(rows, columns=["symbol", "stamp", *BAR_FIELDS])


PLACED = place(bars(), "minute", location="m").kept


def at(hour: int, minute: int) -> datetime:
    return datetime.combine(TODAY, time(hour, minute), NEW_YORK)


def test_the_running_bar_is_made_of_bars_that_had_ended() -> None:
    made = session_so_far(PLACED, ("AAA",), at(9, 35))
    now = {name: made.values.field(name)[0, 0] for name in made.values.fields}
    first = 100.0 + 10 * 9
    assert now["previous close"] == 100.0 + 10 * 8 + 9
    assert now["open"] == first - 0.5
    assert (now["high"], now["low"], now["last"]) == (first + 5, first - 1, first + 4)
    assert now["volume"] == 5 * 1000.0
    # Five minutes of the nine days before, at 100 to 900 shares a minute.
    assert now["usual volume"] == 5 * 500.0
    assert made.elapsed == pytest.approx(5 / 390)


def test_rewriting_the_rest_of_the_session_changes_nothing() -> None:
    later = PLACED["stamp"] >= pd.Timestamp(datetime.combine(TODAY, time(9, 35)))
    spoiled = PLACED.copy()
    spoiled.loc[later, list(BAR_FIELDS)] *= 7
    assert session_so_far(spoiled, ("AAA",), at(9, 35)) == session_so_far(
        PLACED, ("AAA",), at(9, 35)
    )


def test_what_no_bar_tells_is_absent() -> None:
    made = session_so_far(PLACED, ("BBB", "AAA"), at(9, 31))
    assert np.isnan(made.values.values[0, 0]).all()
    few = PLACED[PLACED["session"] >= pd.Timestamp(DAYS[-4])]
    assert np.isnan(session_so_far(few, ("AAA",), at(9, 35)).values.field("usual volume")[0, 0])


@pytest.mark.parametrize("hour", [8, 17])
def test_outside_of_a_session_there_is_no_update(hour: int) -> None:
    with pytest.raises(OperatorError, match="between the opening and the close"):
        session_so_far(PLACED, ("AAA",), at(hour, 0))
    with pytest.raises(OperatorError, match="between the opening and the close"):
        session_so_far(PLACED, ("AAA",), at(11, 0) + timedelta(days=1))


def test_a_file_of_bars_is_read_up_to_the_moment(tmp_path: Path) -> None:
    path = tmp_path / "minutes.csv"
    bars().to_csv(path, index=False)
    read = read_intraday(path, at(9, 35))
    assert session_so_far(read, ("AAA",), at(9, 35)) == session_so_far(PLACED, ("AAA",), at(9, 35))
    assert len(read) == 9 * 10 + 5


def test_a_file_without_its_columns_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "minutes.parquet"
    bars().drop(columns="volume").to_parquet(path)
    with pytest.raises(UpstreamDataError, match="without volume"):
        read_intraday(path, at(9, 35))
    with pytest.raises(UpstreamDataError, match="come from a file"):
        read_intraday(tmp_path / "nothing.csv", at(9, 35))


def test_past_sessions_are_read_as_each_was_known_at_that_time_of_day() -> None:
    found = {s.session: s for s in sessions_so_far(PLACED, ("AAA",), DAYS, time(9, 35))}
    assert tuple(found) == DAYS
    for day in (DAYS[3], TODAY):
        moment = datetime.combine(day, time(9, 35), NEW_YORK)
        assert found[day] == session_so_far(PLACED, ("AAA",), moment)


def test_sessions_without_bars_or_closed_by_then_are_left_out() -> None:
    early = date(2014, 7, 3)  # Closes at 13:00.
    day = bars().assign(stamp=lambda b: b["stamp"] + (early - TODAY))
    placed = place(day[day["stamp"].dt.date == early], "minute", location="m").kept
    asked = (TODAY, early)
    assert [s.session for s in sessions_so_far(placed, ("AAA",), asked, time(11, 0))] == [early]
    assert not list(sessions_so_far(placed, ("AAA",), asked, time(14, 0)))
