"""What stories say of events: of one instrument first, then of the whole market.

An instrument's events are spoken of only when there is something to say. Where a source has no
news, no earnings calendar and no corporate actions, stories are silent about them.
"""

from __future__ import annotations

import numpy as np

from foundation.contracts import FuzzyWindow, Section, statement
from foundation.language.event_phrases import (
    NEWS_COUNTS,
    NEWS_TONES,
    NEWS_TOPICS,
    NO_TOPIC,
    release_called,
)
from foundation.language.grammar import news_values
from foundation.timeseries import Panel
from stage_03_story_assembly.content.columns import SILENT, Cell, Column, absence_column
from stage_03_story_assembly.content.weeks import Weeks
from stage_03_story_assembly.settings import StoryAssemblySettings

SURPRISE_BORDERS = (-1.5, -0.5, 0.5, 1.5)
"""In standard deviations of earlier surprises."""
ACTIONS: tuple[str, ...] = ("stock split", "cash dividend", "corporate action")

_BANDS: dict[str, tuple[str, ...]] = {
    "since": ("today", "days ago", "weeks ago"),
    "until": ("tomorrow", "days ahead", "weeks ahead"),
    "surprise": ("well below", "below", "in line", "above", "well above"),
    "reaction": ("small", "usual", "large"),
    "often": ("repeated",),
    "pace": ("crowded",),
    "trend": ("worsening", "improving"),
    "against price": ("unfavourable", "favourable"),
}
_COUNT_BORDERS = (1.5, 2.5, 3.5, 6.5)
_NEWS_VALUES = {subject: tuple(news_values(topics=subject == "news")) for subject in
                ("news", "market news")}  # fmt: skip


def event_columns(
    fuzzy: FuzzyWindow, shape: tuple[int, int], settings: StoryAssemblySettings
) -> list[Column]:
    """Return all columns of the events section, in order of telling."""
    return [
        *_earnings(fuzzy.symbol_events, settings),
        *_halts(fuzzy.symbol_events, settings),
        *(c for name in ACTIONS for c in _action(name, fuzzy.symbol_events, settings)),
        *_news(fuzzy.symbol_events, settings),
        *_releases(fuzzy, shape, settings),
        *_market_news(fuzzy.events, shape, settings),
    ]


ALWAYS = "core inflation"
"""The release whose distance every story tells; others are told as they come out or come near."""


def release_fields(fuzzy: FuzzyWindow) -> dict[str, str]:
    """Return the releases that stories speak of, and what the window calls each."""
    found: dict[str, str] = {}
    for field in sorted(f.split("|")[0] for f in fuzzy.events.fields if f.endswith("|surprise")):
        name = release_called(field)
        if name is not None:
            found.setdefault(name, field)
    return found


def _aspects(fuzzy: FuzzyWindow, field: str, shape: tuple[int, int]) -> list[np.ndarray]:
    return [
        np.broadcast_to(fuzzy.events.field(f"{field}|{aspect}"), shape)
        for aspect in ("sessions since", "weekdays until", "surprise")
    ]


def _releases(
    fuzzy: FuzzyWindow, shape: tuple[int, int], settings: StoryAssemblySettings
) -> list[Column]:
    """Say what was released, how it surprised, and what is due; or that nothing is on record."""
    columns = []
    known = np.zeros(shape, dtype=bool)
    near = settings.near_event_sessions
    for name, field in release_fields(fuzzy).items():
        since, until, surprise = _aspects(fuzzy, field, shape)
        scheduled = ~np.isnan(until)
        fresh = since <= (near if name == ALWAYS else 0)
        due = scheduled if name == ALWAYS else until <= 1
        heard = fresh | ~scheduled if name == ALWAYS else fresh
        cell = ("events", field)
        columns += [
            _banded(name, "since", since, (0.5, near + 0.5), heard, cell),
            _banded(name, "surprise", surprise, SURPRISE_BORDERS, fresh, cell),
            _banded(name, "until", until, (1.5, near + 0.5), due, cell),
        ]
        known |= ~np.isnan(since) | ~np.isnan(until)
    columns.append(absence_column("events", Section.EVENTS, ~known))
    return columns


