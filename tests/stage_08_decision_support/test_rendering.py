"""Renderings: complete, well formed, escaped, and of the same facts."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from io import StringIO

import pytest
from rich.console import Console

from foundation.contracts import DecisionBrief
from stage_08_decision_support import (
    render_html,
    render_json,
    render_markdown,
    render_terminal,
)

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Balance(HTMLParser):
    """Fails on an end tag that does not close the last open element."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> while {self.open[-3:]} are open"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def text_of(html: str) -> str:
    parser = Balance()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return re.sub(r"\s+", " ", "".join(parser.text))


def test_json_gives_the_brief_back(brief: DecisionBrief) -> None:
    assert DecisionBrief.model_validate_json(render_json(brief)) == brief


def test_html_is_well_formed_self_contained_and_without_script(brief: DecisionBrief) -> None:
    html = render_html(brief)
    text_of(html)
    assert html.lower().startswith("<!doctype html>")
    assert not re.search(r"https?://|<script|<link|@import|url\(", html)
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html


@pytest.mark.parametrize("render", [render_markdown, lambda b: text_of(render_html(b))])
def test_the_brief_opens_with_date_headline_summary_signals_then_record_themes_portfolio(
    brief: DecisionBrief, render: object
) -> None:
    text = render(brief)  # type: ignore[operator]
    order = (
        "28 December 2018, 16:00 New York", brief.summary[0], "Signals", "Track record",
        "Themes", "Portfolio", "Instruments",
    )  # fmt: skip
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_every_claims_source_stands_in_markdown_and_html(brief: DecisionBrief) -> None:
    html = text_of(render_html(brief))
    markdown = render_markdown(brief).replace("\\", "")
    cells = [
        (page.signal.symbol, row)
        for page in brief.instruments
        for claim in page.story.claims
        for row in claim.sources
    ]
    assert len(cells) > 50
    for _, row in cells:
        shown = f"{row.panel}.{row.field} {row.symbol} {row.session} = "
        assert shown in html
        assert shown in markdown


def test_every_instrument_shows_story_forecast_and_note(brief: DecisionBrief) -> None:
    html = text_of(render_html(brief))
    for page in brief.instruments:
        assert page.forecast_text in html
        assert page.forecast_note in html
        for part in page.story.sections:
            assert part.name.value in html


def test_markup_in_a_name_is_shown_not_obeyed(brief: DecisionBrief) -> None:
    page = brief.instruments[0]
    story = page.story.model_copy(update={"name": "<script>alert(1)</script> [x](y) | z"})
    hostile = brief.model_copy(
        update={"instruments": (page.model_copy(update={"story": story}), *brief.instruments[1:])}
    )
    assert "<script>" not in render_html(hostile)
    assert "&lt;script&gt;" in render_html(hostile)
    markdown = render_markdown(hostile)
    assert r"\<script\>alert(1)\</script\> \[x\](y) \| z" in markdown
    assert "<script>" not in markdown


def test_an_empty_brief_still_renders(brief: DecisionBrief) -> None:
    nothing = brief.model_copy(
        update={
            "instruments": (), "setups": (), "alerts": (),
            "performance": brief.performance.model_copy(update={"scores": (), "outcomes": ()}),
        }
    )  # fmt: skip
    text_of(render_html(nothing))
    assert "No signal has enough conviction" in render_markdown(nothing)


@pytest.mark.parametrize("width", [72, 100, 140])
def test_the_terminal_rendering_fits_the_width_and_a_screen_or_two(
    brief: DecisionBrief, width: int
) -> None:
    out = StringIO()
    render_terminal(brief, Console(file=out, width=width, color_system=None))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= 80
    text = " ".join(" ".join(lines).split())
    assert brief.headline in text
    assert "SPX" in text


def test_importing_the_stage_loads_no_web_chart_or_template_library() -> None:
    code = (
        "import sys, stage_08_decision_support, stage_08_decision_support.adapters.web;"
        "print([m for m in ('fastapi', 'uvicorn', 'plotly', 'jinja2', 'torch', 'rich', 'pandas')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
