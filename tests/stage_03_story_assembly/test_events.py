"""What stories say of an instrument's events: only what is known, and nothing where nothing is."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np
import pytest

from foundation.contracts import MarketEvent, MarketWindow, Section, Story, StoryBook, content_hash
from foundation.kernel import NEW_YORK
from foundation.language import read
from foundation.market import close_of
from foundation.testing import samples
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage
from stage_03_story_assembly import AssemblyInput, StoryAssemblySettings, StoryAssemblyStage
from stage_03_story_assembly.content.events import tones

MARKET = samples.market_window(300)
DAYS = MARKET.bars.sessions
STOCK = next(i.symbol for i in MARKET.instruments if i.kind == "equity")
STAGE = StoryAssemblyStage(StoryAssemblySettings(story_sessions=60, full_sessions=40))


def moment(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), NEW_YORK)


def news(k: int, *texts: str) -> list[MarketEvent]:
    at = moment(DAYS[k], 11)
    return [
        MarketEvent(
            kind="news", name="news", symbol=STOCK, event_time=at + timedelta(minutes=m),
            known_at=at + timedelta(minutes=m), text=text,
        )
        for m, text in enumerate(texts)
    ]  # fmt: skip


def reports(step: int = 25) -> list[MarketEvent]:
    """A report every ``step`` sessions, each announced at the one before; the last lies ahead."""
    made = []
    for number, k in enumerate(range(-290, 0, step)):
        at = moment(DAYS[k], 8)
        common = {"kind": "earnings", "name": "earnings", "symbol": STOCK, "event_time": at}
        gap = 0.3 if k == -290 + step * 11 else 0.1 * (-1) ** number
        made.append(
            MarketEvent(**common, known_at=at, actual=1.0 + gap, expected=1.0)  # type: ignore[arg-type]
        )
        made.append(
            MarketEvent(**common, known_at=at - timedelta(days=30), expected=1.0)  # type: ignore[arg-type]
        )
    return made


def halt(k: int) -> MarketEvent:
    at = moment(DAYS[k], 12)
    return MarketEvent(kind="halt", name="trading halt", symbol=STOCK, event_time=at, known_at=at)


def dividend(k: int, declared: int) -> MarketEvent:
    return MarketEvent(
        kind="corporate action", name="cash dividend", symbol=STOCK, actual=0.4,
        event_time=moment(DAYS[k], 9), known_at=moment(DAYS[declared], 9),
    )  # fmt: skip


EVENTS = (
    *news(-2, "Acme EPS beats, beats on revenue", "Acme quarterly profit surges"),
    *news(-1, "Acme earnings: what we learned from the quarter"),
    *reports(),
    halt(-20), halt(-18), dividend(-6, -30),
)  # fmt: skip


def book(events: tuple[MarketEvent, ...], market: MarketWindow = MARKET) -> StoryBook:
    window = market.model_copy(update={"events": (*market.events, *events)})
    fuzzy = FuzzificationStage(FuzzificationSettings()).run(window)
    return STAGE.run(AssemblyInput(window, fuzzy, samples.quant_context(window)))


def told(made: StoryBook, k: int) -> Story:
    return {(s.symbol, s.session): s for s in made.recent}[STOCK, DAYS[k]]


def values(story: Story, subject: str) -> set[str]:
    return {c.statement.value for c in story.claims if c.statement.subject == subject}


@pytest.fixture(scope="module")
def eventful() -> StoryBook:
    return book(EVENTS)


def test_three_headlines_in_two_days_are_told_in_one_clause(eventful: StoryBook) -> None:
    assert values(told(eventful, -1), "news") >= {"flow: three, mostly favourable, earnings"}
    text = told(eventful, -1).learning
    assert "hree headlines" in text
    assert "mostly favourable" in text


def test_reports_are_told_before_and_after_with_surprise_and_reaction(eventful: StoryBook) -> None:
    out = -290 + 25 * 11
    before, day = values(told(eventful, out - 1), "earnings"), told(eventful, out)
    assert "until: tomorrow" in before
    assert {"since: today", "surprise: well above"} <= values(day, "earnings")
    assert any(v.startswith("reaction: ") for v in values(day, "earnings"))
    assert "standard deviations of past surprises" in day.reading


def test_halts_and_dividends_are_told(eventful: StoryBook) -> None:
    assert values(told(eventful, -20), "halt") == {"since: today"}
    assert values(told(eventful, -18), "halt") == {"since: today", "often: repeated"}
    assert values(told(eventful, -12), "halt") == set()
    assert values(told(eventful, -7), "cash dividend") == {"until: tomorrow"}
    assert values(told(eventful, -6), "cash dividend") == {"since: today"}


def test_event_stories_read_back_exactly_in_both_renderings(eventful: StoryBook) -> None:
    spoken = set()
    for story in eventful.recent:
        said = tuple(c.statement for c in story.claims)
        for text in (story.learning, story.reading):
            reading = read(text, name=story.name)
            assert reading.ungrounded == ()
            assert reading.statements == said
        spoken |= {s.subject for s in said if s.kind == "event"}
    assert {"news", "earnings", "halt", "cash dividend", "core inflation"} <= spoken


def test_event_claims_rest_on_cells_of_the_symbol(eventful: StoryBook) -> None:
    window = MARKET.model_copy(update={"events": (*MARKET.events, *EVENTS)})
    panel = FuzzificationStage(FuzzificationSettings()).run(window).symbol_events
    checked = 0
    for story in eventful.recent:
        for claim in story.claims:
            if claim.statement.kind == "event" and claim.statement.subject != "core inflation":
                assert claim.sources
            for row in claim.sources:
                if row.panel == "symbol_events":
                    t, n = panel.sessions.index(row.session), panel.symbols.index(row.symbol)
                    assert panel.field(row.field)[t, n] == row.value
                    checked += 1
    assert checked > 50


def test_the_learning_form_of_events_names_no_number(eventful: StoryBook) -> None:
    assert not any(ch.isdigit() for row in eventful.texts for text in row for ch in text)


def test_other_instruments_stories_do_not_change_by_a_letter(eventful: StoryBook) -> None:
    quiet = book(())
    n = quiet.symbols.index(STOCK)
    for before, after in zip(quiet.texts, eventful.texts, strict=True):
        assert before[:n] + before[n + 1 :] == after[:n] + after[n + 1 :]
    assert any(a[n] != b[n] for a, b in zip(quiet.texts, eventful.texts, strict=True))


def test_without_events_of_their_own_stories_are_silent_about_them() -> None:
    subjects = {
        c.statement.subject
        for story in book(()).recent
        for part in story.sections
        if part.name is Section.EVENTS
        for s in part.sentences
        for c in s.claims
    }
    assert subjects <= {"core inflation", "events"}


def test_a_story_knows_no_later_event(eventful: StoryBook) -> None:
    cut = -15
    close = close_of(DAYS[cut])
    early = book(tuple(e for e in EVENTS if e.known_at <= close))
    stop = eventful.sessions.index(DAYS[cut]) + 1
    assert early.texts[:stop] == eventful.texts[:stop]
    assert content_hash(early) != content_hash(eventful)


@pytest.mark.parametrize(
    ("count", "good", "bad", "tone"),
    [
        (1, 1, 0, 5), (1, 0, 1, 0), (1, 0, 0, 3), (2, 1, 1, 2), (3, 2, 0, 4), (3, 0, 2, 1),
        (4, 2, 1, 2), (5, 1, 0, 3), (6, 2, 0, 4), (3, 3, 0, 5),
    ],
)  # fmt: skip
def test_the_tone_of_several_headlines(count: int, good: int, bad: int, tone: int) -> None:
    found = tones(np.array([float(count)]), np.array([float(good)]), np.array([float(bad)]))
    assert found[0] == tone
