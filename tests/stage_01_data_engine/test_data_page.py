"""What docs/data.md says can be done, can be done."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from config.settings import Settings, load
from foundation.connect import (
    Connection,
    Credentials,
    Freshness,
    Governor,
    ResourceLimits,
    ResponseCache,
)
from foundation.testing import vendors
from foundation.testing.vendors import ManualTime, PolygonEmulator, rate_limited, vendor_market
from stage_01_data_engine import SOURCES, MarketRequest, PolygonSettings, PolygonSource
from tests.stage_01_data_engine.conformance.cases.documented import PAGE, documented

TEXT = PAGE.read_text(encoding="utf-8")


def test_a_vendor_takes_thirty_lines_beside_its_imports() -> None:
    lines = [line for line in documented().splitlines() if line.strip()]
    own = [line for line in lines if not line.startswith(("import ", "from "))]
    assert len(own) <= 30


def test_every_source_is_on_the_page() -> None:
    for card in SOURCES.values():
        assert f"| `{card.name}` |" in TEXT
        assert f"`{card.kind.__name__}" in TEXT


def test_the_settings_on_the_page_are_settings(tmp_path: Path) -> None:
    [toml] = re.findall(r"```toml\n(.*?)```", TEXT, re.S)
    path = tmp_path / "story.toml"
    path.write_text(toml, encoding="utf-8")
    settings = load(Settings(), config=path, environ={})
    assert settings.market.named == ("polygon", "yahoo", "fred", "finnhub", "tables")
    assert settings.sources.polygon.rates == ()
    assert settings.sources.tables.layouts[0].kind == "chain"


def test_every_fault_on_the_page_exists() -> None:
    listed = TEXT.partition("told to do wrong:")[2].partition("\n\n")[0]
    names = re.findall(r"`(\w+)`", listed)
    assert len(names) == 8
    assert all(callable(getattr(vendors, name)) for name in names)


def test_the_example_without_keys_runs(tmp_path: object) -> None:
    [code] = re.findall(r"```python\n(with PolygonEmulator.*?)```", TEXT, re.S)
    time = ManualTime()
    names: dict[str, object] = {
        "PolygonEmulator": PolygonEmulator,
        "PolygonSettings": PolygonSettings,
        "PolygonSource": PolygonSource,
        "MarketRequest": MarketRequest,
        "Credentials": Credentials,
        "Connection": lambda **given: Connection(timekeeper=time, **given),
        "date": date,
        "rate_limited": rate_limited,
        "vendor_market": vendor_market,
    }
    exec(code, names)
    assert len(names["raw"].bars) == 120  # type: ignore[attr-defined]
    assert time.waits[0] == 3.0


def test_cache_and_governor_are_made_as_shown(tmp_path: object) -> None:
    given: dict[str, object] = {
        "Connection": Connection,
        "Freshness": Freshness,
        "ResponseCache": ResponseCache,
        "folder": tmp_path,
    }
    [code] = re.findall(r"```python\n(connection = .*?)```", TEXT, re.S)
    exec(code, given)
    connection = given["connection"]
    assert isinstance(connection, Connection)
    assert connection.freshness == Freshness(max_age=86_400, stale_on_error=True)
    [shown] = re.findall(r"`(Governor\(.*?\))` holds", TEXT)
    names = {"Governor": Governor, "ResourceLimits": ResourceLimits, "timekeeper": ManualTime()}
    assert eval(shown, names).limits.cpu_percent == 90
