"""Events from tables: when a row is known, what is announced, and the real calendars."""

from __future__ import annotations

import gzip
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import MARKET, Instrument, MarketEvent
from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError
from foundation.market import close_of, sessions_until
from stage_01_data_engine import (
    DataEngineSettings,
    DataEngineStage,
    JoinedSource,
    MarketRequest,
    RawMarket,
    observation_frame,
    raw_market,
)
from stage_01_data_engine.adapters.files.event_layout import EventLayout
from stage_01_data_engine.adapters.files.event_tables import EventTableSource
from stage_02_fuzzification.events import summarise
from tests.stage_01_data_engine.market_files import walk
from tests.stage_01_data_engine.test_quality import raw

RELEASES = EventLayout(
    file="calendar.csv",
    kind="release",
    columns={
        "date": "day", "time": "clock", "name": "what", "actual": "came", "expected": "thought",
        "previous": "was",
    },
    announced_days=7,
    unit="percent",
)  # fmt: skip
HEADER = "day,clock,what,came,thought,was,where\n"


def at(day: str, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(hour, minute), tzinfo=NEW_YORK)


def load(
    folder: Path, as_of: str, *layouts: EventLayout, symbols: tuple[str, ...] | None = None
) -> RawMarket:
    request = MarketRequest(date.fromisoformat(as_of), symbols, 60)
    return EventTableSource(folder, layouts).load(request)


def told(events: tuple[MarketEvent, ...]) -> list[tuple]:
    return [(e.name, e.known_at, e.actual, e.expected, e.previous) for e in events]


def test_a_release_is_announced_without_its_figure_and_comes_out_at_its_minute(
    tmp_path: Path,
) -> None:
    (tmp_path / "calendar.csv").write_text(
        HEADER + "2018-12-19,14:00,Rate,2.5%,2.4%,2.25%,US\n2018-12-21,08:30,Orders,0.8%,,4.3%,US\n"
    )
    before, that_day = (load(tmp_path, d, RELEASES).events for d in ("2018-12-18", "2018-12-19"))
    assert told(before) == [
        ("Rate", at("2018-12-12", 14), None, None, None),
        ("Orders", at("2018-12-14", 8, 30), None, None, None),
    ]
    assert [e.event_time for e in before] == [at("2018-12-19", 14), at("2018-12-21", 8, 30)]
    assert told(that_day)[-1] == ("Rate", at("2018-12-19", 14), 2.5, 2.4, 2.25)
    assert {e.unit for e in that_day} == {"percent"}


def test_figures_carry_thousands_millions_and_bounds(tmp_path: Path) -> None:
    (tmp_path / "calendar.csv").write_text(
        HEADER
        + '2018-12-18,08:30,Jobs,228K,-1.5M,<0.25%,US\n2018-12-18,08:31,Debt,6.1B,,"1,250.5",US\n'
    )
    events = {e.name: e for e in load(tmp_path, "2018-12-19", RELEASES).events if e.actual}
    jobs, debt = events["Jobs"], events["Debt"]
    assert (jobs.actual, jobs.expected, jobs.previous) == (228e3, -1.5e6, 0.25)
    assert (debt.actual, debt.expected, debt.previous) == (6.1e9, None, 1250.5)


def test_rows_are_chosen_by_a_column_and_renamed(tmp_path: Path) -> None:
    (tmp_path / "calendar.csv").write_text(
        HEADER
        + "2018-12-18,08:30,Rate,1,1,1,EU\n2018-12-18,08:30,Rate,2,2,2,US\n"
        + "2018-12-18,9:00,X,3,3,3,US\n"
    )
    layout = RELEASES.model_copy(
        update={"only": {"where": "US"}, "names": {"Rate": "policy rate"}, "announced_days": 0}
    )
    assert told(load(tmp_path, "2018-12-19", layout).events) == [
        ("policy rate", at("2018-12-18", 8, 30), 2.0, 2.0, 2.0)
    ]


