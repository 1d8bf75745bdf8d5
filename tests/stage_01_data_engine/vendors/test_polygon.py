"""Polygon's particulars: what is adjusted, when events count as known, option chains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from foundation.connect import Connection, Credentials, Rate
from foundation.contracts import BAR_FIELDS, MarketEvent
from foundation.kernel import NEW_YORK, DependencyError, OperatorError, UpstreamDataError
from foundation.market import close_of, next_session
from foundation.testing.vendors import (
    Fault,
    ManualTime,
    PolygonEmulator,
    reshaped,
    vendor_market,
)
from stage_01_data_engine import (
    DataEngineSettings,
    DataEngineStage,
    MarketRequest,
    PolygonSettings,
    PolygonSource,
    RawMarket,
)

WORLD = vendor_market()
AS_OF = date(2018, 12, 28)


@contextmanager
def source_of(
    *faults: Fault, time: ManualTime | None = None, **settings: object
) -> Iterator[tuple[PolygonEmulator, PolygonSource]]:
    with PolygonEmulator(WORLD, *faults) as server:
        assert isinstance(server, PolygonEmulator)
        connection = Connection(
            credentials=Credentials({"MASSIVE_API_KEY": server.key}),
            timekeeper=time or ManualTime(datetime(2019, 3, 1, 12, tzinfo=NEW_YORK)),
            jitter=lambda: 0.5,
        )
        chosen = PolygonSettings.model_validate({"base_url": server.url, "rates": ()} | settings)
        yield server, PolygonSource(connection, chosen)


def load(as_of: date = AS_OF, sessions: int = 110, **settings: object) -> RawMarket:
    with source_of(**settings) as (_, source):  # type: ignore[arg-type]
        return source.load(MarketRequest(as_of, ("AAA", "BBB", "CCC"), sessions))


def of(raw: RawMarket, symbol: str) -> np.ndarray:
    mine = raw.bars[raw.bars["symbol"] == symbol].sort_values("session")
    return np.asarray(mine[list(BAR_FIELDS)].to_numpy(dtype=float))


def events_of(raw: RawMarket, name: str) -> list[MarketEvent]:
    return [event for event in raw.events if event.name == name]


def test_a_split_moves_the_past_once_it_has_happened_and_not_a_day_before() -> None:
    """BBB splits 2 for 1 on Monday 2019-02-04."""
    before, after = load(date(2019, 2, 1), 20), load(date(2019, 2, 4), 21)
    same = slice(None, 20)
    np.testing.assert_allclose(of(after, "BBB")[same, :4] * 2, of(before, "BBB")[:, :4])
    np.testing.assert_allclose(of(after, "BBB")[same, 4], of(before, "BBB")[:, 4] * 2)
    np.testing.assert_array_equal(of(after, "CCC")[same], of(before, "CCC"))
    assert [e.symbol for e in events_of(after, "stock split")] == ["BBB"]
    assert not events_of(before, "stock split")


def test_what_was_traded_on_the_last_session_stands_as_it_was() -> None:
    raw = load()
    at = WORLD.sessions.index(AS_OF)
    for symbol in WORLD.symbols:
        np.testing.assert_array_equal(of(raw, symbol)[-1], WORLD.bars[symbol][at])


def test_the_vendors_own_adjustment_would_have_told_the_future() -> None:
    """The emulator adjusts as the vendor does, for every split up to today: that is refused."""
    unasked = reshaped(lambda p: p | {"adjusted": True}).on("/v2/aggs/", times=None)
    with source_of(unasked) as (_, source), pytest.raises(UpstreamDataError, match="not adjusted"):
        source.load(MarketRequest(AS_OF, ("BBB",), 5))


def test_a_declared_dividend_is_known_from_the_session_after_and_never_before() -> None:
    raw = load()
    found = [e for e in events_of(raw, "cash dividend") if e.symbol == "CCC"]
    truth = [
        d for d in WORLD.dividends if d.symbol == "CCC" and d.ex_date >= raw.request.sessions[0]
    ]
    known = [d for d in truth if next_session(d.declared or d.ex_date) <= AS_OF]
    assert [(e.event_time.date(), e.actual) for e in found] == [
        (d.ex_date, d.amount) for d in known
    ]
    for event, dividend in zip(found, known, strict=True):
        assert dividend.declared is not None
        assert event.known_at.date() == next_session(dividend.declared)
        assert event.known_at < event.event_time
        assert event.text == f"Ex-dividend {dividend.ex_date.isoformat()}"


def test_a_dividend_without_a_declaration_is_known_at_its_ex_date() -> None:
    [event] = [e for e in events_of(load(), "cash dividend") if e.symbol == "BBB"]
    assert event.known_at == event.event_time == datetime(2018, 12, 11, 9, 30, tzinfo=NEW_YORK)


def test_a_dividend_to_come_is_told_and_adjusts_nothing() -> None:
    """CCC's of February 2019 is declared on 2019-01-17."""
    raw = load(date(2019, 1, 22), 10, adjustment="splits and dividends")
    [event] = [e for e in events_of(raw, "cash dividend") if e.symbol == "CCC"]
    assert event.event_time > close_of(date(2019, 1, 22))
    at = WORLD.sessions.index(date(2019, 1, 22))
    np.testing.assert_array_equal(of(raw, "CCC"), WORLD.bars["CCC"][at - 9 : at + 1])


