"""Bad input: each gives a finding or an error that names file, row, rule and remedy."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import MarketWindow
from foundation.kernel import OperatorError, UpstreamDataError
from stage_01_data_engine import DataEngineSettings, DataEngineStage, FolderSource, MarketRequest
from tests.stage_01_data_engine.market_files import AS_OF, lines, load, only, walk, window, write

GOOD = lines(walk())


def conserved(made: MarketWindow) -> bool:
    counts = made.counts
    reported = sum(f.rows for f in made.findings if f.action == "quarantined")
    return counts.received == counts.kept + counts.quarantined and reported == counts.quarantined


def with_row(at: int, **cells: object) -> list[str]:
    """Return good lines with cells of data row ``at`` replaced."""
    frame = walk().astype(object)
    for column, cell in cells.items():
        frame.loc[at, column] = cell
    return lines(frame)


def test_a_clean_file_gives_every_bar_and_only_says_what_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, "aaa.csv", GOOD)
    made = window(tmp_path)
    frame = walk()
    assert made.bars.symbols == ("AAA",)
    for field in made.bars.fields:
        assert made.bars.field(field)[:, 0].tolist() == frame[field].tolist()
    assert made.counts.model_dump() == {"received": 40, "kept": 40, "quarantined": 0}
    assert {f.field for f in made.findings} == {"vix", "wti", "credit_spread", "core_cpi_yoy"}
    assert {(f.severity, f.action) for f in made.findings} == {("info", "kept")}
    assert np.isnan(made.market.field("vix")).all()


BAD_ROWS = {
    "a number that is none": ({"high": "abc"}, "are numbers", "high abc"),
    "thousands separators": ({"volume": '1,234'}, "are numbers", "volume 1,234"),
    "a missing close": ({"close": ""}, "reports a close", ""),
    "an infinite price": ({"open": "inf"}, "finite", "open inf"),
    "low above high": ({"low": 99.0, "high": 10.0}, "low is not above its high", "low 99, high 10"),
    "close above high": ({"close": 99.0}, "between low and high", "close 99"),
    "open below low": ({"open": 1.0}, "between low and high", "open 1,"),
    "a negative price": ({"low": -5.0}, "above zero", "low -5"),
    "a price of zero": ({"low": 0.0}, "above zero", "low 0"),
    "negative volume": ({"volume": -1}, "Volume is not negative", "volume -1"),
    "an unreadable date": ({"date": "28/12/2018"}, "ISO 8601", "28/12/2018"),
    "no date": ({"date": ""}, "ISO 8601", ""),
    "a Saturday": ({"date": "2018-11-24"}, "session of the exchange", "close"),
    "another time zone": ({"date": "2018-11-21T00:00:00+09:00"}, "one time zone", "+09:00"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_quarantined_by_file_row_rule_and_remedy(case: str, tmp_path: Path) -> None:
    cells, rule, value = BAD_ROWS[case]
    write(tmp_path, "AAA.csv", with_row(14, **cells))
    write(tmp_path, "BBB.csv", lines(walk(1)))
    made = window(tmp_path)
    finding = only([f for f in made.findings if f.action == "quarantined"], rule)
    assert finding.location == "AAA.csv:16"  # the header is line 1
    assert finding.symbol == "AAA"
    assert value in finding.value
    assert finding.remedy
    assert finding.severity == "error"
    assert made.counts.model_dump() == {"received": 80, "kept": 79, "quarantined": 1}
    assert conserved(made)
    close = made.bars.field("close")
    assert np.flatnonzero(np.isnan(close[:, 0])).tolist() == [14]
    assert close[:, 1].tolist() == walk(1)["close"].tolist()


def test_good_rows_read_the_same_beside_a_bad_one(tmp_path: Path) -> None:
    """One odd cell must not send its whole column through another way of reading numbers."""
    write(tmp_path, "AAA.csv", GOOD)
    clean = window(tmp_path).bars.values
    for row in (with_row(14, close="abc"), [*GOOD[:15], GOOD[15] + ",9,9,9", *GOOD[16:]]):
        write(tmp_path, "AAA.csv", row)
        assert np.delete(window(tmp_path).bars.values, 14, 0).tobytes() == (
            np.delete(clean, 14, 0).tobytes()
        )


def test_a_row_of_too_many_fields_is_quarantined_not_read_out_of_step(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", [*GOOD[:15], GOOD[15] + ",9", *GOOD[16:]])
    finding = only(window(tmp_path).findings, "are numbers")
    assert finding.location == "AAA.csv:16"
    assert "7 fields" in finding.value


def test_a_row_cut_short_lacks_its_last_fields(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", [*GOOD[:15], GOOD[15].rpartition(",")[0], *GOOD[16:]])
    made = window(tmp_path)
    finding = only(made.findings, "every field its source has")
    assert (finding.location, finding.action) == ("AAA.csv:16", "kept")
    assert np.isnan(made.bars.field("volume")[14, 0])
    assert np.isfinite(made.bars.field("close")[14, 0])


def test_a_blank_line_is_no_bar_and_leaves_line_numbers_right(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", [*GOOD[:10], "", *with_row(14, close="abc")[10:]])
    made = window(tmp_path)
    assert only(made.findings, "ISO 8601").location == "AAA.csv:11"
    assert only(made.findings, "are numbers").location == "AAA.csv:17"
    assert conserved(made)


def test_copies_of_a_row_leave_the_first_and_disagreeing_rows_leave_none(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", [*GOOD[:16], GOOD[15], *GOOD[16:]])
    made = window(tmp_path)
    finding = only(made.findings, "one bar a session")
    assert (finding.location, finding.rows) == ("AAA.csv:17", 1)
    assert not np.isnan(made.bars.field("close")).any()

    write(tmp_path, "AAA.csv", [*GOOD[:16], with_row(14, volume=1)[15], *GOOD[16:]])
    made = window(tmp_path)
    both = [f for f in made.findings if "disagree" in f.rule]
    assert [f.location for f in both] == ["AAA.csv:16", "AAA.csv:17"]
    assert np.flatnonzero(np.isnan(made.bars.field("close")[:, 0])).tolist() == [14]
    assert conserved(made)


def test_a_bad_copy_does_not_cost_the_good_row(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", [*GOOD[:16], with_row(14, low=-1)[15], *GOOD[16:]])
    made = window(tmp_path)
    assert only([f for f in made.findings if f.action == "quarantined"], "above zero")
    assert not np.isnan(made.bars.field("close")).any()


def test_unordered_rows_are_sorted_and_it_is_said(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", GOOD)
    ordered = window(tmp_path)
    write(tmp_path, "AAA.csv", [*GOOD[:10], GOOD[12], GOOD[10], GOOD[11], *GOOD[13:]])
    made = window(tmp_path)
    behind = [f.location for f in made.findings if f.action == "repaired"]
    assert behind == ["AAA.csv:12", "AAA.csv:13"]
    assert made.bars == ordered.bars
    assert made.features == ordered.features
    assert made.counts == ordered.counts


def test_a_holiday_filled_with_the_bar_before_it_is_a_phantom(tmp_path: Path) -> None:
    frame = walk()
    before = frame[frame.date == "2018-12-04"].assign(date="2018-12-05")  # a day of mourning
    write(tmp_path, "AAA.csv", lines(pd.concat([frame, before]).sort_values("date")))
    made = window(tmp_path)
    finding = only(made.findings, "no copy of the bar before it")
    assert finding.session == date(2018, 12, 5)
    assert finding.action == "quarantined"
    assert date(2018, 12, 5) not in made.bars.sessions


@pytest.mark.parametrize("missing", ["date", "close"])
def test_a_file_without_dates_or_closes_is_set_aside_as_a_whole(
    missing: str, tmp_path: Path
) -> None:
    write(tmp_path, "AAA.csv", GOOD)
    write(tmp_path, "BBB.csv", lines(walk(1).drop(columns=missing)))
    made = window(tmp_path)
    finding = only(made.findings, "a column of dates and a column of closes")
    assert (finding.symbol, finding.location) == ("BBB", "BBB.csv")
    assert "columns" in finding.value
    assert made.bars.symbols == ("AAA",)


def test_ranges_without_a_high_leave_closes(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", lines(walk().drop(columns="high")))
    made = window(tmp_path)
    assert only(made.findings, "open, high and low").value == "only open, low"
    assert made.instrument("AAA").fields == ("close", "volume")
    assert np.isnan(made.bars.field("low")).all()
    assert np.isfinite(made.features.field("volatility_scale_20")[-1, 0])


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("BBB.csv", b"", "holds text"),
        ("BBB.csv", b" \n\n", "holds text"),
        ("BBB.csv", b"\xff\xfe\x00d\x00a", "UTF-8"),
        ("BBB.csv.gz", b"not gzip at all", "UTF-8"),
        ("BBB.parquet", b"", "holds text"),
        ("BBB.parquet", b"PAR1 and then nothing", "Parquet file is complete"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_are_used(
    name: str, content: bytes, rule: str, tmp_path: Path
) -> None:
    write(tmp_path, "AAA.csv", GOOD)
    (tmp_path / name).write_bytes(content)
    made = window(tmp_path)
    finding = only(made.findings, rule)
    assert (finding.location, finding.symbol) == (name, "BBB")
    assert finding.remedy
    assert made.bars.symbols == ("AAA",)
    assert conserved(made)


def test_a_half_written_parquet_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", GOOD)
    whole = tmp_path / "BBB.parquet"
    walk(1).to_parquet(whole)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert only(window(tmp_path).findings, "Parquet").location == "BBB.parquet"
    with pytest.raises(UpstreamDataError, match=r"BBB\.parquet.*complete.*Remedy"):
        load(tmp_path, symbols=("BBB",))


def test_bytes_that_are_no_text_cost_their_row_only(tmp_path: Path) -> None:
    raw = ("\n".join(GOOD) + "\n").encode()
    spoilt = raw.replace(GOOD[15].encode(), GOOD[15].encode()[:-3] + b"\xff\x00\xfe")
    (tmp_path / "AAA.csv").write_bytes(spoilt)
    made = window(tmp_path)
    assert only(made.findings, "are numbers").location == "AAA.csv:16"
    assert made.counts.kept == 39


def test_a_header_without_rows_says_that_nothing_is_known(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", GOOD)
    write(tmp_path, "BBB.csv", GOOD[:1])
    assert only(window(tmp_path).findings, "has bars in the window").location == "BBB.csv"


def test_a_missing_or_barless_folder_is_the_operators_error(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"nowhere.*Remedy"):
        load(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(OperatorError, match=r"holds bar files.*Remedy"):
        load(tmp_path)


def test_an_unknown_symbol_is_named_with_the_ones_there_are(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", GOOD)
    with pytest.raises(OperatorError, match=r"'ZZZ'.*AAA"):
        load(tmp_path, symbols=("AAA", "ZZZ"))


def test_a_folder_with_nothing_usable_says_why(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", ["date,close", "28/12/2018,5"])
    with pytest.raises(UpstreamDataError, match=r"AAA\.csv.*YYYY-MM-DD"):
        load(tmp_path)


def test_symbols_come_in_the_order_asked_for(tmp_path: Path) -> None:
    for seed, name in enumerate(("AAA", "BBB", "CCC")):
        write(tmp_path, f"{name}.csv", lines(walk(seed)))
    assert window(tmp_path).bars.symbols == ("AAA", "BBB", "CCC")
    assert window(tmp_path, symbols=("CCC", "AAA")).bars.symbols == ("CCC", "AAA")


def test_one_file_may_hold_many_symbols(tmp_path: Path) -> None:
    apart, together = tmp_path / "apart", tmp_path / "together"
    apart.mkdir(), together.mkdir()
    frames = {"AAA": walk(0), "BBB": walk(1, 30)}
    for name, frame in frames.items():
        write(apart, f"{name}.csv", lines(frame))
    long = pd.concat([f.assign(Ticker=s.lower()) for s, f in frames.items()])
    long.to_parquet(together / "bars.parquet")
    one, other = window(apart), window(together)
    assert one.bars == other.bars
    assert one.features == other.features
    long.loc[long.index[3], "low"] = 999.0
    long.to_parquet(together / "bars.parquet")
    finding = [f for f in window(together).findings if f.action == "quarantined"]
    assert [f.location for f in finding] == ["bars.parquet:AAA:4", "bars.parquet:BBB:4"]


@pytest.mark.parametrize(
    "spell",
    [
        lambda f: f.rename(columns=str.upper),
        lambda f: f.rename(columns={"date": "Timestamp", "volume": "Vol"}),
        lambda f: f.rename(columns={"close": " Close "}).assign(**{"Adj Close": 1.0}),
        lambda f: f.assign(**{"adj_close": 1.0})[["adj_close", *f.columns]],
        lambda f: f.assign(date=f.date.str.replace("-", "")),
        lambda f: f.assign(date=f.date + " 16:00:00"),
        lambda f: f.assign(date=f.date + "T00:00:00Z"),
        lambda f: f.assign(date=f.date + "T21:00:00+00:00"),
        lambda f: f.assign(date=f.date + "T16:00:00-05:00"),
        lambda f: f.set_index("date").rename_axis(None).reset_index(names=""),
    ],
)  # fmt: skip
def test_usual_spellings_of_columns_and_dates_mean_the_same(spell: object, tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", GOOD)
    expected = window(tmp_path)
    write(tmp_path, "AAA.csv", lines(spell(walk())))  # type: ignore[operator]
    found = window(tmp_path)
    assert found.bars == expected.bars
    assert found.counts.quarantined == 0


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_byte_order_marks_and_gzip_are_read(
    delimiter: str, tmp_path: Path
) -> None:
    text = "\ufeff" + "\r\n".join(line.replace(",", delimiter) for line in GOOD)
    (tmp_path / "AAA.csv.gz").write_bytes(gzip.compress(text.encode()))
    made = window(tmp_path)
    assert made.bars.field("close")[:, 0].tolist() == walk()["close"].tolist()


def test_parquet_indexed_by_aware_moments_is_read(tmp_path: Path) -> None:
    frame = walk()
    moments = pd.DatetimeIndex(frame.date + " 16:00").tz_localize("America/New_York")
    frame.drop(columns="date").set_index(moments.tz_convert("UTC")).to_parquet(
        tmp_path / "AAA.parquet"
    )
    assert window(tmp_path).bars.field("close")[:, 0].tolist() == frame["close"].tolist()


def test_stamps_that_follow_new_yorks_summer_time_are_one_zone(tmp_path: Path) -> None:
    frame = walk(count=60)  # begins in October, ends in December
    moments = pd.to_datetime(frame.date + " 16:00").dt.tz_localize("America/New_York")
    assert moments.map(str).str[-6:].nunique() == 2
    write(tmp_path, "AAA.csv", lines(frame.assign(date=moments)))
    assert window(tmp_path).counts.quarantined == 0


def test_a_naive_date_among_aware_ones_is_another_zone(tmp_path: Path) -> None:
    frame = walk()
    aware = frame.assign(date=frame.date + "T16:00:00-05:00")
    aware.loc[5, "date"] = frame.loc[5, "date"]
    write(tmp_path, "AAA.csv", lines(aware))
    made = window(tmp_path)
    assert only(made.findings, "one time zone").location == "AAA.csv:7"


def test_files_named_like_market_series_are_read_as_such(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", GOOD)
    vix = walk(3)[["date", "close"]]
    write(tmp_path, "VIX.csv", lines(vix))
    spread = pd.DataFrame(
        {"date": ["2018-10-31", "2018-11-30"], "value": [0.9, 1.1],
         "known_at": ["2018-11-01T10:00:00-04:00", "2018-12-03T10:00:00-05:00"]}
    )  # fmt: skip
    write(tmp_path, "credit_spread.csv", lines(spread))
    made = window(tmp_path)
    assert made.bars.symbols == ("AAA",)
    assert made.market.field("vix")[:, 0].tolist() == vix["close"].tolist()
    by_day = dict(zip(made.market.sessions, made.market.field("credit_spread")[:, 0], strict=True))
    assert np.isnan(by_day[date(2018, 10, 31)])
    assert by_day[date(2018, 11, 30)] == 0.9
    assert by_day[date(2018, 12, 3)] == 1.1
    assert window(tmp_path, symbols=("VIX",)).bars.symbols == ("VIX",)


def test_a_monthly_series_that_does_not_say_when_it_was_known_is_not_used(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", GOOD)
    write(tmp_path, "core_cpi_yoy.csv", ["date,value", "2018-11-01,2.1"])
    made = window(tmp_path)
    finding = only(made.findings, "when each value became known")
    assert finding.location == "core_cpi_yoy.csv:2"
    assert np.isnan(made.market.field("core_cpi_yoy")).all()


def test_an_instrument_without_a_bar_on_the_as_of_session_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", GOOD)
    write(tmp_path, "BBB.csv", lines(walk(1))[:-1])
    made = window(tmp_path)
    finding = only(made.findings, "a bar on the as-of session")
    assert (finding.symbol, finding.value, finding.rows) == ("BBB", "last bar: 2018-12-27", 39)
    assert made.bars.symbols == ("AAA",)
    assert conserved(made)
    with pytest.raises(UpstreamDataError, match="BBB"):
        window(tmp_path, symbols=("BBB",))


def test_many_rows_of_a_kind_make_a_short_list_with_exact_counts(tmp_path: Path) -> None:
    frame = walk(count=60).astype({"low": object})
    frame.loc[:29, "low"] = "abc"
    frame.loc[30:56, "low"] = -1.0
    write(tmp_path, "AAA.csv", lines(frame))
    made = DataEngineStage(DataEngineSettings(listed_rows=5)).run(load(tmp_path, listed_rows=5))
    numbers, positive = only(made.findings, "are numbers"), only(made.findings, "above zero")
    assert (numbers.rows, positive.rows) == (30, 27)
    assert numbers.location == "AAA.csv:2 and 29 more"
    assert conserved(made)


@pytest.mark.parametrize(
    "asked",
    [
        {"as_of": date(2018, 12, 29), "symbols": None, "history_sessions": 9},
        {"as_of": AS_OF, "symbols": (), "history_sessions": 9},
        {"as_of": AS_OF, "symbols": ("A", "A"), "history_sessions": 9},
        {"as_of": AS_OF, "symbols": None, "history_sessions": 0},
    ],
)
def test_impossible_requests_are_refused(asked: dict[str, object]) -> None:
    with pytest.raises(OperatorError, match="Remedy"):
        MarketRequest(**asked)  # type: ignore[arg-type]


def test_a_weekend_as_of_names_the_session_before_it() -> None:
    with pytest.raises(OperatorError, match="2018-12-28"):
        MarketRequest(date(2018, 12, 30), None, 9)


def test_the_source_only_needs_a_path_and_settings(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", GOOD)
    source = FolderSource(tmp_path, DataEngineSettings())
    assert source.name == "folder"
    assert source.load(MarketRequest(AS_OF, None, 10)).bars["session"].nunique() == 10