def test_a_release_without_a_time_is_known_the_session_after(tmp_path: Path) -> None:
    (tmp_path / "calendar.csv").write_text(HEADER + "2018-12-21,,Rate,1,1,1,US\n")
    layout = RELEASES.model_copy(update={"announced_days": 0})
    assert load(tmp_path, "2018-12-21", layout).events == ()
    assert load(tmp_path, "2018-12-24", layout).events[0].known_at == at("2018-12-24", 9, 30)


def test_what_cannot_be_read_is_set_aside_once_it_is_past_and_leaves_no_trace_before(
    tmp_path: Path,
) -> None:
    file = tmp_path / "calendar.csv"
    good = "2018-12-10,08:30,Good,1,1,1,US\n"
    bad = "2018-12-11,08:30,Bad,soon,1,1,US\n2018-12-11,noonish,Late,1,1,1,US\n"
    rest = "never,08:30,Odd,1,1,1,US\n2018-12-12,8:30,Next,1,1,1,US\n"
    file.write_text(HEADER + good + bad + rest)
    found = load(tmp_path, "2018-12-13", RELEASES)
    rules = sorted((f.rule.split(" holds ")[1], f.location) for f in found.findings)
    assert rules == [
        ("a date as the layout writes it", "calendar.csv:5:day"),
        ("a number", "calendar.csv:3:came"),
        ("a time of day", "calendar.csv:4:clock"),
    ]
    assert len(found.unread) == 3
    assert {e.name for e in found.events if e.actual} == {"Good", "Next"}
    early = load(tmp_path, "2018-12-10", RELEASES)
    assert early.findings == ()
    mended = "2018-12-11,08:30,Bad,2,1,1,US\n2018-12-11,12:00,Late,9,1,1,US\n"
    file.write_text(HEADER + good + mended)
    again = load(tmp_path, "2018-12-10", RELEASES)
    assert {e for e in early.events if e.actual} == {e for e in again.events if e.actual}


def test_figures_of_the_future_change_no_byte(tmp_path: Path) -> None:
    file = tmp_path / "calendar.csv"
    past = "2018-12-10,08:30,Rate,1,1,1,US\n"
    prints = []
    for later in ("2", "3", "soon", ""):
        file.write_text(HEADER + past + f"2018-12-17,08:30,Rate,{later},{later},1,US\n")
        prints.append(load(tmp_path, "2018-12-12", RELEASES).source.fingerprint)
    assert len(set(prints)) == 1


def test_reports_splits_dividends_and_halts_count_when_a_trader_knew(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text(
        "d,s,eps,est,t\n2018-12-18,AAA,1.2,1.0,bmo\n2018-12-18,BBB,0.5,0.6,amc\n"
        "2018-12-20,AAA,,1.1,bmo\n"
    )
    (tmp_path / "s.csv").write_text("d,s,r\n2018-12-17,AAA,7\n2018-12-21,BBB,2\n")
    (tmp_path / "p.csv").write_text("d,s,a,t\n21.12.2018,AAA,0.3,03.12.2018\n")
    (tmp_path / "h.csv").write_text("d,c,s,x\n2018-12-18,10:31,AAA,news pending\n")
    found = load(
        tmp_path,
        "2018-12-18",
        EventLayout(
            file="e.csv",
            kind="earnings",
            columns={"date": "d", "symbol": "s", "actual": "eps", "expected": "est", "time": "t"},
            announced_days=3,
        ),
        EventLayout(file="s.csv", kind="split", columns={"date": "d", "symbol": "s", "ratio": "r"}),
        EventLayout(
            file="p.csv",
            kind="dividend",
            columns={"date": "d", "symbol": "s", "amount": "a", "declared": "t"},
            date_format="%d.%m.%Y",
        ),
        EventLayout(
            file="h.csv",
            kind="halt",
            columns={"date": "d", "time": "c", "symbol": "s", "text": "x"},
        ),
    ).events
    rows = [(e.kind, e.symbol, e.known_at, e.actual) for e in found]
    assert ("earnings", "AAA", at("2018-12-18", 9, 30), 1.2) in rows
    assert ("earnings", "BBB", at("2018-12-16", 9, 30), None) in rows
    assert not any(kind == "earnings" and s == "BBB" and a for kind, s, _, a in rows)
    assert ("earnings", "AAA", at("2018-12-17", 9, 30), None) in rows
    assert ("corporate action", "AAA", at("2018-12-17", 9, 30), 7.0) in rows
    assert not any(e.symbol == "BBB" and e.kind == "corporate action" for e in found)
    assert ("halt", "AAA", at("2018-12-18", 10, 31), None) in rows
    assert ("corporate action", "AAA", at("2018-12-04", 9, 30), 0.3) in rows


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"columns": {"date": "d"}}, "names name"),
        ({"columns": {"date": "d", "name": "n", "ratio": "r"}}, "no field ratio"),
        ({"zone": "Atlantis/Deep"}, "Atlantis"),
    ],
)
def test_a_layout_that_cannot_be_is_refused(change: dict, wrong: str) -> None:
    with pytest.raises((ValueError, KeyError), match=wrong):
        EventLayout.model_validate({**RELEASES.model_dump(), **change})