def test_news_of_the_evening_is_not_known_at_the_close() -> None:
    for article in WORLD.articles:
        day = article.published.date()
        if article.published.hour >= 16 and date(2018, 8, 1) < day < date(2019, 2, 1):
            told = {e.text for e in events_of(load(day, 5), "news")}
            assert article.title not in told
            told = {e.text for e in events_of(load(next_session(day), 5), "news")}
            assert article.title in told
            return
    pytest.fail("the emulated market has an article after a close")


def test_an_article_about_two_symbols_is_told_of_both_once_each() -> None:
    both = [a for a in WORLD.articles if len(a.symbols) == 2]
    told = [(e.text, e.symbol) for e in events_of(load(), "news")]
    assert len(told) == len(set(told))
    inside = [a for a in both if date(2018, 9, 1) < a.published.date() < AS_OF]
    assert inside
    for article in inside:
        assert {s for text, s in told if text == article.title} == set(article.symbols)


def test_names_and_kinds_come_from_the_vendor() -> None:
    kinds = {i.symbol: (i.name, i.kind) for i in load().instruments}
    assert kinds["AAA"] == ("Example AAA Inc.", "equity")
    assert kinds["CCC"] == ("Example CCC Inc.", "etf")


def test_all_symbols_cannot_be_asked_for() -> None:
    with source_of() as (server, source):
        with pytest.raises(OperatorError, match="named"):
            source.load(MarketRequest(AS_OF, None, 5))
        assert not server.requests


def test_the_free_plan_is_kept_to_five_requests_a_minute() -> None:
    time = ManualTime(datetime(2019, 3, 1, 12, tzinfo=NEW_YORK))
    rates = (Rate(requests=5, seconds=60),)
    with source_of(time=time, rates=rates) as (server, source):
        source.load(MarketRequest(AS_OF, ("AAA", "BBB"), 5))
        assert len(server.requests) == 10
    assert 60 <= time.monotonic() - 1000 < 61


def test_an_option_chain_has_a_row_per_contract_stamped_with_when_it_is_known() -> None:
    with source_of() as (_, source):
        chain = source.option_snapshot("AAA")
    assert len(chain) == 12
    assert chain["contract"].is_unique
    assert set(chain["right"]) == {"C", "P"}
    assert (chain["bid"] < chain["ask"]).all()
    assert chain["spot"].iloc[0] == WORLD.bars["AAA"][-1, 3]
    assert (
        chain["quoted_at"].iloc[0].tz_convert(NEW_YORK).isoformat() == "2019-03-29T15:59:00-04:00"
    )
    assert (chain["known_at"] == chain["known_at"].iloc[0]).all()
    assert chain["known_at"].iloc[0].tz_convert(NEW_YORK).isoformat() == "2019-03-01T12:00:00-05:00"
    row = chain.iloc[0]
    assert row["contract"] == f"O:AAA190621C{round(row['strike'] * 1000):08d}"


def test_an_option_without_greeks_has_nan_and_an_unknown_underlying_is_an_error() -> None:
    def bare(payload: dict) -> dict:
        rows = [{k: v for k, v in row.items() if k != "greeks"} for row in payload["results"]]
        return payload | {"results": rows}

    with source_of(reshaped(bare)) as (_, source):
        assert source.option_snapshot("AAA")["delta"].isna().all()
        with pytest.raises(UpstreamDataError, match="NOSUCH"):
            source.option_snapshot("NOSUCH")


def test_the_stage_turns_it_into_a_window() -> None:
    raw = load()
    window = DataEngineStage(DataEngineSettings(history_sessions=110)).run(raw)
    assert window.bars.symbols == ("AAA", "BBB", "CCC")
    assert window.counts.model_dump() == {"received": 330, "kept": 330, "quarantined": 0}
    assert window.source.name == "polygon"


def test_either_variable_may_hold_the_key(tmp_path: Path) -> None:
    with PolygonEmulator(WORLD) as server:
        source = PolygonSource(
            Connection(credentials=Credentials({})), PolygonSettings(base_url=server.url)
        )
        with pytest.raises(DependencyError, match=r"POLYGON_API_KEY \(or MASSIVE_API_KEY\)"):
            source.load(MarketRequest(AS_OF, ("AAA",), 5))
