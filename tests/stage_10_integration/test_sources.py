"""Every source by its name, alone, joined and in a chain, as a run opens it from settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from config.profiles import profile_named
from config.settings import Settings, load
from foundation.kernel import DependencyError, OperatorError
from foundation.testing.vendors import (
    FinnhubEmulator,
    FredEmulator,
    IqfeedLevelOne,
    IqfeedLookup,
    NasdaqDataLinkEmulator,
    PolygonEmulator,
    YahooEmulator,
    vendor_market,
)
from stage_01_data_engine import SOURCES, RawMarket
from stage_10_integration import wiring
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.sources import SourceReading, last_closed, open_source
from stage_10_integration.verification import verify_no_lookahead
from stage_10_integration.verification.restatement import in_terms_of

WORLD = vendor_market()
AS_OF = date(2018, 12, 28)
KEYS = {
    "POLYGON_API_KEY": PolygonEmulator.key,
    "FRED_API_KEY": FredEmulator.key,
    "FINNHUB_API_KEY": FinnhubEmulator.key,
    "NASDAQ_DATA_LINK_API_KEY": NasdaqDataLinkEmulator.key,
}


@pytest.fixture
def addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Settings that lead every vendor to its emulator; keys in the environment."""
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    with ExitStack() as stack:
        servers = {
            "polygon": stack.enter_context(PolygonEmulator(WORLD)).url,
            "fred": stack.enter_context(FredEmulator(WORLD)).url + "/fred",
            "finnhub": stack.enter_context(FinnhubEmulator(WORLD)).url,
            "nasdaq_data_link": stack.enter_context(NasdaqDataLinkEmulator(WORLD)).url,
            "yahoo": stack.enter_context(YahooEmulator(WORLD)).url,
        }
        found: dict[str, Any] = {
            name: {"base_url": url, "rates": [], "retry": {"attempts": 1}}
            for name, url in servers.items()
        }
        found["yahoo"]["library_cache"] = str(tmp_path)
        found["iqfeed"] = {
            "lookup_port": stack.enter_context(IqfeedLookup(WORLD)).port,
            "level_one_port": stack.enter_context(IqfeedLevelOne(WORLD)).port,
            "rates": [],
            # Two splits after the as-of date would be refused; the emulator names the last two.
            "more_splits": "accept",
        }
        yield found


def opened(tmp_path: Path, sources: dict[str, Any] | None = None, **market: Any) -> SourceReading:
    market = {"as_of": AS_OF, "symbols": ("AAA", "BBB")} | market
    flags = {
        "store": tmp_path / "store",
        "market": market,
        "data": {"history_sessions": 60},
        "sources": sources or {},
    }
    return open_source(load(Settings(), environ={}, flags=flags))


