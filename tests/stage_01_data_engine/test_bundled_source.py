"""The demo's data: as the packages' own loaders give it, and known no earlier than it was."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import MarketWindow, content_hash
from foundation.kernel import NEW_YORK, DependencyError, OperatorError, UpstreamDataError
from foundation.market import close_of
from stage_01_data_engine import (
    BundledSource,
    DataEngineSettings,
    DataEngineStage,
    MarketRequest,
    RawMarket,
)
from stage_01_data_engine.adapters import bundled

AS_OF = date(2018, 12, 28)


def load(
    as_of: date = AS_OF, symbols: tuple[str, ...] | None = None, history: int = 300
) -> RawMarket:
    return BundledSource().load(MarketRequest(as_of, symbols, history))


def made(raw: RawMarket) -> MarketWindow:
    return DataEngineStage(DataEngineSettings()).run(raw)


@pytest.fixture(scope="module")
def window() -> MarketWindow:
    return made(load(history=2000))


def test_the_market_is_two_indices_twenty_stocks_and_five_etfs(window: MarketWindow) -> None:
    assert window.bars.symbols[:2] == ("SPX", "IXIC")
    kinds = [i.kind for i in window.instruments]
    assert (kinds.count("index"), kinds.count("equity"), kinds.count("etf")) == (2, 20, 5)
    assert [i.symbol for i in window.instruments if not i.close_only] == ["SPX", "IXIC"]
    assert all(i.name != i.symbol for i in window.instruments)
    assert all(i.sector for i in window.instruments if i.kind == "equity")
    assert len(window.bars.sessions) == 2000
    assert (window.session, window.target_session) == (AS_OF, date(2018, 12, 31))
    assert window.as_of == window.produced_at == close_of(AS_OF)
    assert window.source.survivor_biased


def test_bars_equal_what_the_packages_loaders_give(window: MarketWindow) -> None:
    import arch.data.nasdaq
    import arch.data.sp500
    from skfolio.datasets import load_factors_dataset, load_sp500_dataset

    index = pd.DatetimeIndex(np.array(window.bars.sessions, dtype="M8[ns]"))
    for symbol, loaded in (("SPX", arch.data.sp500.load()), ("IXIC", arch.data.nasdaq.load())):
        expected = loaded.loc[index, ["Open", "High", "Low", "Close", "Volume"]].to_numpy(float)
        expected[(expected[:, 4] == 0), 4] = np.nan  # two days of missing Nasdaq volume
        got = window.bars.select(symbols=[symbol]).values[:, 0]
        np.testing.assert_allclose(got, expected, rtol=1e-14)
    for loaded in (load_sp500_dataset(), load_factors_dataset()):
        got = window.bars.select(symbols=loaded.columns, fields=["close"]).values[:, :, 0]
        np.testing.assert_allclose(got, loaded.reindex(index).to_numpy(), rtol=1e-14)


def test_absent_volume_and_ranges_stay_absent(window: MarketWindow) -> None:
    apple = window.bars.select(symbols=["AAPL"]).values[:, 0]
    assert np.isnan(apple[:, [0, 1, 2, 4]]).all()
    assert np.isfinite(apple[:, 3]).all()
    said = next(f for f in window.findings if f.rule.startswith("An instrument reports ranges"))
    assert "AAPL" in said.value
    assert "SPX" not in said.value


def test_market_series_are_the_last_values_known_at_the_close(window: MarketWindow) -> None:
    series = {f: window.market.field(f)[:, 0] for f in window.market.fields}
    by_day = {f: dict(zip(window.market.sessions, v, strict=True)) for f, v in series.items()}
    assert by_day["vix"][date(2018, 12, 26)] == 30.41
    assert by_day["wti"][AS_OF] == 45.15
    # BAA - AAA: October 2018 5.07 - 4.14 is known from 1 November on, November from 3 December.
    assert by_day["credit_spread"][date(2018, 10, 31)] != pytest.approx(0.93)
    assert by_day["credit_spread"][date(2018, 11, 1)] == pytest.approx(0.93)
    assert by_day["credit_spread"][date(2018, 11, 30)] == pytest.approx(0.93)
    assert by_day["credit_spread"][date(2018, 12, 3)] == pytest.approx(5.22 - 4.22)
    # October's index, 258.939 over 253.484 a year before, is released on 30 November by rule.
    october = 100 * (258.939 / 253.484 - 1)
    assert by_day["core_cpi_yoy"][date(2018, 11, 29)] != pytest.approx(october, abs=1e-3)
    assert by_day["core_cpi_yoy"][date(2018, 11, 30)] == pytest.approx(october, abs=1e-3)
    assert by_day["core_cpi_yoy"][AS_OF] == by_day["core_cpi_yoy"][date(2018, 11, 30)]
    vix = next(f for f in window.findings if f.field == "vix")
    assert "known from 2014-01-03" in vix.value


def test_breadth_is_a_share_of_the_instruments(window: MarketWindow) -> None:
    close = window.bars.field("close")
    for t in (100, 1999):
        known = np.isfinite(close[t - 49 : t + 1]).all(axis=0)
        above = close[t, known] > close[t - 49 : t + 1, known].mean(axis=0)
        assert window.market.field("breadth")[t, 0] == pytest.approx(above.mean())


def test_a_release_is_announced_before_and_carries_its_figure_when_it_comes(
    window: MarketWindow,
) -> None:
    releases = [e for e in window.events if e.name == "core inflation"]
    assert all(e.known_at <= window.as_of for e in window.events)
    figures = {e.event_time: e for e in releases if e.actual is not None}
    announced = {e.event_time: e for e in releases if e.actual is None}
    assert all(e.known_at == e.event_time for e in figures.values())
    assert all(e.known_at < e.event_time for e in announced.values())
    assert sorted(announced)[:-1] == sorted(figures)[1:]
    coming = announced[max(announced)]
    assert coming.event_time == datetime(2018, 12, 31, 8, 30, tzinfo=NEW_YORK)
    assert coming.previous == figures[max(figures)].actual
    ordered = [figures[k] for k in sorted(figures)]
    for before, after in pairwise(ordered):
        assert after.previous == before.actual
    assert {e.expected for e in releases} == {None}


def test_the_publication_rule_is_never_ahead_of_the_real_release(shared_data: Path) -> None:
    """Against the dates on which core CPI really came out, 2007 to 2015."""
    file = shared_data / "economic_calendar" / "forexfactory_2007_2015.parquet"
    if not file.is_file():
        pytest.skip(f"no {file}")
    calendar = pd.read_parquet(file)
    core = calendar[(calendar["country"] == "USD") & (calendar["event"] == "Core CPI m/m")]
    stamps = core["datetime_utc_minus5_no_dst"]
    assert len(stamps) > 100
    for stamp in stamps:
        # A release of month m + 1 is about month m; the one of October 2013 came 14 days late.
        month = (stamp.to_period("M") - 1).to_timestamp().date()
        assert bundled.release_moment(month).date() >= stamp.date()


@pytest.mark.parametrize("change", ["rewrite", "delete"])
@pytest.mark.parametrize("as_of", [AS_OF, date(2016, 2, 12)])
def test_what_is_not_known_yet_changes_no_byte(
    change: str, as_of: date, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of daily files after the as-of date; monthly rows from the first unknown month on."""
    expected = load(as_of)
    find = bundled._path

    def changed(inside: str) -> Path:
        frame = pd.read_csv(find(inside), dtype=str)
        day = pd.to_datetime(frame.iloc[:, 0])
        months = {"default": 0, "core-cpi": 1}.get(Path(inside).name.split(".")[0])
        first = pd.Timestamp(as_of) + pd.Timedelta(days=1)
        if months is not None:
            first = (pd.Period(as_of, "M") - months).to_timestamp()
        late = (day >= first).to_numpy()
        if change == "delete":
            frame = frame[~late]
        else:
            assert late.any() or "core-cpi" in inside
            frame.iloc[late, 1:] = "123.25"
        frame.to_csv(tmp_path / Path(inside).name, index=False)
        return tmp_path / Path(inside).name

    monkeypatch.setattr(bundled, "_path", changed)
    got = load(as_of)
    assert got.source == expected.source
    assert content_hash(made(got)) == content_hash(made(expected))


