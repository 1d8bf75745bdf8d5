"""Files of intraday bars: what they do not say is read off their stamps, or they are refused."""

from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import BAR_FIELDS
from foundation.kernel import NEW_YORK, UpstreamDataError
from foundation.market import sessions
from stage_01_data_engine.so_far import read_intraday

DAYS = sessions(date(2018, 11, 1), date(2018, 11, 6))
"""The clocks go back on 4 November."""


def bars(minutes: int, *, first: time = time(9, 30), count: int | None = None) -> pd.DataFrame:
    """Bars of so many minutes over whole sessions, the k-th with a close of 100 + k."""
    count = count or -(-390 // minutes)
    stamps = [
        pd.Timestamp(datetime.combine(day, first)) + pd.Timedelta(minutes=minutes * k)
        for day in DAYS
        for k in range(count)
    ]
    close = 100.0 + np.arange(len(stamps)) % count
    columns = {"open": close, "high": close, "low": close, "close": close, "volume": 10.0}
    return pd.DataFrame({"symbol": "AAA", "stamp": stamps, **columns})[
        ["symbol", "stamp", *BAR_FIELDS]
    ]


def read(path: Path, frame: pd.DataFrame, hour: int, minute: int = 0) -> pd.DataFrame:
    file = path / "bars.csv"
    frame.to_csv(file, index=False)
    return read_intraday(file, datetime.combine(DAYS[-1], time(hour, minute), NEW_YORK)).kept


@pytest.mark.parametrize("minutes", [1, 5, 15, 30, 60])
def test_a_bar_is_known_when_it_has_ended_whatever_its_length(tmp_path: Path, minutes: int) -> None:
    """Taken for minutes, longer bars would be known up to an hour before they end."""
    kept = read(tmp_path, bars(minutes), 11, 29)
    today = kept[kept["session"] == pd.Timestamp(DAYS[-1])]
    ended = 119 // minutes  # Of the 119 minutes since 9:30.
    assert len(today) == ended
    begun = today["stamp"].dt.tz_localize("America/New_York").dt.tz_convert("UTC")
    length = today["known_at"] - begun.dt.tz_localize(None)
    assert (length == pd.Timedelta(minutes=minutes)).all()


def test_minutes_without_a_trade_do_not_lengthen_the_others(tmp_path: Path) -> None:
    whole = bars(1)
    thin = whole[np.random.default_rng(5).random(len(whole)) < 0.6]
    kept = read(tmp_path, thin, 16)
    assert len(kept) == len(thin)


def test_hours_of_the_clock_begin_with_the_half_hour_before_ten(tmp_path: Path) -> None:
    kept = read(tmp_path, bars(60, first=time(9), count=7), 10, 30)
    today = kept[kept["session"] == pd.Timestamp(DAYS[-1])]
    assert [(s.hour, part) for s, part in zip(today["stamp"], today["part"], strict=True)] == [
        (9, "regular")
    ]


def test_stamps_with_offsets_are_read_across_a_change_of_clocks(tmp_path: Path) -> None:
    plain = bars(30)
    aware = plain["stamp"].dt.tz_localize("America/New_York")
    assert len({stamp.utcoffset() for stamp in aware}) == 2
    with_offsets = plain.assign(stamp=[stamp.isoformat() for stamp in aware])
    in_utc = plain.assign(stamp=aware.dt.tz_convert("UTC"))
    expected = read(tmp_path, plain, 11)
    pd.testing.assert_frame_equal(read(tmp_path, with_offsets, 11), expected)
    pd.testing.assert_frame_equal(read(tmp_path, in_utc, 11), expected)


@pytest.mark.parametrize(
    ("stamp", "value"),
    [("next Friday", "next Friday"), (1_541_514_600, "1541514600"), ("half", "3 of")],
)
def test_stamps_that_leave_the_moment_open_are_refused(
    tmp_path: Path, stamp: str | int, value: str
) -> None:
    frame = bars(60).head(6)
    text = frame["stamp"].dt.strftime("%Y-%m-%dT%H:%M")
    frame["stamp"] = text + np.where(np.arange(6) < 3, "Z", "") if stamp == "half" else stamp
    with pytest.raises(UpstreamDataError, match="ISO 8601") as refused:
        read(tmp_path, frame, 11)
    assert value in str(refused.value)


def test_stamps_of_the_end_of_bars_are_refused(tmp_path: Path) -> None:
    for minutes in (1, 30):
        frame = bars(minutes)
        frame["stamp"] += pd.Timedelta(minutes=minutes)
        with pytest.raises(UpstreamDataError, match=r"beginning of its bar.*3 of 4"):
            read(tmp_path, frame, 11)


def test_bars_after_the_close_make_no_stamps_of_ends(tmp_path: Path) -> None:
    frame = bars(30, count=20)  # Until 19:30; the opening of two days is missing.
    frame = frame[(frame["stamp"].dt.time > time(9, 30)) | (frame["stamp"].dt.date > DAYS[1])]
    assert len(read(tmp_path, frame, 16))


def test_a_length_that_cannot_be_told_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UpstreamDataError, match="no two bars of a day"):
        read(tmp_path, bars(60, count=1), 11)
    with pytest.raises(UpstreamDataError, match="7 minutes"):
        read(tmp_path, bars(7), 11)


def test_no_bar_that_ended_by_then_is_an_error_that_names_the_broken_rule(tmp_path: Path) -> None:
    with pytest.raises(UpstreamDataError, match="trading hours"):
        read(tmp_path, bars(30, first=time(21), count=4), 16)


def test_rows_after_the_moment_are_not_looked_at(tmp_path: Path) -> None:
    frame = bars(30)
    later = frame["stamp"] >= pd.Timestamp(datetime.combine(DAYS[-1], time(11)))
    spoilt = frame.copy()
    spoilt.loc[later, "close"] = -1.0
    spoilt.loc[later, "stamp"] += pd.Timedelta(minutes=7)
    path = tmp_path / "bars.parquet"
    moment = datetime.combine(DAYS[-1], time(11), NEW_YORK)
    found = []
    for each in (frame, spoilt):
        each.to_parquet(path)
        found.append(read_intraday(path, moment))
    pd.testing.assert_frame_equal(found[0].kept, found[1].kept)
    assert found[0].findings == found[1].findings


def test_a_file_without_its_columns_is_refused_by_name(tmp_path: Path) -> None:
    moment = datetime.combine(DAYS[-1], time(11), NEW_YORK)
    path = tmp_path / "minutes.parquet"
    bars(1).drop(columns="volume").to_parquet(path)
    with pytest.raises(UpstreamDataError, match="without volume"):
        read_intraday(path, moment)
    with pytest.raises(UpstreamDataError, match="come from a file"):
        read_intraday(tmp_path / "nothing.csv", moment)
