"""Columns of flow and of a user's own tables as series of the window."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from foundation.contracts import ContinuousSeries, MarketWindow
from foundation.market import sessions_until
from stage_01_data_engine import (
    DataEngineSettings,
    DataEngineStage,
    MarketRequest,
    TableLayout,
    TableSource,
)
from stage_01_data_engine.adapters.files.cboe import put_call_series

AS_OF = date(2018, 12, 28)
DAYS = sessions_until(AS_OF, 30)
BARS = TableLayout(
    file="bars.csv",
    kind="bars",
    columns={"date": "d", "symbol": "s", "close": "c"},
    known="close",
)
SHORT = ContinuousSeries(
    name="short_interest", unit="shares", panel="features", stale_after_sessions=9
)
CROWD = ContinuousSeries(name="crowd", unit="points", panel="market", stale_after_sessions=0)


def custom(columns: dict[str, str], **series: ContinuousSeries) -> TableLayout:
    return TableLayout(file="own.csv", kind="custom", columns=columns, series=series)


def window(folder: Path, *layouts: TableLayout) -> MarketWindow:
    rows = [f"{day},{s},{10 + n % 7}" for s in ("AAA", "BBB") for n, day in enumerate(DAYS)]
    (folder / "bars.csv").write_text("d,s,c\n" + "\n".join(rows) + "\n")
    source = TableSource(folder, (BARS, *layouts))
    return DataEngineStage(DataEngineSettings()).run(source.load(MarketRequest(AS_OF, None, 30)))


def test_a_declared_column_becomes_a_series_the_session_after_its_date(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(
        f"d,s,si,ignored\n{DAYS[-4]},AAA,100,1\n{DAYS[-2]},AAA,,2\n{DAYS[-2]},BBB,7,3\n"
    )
    layout = custom({"date": "d", "symbol": "s", "si": "si"}, si=SHORT)
    made = window(tmp_path, layout)
    found = made.features.field("short_interest")
    np.testing.assert_array_equal(found[-4:, 0], [np.nan, 100, 100, 100])
    np.testing.assert_array_equal(found[-4:, 1], [np.nan, np.nan, np.nan, 7])
    assert SHORT in made.series


def test_a_column_without_symbols_is_market_wide(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(f"d,x\n{DAYS[-3]},4.5\n")
    made = window(tmp_path, custom({"date": "d", "x": "x"}, x=CROWD))
    np.testing.assert_array_equal(made.market.field("crowd")[-3:, 0], [np.nan, 4.5, np.nan])


def test_cboes_put_call_ratio_stands_in_the_window(tmp_path: Path) -> None:
    day = DAYS[-2].strftime("%m/%d/%Y")
    for name, ratio in (("equity", 0.61), ("index", 1.2)):
        (tmp_path / f"{name}pc.csv").write_text(
            f"Cboe,,,,\nterms,,,,\nDATE,CALL,PUT,TOTAL,P/C Ratio\n{day},100,61,161,{ratio}\n"
        )
    made = window(tmp_path, put_call_series("equity"), put_call_series("index"))
    assert made.market.field("equity_put_call_ratio")[-1, 0] == 0.61
    assert made.market.field("index_put_call_ratio")[-1, 0] == 1.2
    assert np.isnan(made.market.field("index_put_call_ratio")[-2, 0])


def test_a_cell_that_is_no_number_is_set_aside_and_counted(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(f"d,x\n{DAYS[-3]},many\n{DAYS[-2]},4\n")
    made = window(tmp_path, custom({"date": "d", "x": "x"}, x=CROWD))
    assert made.counts.quarantined == 1
    assert made.market.field("crowd")[-1, 0] == 4


@pytest.mark.parametrize(
    ("columns", "series", "wrong"),
    [
        ({"date": "d", "x": "x"}, {"y": CROWD}, "no column"),
        ({"date": "d", "x": "x"}, {"x": SHORT}, "column symbol"),
    ],
)
def test_a_series_without_its_column_is_refused(
    columns: dict[str, str], series: dict[str, ContinuousSeries], wrong: str
) -> None:
    with pytest.raises(ValueError, match=wrong):
        custom(columns, **series)


def test_bars_are_no_series_of_ones_own() -> None:
    with pytest.raises(ValueError, match="their place already"):
        TableLayout.model_validate({**BARS.model_dump(), "series": {"close": CROWD.model_dump()}})
