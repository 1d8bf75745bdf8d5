"""The first source that answers, and several together."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from foundation.connect import Connection, Credentials, RetryPolicy
from foundation.kernel import DependencyError, OperatorError, UpstreamDataError, WorldError
from foundation.testing.vendors import (
    Fault,
    FredEmulator,
    ManualTime,
    PolygonEmulator,
    cut_off,
    server_error,
    vendor_market,
)
from stage_01_data_engine import (
    BundledSource,
    ChainSource,
    DataEngineSettings,
    DataEngineStage,
    FolderSource,
    FredSettings,
    FredSource,
    JoinedSource,
    MarketRequest,
    PolygonSettings,
    PolygonSource,
    RawMarket,
    Source,
)

WORLD = vendor_market()
REQUEST = MarketRequest(date(2018, 12, 28), ("AAA", "BBB"), 40)
RETRY = RetryPolicy(attempts=2, first_wait=0.1)


def connection(**values: str) -> Connection:
    return Connection(credentials=Credentials(values), timekeeper=ManualTime())


def polygon(stack: ExitStack, *faults: Fault, key: str = PolygonEmulator.key) -> PolygonSource:
    server = stack.enter_context(PolygonEmulator(WORLD, *faults))
    settings = PolygonSettings(base_url=server.url, rates=(), retry=RETRY)
    return PolygonSource(connection(POLYGON_API_KEY=key), settings)


def fred(stack: ExitStack, *faults: Fault) -> FredSource:
    server = stack.enter_context(FredEmulator(WORLD, *faults))
    settings = FredSettings(base_url=f"{server.url}/fred", rates=(), retry=RETRY)
    return FredSource(connection(FRED_API_KEY=FredEmulator.key), settings)


def folder(path: Path) -> FolderSource:
    for symbol in ("AAA", "BBB"):
        rows = [
            f"{day.isoformat()},{','.join(map(repr, row))}"
            for day, row in zip(WORLD.sessions, WORLD.bars[symbol].tolist(), strict=True)
        ]
        lines = ["date,open,high,low,close,volume", *rows, ""]
        (path / f"{symbol}.csv").write_text("\n".join(lines), encoding="utf-8")
    return FolderSource(path, DataEngineSettings())


def reasons(raw: RawMarket) -> dict[str, str]:
    return {f.symbol: f.value for f in raw.findings if f.rule.startswith("The source asked first")}


def test_the_first_that_answers_is_used_and_the_others_are_not_asked(tmp_path: Path) -> None:
    class Never:
        name = "never"

        def load(self, request: MarketRequest) -> RawMarket:
            raise AssertionError("asked")

    with ExitStack() as stack:
        first = polygon(stack)
        raw = ChainSource(first, Never()).load(REQUEST)
        assert raw.source == first.load(REQUEST).source
    assert not reasons(raw)


def test_why_each_earlier_one_did_not_answer_is_told(tmp_path: Path) -> None:
    with ExitStack() as stack:
        chain = ChainSource(
            PolygonSource(connection(), PolygonSettings()),
            polygon(stack, server_error().always()),
            polygon(stack, cut_off().always()),
            BundledSource(),
            folder(tmp_path),
        )
        raw = chain.load(REQUEST)
    assert raw.source.name == "folder"
    told = [f for f in raw.findings if f.rule.startswith("The source asked first")]
    assert [f.symbol for f in told] == ["polygon", "polygon", "polygon", "bundled"]
    kinds = ["DependencyError", "TransientError", "UpstreamDataError", "OperatorError"]
    for finding, kind in zip(told, kinds, strict=True):
        assert finding.value.startswith(kind)
        assert (finding.severity, finding.action, finding.rows) == ("warning", "kept", 0)
    assert "POLYGON_API_KEY" in told[0].value
    assert "503" in told[1].value


def test_the_data_are_those_of_the_source_that_answered(tmp_path: Path) -> None:
    alone = folder(tmp_path)
    raw = ChainSource(PolygonSource(connection(), PolygonSettings()), alone).load(REQUEST)
    assert raw.bars.equals(alone.load(REQUEST).bars)
    assert raw.source.fingerprint != alone.load(REQUEST).source.fingerprint
    window = DataEngineStage(DataEngineSettings()).run(raw)
    assert window.counts.received == window.counts.kept + window.counts.quarantined
    assert any("POLYGON_API_KEY" in f.value for f in window.findings)


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (lambda stack: polygon(stack, server_error().always()), WorldError),
        (lambda stack: polygon(stack, cut_off().always()), UpstreamDataError),
        (lambda stack: polygon(stack, key="wrong"), DependencyError),
        (lambda stack: BundledSource(), OperatorError),
    ],
    ids=["world", "upstream", "dependency", "operator"],
)
def test_if_none_answers_all_reasons_are_in_the_error(last: object, kind: type) -> None:
    with ExitStack() as stack:
        chain = ChainSource(
            PolygonSource(connection(), PolygonSettings()),
            last(stack),  # type: ignore[operator]
        )
        with pytest.raises(kind) as caught:
            chain.load(REQUEST)
    assert "POLYGON_API_KEY" in caught.value.value
    assert caught.value.remedy


def test_a_mistake_in_a_source_is_not_covered_up() -> None:
    class Broken:
        name = "broken"

        def load(self, request: MarketRequest) -> RawMarket:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ChainSource(Broken(), BundledSource()).load(REQUEST)


def test_an_empty_chain_is_refused() -> None:
    with pytest.raises(OperatorError, match="at least one"):
        ChainSource()


def test_bars_of_one_and_series_of_another_make_one_market() -> None:
    with ExitStack() as stack:
        bars, series = polygon(stack), fred(stack)
        joined: Source = JoinedSource(bars, series)
        raw = joined.load(REQUEST)
        assert raw.bars.equals(bars.load(REQUEST).bars)
        assert raw.observations.equals(series.load(REQUEST).observations)
        assert len(raw.events) == len(bars.load(REQUEST).events) + len(series.load(REQUEST).events)
    assert raw.source.name == joined.name == "polygon with fred"
    window = DataEngineStage(DataEngineSettings()).run(raw)
    assert window.market.field("core_cpi_yoy")[-1, 0] == pytest.approx(
        raw.observations.query("series == 'core_cpi_yoy'")["value"].iloc[-1]
    )


def test_a_joined_source_that_fails_is_not_left_out() -> None:
    with ExitStack() as stack:
        joined = JoinedSource(polygon(stack), fred(stack, server_error().always()))
        with pytest.raises(WorldError, match="FRED"):
            joined.load(REQUEST)


def test_two_sources_of_bars_are_not_joined(tmp_path: Path) -> None:
    with ExitStack() as stack, pytest.raises(OperatorError, match="first of joined"):
        JoinedSource(polygon(stack), folder(tmp_path)).load(REQUEST)


def test_a_series_both_have_is_the_first_ones(tmp_path: Path) -> None:
    with ExitStack() as stack:
        raw = JoinedSource(BundledSource(), fred(stack)).load(
            MarketRequest(date(2018, 12, 28), ("SPX",), 40)
        )
    both = {"vix", "wti", "credit_spread", "core_cpi_yoy"}
    places = raw.observations.loc[raw.observations["series"].isin(both), "location"]
    assert places.str.startswith(("vix.csv", "wti.csv", "default.csv", "core-cpi.csv")).all()
    assert {"treasury_10y", "treasury_2y"} <= set(raw.observations["series"]), "FRED's alone"
