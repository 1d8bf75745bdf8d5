"""What a session sounds like while it lasts: the opening gap, the move since, its place in the
range, the pace of trade, broken levels, and how it bears on the morning's story. Plain tables
under the same rules as ``phrases``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from foundation.contracts import Movement, Statement, statement

GAPS: dict[int, tuple[str, ...]] = {
    -2: ("the price opened sharply lower", "the price began the day with a deep gap down"),
    -1: ("the price opened lower", "the price began the day with a small gap down"),
    0: ("the price opened about where it had closed", "the price began the day with hardly a gap"),
    1: ("the price opened higher", "the price began the day with a small gap up"),
    2: ("the price opened sharply higher", "the price began the day with a wide gap up"),
}
SINCE: tuple[str, ...] = ("since the open", "since the opening bell")
DONE_SINCE: dict[int, tuple[str, ...]] = {
    -2: ("it has fallen hard", "it has sold off"),
    -1: ("it has slipped", "it has lost ground"),
    0: ("it has hardly moved", "it has held its level"),
    1: ("it has risen", "it has gained ground"),
    2: ("it has surged", "it has rallied hard"),
}
PLACES: dict[str, tuple[str, ...]] = {
    "at the high": ("it trades at the day's high", "it is pressing on the day's high"),
    "upper part": ("it trades in the upper part of its range", "most of the range lies below it"),
    "middle": ("it trades in the middle of its range", "it is about halfway through the range"),
    "lower part": ("it trades in the lower part of its range", "most of the range lies above it"),
    "at the low": ("it trades at the day's low", "it is pressing on the day's low"),
}
PACES: dict[str, tuple[str, ...]] = {
    "slow": ("trade is slow for the hour", "less has changed hands than is usual by now"),
    "usual": ("trade keeps its usual pace", "about as much has changed hands as is usual by now"),
    "fast": ("trade is fast for the hour", "more has changed hands than is usual by now"),
}
BREAKS: dict[tuple[str, str], tuple[str, ...]] = {
    ("support", "broken"): ("support has given way", "the recent floor has been broken"),
    ("support", "tested"): ("support has been tested and held", "the recent floor has held a test"),
    ("resistance", "broken"): ("resistance has given way", "the recent ceiling has been broken"),
    ("resistance", "tested"): (
        "resistance has been tested and held",
        "the recent ceiling has held a test",
    ),
}
CHECKS: dict[str, tuple[str, ...]] = {
    "borne out": (
        "so far the session bears out the morning's story",
        "that is in keeping with the story of the morning",
    ),
    "contradicted": (
        "so far the session runs against the morning's story",
        "that is not what the story of the morning leaned to",
    ),
    "undecided": (
        "so far the session neither confirms nor denies the morning's story",
        "that settles nothing about the story of the morning",
    ),
    "neutral": (
        "the morning's story took no side",
        "the story of the morning leaned neither way",
    ),
}
DUE_TODAY: dict[str, tuple[str, ...]] = {
    "earnings": ("earnings are due today", "the quarterly report is up today"),
    "stock split": ("a stock split takes effect today", "today the shares trade split"),
    "cash dividend": ("the shares go ex-dividend today", "today is the ex-dividend day"),
    "corporate action": (
        "a corporate action takes effect today",
        "today has a corporate action in it",
    ),
}
DUE_RELEASE: tuple[str, ...] = ("{e} is on the calendar today", "the report on {e} is due today")


def clauses(releases: dict[str, str]) -> Iterator[tuple[Statement, tuple[str, ...]]]:
    """Yield every statement that only intraday updates make, with its clauses."""
    for move in Movement:
        yield statement("span", "price", f"gap: {move:+d}"), GAPS[int(move)]
        yield (
            statement("span", "price", f"open: {move:+d}"),
            tuple(
                text
                for done, since in product(DONE_SINCE[int(move)], SINCE)
                for text in (f"{done} {since}", f"{since} {done}")
            ),
        )
    for kind, table in (("place", PLACES), ("check", CHECKS)):
        for value, texts in table.items():
            yield statement(kind, "price", value), texts
    for value, texts in PACES.items():
        yield statement("pace", "volume", value), texts
    for (side, value), texts in BREAKS.items():
        yield statement("break", side, value), texts
    for event, texts in DUE_TODAY.items():
        yield statement("event", event, "until: today"), texts
    for event, name in releases.items():
        yield (
            statement("event", event, "until: today"),
            tuple(t.format(e=name) for t in DUE_RELEASE),
        )
