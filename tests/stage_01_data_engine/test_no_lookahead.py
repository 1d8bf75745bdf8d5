"""Deleting, rewriting or spoiling whatever comes after the as-of date changes no byte."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foundation.contracts import content_hash
from foundation.market import sessions
from stage_01_data_engine import DataEngineSettings, DataEngineStage
from tests.stage_01_data_engine.market_files import lines, load, walk, window, write

AS_OF = date(2018, 12, 14)
LATER = len(sessions(date(2018, 12, 17), date(2018, 12, 28)))
KNOWN = 60 - LATER
STAGE = DataEngineStage(DataEngineSettings())


def spoilt(rows: list[str], draw: np.random.Generator) -> list[str]:
    """Return what may become of later lines: garbage, long, short, missing, blank, changed."""
    garbage = ["", "nonsense", "2018-12-20", "2018-12-20,a,b,c,d,e", ",,,,,,,,,,,", "\0\0"]
    kinds = draw.integers(0, 5, len(rows))
    out = []
    for row, kind in zip(rows, kinds, strict=True):
        cells = row.split(",")
        if kind == 0:
            continue
        out.append(
            {
                1: str(draw.choice(garbage)),
                2: row + ",extra",
                3: ",".join([cells[0], *["-1e9"] * 5]),
                4: ",".join([cells[0] + "T00:00:00+09:00", *cells[1:]]),
            }[int(kind)]
        )
    return out


@settings(max_examples=20)
@example(17125)  # later text once made an earlier volume print as 6517.0
@given(st.integers(0, 2**32 - 1))
def test_a_folder_of_single_symbol_files_is_blind_to_later_rows(seed: int) -> None:
    draw = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        frames = {name: walk(i, 60) for i, name in enumerate(("AAA", "BBB"))}
        frames["BBB"] = frames["BBB"].astype(object)
        at = int(draw.integers(0, KNOWN - 1))
        frames["BBB"].loc[at, draw.choice(["date", "close", "volume"])] = "?"
        for name, frame in frames.items():
            write(folder, f"{name}.csv", lines(frame))
        write(folder, "VIX.csv", lines(walk(9, 60)[["date", "close"]]))
        raw = load(folder, as_of=AS_OF)
        expected = STAGE.run(raw)
        assert expected.counts.quarantined >= 1
        for name in ("AAA", "BBB", "VIX"):
            text = (folder / f"{name}.csv").read_text().splitlines()
            write(folder, f"{name}.csv", text[: KNOWN + 1] + spoilt(text[KNOWN + 1 :], draw))
        again = load(folder, as_of=AS_OF)
        assert again.source == raw.source
        assert content_hash(STAGE.run(again)) == content_hash(expected)


@pytest.mark.parametrize("by", [["ticker", "date"], ["date", "ticker"]])
@pytest.mark.parametrize("change", ["delete", "rewrite", "delay"])
def test_a_file_of_many_symbols_is_blind_to_later_rows(
    by: list[str], change: str, tmp_path: Path
) -> None:
    frames = [walk(i, 60).assign(ticker=t) for i, t in enumerate(("AAA", "BBB", "CCC"))]
    long = pd.concat(frames).sort_values(by, ignore_index=True)
    long.loc[long.ticker == "BBB", "low"] = long["low"].where(long.index % 7 > 0, 1e6)
    long.to_parquet(tmp_path / "bars.parquet")
    expected = window(tmp_path, as_of=AS_OF)
    assert any(f.location.startswith("bars.parquet:BBB:") for f in expected.findings)
    late = long["date"] > AS_OF.isoformat()
    if change == "delete":
        long = long[~late]
    elif change == "delay":
        long.loc[late, "date"] = "2031-01-02"
    else:
        long.loc[late, ["open", "close"]] = -7.0
    long.to_parquet(tmp_path / "bars.parquet")
    assert content_hash(window(tmp_path, as_of=AS_OF)) == content_hash(expected)


def test_the_check_would_notice_a_change_of_the_past(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", lines(walk(0, 60)))
    before = content_hash(window(tmp_path, as_of=AS_OF))
    frame = walk(0, 60)
    frame.loc[KNOWN - 1, "volume"] += 1
    write(tmp_path, "AAA.csv", lines(frame))
    assert content_hash(window(tmp_path, as_of=AS_OF)) != before


def test_two_loads_give_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", lines(walk(0, 60)))
    assert content_hash(window(tmp_path)) == content_hash(window(tmp_path))


def test_values_known_later_than_the_close_are_cut_even_where_their_date_is_past(
    tmp_path: Path,
) -> None:
    write(tmp_path, "AAA.csv", lines(walk(0, 60)))
    rows = ["date,value,known_at", "2018-11-30,0.9,2018-12-03T10:00:00-05:00"]
    write(tmp_path, "credit_spread.csv", rows)
    expected = window(tmp_path, as_of=AS_OF)
    told_late = "2018-12-10,5.0,2018-12-17T10:00:00-05:00"
    write(tmp_path, "credit_spread.csv", [*rows, told_late])
    assert content_hash(window(tmp_path, as_of=AS_OF)) == content_hash(expected)