def test_a_missing_file_or_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="exists"):
        load(tmp_path, "2018-12-18", RELEASES)
    (tmp_path / "calendar.csv").write_text("day,clock\n")
    with pytest.raises(UpstreamDataError, match="'what'"):
        load(tmp_path, "2018-12-18", RELEASES)
    with pytest.raises(OperatorError, match="a layout for each"):
        EventTableSource(tmp_path, ())


FOREX_FACTORY = EventLayout(
    file="forexfactory_2007_2015.parquet",
    kind="release",
    columns={
        "date": "datetime_utc_minus5_no_dst", "time": "datetime_utc_minus5_no_dst",
        "name": "event", "actual": "actual", "expected": "forecast", "previous": "previous",
    },
    only={"country": "USD"},
    names={"Non-Farm Employment Change": "payrolls", "Unemployment Rate": "unemployment"},
    zone="Etc/GMT+5",
    announced_days=7,
)  # fmt: skip


def test_the_real_calendar_tells_payrolls_at_half_past_eight_summer_and_winter(
    shared_data: Path,
) -> None:
    """The jobs reports of 2015-07-02 (223,000, a Thursday) and 2015-12-04 (211,000)."""
    source = EventTableSource(shared_data / "economic_calendar", [FOREX_FACTORY])
    known = source.load(MarketRequest(date(2015, 12, 4), None, 250)).events
    came = [e for e in known if e.name == "payrolls" and e.actual is not None]
    assert {e.known_at.time() for e in came} == {time(8, 30)}
    by_day = {e.known_at.date(): e for e in came}
    july, december = by_day[date(2015, 7, 2)], by_day[date(2015, 12, 4)]
    assert (july.actual, december.actual) == (223e3, 211e3)
    assert december.expected is not None
    day_before = source.load(MarketRequest(date(2015, 12, 3), None, 250)).events
    coming = [e for e in day_before if e.event_time.date() == date(2015, 12, 4)]
    assert {(e.name, e.actual) for e in coming} == {("payrolls", None), ("unemployment", None)}


def test_a_coming_release_is_due_in_so_many_weekdays(shared_data: Path) -> None:
    """The Thursday before the jobs report of Friday, 2015-12-04, and the report itself."""
    source = EventTableSource(shared_data / "economic_calendar", [FOREX_FACTORY])
    known = source.load(MarketRequest(date(2015, 12, 4), None, 600)).events
    days = sessions_until(date(2015, 12, 4), 500)
    panel = summarise(known, days)
    due = panel.field("payrolls|weekdays until")[:, 0]
    np.testing.assert_array_equal(due[-4:-1], [3, 2, 1])
    assert panel.field("payrolls|sessions since")[-1, 0] == 0
    # The consensus was 201,000: ten thousand more are a small surprise.
    assert 0 < panel.field("payrolls|surprise")[-1, 0] < 0.5


