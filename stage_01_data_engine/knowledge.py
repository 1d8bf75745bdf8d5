"""When something that carries only a date counts as known."""

from __future__ import annotations

from datetime import date, datetime, time

from foundation.kernel import NEW_YORK, OperatorError
from foundation.market import close_of, next_session

OPENING = time(9, 30)
"""When a session of the New York Stock Exchange opens, on early closes too."""


def opening_of(session: date) -> datetime:
    """Return when a session opens: 09:30 in New York."""
    return datetime.combine(session, OPENING, tzinfo=NEW_YORK)


def known_after(day: date) -> datetime:
    """Return when what is dated ``day``, without a time, counts as known.

    It may have come out after that day's close, so it counts from the opening of the session
    after it: never too early, late by a session at most.
    """
    return opening_of(next_session(day))


def require_closed(session: date, now: datetime) -> None:
    """Check that a session lies behind us.

    Raises
    ------
    OperatorError
        If it has not closed yet: a vendor's bar of it would not be whole.
    """
    if now < close_of(session):
        raise OperatorError(
            "The as-of session has closed",
            value=f"{session.isoformat()}, asked at {now:%Y-%m-%d %H:%M} New York time",
            remedy="use the session before it, or wait for the close",
        )
