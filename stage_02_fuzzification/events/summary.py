"""All events of a window, as two panels: what concerns the market, and what concerns a symbol."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from foundation.contracts import MARKET, MarketEvent, MarketWindow
from foundation.timeseries import Panel
from stage_02_fuzzification.events import news
from stage_02_fuzzification.events.occurrence import (
    Timeline,
    at_last,
    occurred,
    per_session,
    sessions_since,
    surprises,
    weekdays_until,
)
from stage_02_fuzzification.events.reactions import daily_moves, first_session, past_reaction
from stage_02_fuzzification.events.releases import releases, summarise
from stage_02_fuzzification.events.structure import bar_flags, calendar_flags
from stage_02_fuzzification.sentiment.reading import NewsReader
from stage_02_fuzzification.settings import FuzzificationSettings

CORPORATE: tuple[str, ...] = ("stock split", "cash dividend", "corporate action")
"""Corporate actions by name; what has another name counts as ``corporate action``."""

_REACTION = ("reaction", "reactions")
SYMBOL_EVENT_FIELDS: tuple[str, ...] = (
    *(f"news|{aspect}" for aspect in (*news.FIELDS, *_REACTION)),
    *(f"earnings|{a}" for a in ("sessions since", "weekdays until", "surprise", *_REACTION)),
    *(f"{c}|{a}" for c in CORPORATE for a in ("sessions since", "weekdays until", *_REACTION)),
    *(f"halt|{aspect}" for aspect in ("sessions since", "in twenty sessions", *_REACTION)),
    "structure|unchanged closes",
    "structure|no trade",
    "structure|opening gap",
)
"""Fields that ``symbol_events`` always has, whatever happened: all NaN where nothing is known."""

_HALTS = 20
Fields = dict[str, np.ndarray]


def summarise_market(
    window: MarketWindow, reader: NewsReader, settings: FuzzificationSettings
) -> Panel:
    """Return the market-wide events, panel (T, 1, E).

    Releases as ``releases.summarise`` has them, the flags of the exchange calendar, and, where
    the source has market-wide headlines, the fields of ``news.summarise_news`` as ``news|...``.
    """
    sessions = window.bars.sessions
    line = Timeline.of(sessions)
    told = summarise(window.events, sessions)
    fields = {name: told.field(name)[:, 0] for name in told.fields} | calendar_flags(line)
    texts = [e for e in window.events if e.kind == "news" and e.symbol == MARKET]
    if texts:
        made = news.summarise_news(
            MARKET, sessions, news.headlines_by_session(texts, line),
            news.Prices(np.full(len(sessions), np.nan)), news.first_known(texts, line),
            reader, settings,
        )  # fmt: skip
        fields |= {f"news|{name}": values for name, values in made.items()}
    return Panel.from_fields(
        sessions, (MARKET,), {name: values[:, None] for name, values in fields.items()}
    )


def summarise_symbols(
    window: MarketWindow, reader: NewsReader, settings: FuzzificationSettings
) -> Panel:
    """Return the events of every symbol, panel (T, N, E), as known at each session's close.

    ``news|...`` as in ``news.summarise_news``. For ``earnings``, each corporate action and
    ``halt``: ``sessions since`` the last, ``weekdays until`` the next that was announced,
    ``surprise`` in standard deviations of earlier surprises. ``k|reaction`` and ``k|reactions``:
    mean absolute move of the sessions on which earlier such events counted, in volatility
    scales, and their number; market-wide releases have these two as well. ``structure|...`` as
    in ``structure.bar_flags``.
    """
    sessions, symbols = window.bars.sessions, window.bars.symbols
    line, shape = Timeline.of(sessions), (len(sessions), len(symbols))
    fields: Fields = {name: np.full(shape, np.nan) for name in SYMBOL_EVENT_FIELDS}
    scale = window.features.field("volatility_scale_20")
    opening, close, volume = (window.bars.field(f) for f in ("open", "close", "volume"))
    moves = daily_moves(close, scale)
    fields |= bar_flags(opening, close, volume, scale)
    by_symbol: dict[str, list[MarketEvent]] = {}
    for event in window.events:
        by_symbol.setdefault(event.symbol, []).append(event)
    told_of = [e for e in window.events if e.kind == "news" and e.symbol != MARKET]
    source = news.first_known(told_of, line)
    for n, symbol in enumerate(symbols):
        mine = by_symbol.get(symbol, [])
        texts = [e for e in mine if e.kind == "news"]
        if source < len(sessions):
            by_session = news.headlines_by_session(texts, line)
            told = news.summarise_news(
                symbol, sessions, by_session, news.Prices(close[:, n]), source, reader, settings
            )
            told |= _reaction(np.array(list(by_session), dtype=int), moves[:, n])
            _put(fields, "news", told, n)
        for kind, found in _kinds(mine).items():
            _put(fields, kind, _dated(kind, found, line, moves[:, n], settings), n)
    for name, found in releases(window.events).items():
        _, at = occurred([e for e in found if e.actual is not None], line)
        mean, number = past_reaction(at, moves)
        fields |= {f"{name}|reaction": mean, f"{name}|reactions": number}
    return Panel.from_fields(sessions, symbols, fields)


def _put(fields: Fields, kind: str, made: Fields, n: int) -> None:
    for aspect, values in made.items():
        fields[f"{kind}|{aspect}"][:, n] = values


def _reaction(at: np.ndarray, moves: np.ndarray) -> Fields:
    mean, count = past_reaction(at, moves[:, None])
    return {"reaction": mean[:, 0], "reactions": count[:, 0]}


def _kinds(events: Sequence[MarketEvent]) -> dict[str, list[MarketEvent]]:
    """Return a symbol's dated events by the name under which fields speak of them."""
    found: dict[str, list[MarketEvent]] = {}
    for event in events:
        if event.kind in ("earnings", "halt"):
            found.setdefault(event.kind, []).append(event)
        elif event.kind == "corporate action":
            name = event.name if event.name in CORPORATE else "corporate action"
            found.setdefault(name, []).append(event)
    return found


def _dated(
    kind: str,
    events: list[MarketEvent],
    line: Timeline,
    moves: np.ndarray,
    settings: FuzzificationSettings,
) -> Fields:
    # A report counts when its figure is out; a date alone is an announcement.
    out = [e for e in events if kind != "earnings" or e.actual is not None]
    told, at = occurred(out, line)
    count = len(line.days)
    made = {"sessions since": sessions_since(at, count)} | _reaction(at, moves)
    if kind == "halt":
        halts, recent = per_session(at, count), np.zeros(count)
        for lag in range(min(_HALTS, count)):
            recent[lag:] += halts[: count - lag]
        recent[: first_session(at, count)] = np.nan
        return made | {"in twenty sessions": recent}
    made["weekdays until"] = weekdays_until(events, line)
    if kind == "earnings":
        made["surprise"] = at_last(at, surprises(told, settings.minimum_surprises), count)
    return made
