"""A list of instruments beside bars: funds of sectors, their names, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.kernel import UpstreamDataError
from tests.stage_01_data_engine.market_files import lines, walk, window, write

SPDR = {"XLK": "Information Technology", "XLF": "Financials", "XLE": "Energy"}


def test_what_a_list_says_of_a_symbol_reaches_the_window(tmp_path: Path) -> None:
    write(tmp_path, "XLK.csv", lines(walk(0, 40)))
    write(tmp_path, "AAA.csv", lines(walk(1, 40)))
    (tmp_path / "instruments.csv").write_text(
        "symbol,name,kind,sector\nXLK,Technology fund,ETF,Information Technology\nZZZ,,,\n"
    )
    made = window(tmp_path)
    fund, share = made.instrument("XLK"), made.instrument("AAA")
    assert (fund.name, fund.kind, fund.sector) == (
        "Technology fund", "etf", "Information Technology",
    )  # fmt: skip
    assert fund.fields == share.fields
    assert (share.name, share.kind, share.sector) == ("AAA", "equity", None)
    assert {i.symbol for i in made.instruments} == {"XLK", "AAA"}


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ("symbol,kind\nA,bond\n", "an etf or a future"),
        ("symbol\nA\nA\n", "once"),
        ("symbol,name\n,Nobody\n", "once"),
        ("ticker\nA\n", "'symbol'"),
    ],
)
def test_a_list_that_cannot_be_is_refused(tmp_path: Path, rows: str, wrong: str) -> None:
    write(tmp_path, "A.csv", lines(walk(0, 40)))
    (tmp_path / "instruments.csv").write_text(rows)
    with pytest.raises(UpstreamDataError, match=wrong):
        window(tmp_path)


def test_real_sector_funds_have_ranks_among_funds_and_none_among_shares(
    tmp_path: Path, shared_data: Path
) -> None:
    frame = pd.read_parquet(shared_data / "etf_daily" / "etf_adj_1995_2023.parquet")
    recent = frame[frame["date"].between("2018-06-01", "2018-12-28")]
    for symbol in SPDR:
        bars = recent[recent["ticker"] == symbol]
        bars = bars[["date", "open", "high", "low", "close", "volume"]]
        bars.assign(date=bars["date"].dt.strftime("%Y-%m-%d")).to_csv(
            tmp_path / f"{symbol}.csv", index=False
        )
    write(tmp_path, "AAA.csv", lines(walk(1, 60)))
    listed = pd.DataFrame(
        [(symbol, "etf", sector) for symbol, sector in SPDR.items()],
        columns=["symbol", "kind", "sector"],
    )
    listed.to_csv(tmp_path / "instruments.csv", index=False)
    made = window(tmp_path)
    ranks = made.features.field("return_20_rank")[-1]
    funds = [made.bars.symbols.index(symbol) for symbol in SPDR]
    assert sorted(ranks[funds]) == [0.0, 0.5, 1.0]
    assert np.isnan(ranks[made.bars.symbols.index("AAA")])
    # Oil had fallen by a third that autumn.
    assert ranks[made.bars.symbols.index("XLE")] == 0.0
