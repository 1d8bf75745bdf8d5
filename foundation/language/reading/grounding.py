"""Claims from sentences in other words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from foundation.contracts import Statement
from foundation.language.reading.figures import Yardstick
from foundation.language.reading.result import Clause


def ground(
    text: str,
    start: int,
    end: int,
    number: int,
    before: Statement | None,
    yardsticks: Mapping[str, Yardstick],
) -> Iterator[Clause]:
    """Yield the clauses of a stretch of text."""
    shown = re.sub(r"\s+", " ", text[start:end]).strip().rstrip(".!?")
    yield Clause(shown, start, end, number, "unread", why="no series named")
