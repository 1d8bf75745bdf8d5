"""The running bar of a session: from bars that had ended, and from no later one."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import BAR_FIELDS, MarketEvent, SessionSoFar
from foundation.kernel import NEW_YORK, OperatorError
from foundation.market import close_of, sessions
from stage_01_data_engine.intraday import place
from stage_01_data_engine.knowledge import opening_of
from stage_01_data_engine.so_far import session_so_far, sessions_so_far

DAYS = sessions(date(2014, 3, 3), date(2014, 3, 14))
TODAY = DAYS[-1]
HALF_HOUR = np.timedelta64(30, "m")


def half_hours(days: Sequence[date] = DAYS, symbol: str = "AAA") -> pd.DataFrame:
    """Half hours of whole sessions: each day starts 1 higher, each bar rises by 0.1.

    The k-th day trades 100 (k + 1) shares a bar.
    """
    rows = []
    for k, day in enumerate(days):
        stamp, m = datetime.combine(day, time(9, 30)), 0
        while stamp.replace(tzinfo=NEW_YORK) < close_of(day):
            close = 100.0 + k + 0.1 * m
            bar = (close - 0.05, close + 0.1, close - 0.1, close, 100.0 * (k + 1))
            rows.append((symbol, stamp, *bar))
            stamp, m = stamp + timedelta(minutes=30), m + 1
    return pd.DataFrame(rows, columns=["symbol", "stamp", *BAR_FIELDS])


def placed(bars: pd.DataFrame) -> pd.DataFrame:
    return place(bars, HALF_HOUR, location="half hours").kept


PLACED = placed(half_hours())


def at(hour: int, minute: int, day: date = TODAY) -> datetime:
    return datetime.combine(day, time(hour, minute), NEW_YORK)


def now(made: SessionSoFar, n: int = 0) -> dict[str, float]:
    return {name: float(made.values.field(name)[0, n]) for name in made.values.fields}


def without(bars: pd.DataFrame, day: date, first: time, last: time) -> pd.DataFrame:
    """Leave out the bars of a day that begin within a span."""
    clock = bars["stamp"].dt.time
    hit = (bars["stamp"].dt.date == day) & (clock >= first) & (clock <= last)
    return bars[~hit].reset_index(drop=True)


def split(day: date, ratio: float) -> MarketEvent:
    return MarketEvent(
        kind="corporate action", name="stock split", symbol="AAA",
        event_time=opening_of(day), known_at=opening_of(day), actual=ratio,
    )  # fmt: skip


def test_the_running_bar_is_made_of_bars_that_had_ended() -> None:
    made = session_so_far(PLACED, ("AAA",), at(11, 0))
    found = now(made)
    assert found["previous close"] == pytest.approx(100 + 8 + 0.1 * 12)
    assert found["open"] == pytest.approx(109 - 0.05)
    assert (found["high"], found["low"]) == pytest.approx((109.2 + 0.1, 109 - 0.1))
    assert found["last"] == pytest.approx(109.2)
    assert found["volume"] == 3 * 1000.0
    # Three half hours of the nine days before, at 100 to 900 shares each.
    assert found["usual volume"] == 3 * 500.0
    assert made.elapsed == pytest.approx(90 / 390)
    assert made.findings == ()


def test_time_has_passed_as_far_as_the_bars_reach() -> None:
    """At 11:20 the latest price is that of 11:00: its move took an hour and a half."""
    made = session_so_far(PLACED, ("AAA",), at(11, 20))
    assert made.elapsed == pytest.approx(90 / 390)
    assert now(made) == now(session_so_far(PLACED, ("AAA",), at(11, 0)))


def test_rewriting_the_rest_of_the_session_changes_nothing() -> None:
    later = PLACED["stamp"] >= pd.Timestamp(datetime.combine(TODAY, time(11)))
    spoiled = PLACED.copy()
    spoiled.loc[later, list(BAR_FIELDS)] *= 7
    before = session_so_far(PLACED, ("AAA",), at(11, 0))
    assert session_so_far(spoiled, ("AAA",), at(11, 0)) == before
    assert session_so_far(PLACED[~later], ("AAA",), at(11, 0)) == before


def test_what_no_bar_tells_is_absent_and_said_to_be() -> None:
    made = session_so_far(PLACED, ("BBB", "AAA"), at(10, 0))
    assert np.isnan(made.values.values[0, 0]).all()
    assert [(f.symbol, f.value) for f in made.findings] == [("BBB", "no bar")]
    few = PLACED[PLACED["session"] >= pd.Timestamp(DAYS[-4])]
    assert np.isnan(now(session_so_far(few, ("AAA",), at(11, 0)))["usual volume"])


def test_only_the_session_right_before_has_a_previous_close() -> None:
    """A file with a hole would else tell a gap over a week as one over a night."""
    holed = PLACED[PLACED["session"] != pd.Timestamp(DAYS[-2])]
    made = session_so_far(holed, ("AAA",), at(11, 0))
    assert np.isnan(now(made)["previous close"])
    assert now(made)["last"] == pytest.approx(109.2)
    assert "up to its close" in made.findings[0].rule


def test_a_session_that_breaks_off_has_no_close() -> None:
    cut = placed(without(half_hours(), DAYS[-2], time(13), time(16)))
    made = session_so_far(cut, ("AAA",), at(11, 0))
    assert np.isnan(now(made)["previous close"])
    assert made.findings[0].value == f"{DAYS[-2]} 13:00"


def test_bars_that_broke_off_in_the_morning_are_no_present_price() -> None:
    cut = placed(without(half_hours(), TODAY, time(10, 30), time(16)))
    made = session_so_far(cut, ("AAA",), at(14, 0))
    assert np.isnan(now(made)["last"])
    assert "half an hour of the moment" in made.findings[0].rule
    assert now(session_so_far(cut, ("AAA",), at(10, 45)))["last"] == pytest.approx(109.1)


def test_a_session_that_begins_late_has_no_opening_price() -> None:
    cut = placed(without(half_hours(), TODAY, time(9), time(11)))
    made = session_so_far(cut, ("AAA",), at(14, 0))
    assert np.isnan(now(made)["open"])
    assert "time zone" in made.findings[0].remedy


def test_sessions_that_do_not_reach_the_hour_are_not_usual() -> None:
    """Neither a broken one nor a day before a holiday that had closed by then counts."""
    days = sessions(date(2014, 11, 17), date(2014, 12, 3))  # 28 November closes at 13:00.
    short = date(2014, 11, 28)
    cut = placed(without(half_hours(days), days[3], time(10), time(16)))
    at_three = now(session_so_far(cut, ("AAA",), at(15, 0, days[-1])))
    whole = [100.0 * (k + 1) for k, day in enumerate(days[:-1]) if day not in (days[3], short)]
    assert at_three["usual volume"] == pytest.approx(11 * np.mean(whole))
    at_noon = now(session_so_far(cut, ("AAA",), at(12, 0, days[-1])))
    whole.append(100.0 * (days.index(short) + 1))
    assert at_noon["usual volume"] == pytest.approx(5 * np.mean(whole))
    half_day = session_so_far(cut, ("AAA",), at(12, 0, short))
    assert half_day.elapsed == pytest.approx(150 / 210)


@pytest.mark.parametrize("adjusted", [False, True])
def test_across_a_known_split_bars_are_compared_in_shares_of_today(adjusted: bool) -> None:
    bars = half_hours()
    after = bars["stamp"].dt.date >= TODAY
    prices = ["open", "high", "low", "close"]
    bars.loc[after, prices] /= 7
    bars.loc[after, "volume"] *= 7
    if adjusted:
        bars.loc[~after, prices] /= 7
        bars.loc[~after, "volume"] *= 7
    made = session_so_far(placed(bars), ("AAA",), at(11, 0), (split(TODAY, 7),))
    found, plain = now(made), now(session_so_far(PLACED, ("AAA",), at(11, 0)))
    for name in found:
        factor = 7 if "volume" in name else 1 / 7
        assert found[name] == pytest.approx(factor * plain[name]), name
    past = list(sessions_so_far(placed(bars), ("AAA",), DAYS, time(11), (split(TODAY, 7),)))
    assert past[-1] == made
    assert now(past[-2])["last"] == pytest.approx(108.2 / (7 if adjusted else 1))


def test_a_step_like_a_split_of_which_nothing_is_known_is_no_gap() -> None:
    bars = half_hours()
    prices = ["open", "high", "low", "close"]
    bars.loc[bars["stamp"].dt.date >= TODAY, prices] /= 7
    made = session_so_far(placed(bars), ("AAA",), at(11, 0))
    assert np.isnan([now(made)["previous close"], now(made)["usual volume"]]).all()
    assert "split" in made.findings[0].rule
    assert made.findings[0].value == "109.2 before, 15.5643 at the opening"
    bars.loc[bars["stamp"].dt.date >= TODAY, prices] *= 7 / 1.25  # News, or five for four.
    assert np.isfinite(now(session_so_far(placed(bars), ("AAA",), at(11, 0)))["previous close"])


@pytest.mark.parametrize("hour", [8, 17])
def test_outside_of_a_session_there_is_no_update(hour: int) -> None:
    with pytest.raises(OperatorError, match="between the opening and the close"):
        session_so_far(PLACED, ("AAA",), at(hour, 0))
    with pytest.raises(OperatorError, match="between the opening and the close"):
        session_so_far(PLACED, ("AAA",), at(11, 0) + timedelta(days=1))


def test_past_sessions_are_read_as_each_was_known_at_that_time_of_day() -> None:
    found = {s.session: s for s in sessions_so_far(PLACED, ("AAA",), DAYS, time(11))}
    assert tuple(found) == DAYS
    for day in (DAYS[3], TODAY):
        assert found[day] == session_so_far(PLACED, ("AAA",), at(11, 0, day))


def test_sessions_without_bars_or_closed_by_then_are_left_out() -> None:
    early = date(2014, 7, 3)  # Closes at 13:00.
    bars = placed(half_hours((early,)))
    asked = (TODAY, early)
    assert [s.session for s in sessions_so_far(bars, ("AAA",), asked, time(11, 0))] == [early]
    assert not list(sessions_so_far(bars, ("AAA",), asked, time(14, 0)))


def test_a_real_session_so_far_is_what_its_minutes_add_up_to(shared_data: Path) -> None:
    """Oracle: the minutes of 11 October 2013 as they stand in the file, summed by hand."""
    path = shared_data / "intraday" / "lean_minute_trades_2008_2014.parquet"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared data")
    minutes = pd.read_parquet(path).rename(columns={"ticker": "symbol", "ts": "stamp"})
    bars = place(minutes, "minute", location=path.name).kept
    day, symbols = date(2013, 10, 11), ("AIG", "BAC", "IBM", "SPY")
    made = session_so_far(bars, symbols, at(11, 0, day))
    assert made.findings == ()
    clock = minutes["stamp"].dt.strftime("%H:%M")
    regular = minutes[(clock >= "09:30") & (clock < "16:00")]
    for n, symbol in enumerate(symbols):
        own = regular[regular["symbol"] == symbol]
        dates = own["stamp"].dt.strftime("%Y-%m-%d")
        by_eleven = own[own["stamp"].dt.strftime("%H:%M") < "11:00"]
        today = by_eleven[by_eleven["stamp"].dt.strftime("%Y-%m-%d") == "2013-10-11"]
        past = by_eleven[by_eleven["stamp"].dt.strftime("%Y-%m-%d") < "2013-10-11"]
        assert now(made, n) == {
            "previous close": own[dates == "2013-10-10"]["close"].iloc[-1],
            "open": today["open"].iloc[0],
            "high": today["high"].max(),
            "low": today["low"].min(),
            "last": today["close"].iloc[-1],
            "volume": today["volume"].sum(),
            "usual volume": pytest.approx(past["volume"].sum() / 5),
        }


def test_real_minutes_across_a_split_and_after_a_hole(shared_data: Path) -> None:
    path = shared_data / "intraday" / "lean_minute_trades_2008_2014.parquet"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared data")
    minutes = pd.read_parquet(path).rename(columns={"ticker": "symbol", "ts": "stamp"})
    bars = place(minutes, "minute", location=path.name).kept
    moment = at(11, 0, date(2014, 6, 9))
    unknown = session_so_far(bars, ("AAPL",), moment)
    assert unknown.findings[0].value == "645.57 before, 92.69 at the opening"
    event = split(date(2014, 6, 9), 7).model_copy(update={"symbol": "AAPL"})
    known = session_so_far(bars, ("AAPL",), moment, (event,))
    assert now(known)["previous close"] == pytest.approx(645.57 / 7)
    # Of the session of 23 June there are six minutes, and none of the session before.
    six = session_so_far(bars, ("TWX",), at(11, 0, date(2014, 6, 23)))
    assert np.isnan([now(six)["last"], now(six)["previous close"]]).all()
    assert six.findings[0].value == "2014-06-23 09:36"
