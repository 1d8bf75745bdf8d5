"""Gates for sightings, calendars, series and chains: each adds up, and each finds its kind."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.testing.record_defects import (
    SpoiltRecords,
    calendar_without_daylight_saving,
    chain_with_defects,
    series_with_missing_periods,
    sightings_with_defects,
)
from stage_01_data_engine.bitemporal import as_known, judge_sightings
from stage_01_data_engine.option_quotes import OPTION_COLUMNS, judge_chain
from stage_01_data_engine.periods import judge_series, missing_periods, period_of
from stage_01_data_engine.release_clock import clock_shifts, judge_calendar, wall_clock
from stage_01_data_engine.verdicts import Judged


def rows(judged: Judged, rule: str) -> set[int]:
    return set(judged.verdicts.loc[judged.verdicts["rule"] == rule, "row"])


def adds_up(judged: Judged, received: int) -> None:
    assert judged.tally.received == received
    aside = judged.verdicts[judged.verdicts["action"] == "quarantined"]
    assert aside["row"].is_unique
    assert len(aside) == judged.tally.quarantined == received - len(judged.kept)
    reported = sum(f.rows for f in judged.findings if f.action == "quarantined")
    assert reported == judged.tally.quarantined


def all_found(made: SpoiltRecords, judged: Judged, **named: str) -> None:
    for kind, truth in made.truth.items():
        assert rows(judged, named.get(kind.replace(" ", "_"), kind.replace(" ", "-"))) == truth


SIGHTED = {"key": ["symbol", "session"], "known_at": "known_at", "values": ["close", "volume"]}


def sighted(table: pd.DataFrame, as_of: date) -> tuple[Judged, int]:
    return judge_sightings(table, as_of=as_of, location="s", **SIGHTED)  # type: ignore[arg-type]


def test_repeated_revised_and_contradicted_sightings_are_told_apart() -> None:
    made = sightings_with_defects(5)
    judged, unseen = sighted(made.table, date(2016, 1, 31))
    assert unseen == 0
    adds_up(judged, len(made.table))
    all_found(made, judged, contradicted="contradicted-key")


def test_sightings_after_the_as_of_day_change_nothing() -> None:
    table = sightings_with_defects(6).table
    early = table[table["known_at"] <= "2015-06-30"]
    judged, unseen = sighted(table, date(2015, 6, 30))
    alone, none = sighted(early, date(2015, 6, 30))
    assert (len(table) - len(early), 0) == (unseen, none)
    pd.testing.assert_frame_equal(judged.kept, alone.kept)
    assert judged.tally == alone.tally


def test_the_last_sighting_known_by_a_day_counts() -> None:
    table = pd.DataFrame(
        {
            "symbol": "A",
            "session": pd.Timestamp(2015, 1, 5),
            "close": [10.0, 11.0, 12.0],
            "known_at": pd.to_datetime(["2015-01-06", "2015-01-05", "2015-02-01"]),
        }
    )
    read = [
        as_known(table, date(2015, 1, day), ["symbol", "session"], "known_at")["close"].tolist()
        for day in (4, 5, 6, 31)
    ]
    assert read == [[], [11.0], [10.0], [10.0]]


SIGHTING = st.tuples(
    st.sampled_from("AB"), st.integers(0, 1), st.sampled_from([1.0, 1.0000001, 2.0, np.nan]),
    st.integers(0, 3),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(SIGHTING, min_size=1, max_size=25), st.integers(0, 3))
def test_any_table_of_sightings_adds_up(found: list[tuple[str, int, float, int]], at: int) -> None:
    table = pd.DataFrame(found, columns=["symbol", "session", "close", "known_at"])
    begin = pd.Timestamp(2015, 1, 5)
    for column in ("session", "known_at"):
        table[column] = begin + pd.to_timedelta(table[column], unit="D")
    judged, unseen = judge_sightings(
        table, as_of=begin + pd.Timedelta(days=at), key=["symbol", "session"], known_at="known_at",
        values=["close"], location="s",
    )  # fmt: skip
    adds_up(judged, len(table) - unseen)
    assert not judged.kept.duplicated(["symbol", "session", "known_at"]).any()


def test_the_crawl_of_2015_is_read_as_of_a_day(shared_data: Path) -> None:
    path = shared_data / "ohlcv_crawl_2015" / "crawl_raw.parquet"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared data")
    table = pd.read_parquet(path)
    table["session"] = pd.to_datetime(table["date"])
    table["known_at"] = pd.to_datetime(table["crawl_date"], format="%Y%m%d")
    table[["close", "volume"]] = table[["close", "volume"]].astype(float)
    judged, unseen = sighted(table, date(2015, 6, 30))
    adds_up(judged, len(table) - unseen)
    assert unseen == int((table["crawl_date"] > "20150630").sum())
    devon = judged.kept.query("symbol == 'DVN' and date == '2015-03-23'")
    assert devon["volume"].tolist() == [2_810_100, 2_834_900], (
        "the evening after, shares were added"
    )


def test_stamps_without_daylight_saving_are_found_and_repaired() -> None:
    made = calendar_without_daylight_saving(4)
    judged = judge_calendar(made.table, zone="America/New_York", location="c")
    adds_up(judged, len(made.table))
    all_found(made, judged)
    fixed = made.table["event"].isin([f"release {n}" for n in range(20)])
    wall, whole_day = wall_clock(
        made.table["stamp"], made.table["event"], hours=-5, zone="America/New_York"
    )
    assert not whole_day.any()
    repaired = made.table["stamp"].where(~fixed, wall)
    assert not clock_shifts(repaired, made.table["event"], "America/New_York")[0].any()


def test_all_day_entries_follow_no_clock_where_clocks_change() -> None:
    """A holiday at midnight all year is a day; a release at midnight in summer only is a moment."""
    months = pd.DatetimeIndex([f"{2000 + n // 2}-{('01', '07')[n % 2]}-15" for n in range(24)])
    summer = np.asarray(months.month == 7)
    moment = months + pd.to_timedelta(np.where(summer, 0, 1), unit="h")
    stamp = pd.Series([*months, *moment])
    event = pd.Series(["holiday"] * 24 + ["release"] * 24)
    wall, whole = wall_clock(stamp, event, hours=-5, zone="America/New_York")
    assert whole.tolist() == [True] * 24 + [False] * 24
    assert (wall[:24].to_numpy() == months.to_numpy()).all()
    assert set(wall[24:].dt.hour) == {1}, "one in the morning, summer and winter"
    tokyo, told = wall_clock(stamp, event, hours=-5, zone="Asia/Tokyo")
    assert not told.any(), "14:00 in Tokyo all year is a release like any other"
    assert set(tokyo[:24].dt.hour) == {14}


def test_repaired_stamps_of_the_shared_calendar_are_wall_clock(shared_data: Path) -> None:
    path = shared_data / "economic_calendar" / "forexfactory_2007_2015.parquet"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared data")
    table = pd.read_parquet(path)
    table = table[table["country"] == "USD"].reset_index(drop=True)
    wall, whole = wall_clock(
        table["datetime_utc_minus5_no_dst"], table["event"], hours=-5, zone="America/New_York"
    )
    assert {"Bank Holiday"} <= set(table.loc[whole, "event"])
    shifted, _ = clock_shifts(wall, table["event"], "America/New_York")
    assert shifted.mean() < 0.001
    payrolls = (table["event"] == "Non-Farm Employment Change").to_numpy()
    assert (wall[payrolls].dt.strftime("%H:%M") == "08:30").mean() > 0.95


def test_payrolls_of_the_shared_calendar_shift_with_the_season(shared_data: Path) -> None:
    path = shared_data / "economic_calendar" / "forexfactory_2007_2015.parquet"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared data")
    table = pd.read_parquet(path)
    table = table[table["country"] == "USD"]
    stamp = table["datetime_utc_minus5_no_dst"]
    shifted, events = clock_shifts(stamp, table["event"], "America/New_York")
    assert events["Non-Farm Employment Change"] == -60
    payrolls = (table["event"] == "Non-Farm Employment Change").to_numpy()
    assert set(stamp[payrolls & shifted].dt.strftime("%H:%M")) == {"07:30"}
    assert shifted.mean() > 0.4


def test_missing_months_weeks_and_days_are_named() -> None:
    made = series_with_missing_periods(2)
    found = {
        (name, day.item())
        for name, own in made.table.groupby("series")
        for day in missing_periods(own["date"].to_numpy().astype("M8[D]"))
    }
    assert found == made.truth["missing periods"]
    judged = judge_series(made.table, location="m")
    adds_up(judged, len(made.table))
    assert len([f for f in judged.findings if "every period" in f.rule]) == 30


def test_values_that_disagree_about_a_month_are_both_set_aside() -> None:
    months = pd.date_range("2000-01-01", periods=24, freq="MS")
    table = pd.DataFrame({"series": "CPI", "date": months, "value": np.arange(24.0)})
    again = table.iloc[[3]]
    other = table.iloc[[5]].assign(value=99.0)
    empty = table.iloc[[7]].assign(value=np.nan, date=pd.Timestamp(2002, 1, 1))
    judged = judge_series(pd.concat([table, again, other, empty], ignore_index=True), location="m")
    adds_up(judged, 27)
    assert rows(judged, "repeated-date") == {24}
    assert rows(judged, "conflicting-date") == {5, 25}
    assert rows(judged, "no-value") == {26}
    gap = next(f for f in judged.findings if "every period" in f.rule)
    assert gap.value == "1 months missing: 2000-06-01"


def test_michigan_sentiment_was_quarterly_once(shared_data: Path) -> None:
    path = shared_data / "macro_fred" / "fred_long.parquet"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared data")
    table = pd.read_parquet(path)
    by_series = {
        str(name): own["date"].to_numpy().astype("M8[D]") for name, own in table.groupby("series")
    }
    assert period_of(by_series["UMCSENT"]) == "monthly"
    lacking = {name for name, days in by_series.items() if len(missing_periods(days))}
    assert lacking == {"UMCSENT", "RRPONTSYD"}
    assert np.datetime64("1953-01-01") in missing_periods(by_series["UMCSENT"])


def test_planted_defects_of_an_option_chain_are_found_and_nothing_else() -> None:
    made = chain_with_defects(3)
    judged = judge_chain(made.table, location="o")
    adds_up(judged, len(made.table))
    all_found(made, judged)
    assert len(judged.verdicts) == sum(len(truth) for truth in made.truth.values())


def test_a_quote_that_stays_while_its_underlying_moves_is_noted_not_its_whole_snapshot() -> None:
    clean = chain_with_defects(1, each=0).table
    first, second = sorted(clean["snapshot"].unique())[:2]
    chain = clean[clean["snapshot"].isin([first, second])].reset_index(drop=True)
    half = len(chain) // 2
    quoted = ["bid", "ask", "last", "volume", "open_interest", "implied_volatility"]
    fresh = chain.copy()
    fresh.loc[half:, quoted] = fresh.loc[half:, quoted] * 1.01 + 1
    fresh.loc[half + 3, quoted] = chain.loc[3, quoted]
    assert rows(judge_chain(fresh, location="o"), "stale-quote") == {half + 3}
    assert rows(judge_chain(fresh, location="o"), "repeated-snapshot") == set()


def test_zero_asks_of_the_yahoo_chains_are_found(shared_data: Path) -> None:
    path = shared_data / "options_yahoo_2026_02" / "chain.parquet"
    if not path.is_file():
        pytest.skip(f"no {path.name} in the shared data")
    table = pd.read_parquet(path)
    chain = table.drop(columns="snapshot").rename(
        columns={
            "contractSymbol": "contract", "ticker": "underlying", "lastPrice": "last",
            "openInterest": "open_interest", "impliedVolatility": "implied_volatility",
            "optionType": "right", "underlyingPrice": "spot",
        }
    )  # fmt: skip
    chain["snapshot"] = pd.to_datetime(chain["snapshot_date"])
    chain["expiry"] = pd.to_datetime(chain["expirationDate"])
    judged = judge_chain(chain.reindex(columns=list(OPTION_COLUMNS)), location="y")
    adds_up(judged, len(table))
    assert rows(judged, "zero-ask") == set(np.flatnonzero(table["ask"] == 0))
    assert len(rows(judged, "stale-quote")) > 0