def week_event_columns(
    fuzzy: FuzzyWindow, weeks: Weeks, shape: tuple[int, int], settings: StoryAssemblySettings
) -> list[Column]:
    """Say what fell in the week and how it surprised, and what is due in the coming one."""
    panel, columns = fuzzy.symbol_events, []
    length = np.broadcast_to(weeks.length[:, None], shape)
    for name in ("earnings", "halt", *ACTIONS):
        if panel.has(f"{name}|sessions since"):
            since = panel.field(f"{name}|sessions since")
            columns.append(_once(name, "since: this week", since < length, f"{name} since"))
        if name == "earnings" and panel.has("earnings|surprise"):
            surprise = panel.field("earnings|surprise")
            columns.append(_banded(name, "surprise", surprise, SURPRISE_BORDERS, since < length))
        if panel.has(f"{name}|weekdays until"):
            due = panel.field(f"{name}|weekdays until") <= WEEKDAYS
            columns.append(_once(name, "until: next week", due, f"{name} until"))
    known = np.zeros(shape, dtype=bool)
    for name, field in release_fields(fuzzy).items():
        since, until, surprise = _aspects(fuzzy, field, shape)
        cell = ("events", field)
        columns += [
            _once(name, "since: this week", since < length, "event since", cell),
            _banded(name, "surprise", surprise, SURPRISE_BORDERS, since < length, cell),
            _once(name, "until: next week", until <= WEEKDAYS, "event until", cell),
        ]
        known |= ~np.isnan(since) | ~np.isnan(until)
    columns.append(absence_column("events", Section.EVENTS, ~known))
    return columns


WEEKDAYS = 5


def _once(name: str, value: str, where: np.ndarray, label: str, cell: Cell | None = None) -> Column:
    """Say one thing of an event where it is so."""
    aspect = _FIELDS[value.split(":")[0]]
    return Column(
        name=label,
        section=Section.EVENTS,
        options=(statement("event", name, value),),
        codes=np.where(where, 0, SILENT),
        degrees=np.ones(where.shape),
        cells=(cell or ("symbol_events", f"{name}|{aspect}"),),
    )


def _earnings(panel: Panel, settings: StoryAssemblySettings) -> list[Column]:
    """Say what was reported and how it surprised, what is due, and how reports moved the price."""
    if not panel.has("earnings|surprise"):
        return []
    since, until, surprise, reaction, count = (
        panel.field(f"earnings|{aspect}")
        for aspect in ("sessions since", "weekdays until", "surprise", "reaction", "reactions")
    )
    near = settings.near_event_sessions
    fresh, due = since <= near, until <= settings.earnings_horizon
    heard = (fresh | (until <= near)) & (count >= settings.minimum_reactions)
    borders = (settings.reaction_usual, settings.reaction_large)
    return [
        _banded("earnings", "since", since, (0.5, near + 0.5), fresh),
        _banded("earnings", "surprise", surprise, SURPRISE_BORDERS, fresh),
        _banded("earnings", "until", until, (1.5, near + 0.5), due),
        _banded("earnings", "reaction", reaction, borders, heard),
    ]


def _action(name: str, panel: Panel, settings: StoryAssemblySettings) -> list[Column]:
    if not panel.has(f"{name}|sessions since"):
        return []
    since, until = (panel.field(f"{name}|{a}") for a in ("sessions since", "weekdays until"))
    near = settings.near_event_sessions
    return [
        _banded(name, "since", since, (0.5, near + 0.5), since <= near),
        _banded(name, "until", until, (1.5, near + 0.5), until <= near),
    ]


def _halts(panel: Panel, settings: StoryAssemblySettings) -> list[Column]:
    if not panel.has("halt|sessions since"):
        return []
    since, often = panel.field("halt|sessions since"), panel.field("halt|in twenty sessions")
    near = settings.near_event_sessions
    fresh = since <= near
    return [
        _banded("halt", "since", since, (0.5, near + 0.5), fresh),
        _banded("halt", "often", often, (), fresh & (often >= 2)),
    ]


