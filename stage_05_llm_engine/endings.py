"""What a continuation that stopped is called."""

from __future__ import annotations

from collections.abc import Mapping

from foundation.contracts.story_forecast import Ending
from foundation.language import read


def named(stopped: Ending, tape: Mapping[str, str] | None, text: str) -> Ending:
    """Return how a continuation ended, now that it can be read.

    One that came to its end is only ``complete`` if it has a tape and the reader knows at least
    one of its clauses; otherwise it is ``unparseable``, whatever it says. ``tape`` is None for
    stories that are told in words alone.
    """
    if stopped != "complete":
        return stopped
    return "complete" if tape != {} and read(text).statements else "unparseable"
