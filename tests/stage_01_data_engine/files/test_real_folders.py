"""Real folders of five hundred symbols, with the defects they are known to have."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import MarketWindow
from stage_01_data_engine import DataEngineSettings, DataEngineStage, FolderSource, MarketRequest
from stage_01_data_engine.features import STORY_FIELDS


def window(folder: Path, as_of: date, symbols: tuple[str, ...] | None = None) -> MarketWindow:
    if not (folder / "bars.parquet").is_file():
        pytest.skip(f"no {folder}/bars.parquet")
    settings = DataEngineSettings()
    request = MarketRequest(as_of, symbols, settings.history_sessions)
    return DataEngineStage(settings).run(FolderSource(folder, settings).load(request))


@pytest.fixture(scope="module")
def recent(shared_data: Path) -> MarketWindow:
    return window(shared_data / "ohlcv_sp500_2018_2023", date(2023, 6, 29))


@pytest.fixture(scope="module")
def older(shared_data: Path) -> MarketWindow:
    return window(shared_data / "ohlcv_sp500_2013_2018", date(2018, 2, 7))


def test_the_two_phantom_holidays_are_found_row_for_row(recent: MarketWindow) -> None:
    off = [f for f in recent.findings if "session of the exchange" in f.rule]
    assert {f.session: f.rows for f in off} == {date(2022, 6, 20): 500, date(2023, 6, 19): 501}
    assert sum(f.rows for f in off) == 1_001
    assert recent.counts.model_dump() == {
        "received": 687_592, "kept": 686_591, "quarantined": 1_001,
    }  # fmt: skip
    assert len(recent.instruments) == 501
    assert len(recent.findings) < 60, "a person can read the list"


def test_the_special_dividend_of_2018_is_reported_and_kept(recent: MarketWindow) -> None:
    steps = [f for f in recent.findings if "on one basis" in f.rule]
    assert ("KDP", date(2018, 7, 10)) in {(f.symbol, f.session) for f in steps}
    assert {f.action for f in steps} == {"kept"}


COPIES = ("transplanted-bar", "on-two-sessions")


def set_aside(window: MarketWindow, *rules: str) -> list[tuple[str, date | None]]:
    assert window.verdicts is not None
    return [(r.symbol, r.session) for r in window.verdicts.rows if r.rule in rules]


def test_rows_set_aside_are_listed_one_by_one_and_add_up(
    recent: MarketWindow, older: MarketWindow
) -> None:
    for made in (recent, older):
        assert made.verdicts is not None
        aside = {r.name for r in made.verdicts.rules if r.action == "quarantined"}
        listed = [r.location for r in made.verdicts.rows if r.rule in aside]
        assert len(listed) == len(set(listed)) == made.counts.quarantined
        assert made.counts.received == made.counts.kept + made.counts.quarantined


def test_twelve_impossible_bars_of_the_older_set_are_quarantined(older: MarketWindow) -> None:
    bad = [f for f in older.findings if f.action == "quarantined" and "session" not in f.rule]
    assert len(bad) == 12
    copies = len(set_aside(older, *COPIES))
    assert older.counts.model_dump() == {
        "received": 619_040, "kept": 619_028 - copies, "quarantined": 12 + copies,
    }  # fmt: skip
    alliant = next(f for f in bad if f.symbol == "LNT")
    assert alliant.session == date(2016, 5, 19)
    assert "close 17.87" in alliant.value
    lacking = [f for f in older.findings if "every field" in f.rule]
    assert sum(f.rows for f in lacking) == 11


def test_bars_of_a_later_session_do_not_reach_the_older_window(older: MarketWindow) -> None:
    """Conoco's bar of December stands on 2017-09-14. On 2017-08-01, when Apple closed at 150.05,
    it has 158.59 after the open, high and low of 2017-08-07; hundreds are those of 2017-08-04."""
    aside = set(set_aside(older, *COPIES))
    assert ("COP", date(2017, 9, 14)) in aside
    assert ("AAPL", date(2017, 8, 1)) in aside
    assert ("COP", date(2017, 12, 19)) not in aside
    close = older.bars.select(symbols=["COP"], fields=["close"]).values[:, 0, 0]
    at = older.bars.sessions.index(date(2017, 9, 14))
    assert np.isnan(close[at])
    days = [day for _, day in aside]
    assert days.count(date(2017, 8, 1)) >= 250
    assert days.count(date(2014, 8, 1)) >= 200
    assert days.count(date(2014, 8, 4)) <= 5, "the later bar is the session's own"


def test_bars_equal_the_file_wherever_they_were_kept(
    older: MarketWindow, shared_data: Path
) -> None:
    file = pd.read_parquet(shared_data / "ohlcv_sp500_2013_2018" / "bars.parquet")
    expected = file.pivot(index="date", columns="ticker", values="close")[list(older.bars.symbols)]
    got = older.bars.field("close")
    assert (
        np.isfinite(expected.to_numpy()).sum() - np.isfinite(got).sum() == older.counts.quarantined
    )
    kept = np.isfinite(got)
    assert (expected.to_numpy()[kept] == got[kept]).all()


def test_bars_after_a_bad_one_have_indicators_again(older: MarketWindow) -> None:
    """LNT's bar set aside leaves a hole, not an RSI of zero ever after."""
    bars = older.bars.select(symbols=["LNT"], fields=["close"]).values[:, 0, 0]
    rsi = older.features.select(symbols=["LNT"], fields=["rsi_14"]).values[:, 0, 0]
    holes = np.flatnonzero(np.isnan(bars))
    assert older.bars.sessions.index(date(2016, 5, 19)) in holes
    assert np.flatnonzero(np.isnan(rsi)).tolist() == [*range(14), *holes]
    assert (rsi[14:][np.isfinite(rsi[14:])] > 0).all()


def test_two_symbols_as_of_an_earlier_day(shared_data: Path) -> None:
    made = window(shared_data / "ohlcv_sp500_2018_2023", date(2021, 6, 29), ("MSFT", "AAPL"))
    assert made.bars.symbols == ("MSFT", "AAPL")
    assert made.bars.sessions[-1] == date(2021, 6, 29)
    assert made.counts.quarantined == 0
    assert np.isfinite(made.features.select(fields=STORY_FIELDS).values[-1]).all()
