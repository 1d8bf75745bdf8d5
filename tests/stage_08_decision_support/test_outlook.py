"""Tomorrow's likeliest states: as published, for what is reported; and a day without a call."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from foundation.contracts import TAPE, DecisionBrief, tape_outcomes
from stage_08_decision_support import BriefInput
from stage_08_decision_support.instrument_pages import is_called, uncalled
from stage_08_decision_support.rendering.html import render_html
from stage_08_decision_support.rendering.markdown import render_markdown
from stage_08_decision_support.rendering.terminal import render_terminal


def test_the_outlook_is_the_likeliest_of_what_is_published(
    given: BriefInput, brief: DecisionBrief
) -> None:
    """Oracle: sort the probabilities of each distribution, one by one."""
    tomorrow, today = given.validated.distributions, given.stories.observed
    for page in brief.instruments:
        n = tomorrow.symbols.index(page.signal.symbol)
        m = today.symbols.index(page.signal.symbol)
        told = {o.series: o for o in page.outlook}
        for s, series in enumerate(TAPE):
            chances = tomorrow.values[-1, n, s].tolist()
            if np.isnan(chances[0]):
                assert series not in told
                continue
            probability, code = max((p, -c) for c, p in enumerate(chances))
            assert told[series].likeliest == tape_outcomes(series)[-code]
            assert told[series].probability == pytest.approx(probability)
            assert told[series].now == tape_outcomes(series)[int(today.values[-1, m, s])]


def quiet(brief: DecisionBrief) -> DecisionBrief:
    """Return the brief as it would be had no direction been called."""
    pages = tuple(
        page.model_copy(update={"signal": page.signal.model_copy(update={"direction": "neutral"})})
        for page in brief.instruments
    )
    return brief.model_copy(update={"instruments": pages})


def on_a_terminal(brief: DecisionBrief) -> str:
    console = Console(file=io.StringIO(), width=80)
    render_terminal(brief, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("render", [render_markdown, render_html, on_a_terminal])
def test_where_nothing_is_called_the_brief_says_so_and_shows_what_is_foreseen(
    brief: DecisionBrief, render: object
) -> None:
    assert is_called(brief.instruments)
    called, silent = render(brief), render(quiet(brief))  # type: ignore[operator]
    assert "No direction is called" not in called
    assert "No direction is called" in silent
    for page in brief.instruments:
        trend = next((o for o in page.outlook if o.series == "trend"), None)
        if trend is not None:
            assert f"{trend.probability:.0%}" in silent


@pytest.mark.parametrize(
    ("high", "why"),
    [(None, "long enough"), (-0.001, "pay for its costs"), (0.001, "must be earned")],
    ids=["no record", "proven", "not proven"],
)
def test_why_nothing_is_called_is_what_the_record_says(
    brief: DecisionBrief, high: float | None, why: str
) -> None:
    assert brief.odds is not None
    odds = None if high is None else brief.odds.model_copy(update={"high": high})
    assert why in uncalled(quiet(brief).model_copy(update={"odds": odds}))


def test_a_terminal_of_eighty_columns_cuts_nothing_of_the_record(brief: DecisionBrief) -> None:
    assert "…" not in on_a_terminal(brief)
    assert "…" not in on_a_terminal(quiet(brief))
