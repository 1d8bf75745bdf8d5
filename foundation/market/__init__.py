"""The New York Stock Exchange's sessions and closing times."""

from foundation.market.calendar import (
    close_of,
    closes,
    is_session,
    last_session_of_month,
    next_session,
    session_on_or_before,
    sessions,
    sessions_until,
)

__all__ = [
    "close_of",
    "closes",
    "is_session",
    "last_session_of_month",
    "next_session",
    "session_on_or_before",
    "sessions",
    "sessions_until",
]
