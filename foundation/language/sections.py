"""Where in a story a statement belongs."""

from __future__ import annotations

from functools import cache

from foundation.contracts import SERIES, Section, Statement

_OF_KIND: dict[str, Section] = {
    "record": Section.DIRECTION,
    "streak": Section.DIRECTION,
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
