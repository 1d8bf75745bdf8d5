"""The report says what the window says, for every reader, and nothing a source smuggles in."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import MarketWindow
from stage_01_data_engine import DataEngineSettings, DataEngineStage
from stage_01_data_engine.findings import Rows
from stage_01_data_engine.quality import gate
from stage_01_data_engine.quality_report import quality_report_html, write_quality_report
from stage_01_data_engine.quality_report.facts import missing_map, rows_by_month, symbol_facts
from stage_01_data_engine.verdicts import Verdicts
from tests.stage_01_data_engine.market_files import lines, load, walk, write


@pytest.fixture
def made(tmp_path: Path) -> tuple[MarketWindow, pd.DataFrame]:
    """AAA with a bad, a missing and a phantom bar; B&B, named like HTML, lacks one bar."""
    frame = walk(count=40)
    frame.loc[10, "close"] = frame.loc[10, "high"] * 1.5
    frame.loc[20, "volume"] = 0
    frame = frame.drop(15)
    phantom = frame[-5:-4].assign(date="2018-12-22")
    write(tmp_path, "AAA.csv", lines(pd.concat([frame, phantom])))
    write(tmp_path, "B&B.csv", lines(walk(1, count=40).drop(3)))
    raw = load(tmp_path)
    settings = DataEngineSettings()
    verdicts = gate(raw.bars, raw.instruments, raw.request.sessions, settings).verdicts
    return DataEngineStage(settings).run(raw), verdicts


class _Tags(HTMLParser):
    """Counts what a browser would fetch, and checks that tags close in order."""

    EMPTY = frozenset({"meta", "link", "img", "br", "path", "rect", "circle"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [str(v) for k, v in attrs if k in ("src", "href", "action") and v]
        if tag in ("script", "link", "iframe"):
            self.fetched.append(tag)
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.EMPTY:
            return
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_is_whole_and_fetches_nothing(made: tuple[MarketWindow, pd.DataFrame]) -> None:
    for verdicts in (None, made[1]):
        page = _Tags()
        page.feed(quality_report_html(made[0], verdicts))
        assert page.open == []
        assert page.fetched == []


def test_the_counts_of_the_window_stand_on_the_page(
    made: tuple[MarketWindow, pd.DataFrame], tmp_path: Path
) -> None:
    window, verdicts = made
    path = write_quality_report(window, tmp_path / "report.html", verdicts)
    text = re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8"))
    assert f"{window.counts.quarantined} of {window.counts.received} rows are set aside" in text
    assert "2018-12-22" in text, "each row set aside is listed by its session"
    for finding in window.findings:
        assert finding.rule.replace("'", "&#x27;") in text or finding.rule in text
    assert "B&amp;B" in path.read_text(encoding="utf-8")


def test_the_same_window_gives_the_same_bytes(made: tuple[MarketWindow, pd.DataFrame]) -> None:
    assert quality_report_html(*made) == quality_report_html(*made)


def test_text_of_a_source_is_shown_and_not_run(made: tuple[MarketWindow, pd.DataFrame]) -> None:
    window, verdicts = made
    evil = "<script>alert(1)</script>"
    finding = window.findings[0].model_copy(update={"value": evil, "location": evil, "rule": evil})
    spiked = window.model_copy(
        update={
            "findings": (finding, *window.findings),
            "source": window.source.model_copy(
                update={"note": evil, "licence": evil, "name": evil}
            ),
        }
    )
    assert "<script" not in quality_report_html(spiked, verdicts)


def test_rows_are_counted_once_by_month(made: tuple[MarketWindow, pd.DataFrame]) -> None:
    window, verdicts = made
    rules, months, count, undated = rows_by_month(window, verdicts)
    assert count.sum() == len(verdicts)
    assert undated == 0
    assert len(rules) == len(set(verdicts["rule"]))
    assert len(months) == len({day.replace(day=1) for day in window.bars.sessions})


def test_the_map_shows_what_is_missing_and_where(made: tuple[MarketWindow, pd.DataFrame]) -> None:
    window, verdicts = made
    found, others = missing_map(window)
    assert found.symbols == ("AAA", "B&B")
    assert others == 0
    missing = np.isnan(window.bars.select(symbols=["AAA"], fields=["close"]).values).sum()
    worst = symbol_facts(window, verdicts)[0]
    assert (worst.symbol, worst.missing) == ("AAA", missing) == ("AAA", 2)
    assert np.nansum(found.share[0]) > np.nansum(found.share[1]) > 0


def test_a_window_without_findings_says_so(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", lines(walk(count=40)))
    window = DataEngineStage(DataEngineSettings()).run(load(tmp_path))
    bare = window.model_copy(update={"findings": ()})
    nothing = Verdicts(Rows(*(np.array([], dtype=t) for t in ("O", "M8[D]", "O"))), 25).table()
    text = quality_report_html(bare, nothing)
    assert "All 40 rows are used" in text
    assert "No rule was broken" in text
