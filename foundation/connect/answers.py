"""Where answers came from and how old they are: the record that a run's findings are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class AnswerTally:
    """What one vendor answered.

    Attributes
    ----------
    answers : int
        All of them; ``cached`` of these came from the cache, ``stale`` of those though they were
        older than asked for, because the vendor could not be reached.
    oldest, newest : datetime
        When the first and the last of them left the vendor.
    oldest_stale : datetime or None
        When the oldest stale one did.
    kept : bool
        Whether answers are kept in a cache, so that the next run may use them again.
    """

    answers: int
    cached: int
    stale: int
    oldest: datetime
    newest: datetime
    oldest_stale: datetime | None
    kept: bool


class AnswerLog:
    """A tally per vendor, for the clients of one connection. Safe to share between threads.

    Attributes
    ----------
    heard : callable
        Told of every answer: the vendor's name and the tally so far.
    moved : callable
        Told how far a long reading has come: the vendor's name, how many things are done (symbols,
        series), and how many there are.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._tallies: dict[str, AnswerTally] = {}
        self._opened: set[str] = set()
        self.heard: Callable[[str, AnswerTally], None] = lambda vendor, tally: None
        self.moved: Callable[[str, int, int], None] = lambda vendor, done, total: None

    def opened(self, vendor: str) -> None:
        """Take note that a vendor is about to be asked."""
        with self._lock:
            self._opened.add(vendor)

    def note(
        self, vendor: str, fetched_at: datetime, *, cached: bool, stale: bool, kept: bool
    ) -> None:
        """Count an answer."""
        aged = fetched_at if stale else None
        one = AnswerTally(1, int(cached), int(stale), fetched_at, fetched_at, aged, kept)
        with self._lock:
            before = self._tallies.get(vendor)
            tally = one if before is None else _together(before, one)
            self._tallies[vendor] = tally
        self.heard(vendor, tally)

    def steps(self, vendor: str, things: Sequence[T]) -> Iterator[T]:
        """Yield things one by one and tell how many of them are done."""
        for done, thing in enumerate(things):
            self.moved(vendor, done, len(things))
            yield thing
        self.moved(vendor, len(things), len(things))

    def tallies(self) -> dict[str, AnswerTally]:
        """Return the tallies by vendor."""
        with self._lock:
            return dict(self._tallies)

    def take(self) -> dict[str, AnswerTally]:
        """Return the tallies by vendor and begin anew."""
        with self._lock:
            told, self._tallies = self._tallies, {}
            self._opened = set()
        return told

    def vendors(self) -> frozenset[str]:
        """Return whom a client was opened for since the tallies were taken last."""
        with self._lock:
            return frozenset(self._opened)


def _together(one: AnswerTally, other: AnswerTally) -> AnswerTally:
    stale = [m for m in (one.oldest_stale, other.oldest_stale) if m is not None]
    return replace(
        one,
        answers=one.answers + other.answers,
        cached=one.cached + other.cached,
        stale=one.stale + other.stale,
        oldest=min(one.oldest, other.oldest),
        newest=max(one.newest, other.newest),
        oldest_stale=min(stale, default=None),
        kept=one.kept or other.kept,
    )
