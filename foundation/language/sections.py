"""Where in a story a statement belongs."""

from __future__ import annotations

from functools import cache

from foundation.contracts import SERIES, Horizon, Section, Statement

_OF_KIND: dict[str, Section] = {
    "record": Section.DIRECTION,
    "streak": Section.DIRECTION,
    "relative": Section.DIRECTION,
    "span": Section.DIRECTION,
    "course": Section.DIRECTION,
    "place": Section.DIRECTION,
    "response": Section.DIRECTION,
    "members": Section.PARTICIPATION,
    "pace": Section.PARTICIPATION,
    "eve": Section.TECHNICAL,
    "break": Section.TECHNICAL,
    "occasion": Section.EVENTS,
    "check": Section.LOOK_AHEAD,
    "options": Section.QUANTITATIVE,
    "pattern": Section.TECHNICAL,
    "event": Section.EVENTS,
    "level": Section.LOOK_AHEAD,
    "regime": Section.QUANTITATIVE,
    "range": Section.QUANTITATIVE,
    "odds": Section.QUANTITATIVE,
    "tilt": Section.QUANTITATIVE,
}
_OF_SUBJECT: dict[str, Section] = {
    **{name: series.section for name, series in SERIES.items()},
    "direction": Section.DIRECTION,
    "participation": Section.PARTICIPATION,
    "risk": Section.RISK,
    "risk appetite": Section.RISK,
    "events": Section.EVENTS,
    "quantitative context": Section.QUANTITATIVE,
}


@cache
def section_of(said: Statement) -> Section:
    """Return the section in which stories make a statement."""
    by_kind = _OF_KIND.get(said.kind)
    return by_kind or _OF_SUBJECT.get(said.subject, Section.LOOK_AHEAD)


ORDER: dict[Horizon, tuple[Section, ...]] = {
    **dict.fromkeys(Horizon, tuple(Section)),
    Horizon.EVENT: (
        Section.EVENTS,
        *(section for section in Section if section is not Section.EVENTS),
    ),
}
"""Sections in order of telling: an event story begins with the event."""

_ONLY: dict[str, Horizon] = {
    **dict.fromkeys(("course", "shift", "contradiction"), Horizon.WEEKLY),
    **dict.fromkeys(("occasion", "eve", "response"), Horizon.EVENT),
    **dict.fromkeys(("place", "pace", "break", "check"), Horizon.INTRADAY),
}
_SPANS: dict[str, Horizon] = {
    "week": Horizon.WEEKLY,
    "gap": Horizon.INTRADAY,
    "open": Horizon.INTRADAY,
}
_DATES: dict[str, Horizon] = {
    "until: next week": Horizon.WEEKLY,
    "since: this week": Horizon.WEEKLY,
    "until: today": Horizon.INTRADAY,
}


@cache
def fits(said: Statement, horizon: Horizon) -> bool:
    """Say whether stories of a horizon make such a statement.

    Some are made at one horizon only. What a day's move was is told by the day's stories and
    those of its events, not by a summary of a week nor by an update before the close.
    """
    if said.kind == "span":
        return _SPANS[said.value.split(":")[0]] is horizon
    only = _ONLY.get(said.kind) or _DATES.get(said.value if said.kind == "event" else "")
    if only is not None:
        return only is horizon
    whole_day = said.kind in ("movement", "record", "streak", "relative")
    return not whole_day or horizon in (Horizon.DAILY, Horizon.EVENT)
