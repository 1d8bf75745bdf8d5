"""Declared tables: cells of every kind, locations, known-at, real chains, files of all sorts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from foundation.kernel import (
    NEW_YORK,
    DependencyError,
    OperatorError,
    UpstreamDataError,
)
from stage_01_data_engine import MarketRequest
from stage_01_data_engine.adapters.files import sheets
from stage_01_data_engine.adapters.files.cboe import (
    DELAYED_CHAIN,
    OPTION_EOD_SUMMARY,
    PUT_CALL_RATIO,
    VIX_HISTORY,
)
from stage_01_data_engine.adapters.files.table_layout import TableLayout
from stage_01_data_engine.adapters.files.tables import TableSource
from stage_01_data_engine.option_quotes import OPTION_COLUMNS, judge_chain

openpyxl = pytest.importorskip("openpyxl", reason="the optional extra 'excel' is not installed")

SHARED = Path(os.environ.get("STORY_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))
FRIDAY, MONDAY = date(2018, 12, 28), date(2018, 12, 31)
CHAIN = TableLayout(
    file="chain.xlsx",
    kind="chain",
    sheet="Quotes",
    columns={
        "date": "Quoted", "expiry": "Expiry", "strike": "Strike", "right": "Side",
        "bid": "Bid", "ask": "Ask", "open_interest": "OI",
    },
    constants={"underlying": "AAA"},
)  # fmt: skip
HEADER = ("Quoted", "Expiry", "Strike", "Side", "Bid", "Ask", "OI")
THURSDAY, EXPIRY = datetime(2018, 12, 27), datetime(2019, 1, 18)
GOOD = (THURSDAY, EXPIRY, 100, "call", 1.5, 1.6, 40)


def workbook(folder: Path, rows: Sequence[Sequence[Any]], name: str = "chain.xlsx") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    page.title = "Quotes"
    for row in (HEADER, *rows):
        page.append(list(row))
    book.save(folder / name)
    return folder


def chain(folder: Path, *rows: Sequence[Any], as_of: date = FRIDAY) -> Any:
    return TableSource(workbook(folder, rows), [CHAIN]).option_chain(as_of)


def test_a_chain_has_the_columns_that_its_judge_asks_for(tmp_path: Path) -> None:
    made = chain(tmp_path, GOOD, (*GOOD[:3], "P", 2.0, 2.2, 7))
    assert set(OPTION_COLUMNS) <= set(made.rows.columns)
    assert made.rows["contract"].tolist() == ["AAA190118C00100000", "AAA190118P00100000"]
    assert made.rows["right"].tolist() == ["C", "P"]
    assert made.rows["open_interest"].tolist() == [40.0, 7.0]
    assert made.rows["volume"].isna().all()
    judged = judge_chain(made.rows, location="chain.xlsx")
    assert len(judged.kept) == 2


def test_quotes_of_a_date_are_known_from_the_session_after_it(tmp_path: Path) -> None:
    friday = (datetime(2018, 12, 28), *GOOD[1:])
    made = chain(tmp_path, GOOD, friday)
    assert len(made.rows) == 1
    assert made.rows["known_at"].iloc[0] == datetime(2018, 12, 28, 9, 30, tzinfo=NEW_YORK)
    assert made.rows["snapshot"].iloc[0] == datetime(2018, 12, 27, 16)
    later = TableSource(tmp_path, [CHAIN]).option_chain(MONDAY)
    assert len(later.rows) == 2
    same_day = CHAIN.model_copy(update={"known": "close"})
    assert len(TableSource(tmp_path, [same_day]).option_chain(FRIDAY).rows) == 2


def test_what_is_not_known_yet_leaves_no_trace_not_even_where_it_is_spoilt(tmp_path: Path) -> None:
    spoilt = (datetime(2018, 12, 28), EXPIRY, "x", "?", "y", None, None)
    one = chain(tmp_path, GOOD)
    other = chain(tmp_path, GOOD, spoilt, ("no date", *GOOD[1:]))
    pd.testing.assert_frame_equal(one.rows, other.rows)
    assert (other.findings, other.received, other.quarantined) == ((), 1, 0)


@pytest.mark.parametrize(
    ("column", "cell", "place", "word"),
    [
        (0, "27.12.2018", "A3", "date as the layout writes it"),
        (1, "soon", "B3", "date as the layout writes it"),
        (1, None, "B3", "cannot do without"),
        (2, None, "C3", "cannot do without"),
        (2, "a hundred", "C3", "holds a number"),
        (3, "straddle", "D3", "a call or a put"),
        (4, "#N/A", "E3", "holds a number"),
        (4, True, "E3", "holds a number"),
        (5, datetime(2018, 12, 27), "F3", "holds a number"),
        (6, "1_000", "G3", "holds a number"),
        (6, "inf", "G3", "holds a number"),
    ],
)
def test_a_bad_cell_is_named_by_sheet_and_cell(
    tmp_path: Path, column: int, cell: object, place: str, word: str
) -> None:
    bad = (*GOOD[:column], cell, *GOOD[column + 1 :])
    made = chain(tmp_path, GOOD, bad, GOOD)
    assert (made.received, made.quarantined, len(made.rows)) == (3, 1, 2)
    [finding] = made.findings
    assert finding.location == f"chain.xlsx:Quotes!{place}"
    assert word in finding.rule
    assert finding.remedy


def test_blank_rows_are_none_and_do_not_move_the_others(tmp_path: Path) -> None:
    made = chain(tmp_path, GOOD, (), (None, " "), (*GOOD[:2], "x", *GOOD[3:]))
    assert (made.received, made.quarantined) == (2, 1)
    assert made.findings[0].location == "chain.xlsx:Quotes!C5"


def test_cells_of_a_csv_file_are_named_by_row_and_column(tmp_path: Path) -> None:
    text = "day,price\n2018-12-26,1.0\n2018-12-27,one\n"
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    own = TableLayout(file="own.csv", kind="custom", columns={"date": "day", "score": "price"})
    made = TableSource(tmp_path, [own]).custom(FRIDAY)
    assert made.rows["score"].tolist() == [1.0]
    assert made.findings[0].location == "own.csv:3:price"


def test_many_bad_cells_are_told_together_and_counted_exactly(tmp_path: Path) -> None:
    made = chain(tmp_path, *[(*GOOD[:4], "x", *GOOD[5:])] * 40)
    assert made.quarantined == 40
    assert sum(f.rows for f in made.findings) == 40
    assert len(made.findings) < 40


def test_cboes_vix_history_becomes_the_series(tmp_path: Path) -> None:
    lines = ["DATE,OPEN,HIGH,LOW,CLOSE", "12/24/2018,31,36,30,36.07", "12/25/2018,1,1,1,36.2"]
    (tmp_path / "VIX_History.csv").write_text("\n".join(lines), encoding="utf-8")
    raw = TableSource(tmp_path, [VIX_HISTORY]).load(MarketRequest(FRIDAY, None, 5))
    told = raw.observations
    assert told["value"].tolist() == [36.07, 36.2]
    # An early close, and a holiday: known at the close of the session after it.
    assert [f"{t:%m-%d %H:%M}" for t in told["known_at"].dt.tz_convert(NEW_YORK)] == [
        "12-24 13:00", "12-26 16:00",
    ]  # fmt: skip
    assert (told["event_time"] <= told["known_at"]).all()


def test_cboes_put_call_archive_is_read_below_its_terms(tmp_path: Path) -> None:
    text = (
        'Cboe Exchange data are for information only.,,,,\n"PRODUCT: TOTAL, EQUITY",,,,\n'
        "DATE,CALL,PUT,TOTAL,P/C Ratio\n12/26/2018,1820000,2310000,4130000,1.27\n"
    )
    (tmp_path / "totalpc.csv").write_text(text, encoding="utf-8")
    made = TableSource(tmp_path, [PUT_CALL_RATIO]).flow(FRIDAY)
    [row] = made.rows.to_dict("records")
    assert (row["calls"], row["puts"], row["put_call_ratio"]) == (1_820_000, 2_310_000, 1.27)
    assert row["known_at"] == datetime(2018, 12, 27, 9, 30, tzinfo=NEW_YORK)


def test_cboes_end_of_day_summary_is_one_file_a_day(tmp_path: Path) -> None:
    names = list(OPTION_EOD_SUMMARY.columns.values())
    for day in ("2018-12-26", "2018-12-27"):
        told = dict.fromkeys(names, "1") | {
            "quote_date": day, "underlying_symbol": "^SPX", "expiration": "2019-01-18",
            "option_type": "P",
        }  # fmt: skip
        text = "\n".join([",".join(names), ",".join(told[n] for n in names), ""])
        (tmp_path / f"UnderlyingOptionsEODCalcs_{day}.csv").write_text(text, encoding="utf-8")
    made = TableSource(tmp_path, [OPTION_EOD_SUMMARY]).option_chain(FRIDAY)
    assert made.rows["underlying"].tolist() == ["^SPX", "^SPX"]
    assert made.rows["contract"].iloc[0] == "^SPX190118P00001000"


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no shared data at {SHARED}")
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_real_chain_comes_back_cell_by_cell(tmp_path: Path, suffix: str) -> None:
    whole = pd.read_parquet(SHARED / "options_spx_2019" / "chain.parquet")
    day = whole[whole["quotedate"] == "04/29/2019"].iloc[:: 1 if suffix == ".csv" else 40]
    path = tmp_path / f"spx_chain{suffix}"
    if suffix == ".csv":
        day.to_csv(path, index=False)
    else:
        day.to_excel(path, index=False)
    layout = DELAYED_CHAIN.model_copy(update={"file": f"*chain{suffix}"})
    source = TableSource(tmp_path, [layout])
    assert len(source.option_chain(date(2019, 4, 29)).rows) == 0
    made = source.option_chain(date(2019, 4, 30))
    assert (made.received, made.quarantined) == (len(day), 0)
    for ours, theirs in (
        ("strike", "strike"), ("bid", "bid"), ("ask", "ask"), ("volume", "volume"),
        ("open_interest", "openinterest"), ("implied_volatility", "impliedvol"),
        ("spot", "underlying_last"), ("gamma", "gamma"),
    ):  # fmt: skip
        truth = day[theirs].to_numpy(dtype=float)
        np.testing.assert_allclose(made.rows[ours], truth, rtol=1e-15)  # Excel's digits.
    assert (made.rows["right"].to_numpy() == day["type"].str[0].str.upper().to_numpy()).all()
    expiry = pd.to_datetime(day["expiration"], format="%m/%d/%Y").to_numpy()
    assert (made.rows["expiry"].to_numpy() == expiry).all()
    assert made.rows["contract"].tolist() == day["optionroot"].tolist()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"columns": {"date": "d"}}, "expiry, right, strike"),
        ({"columns": CHAIN.columns | {"smile": "S"}}, "smile"),
        ({"constants": {"underlying": "A", "strike": "1"}}, "strike is no text"),
        ({"kind": "series", "columns": {"date": "d", "value": "v"},
          "constants": {"series": "gold"}}, "gold"),
    ],
)  # fmt: skip
def test_a_layout_that_cannot_be_is_refused_when_it_is_made(
    changes: dict[str, Any], word: str
) -> None:
    with pytest.raises(ValidationError, match=word):
        TableLayout.model_validate(CHAIN.model_dump() | changes)


def test_missing_files_sheets_columns_and_headers_are_named(tmp_path: Path) -> None:
    def read(**changes: object) -> None:
        layout = CHAIN.model_copy(update=changes)
        TableSource(workbook(tmp_path, [GOOD]), [layout]).option_chain(FRIDAY)

    with pytest.raises(OperatorError, match=r"no\.xlsx"):
        read(file="no.xlsx")
    with pytest.raises(OperatorError, match=r"\*\.csv"):
        read(file="*.csv")
    with pytest.raises(OperatorError, match="Quotes"):
        read(sheet="Sheet9")
    with pytest.raises(UpstreamDataError, match="'Delta'"):
        read(columns=CHAIN.columns | {"delta": "Delta"})
    with pytest.raises(UpstreamDataError, match="row 9"):
        read(header_row=9)


def test_without_openpyxl_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "find_spec", lambda name: None)
    with pytest.raises(DependencyError, match=r"financial-story-llm\[excel\]"):
        chain(tmp_path, GOOD)


CELL = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6),
    st.datetimes(), st.sampled_from(["2018-12-27", "call", "P", 100, THURSDAY, EXPIRY]),
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.lists(CELL, max_size=8), max_size=6))
def test_no_cells_whatever_are_lost_or_break_the_reader(rows: list[list[object]]) -> None:
    sheet = sheets.Sheet("b.xlsx:Quotes", HEADER, rows, 2, is_workbook=True)
    source = TableSource(Path(), [CHAIN])
    made = source.judged(sheet, CHAIN, FRIDAY)
    assert len(made.rows) + made.quarantined == made.received <= len(rows)
    assert sum(f.rows for f in made.findings) == made.quarantined
