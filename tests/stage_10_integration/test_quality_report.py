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
from stage_08_decision_support.quality_report import (
    completeness,
    quality_document,
    quality_report_html,
    symbol_quality,
    write_quality_report,
)
from stage_08_decision_support.quality_report.facts import missing_map, rows_by_month
from tests.stage_01_data_engine.market_files import lines, load, walk, write


@pytest.fixture
def made(tmp_path: Path) -> MarketWindow:
    """AAA has a bad, an undated, a missing and a phantom bar; B&B, named like HTML, lacks one."""
    frame = walk(count=40)
    frame.loc[10, "close"] = frame.loc[10, "high"] * 1.5
    frame.loc[20, "volume"] = 0
    frame.loc[25, "date"] = "soon"
    frame = frame.drop(15)
    phantom = frame[-5:-4].assign(date="2018-12-22")
    write(tmp_path, "AAA.csv", lines(pd.concat([frame, phantom])))
    write(tmp_path, "B&B.csv", lines(walk(1, count=40).drop(3)))
    return DataEngineStage(DataEngineSettings()).run(load(tmp_path))


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


def test_the_page_is_whole_and_fetches_nothing(made: MarketWindow) -> None:
    page = _Tags()
    page.feed(quality_report_html(made))
    assert page.open == []
    assert page.fetched == []


def test_the_counts_of_the_window_stand_on_the_page(made: MarketWindow, tmp_path: Path) -> None:
    path = write_quality_report(made, tmp_path / "report.html")
    text = re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8"))
    assert f"{made.counts.quarantined} of {made.counts.received} rows are set aside" in text
    assert "2018-12-22" in text, "each row set aside is listed by its session"
    assert "no date" in text, "the one without a date as well"
    for finding in made.findings:
        assert finding.rule.replace("'", "&#x27;") in text or finding.rule in text
    assert "B&amp;B" in path.read_text(encoding="utf-8")


def test_rows_set_aside_by_file_and_by_gate_add_up_in_one_list(made: MarketWindow) -> None:
    """By hand: a close above the high, a phantom Saturday, a date that is none."""
    assert made.verdicts is not None
    action = {rule.name: rule.action for rule in made.verdicts.rules}
    aside = [r for r in made.verdicts.rows if action[r.rule] == "quarantined"]
    assert sorted(r.rule for r in aside) == ["outside-range", "phantom-session", "unreadable-date"]
    assert len(aside) == made.counts.quarantined
    unread = next(r for r in aside if r.rule == "unreadable-date")
    assert (unread.symbol, unread.session) == ("AAA", None)
    assert unread.location.startswith("AAA.csv:")


def test_quality_by_symbol_is_counted_by_kind(made: MarketWindow) -> None:
    """AAA has 40 sessions less three: one missing, one set aside, one undated."""
    quality = {q.symbol: q for q in symbol_quality(made)}
    aaa, bb = quality["AAA"], quality["B&B"]
    assert (aaa.sessions, aaa.present, aaa.aside) == (40, 37, 3)
    assert aaa.completeness == pytest.approx(37 / 40)
    assert aaa.broken["inconsistency"] == 2, "a close outside the range, a volume of zero"
    assert (aaa.broken["duplicate"], aaa.broken["schema"]) == (1, 1)
    assert (bb.sessions, bb.present, bb.aside) == (40, 39, 0)
    assert list(quality) == ["AAA", "B&B"], "the worst first"
    assert completeness(list(quality.values())) == pytest.approx(76 / 80)
    told = quality_document(made)
    assert told["completeness"] == pytest.approx(76 / 80)
    assert told["symbols"][0]["rows_by_kind"] == aaa.broken
    assert len(told["rows"]) == 4, "three set aside, one repaired"


def test_a_window_of_an_earlier_version_says_that_rows_were_not_listed(made: MarketWindow) -> None:
    old = made.model_copy(update={"verdicts": None})
    assert "before rows were listed one by one" in quality_report_html(old)


def test_the_same_window_gives_the_same_bytes(made: MarketWindow) -> None:
    assert quality_report_html(made) == quality_report_html(made)


def test_text_of_a_source_is_shown_and_not_run(made: MarketWindow) -> None:
    window = made
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
    assert "<script" not in quality_report_html(spiked)


def test_rows_are_counted_once_by_month(made: MarketWindow) -> None:
    rules, months, count = rows_by_month(made)
    assert made.verdicts is not None
    dated = [r for r in made.verdicts.rows if r.session is not None]
    assert count.sum() == len(dated) == len(made.verdicts.rows) - 1
    assert len(rules) == len({r.rule for r in made.verdicts.rows})
    assert len(months) == len({day.replace(day=1) for day in made.bars.sessions})


def test_the_map_shows_what_is_missing_and_where(made: MarketWindow) -> None:
    found, others = missing_map(made)
    assert found.symbols == ("AAA", "B&B")
    assert others == 0
    assert np.nansum(found.share[0]) > np.nansum(found.share[1]) > 0


def test_a_window_without_findings_says_so(tmp_path: Path) -> None:
    write(tmp_path, "AAA.csv", lines(walk(count=40)))
    window = DataEngineStage(DataEngineSettings()).run(load(tmp_path))
    text = quality_report_html(window.model_copy(update={"findings": ()}))
    assert "All 40 rows are used" in text
    assert "No rule was broken" in text