def test_a_later_as_of_keeps_the_bars_and_events_of_the_earlier_one() -> None:
    early, late = load(date(2018, 12, 14), history=290), load(history=299)
    assert early.request.sessions[0] == late.request.sessions[0]
    cut = close_of(date(2018, 12, 14))
    a, b = made(early), made(late)
    assert a.bars == b.bars.until(date(2018, 12, 14))
    assert a.features == b.features.until(date(2018, 12, 14))
    assert a.market == b.market.until(date(2018, 12, 14))
    assert a.events == tuple(e for e in b.events if e.known_at <= cut)


def test_the_fingerprint_names_what_was_read() -> None:
    assert load().source.fingerprint == load().source.fingerprint
    others = {
        load().source.fingerprint,
        load(date(2018, 12, 27)).source.fingerprint,
        load(history=299).source.fingerprint,
        load(symbols=("SPX",)).source.fingerprint,
    }
    assert len(others) == 4


def test_symbols_may_be_chosen_and_an_unknown_one_is_named() -> None:
    assert made(load(symbols=("KO", "SPX"))).bars.symbols == ("KO", "SPX")
    with pytest.raises(OperatorError, match=r"'TSLA'.*AAPL"):
        load(symbols=("TSLA",))


def test_after_the_indices_end_the_stocks_go_on() -> None:
    window = made(load(date(2020, 6, 30), history=600))
    assert len(window.instruments) == 25
    gone = {f.symbol: f.value for f in window.findings if f.rule.endswith("as-of session")}
    assert gone == {"SPX": "last bar: 2018-12-31", "IXIC": "last bar: 2018-12-31"}
    assert np.isnan(window.market.field("vix")[-1, 0])
    stale = next(f for f in window.findings if f.field == "vix")
    assert stale.severity == "warning"
    assert "older than 5 sessions" in stale.value
    later = load(date(2022, 6, 30))
    assert {f.symbol for f in later.findings if f.rule.endswith("bars in the window")} == set(gone)


def test_beyond_all_data_it_says_so() -> None:
    with pytest.raises(UpstreamDataError, match="2022"):
        load(date(2030, 1, 2), history=20)


def test_a_package_without_its_data_file_is_a_missing_dependency() -> None:
    with pytest.raises(DependencyError, match=r"arch.*constraints"):
        bundled._path("arch/data/sp500/moved.csv.gz")
    with pytest.raises(DependencyError, match="no_such_package"):
        bundled._path("no_such_package/x.csv")