def test_real_earnings_reach_the_window_beside_bars(shared_data: Path) -> None:
    """Apple, 2018-11-01 after the close: 2.91 a share before the split of 2020, 0.73 after."""
    layout = EventLayout(
        file="earnings_1993_2018.parquet",
        kind="earnings",
        columns={
            "date": "date", "symbol": "symbol", "actual": "eps", "expected": "epsEstimated",
            "time": "time",
        },
        announced_days=14,
    )  # fmt: skip
    as_of = date(2018, 11, 2)
    bars = raw(walk(0, 60), symbol="AAPL")
    bars = bars[bars["session"] <= pd.Timestamp(as_of)]

    class Bars:
        name = "bars"

        def load(self, request: MarketRequest) -> RawMarket:
            return raw_market(
                request,
                name="bars",
                bars=bars,
                observations=observation_frame([]),
                events=(),
                instruments=(
                    Instrument(symbol="AAPL", name="Apple", kind="equity", fields=("close",)),
                ),
            )

    events = EventTableSource(shared_data / "earnings_calendar", [layout])
    given = JoinedSource(Bars(), events).load(MarketRequest(as_of, ("AAPL",), 40))
    window = DataEngineStage(DataEngineSettings()).run(given)
    apple = [e for e in window.events if e.symbol == "AAPL"]
    assert {e.symbol for e in window.events} <= {"AAPL", MARKET}
    last = apple[-1]
    assert (last.actual, last.known_at) == (0.73, at("2018-11-02", 9, 30))
    assert last.expected == pytest.approx(0.695, abs=0.01)
    announced = [e for e in apple if e.actual is None]
    assert announced[-1].known_at <= close_of(date(2018, 10, 19))


def test_real_dividends_and_reports_with_days_first_are_read(shared_data: Path) -> None:
    """IBM paid 0.85 with ex-date 2013-02-06; Apple's report of 2012-10-25 came after the close."""
    layouts = [
        EventLayout(
            file="dividends_latest.csv.gz",
            kind="dividend",
            columns={"date": "date", "symbol": "symbol", "amount": "dividend"},
            date_format="%d/%m/%Y",
        ),
        EventLayout(
            file="earnings_latest.csv.gz",
            kind="earnings",
            columns={
                "date": "date", "symbol": "symbol", "actual": "eps", "expected": "eps_est",
                "time": "release_time",
            },
            date_format="%d/%m/%Y",
        ),
    ]  # fmt: skip
    source = EventTableSource(shared_data / "corporate_actions", layouts)
    known = source.load(MarketRequest(date(2013, 2, 6), None, 250)).events
    paid = [e for e in known if e.symbol == "IBM" and e.name == "cash dividend"]
    assert paid[-1].actual == 0.85
    assert paid[-1].known_at == at("2013-02-06", 9, 30)
    reports = {e.known_at.date() for e in known if e.symbol == "AAPL" and e.kind == "earnings"}
    assert date(2012, 10, 26) in reports
    before = source.load(MarketRequest(date(2013, 2, 5), None, 250)).events
    assert not any(e.known_at > close_of(date(2013, 2, 5)) for e in before)
    assert set(before) < set(known)


def test_a_packed_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    layout = RELEASES.model_copy(update={"file": "calendar.csv.gz"})
    packed = gzip.compress((HEADER + "2018-12-10,08:30,Rate,1,1,1,US\n").encode())
    (tmp_path / "calendar.csv.gz").write_bytes(packed)
    assert load(tmp_path, "2018-12-12", layout).events
    (tmp_path / "calendar.csv.gz").write_bytes(packed[:-12])
    with pytest.raises(UpstreamDataError, match="UTF-8"):
        load(tmp_path, "2018-12-12", layout)