def csv_folder(folder: Path) -> Path:
    folder.mkdir()
    for symbol, values in WORLD.bars.items():
        lines = ["date,open,high,low,close,volume"]
        rows = zip(WORLD.sessions, values.tolist(), strict=True)
        lines += [f"{day},{','.join(map(repr, row))}" for day, row in rows]
        (folder / f"{symbol}.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return folder


VENDORS = ("polygon", "iqfeed", "nasdaq-data-link", "yahoo")


@pytest.mark.parametrize("name", VENDORS)
def test_every_vendor_of_bars_answers_by_its_name(
    name: str, addresses: dict[str, Any], tmp_path: Path
) -> None:
    if name == "yahoo" and find_spec("yfinance") is None:
        pytest.skip("the optional extra 'live' is not installed")
    raw = opened(tmp_path, addresses, source=name).load()
    assert raw.source.name == name
    assert raw.bars["symbol"].value_counts().to_dict() == {"AAA": 60, "BBB": 60}
    last = raw.bars[raw.bars["session"] == str(AS_OF)].set_index("symbol")["close"]
    at = WORLD.sessions.index(AS_OF)
    cents = 0.006 if name == "iqfeed" else 1e-4
    assert last["AAA"] == pytest.approx(WORLD.bars["AAA"][at, 3], abs=cents)


@pytest.mark.parametrize("name", ["fred", "finnhub"])
def test_what_has_no_bars_is_joined_to_bars(
    name: str, addresses: dict[str, Any], tmp_path: Path
) -> None:
    folder = csv_folder(tmp_path / "bars")
    raw = opened(tmp_path, addresses, source="folder", path=folder, join=(name,)).load()
    assert raw.source.name == f"folder with {name}"
    assert len(raw.bars) == 120
    assert raw.events
    assert (len(raw.observations) > 0) == (name == "fred")


def test_files_of_two_folders_are_read_each_where_its_settings_say(
    addresses: dict[str, Any], tmp_path: Path
) -> None:
    folder, own = csv_folder(tmp_path / "bars"), tmp_path / "own"
    own.mkdir()
    (own / "VIX_History.csv").write_text(
        "DATE,OPEN,HIGH,LOW,CLOSE\n12/27/2018,29,31,28,30.5\n12/28/2018,30,32,28,28.25\n"
        "12/31/2018,27,28,25,99.0\n"
    )
    sources = addresses | {"cboe": {"path": own, "files": ["vix_history"]}}
    raw = opened(tmp_path, sources, source="folder", path=folder, join=("cboe",)).load()
    vix = raw.observations[raw.observations["series"] == "vix"]
    assert vix["value"].tolist() == [30.5, 28.25], "the session after was not known"
    assert raw.source.name == "folder with cboe"


def test_declared_tables_are_a_source_by_name(tmp_path: Path) -> None:
    layout = {
        "file": "*.csv",
        "kind": "bars",
        "known": "close",
        "columns": {n: n for n in ("date", "open", "high", "low", "close", "volume")},
        "constants": {"symbol": "AAA"},
    }
    folder = csv_folder(tmp_path / "bars")
    for name in ("BBB", "CCC"):
        (folder / f"{name}.csv").unlink()
    sources = {"tables": {"layouts": [layout]}}
    raw = opened(tmp_path, sources, source="tables", path=folder, symbols=("AAA",)).load()
    assert len(raw.bars) == 60
    with pytest.raises(OperatorError, match="layout") as caught:
        opened(tmp_path, source="tables", path=folder)
    assert "sources.tables.layouts" in caught.value.remedy


def test_a_chain_tells_who_answered_and_why_the_others_did_not(
    addresses: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POLYGON_API_KEY")
    market = {"otherwise": ("nasdaq-data-link", "yahoo"), "join": ("fred",)}
    reading = opened(tmp_path, addresses, source="polygon", **market)
    raw: RawMarket = reading.load()
    [fallen] = [f for f in raw.findings if f.rule == "The source asked first answers"]
    assert fallen.symbol == "polygon"
    assert "POLYGON_API_KEY" in fallen.value
    assert [(r.source, bool(r.error)) for r in reading.readings] == [
        ("polygon", True), ("nasdaq-data-link", False), ("fred", False),
    ]  # fmt: skip


def test_joined_vendors_tell_nothing_of_the_future(
    addresses: dict[str, Any], tmp_path: Path
) -> None:
    """Announced releases and dividends, news, vintages, and a split between the two dates."""
    flags = {
        "store": tmp_path / "store",
        "market": {
            "source": "polygon",
            "join": ["fred", "finnhub"],
            "symbols": ["AAA", "BBB"],
            "as_of": date(2019, 2, 6),
        },
        "data": {"history_sessions": 70},
        "sources": addresses,
    }
    settings = load(profile_named("test", HouseSettings), environ={}, flags=flags)
    verdict = verify_no_lookahead(settings, sessions_back=4, until=wiring.DATA)
    assert verdict.held, verdict.first_broken


def test_only_one_factor_throughout_is_a_restatement(
    addresses: dict[str, Any], tmp_path: Path
) -> None:
    early = opened(tmp_path, addresses, source="polygon", as_of=date(2019, 1, 31)).load()
    whole = opened(tmp_path, addresses, source="polygon", as_of=date(2019, 2, 6)).load()
    early_keys = early.bars[["symbol", "session"]]
    later = early_keys.merge(whole.bars, on=["symbol", "session"], how="left")[early.bars.columns]
    shared = later["close"].notna().to_numpy()
    later, told = later[shared].reset_index(drop=True), early.bars[shared].reset_index(drop=True)
    cut = replace(early, bars=told)
    halved = later["symbol"] == "BBB"
    twice = (2 * later.loc[halved, "close"]).tolist()
    assert twice == pytest.approx(told.loc[halved, "close"].tolist())
    assert in_terms_of(later, cut, whole)["close"].tolist() == told["close"].tolist()
    for symbol, row in (("BBB", 3), ("AAA", 5)):
        changed = later.copy()
        at = changed.index[changed["symbol"] == symbol][row]
        changed.loc[at, "close"] *= 1.01
        stated = in_terms_of(changed, cut, whole)
        assert stated.loc[at, "close"] != told.loc[at, "close"], "a changed bar stays changed"


@pytest.mark.parametrize("name", ["polygon", "nasdaq-data-link"])
def test_a_missing_key_names_its_variable(
    name: str, addresses: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = SOURCES[name].credential
    assert credential is not None
    for variable in credential.variables:
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(DependencyError, match=credential.variables[0]):
        opened(tmp_path, addresses, source=name).load()


@pytest.mark.parametrize(
    ("market", "said"),
    [
        ({"source": "fred"}, "--join fred"),
        ({"source": "polygon", "otherwise": ("finnhub",)}, "--join finnhub"),
        ({"source": "polygon", "join": ("polygon",)}, "named once"),
        ({"source": "polygon", "path": Path("here")}, "--source folder"),
        ({"source": "polygon", "join": ("tables",)}, "sources.tables.path"),
        ({"source": "polygon", "as_of": None}, "--as-of 20"),
    ],
)
def test_sources_that_do_not_fit_together_are_refused_before_anyone_is_asked(
    market: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(OperatorError) as caught:
        opened(tmp_path, **market)
    assert said in f"{caught.value} {caught.value.remedy}"


def test_the_last_closed_session_lies_in_the_past_week() -> None:
    today = date.today()
    assert today - timedelta(days=7) < last_closed() <= today


def test_a_setting_of_a_source_reaches_it(addresses: dict[str, Any], tmp_path: Path) -> None:
    addresses["polygon"] |= {"adjustment": "splits and dividends", "news": False}
    addresses["nasdaq_data_link"] |= {"bars": "EOD/{symbol}"}
    raw = opened(tmp_path, addresses, source="polygon", symbols=("CCC",)).load()
    assert {e.kind for e in raw.events} == {"corporate action"}
    at = WORLD.sessions.index(AS_OF)
    first = raw.bars["close"].iloc[0]
    assert first < WORLD.bars["CCC"][at - 59, 3], "a dividend was taken out"
    series = opened(tmp_path, addresses, source="nasdaq-data-link").load()
    assert "EOD" in series.source.licence