def _news(panel: Panel, settings: StoryAssemblySettings) -> list[Column]:
    """Say how many headlines came in two days, in what tone and on what, and where they turn."""
    if not panel.has("news|sentiment"):
        return []
    count, crowded, trend, contrary = (
        panel.field(f"news|{aspect}")
        for aspect in ("headlines in two sessions", "clustering", "sentiment trend", "contrarian")
    )
    told = count >= 1
    turned = told & (np.abs(trend) >= settings.news_trend)
    topic = panel.field("news|topic")
    return [
        _flow("news", "symbol_events", panel, np.where(np.isnan(topic), len(NEWS_TOPICS), topic)),
        _banded("news", "pace", crowded, (), told & (crowded >= settings.news_crowded)),
        _banded("news", "trend", trend, (0.0,), turned),
        _banded("news", "against price", contrary, (0.0,), told & (contrary != 0)),
    ]


def _market_news(
    panel: Panel, shape: tuple[int, int], settings: StoryAssemblySettings
) -> list[Column]:
    if not panel.has("news|headlines in two sessions"):
        return []
    none = np.zeros((shape[0], 1))
    column = _flow("market news", "events", panel, none)
    return [
        Column(
            name=column.name,
            section=column.section,
            options=column.options,
            codes=np.broadcast_to(column.codes, shape),
            degrees=np.broadcast_to(column.degrees, shape),
            cells=column.cells,
        )
    ]


def _flow(subject: str, panel_name: str, panel: Panel, topic: np.ndarray) -> Column:
    """Say in one clause how many headlines there were, their tone and their common topic."""
    count, good, bad = (
        panel.field(f"news|{aspect}")
        for aspect in ("headlines in two sessions", "favourable", "unfavourable")
    )
    values = _NEWS_VALUES[subject]
    place = {value: k for k, value in enumerate(values)}
    number = np.searchsorted(np.array(_COUNT_BORDERS), np.nan_to_num(count))
    tone = tones(count, good, bad)
    about = (*NEWS_TOPICS, NO_TOPIC) if subject == "news" else (NO_TOPIC,)
    names = list(NEWS_COUNTS)
    table = np.array(
        [
            [[place.get(f"flow: {n}, {t}, {a}", SILENT) for a in about] for t in NEWS_TONES]
            for n in names
        ]
    )
    codes = table[number, tone, topic.astype(int)]
    return Column(
        name=f"{subject} flow",
        section=Section.EVENTS,
        options=tuple(statement("event", subject, value) for value in values),
        codes=np.where(count >= 1, codes, SILENT),
        degrees=np.ones(count.shape),
        cells=tuple(
            (panel_name, f"news|{aspect}")
            for aspect in ("headlines in two sessions", "favourable", "unfavourable")
        ),
    )


def tones(count: np.ndarray, good: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Return the place in ``NEWS_TONES`` of headlines of which some are good and some bad.

    All good: favourable. More good than bad by a third of all: mostly favourable. Otherwise
    mixed where at least half say something, else neutral. The same mirrored for bad ones.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        balance = (good - bad) / count
    spoken = good + bad >= count / 2
    return np.select(
        [bad == count, good == count, balance <= -1 / 3, balance >= 1 / 3, spoken],
        [0, 5, 1, 4, 2],
        default=3,
    )


def _banded(
    name: str,
    aspect: str,
    values: np.ndarray,
    borders: tuple[float, ...],
    speak: np.ndarray,
    cell: Cell | None = None,
) -> Column:
    band = np.searchsorted(np.array(borders), np.nan_to_num(values), side="right")
    field = _FIELDS.get(aspect, aspect)
    return Column(
        name=f"event {aspect}" if cell else f"{name} {aspect}",
        section=Section.EVENTS,
        options=tuple(statement("event", name, f"{aspect}: {v}") for v in _BANDS[aspect]),
        codes=np.where(speak & ~np.isnan(values), band, SILENT),
        degrees=np.ones(values.shape),
        cells=(cell or ("symbol_events", f"{name}|{field}"),),
    )


_FIELDS: dict[str, str] = {
    "since": "sessions since",
    "until": "weekdays until",
    "often": "in twenty sessions",
    "pace": "clustering",
    "trend": "sentiment trend",
    "against price": "contrarian",
}
"""Fields of the panel behind each aspect, where the two have other names."""
