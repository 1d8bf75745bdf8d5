"""Alerts: only what changed, measured against what stood yesterday."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from foundation.contracts import Claim, MarketWindow, Section, Sentence, Story, StorySection
from foundation.contracts import statement as say
from foundation.testing.samples import SampleRun
from foundation.timeseries import Panel
from stage_08_decision_support import DecisionSupportSettings
from stage_08_decision_support.alerts import (
    ORDER,
    all_alerts,
    data_quality,
    from_signals,
    level_breaks,
    story_changes,
)

SETTINGS = DecisionSupportSettings()


def with_last(panel: Panel, field: str, row: int, symbol: str, value: float) -> Panel:
    values = panel.values.copy()
    place = (row, panel.index_of("symbols", symbol), panel.index_of("fields", field))
    values[place] = value
    return Panel(sessions=panel.sessions, symbols=panel.symbols, fields=panel.fields, values=values)


@pytest.fixture
def quiet_market(run: SampleRun) -> MarketWindow:
    """A market whose closes all lie between yesterday's extremes of 90 and 110."""
    bars, features = run.market.bars, run.market.features
    for symbol in bars.symbols:
        bars = with_last(bars, "close", -1, symbol, 100.0)
        features = with_last(features, "support_20", -2, symbol, 90.0)
        features = with_last(features, "resistance_20", -2, symbol, 110.0)
    return run.market.model_copy(update={"bars": bars, "features": features})


def test_a_close_between_the_levels_breaks_none(quiet_market: MarketWindow) -> None:
    assert list(level_breaks(quiet_market)) == []


@pytest.mark.parametrize(("close", "word"), [(89.99, "support"), (110.01, "resistance")])
def test_a_close_beyond_yesterdays_level_is_a_break(
    quiet_market: MarketWindow, close: float, word: str
) -> None:
    bars = with_last(quiet_market.bars, "close", -1, "AAPL", close)
    (alert,) = level_breaks(quiet_market.model_copy(update={"bars": bars}))
    assert (alert.symbol, alert.kind) == ("AAPL", "level break")
    assert word in alert.text
    assert f"{close:.2f}" in alert.text


def test_todays_own_extremes_cannot_hide_a_break(quiet_market: MarketWindow) -> None:
    bars = with_last(quiet_market.bars, "close", -1, "SPX", 120.0)
    features = with_last(quiet_market.features, "resistance_20", -1, "SPX", 125.0)
    moved = quiet_market.model_copy(update={"bars": bars, "features": features})
    assert [a.symbol for a in level_breaks(moved)] == ["SPX"]


def test_without_history_there_is_no_level_to_break(quiet_market: MarketWindow) -> None:
    features = quiet_market.features
    bars = with_last(quiet_market.bars, "close", -1, "SPX", 1000.0)
    features = with_last(features, "resistance_20", -2, "SPX", np.nan)
    assert not list(level_breaks(quiet_market.model_copy(
        update={"bars": bars, "features": features})))  # fmt: skip


def story(session: date, *claims: tuple[str, str, str], symbol: str = "SPX") -> Story:
    made = tuple(Claim(statement=say(*c), degree=0.9, sources=()) for c in claims)
    sentence = Sentence(learning="x.", reading="x.", claims=made)
    section = StorySection(name=Section.DIRECTION, sentences=(sentence,))
    return Story(symbol=symbol, name=symbol, session=session, sections=(section,))


def changes(run: SampleRun, *stories: Story) -> list[str]:
    book = run.stories.model_copy(update={"recent": stories})
    return [a.text for a in story_changes(run.market, book, SETTINGS)]


def test_a_story_changes_when_regime_or_state_words_move(run: SampleRun) -> None:
    before = story(date(2018, 12, 27), ("regime", "market", "choppy"), ("state", "trend", "high"))
    after = story(run.market.session, ("regime", "market", "volatile"), ("state", "trend", "low"))
    (text,) = changes(run, before, after)
    assert text == (
        "SPX: since 27 Dec, the regime turned from choppy to volatile; trend went from high to low."
    )


