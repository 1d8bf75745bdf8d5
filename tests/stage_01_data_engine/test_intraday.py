"""Bars stamped at their beginning are known at their end; longer ones are made by session."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.contracts import BAR_FIELDS
from foundation.kernel import NEW_YORK, OperatorError
from foundation.market import closes, sessions
from stage_01_data_engine.intraday import align, daily_known, place, resample


def minutes(*stamps: str, close: float = 10.0, volume: float = 100.0) -> pd.DataFrame:
    frame = pd.DataFrame({"symbol": "AAA", "stamp": pd.to_datetime(list(stamps))})
    for field in BAR_FIELDS[:4]:
        frame[field] = close + np.arange(len(frame))
    return frame.assign(volume=volume)


def new_york(moment: pd.Timestamp) -> str:
    return f"{moment.tz_localize('UTC').tz_convert('America/New_York'):%Y-%m-%d %H:%M}"


def known(frame: pd.DataFrame) -> list[str]:
    return [new_york(moment) for moment in frame["known_at"]]


def test_a_bar_is_known_when_it_ends_in_summer_and_in_winter() -> None:
    made = place(minutes("2014-03-07 09:30", "2014-03-10 09:30"), "minute", location="m").kept
    assert known(made) == ["2014-03-07 09:31", "2014-03-10 09:31"]
    apart = made["known_at"].diff().iloc[1]
    assert apart == pd.Timedelta(days=3) - pd.Timedelta(hours=1), "clocks went forward between"


def test_parts_of_the_day_follow_the_sessions_own_close() -> None:
    stamps = ["04:00", "09:29", "09:30", "12:59", "13:00", "15:59", "16:00", "19:59"]
    usual = place(minutes(*(f"2013-11-27 {s}" for s in stamps)), "minute", location="m").kept
    early = place(minutes(*(f"2013-11-29 {s}" for s in stamps)), "minute", location="m").kept
    assert usual["part"].tolist() == ["pre"] * 2 + ["regular"] * 4 + ["post"] * 2
    assert early["part"].tolist() == ["pre"] * 2 + ["regular"] * 2 + ["post"] * 4


def test_the_first_half_hour_stamped_nine_is_regular_and_the_last_hour_ends_at_the_close() -> None:
    hours = minutes("2012-11-23 09:00", "2012-11-23 12:00", "2012-11-26 15:00")
    made = place(hours, "hour", location="h").kept
    assert made["part"].tolist() == ["regular"] * 3
    assert known(made) == ["2012-11-23 10:00", "2012-11-23 13:00", "2012-11-26 16:00"]


def test_stamps_that_cannot_be_are_set_aside_with_their_rule() -> None:
    bars = minutes(
        "2014-03-09 02:30",  # no such time: clocks go forward
        "2014-07-04 10:00",  # holiday
        "2014-07-07 03:00",  # before any trading
        "2014-07-07 10:01",  # half a minute later below
        "2014-07-07 10:00",
        "2014-07-07 10:00",
        "2014-07-07 10:05",
        "2014-07-07 10:05",
    )
    bars.loc[5, list(BAR_FIELDS)] = bars.loc[4, list(BAR_FIELDS)]
    bars.loc[3, "stamp"] = pd.Timestamp("2014-07-07 10:00:30")
    made = place(bars, "hour", location="m")
    assert made.verdicts["row"].is_unique
    rules = made.verdicts.set_index("row")["rule"].to_dict()
    assert rules[0] == "no-such-time"
    assert rules[1] == rules[2] == "outside-hours"
    assert rules[6] == rules[7] == "off-grid", "five past is no hour"
    minute = place(bars, "minute", location="m")
    rules = minute.verdicts.set_index("row")["rule"].to_dict()
    assert rules[3] == "off-grid", "half past a minute"
    assert rules[5] == "repeated-key"
    assert rules[6] == rules[7] == "conflicting-key"
    assert minute.tally.received == 8
    assert minute.tally.quarantined == 8 - len(minute.kept)


def test_hours_and_days_are_made_of_what_was_traded_in_them() -> None:
    bars = minutes("2013-10-10 09:31", "2013-10-10 09:59", "2013-10-10 10:00", "2013-10-10 16:30")
    placed = place(bars, "minute", location="m").kept
    hours = resample(placed, "hour")
    assert hours["stamp"].dt.hour.tolist() == [9, 10]
    assert hours.loc[0, ["open", "high", "low", "close", "volume"]].tolist() == [
        10,
        11,
        10,
        11,
        200,
    ]
    assert known(hours) == ["2013-10-10 10:00", "2013-10-10 11:00"]
    day = resample(placed, "daily")
    assert day.loc[0, ["open", "close", "volume"]].tolist() == [10, 12, 300]
    assert known(day) == ["2013-10-10 16:00"]
    whole = resample(placed, "daily", parts=("pre", "regular", "post"))
    assert whole.loc[0, ["close", "volume"]].tolist() == [13, 400]
    assert known(whole) == ["2013-10-10 20:00"]


def test_half_a_period_is_no_bar() -> None:
    placed = place(minutes("2013-10-10 09:31", "2013-10-10 10:10"), "minute", location="m").kept
    at = datetime(2013, 10, 10, 10, 30, tzinfo=NEW_YORK)
    assert resample(placed, "hour", as_of=at)["stamp"].dt.hour.tolist() == [9]
    assert resample(placed, "daily", as_of=at).empty


def test_an_unknown_part_of_the_day_is_an_operators_error() -> None:
    placed = place(minutes("2013-10-10 09:31"), "minute", location="m").kept
    with pytest.raises(OperatorError, match="pre, regular and post"):
        resample(placed, "hour", parts=("lunch",))


def test_a_moment_sees_the_last_bar_known_by_then_of_every_length() -> None:
    placed = place(
        minutes("2013-10-10 09:30", "2013-10-10 09:31", "2013-10-10 10:05"), "minute", location="m"
    ).kept
    daily = daily_known(
        pd.DataFrame(
            {"symbol": "AAA", "session": pd.to_datetime(["2013-10-09", "2013-10-10"]), "close": 5.0}
        ).assign(open=5.0, high=5.0, low=5.0, volume=1.0, close=[5.0, 6.0])
    )
    moments = pd.DatetimeIndex(
        [f"2013-10-10 {t}" for t in ("09:30", "09:31", "09:32", "10:00", "16:00")]
    )
    utc = moments.tz_localize("America/New_York").tz_convert("UTC").tz_localize(None).to_numpy()
    made = align(
        {"minute": placed, "hour": resample(placed, "hour"), "daily": daily}, utc, ("AAA",)
    )
    column = [made.fields.index(f"{length} close") for length in ("minute", "hour", "daily")]
    seen = made.values[:, 0, column]
    expected = [[np.nan, np.nan, 5], [10, np.nan, 5], [11, np.nan, 5], [11, 11, 5], [12, 12, 6]]
    np.testing.assert_array_equal(seen, np.array(expected))
    assert made.age[3, 0, 0] == 28
    assert made.age[4, 0, 2] == 0


DAYS = sessions(date(2013, 11, 25), date(2013, 12, 3))


@settings(max_examples=20)
@given(st.lists(st.integers(0, 7 * 24 * 60 - 1), min_size=1, max_size=30, unique=True), st.data())
def test_bars_that_end_after_a_moment_change_nothing_at_it(found: list[int], data: object) -> None:
    begin = pd.Timestamp(DAYS[0])
    bars = minutes(*(str(begin + pd.Timedelta(minutes=n)) for n in sorted(found)))
    placed = place(bars, "minute", location="m").kept
    moments = closes(DAYS[0], DAYS[-1])
    cut = moments[data.draw(st.integers(0, len(moments) - 1))]  # type: ignore[attr-defined]
    early = placed[placed["known_at"] <= cut]
    whole, past = (
        align({"minute": p, "hour": resample(p, "hour"), "daily": resample(p, "daily")},
              moments[moments <= cut], ("AAA",))
        for p in (placed, early)
    )  # fmt: skip
    at = moments <= cut
    minute = slice(0, len(BAR_FIELDS))
    np.testing.assert_array_equal(whole.values[..., minute], past.values[..., minute])
    assert at.sum() == len(whole.values)
    # A period that ends by the cut holds only bars that end by the cut.
    np.testing.assert_array_equal(whole.values, past.values)


# --- real bars ------------------------------------------------------------------------------------


def read(shared: Path, folder: str, file: str) -> pd.DataFrame:
    path = shared / folder / file
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared data")
    return pd.read_parquet(path)


def test_hours_make_the_vendors_own_days_to_the_last_digit(shared_data: Path) -> None:
    hours = read(shared_data, "intraday", "lean_hour_trades_2012_2018.parquet").rename(
        columns={"ticker": "symbol", "ts": "stamp"}
    )
    placed = place(hours, "hour", location="h")
    assert placed.tally.clean == len(hours)
    made = resample(placed.kept, "daily")
    daily = read(shared_data, "lean_us_daily_raw", "bars_raw.parquet")
    daily = daily.rename(columns={"ticker": "symbol", "date": "session"})
    both = made.merge(daily, on=["symbol", "session"])
    assert len(both) == len(made) == 8_800
    for field in BAR_FIELDS:
        assert (both[f"{field}_x"] == both[f"{field}_y"]).all(), field


def test_minutes_make_the_vendors_own_hours_within_a_tenth_of_a_percent(shared_data: Path) -> None:
    minute, hour = (
        read(shared_data, "intraday", file).rename(columns={"ticker": "symbol", "ts": "stamp"})
        for file in (
            "lean_minute_trades_2008_2014.parquet", "lean_hour_trades_2012_2018.parquet",
        )
    )  # fmt: skip
    made = resample(place(minute, "minute", location="m").kept, "hour")
    both = made.merge(place(hour, "hour", location="h").kept, on=["symbol", "stamp"])
    assert len(both) == 189
    assert (both["known_at_x"] == both["known_at_y"]).all()
    assert (np.abs(both["close_x"] / both["close_y"] - 1) < 1e-3).all()
    assert (both["volume_x"] == both["volume_y"]).mean() > 0.9