def test_what_changed_in_every_story_is_told_once_for_the_market(run: SampleRun) -> None:
    calm, storm = ("regime", "market", "choppy"), ("regime", "market", "volatile")
    before, now = date(2018, 12, 27), run.market.session
    told = changes(
        run,
        story(before, calm, ("state", "trend", "high")),
        story(now, storm, ("state", "trend", "low")),
        story(before, calm, ("state", "trend", "high"), symbol="IXIC"),
        story(now, storm, ("state", "trend", "high"), symbol="IXIC"),
    )
    assert told == [
        "The whole market: since 27 Dec, the regime turned from choppy to volatile.",
        "SPX: since 27 Dec, trend went from high to low.",
    ]


def test_one_step_between_neighbouring_states_is_no_change(run: SampleRun) -> None:
    before = story(date(2018, 12, 27), ("state", "trend", "high"))
    after = story(run.market.session, ("state", "trend", "medium"))
    assert changes(run, before, after) == []


def test_only_a_story_of_the_as_of_session_can_have_changed(run: SampleRun) -> None:
    before = story(date(2018, 12, 26), ("state", "trend", "high"))
    after = story(date(2018, 12, 27), ("state", "trend", "very low"))
    assert changes(run, before, after) == []


def test_findings_of_one_rule_are_counted_together_and_notes_are_left_out(run: SampleRun) -> None:
    finding = run.market.findings[0].model_copy(update={"session": run.market.session})
    note = finding.model_copy(update={"severity": "info", "rule": "a note"})
    market = run.market.model_copy(update={"findings": (finding, finding, note)})
    (alert,) = data_quality(market, SETTINGS)
    assert alert.text == (
        "IXIC: two rows quarantined for breaking the rule “the close lies between low and high”."
    )


def test_a_finding_about_a_whole_source_is_told_with_its_value(run: SampleRun) -> None:
    chain = run.market.findings[0].model_copy(
        update={
            "session": None, "symbol": "polygon", "rows": 0, "field": None, "action": "kept",
            "severity": "warning", "rule": "The source asked first answers",
            "value": "WorldError: Polygon\nanswers; status 503.",
        }
    )  # fmt: skip
    stale = chain.model_copy(update={"symbol": "MARKET", "field": "vix", "value": "x" * 300})
    market = run.market.model_copy(update={"findings": (chain, stale)})
    first, second = data_quality(market, SETTINGS)
    assert first.text == (
        "polygon: the rule “The source asked first answers” does not hold "
        "(WorldError: Polygon answers; status 503)."
    )
    assert second.text.startswith("Market-wide data: ")
    assert second.text.endswith(f"(vix: {'x' * 200} …).")


def test_an_old_finding_is_no_alert_and_one_without_a_session_always_is(run: SampleRun) -> None:
    old = run.market.findings[0]  # at the window's first session, 240 before the last
    undated = old.model_copy(update={"session": None, "symbol": "SPX"})
    market = run.market.model_copy(update={"findings": (old, undated)})
    assert [a.symbol for a in data_quality(market, SETTINGS)] == ["SPX"]
    whole = DecisionSupportSettings(alert_quality_sessions=240)
    assert [a.symbol for a in data_quality(market, whole)] == ["IXIC", "SPX"]


def test_severe_risks_and_high_convictions_are_announced(run: SampleRun) -> None:
    settings = DecisionSupportSettings(alert_conviction=0.5, alert_severity=0.4)
    found = [(a.kind, a.symbol) for a in from_signals(run.market, run.signals, settings)]
    # Sample convictions .55 .50 (.10 neutral) .40; every signal has one risk of severity 0.4.
    assert found.count(("conviction", "SPX")) == found.count(("conviction", "IXIC")) == 1
    assert [s for k, s in found if k == "risk"] == ["SPX", "IXIC", "AAPL", "MTUM"]
    assert ("conviction", "MTUM") not in found


def test_alerts_are_told_in_order_of_urgency(run: SampleRun) -> None:
    settings = DecisionSupportSettings(alert_conviction=0.5, alert_severity=0.4)
    told = all_alerts(run.market, run.stories, run.signals, settings)
    ranks = [ORDER.index(a.kind) for a in told]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) > 2
