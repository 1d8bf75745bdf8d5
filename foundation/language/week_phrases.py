"""What a week sounds like: its move, its course, what changed in it, what it contradicts, what is
due. Plain tables under the same rules as ``phrases``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations, product

from foundation.contracts import STATES, Movement, Statement, statement
from foundation.language.phrases import NOUNS, PRICE_VERBS, TENSIONS
from foundation.language.scales import SCALES, plain

SPANS: tuple[str, ...] = ("over the week", "on the week", "in the course of the week", "this week")
COURSES: dict[str, tuple[str, ...]] = {
    "steady climb": (
        "the gains came day by day",
        "it gained ground day after day",
    ),
    "steady slide": (
        "the losses came day by day",
        "it gave ground day after day",
    ),
    "one day up": (
        "a single day made the week",
        "one strong day did most of the work",
    ),
    "one day down": (
        "a single day undid the week",
        "one weak day did most of the damage",
    ),
    "gain given back": (
        "what it gained early was given back later",
        "an early gain did not last",
    ),
    "loss made good": (
        "what it lost early was made good later",
        "an early loss was recovered",
    ),
    "back and forth": (
        "it went back and forth without getting far",
        "its days cancelled one another",
    ),
    "quiet": ("no day of it stood out", "it was quiet throughout"),
}
SHIFTS: dict[int, tuple[str, ...]] = {
    1: ("rose from {a} to {b}", "moved up from {a} to {b}"),
    2: ("climbed from {a} to {b}", "came all the way up from {a} to {b}"),
    -1: ("fell from {a} to {b}", "moved down from {a} to {b}"),
    -2: ("dropped from {a} to {b}", "came all the way down from {a} to {b}"),
}
"""By the number of states crossed (two stands for more). For what is up and what is down a state
decides, not a wish: credit spreads that rise have widened."""
CONTRADICTIONS: dict[str, tuple[str, ...]] = {
    "once": (
        "what did not fit for a day was that {t}",
        "one day's puzzle was that {t}",
    ),
    "repeated": (
        "what did not fit on several days was that {t}",
        "the week's lasting puzzle was that {t}",
    ),
}
_PAST: dict[str, str] = {
    "runs": "ran", "cuts": "cut", "goes": "went", "stands": "stood", "finds": "found",
    "confirms": "confirmed", "breaks": "broke", "keeps": "kept", "has": "had", "does": "did",
    "is": "was", "are": "were", "few carry": "few carried", "the rise": "a rise",
    "the fall": "a fall",
}  # fmt: skip
"""What pulled apart on a day of the week, told of the day's present, is told here of a past day,
whose move need not be the week's."""
_PRESENT = re.compile(rf"\b(?:{'|'.join(_PAST)})\b")
DUE: dict[str, tuple[str, ...]] = {
    "earnings": ("earnings are due in the coming week", "the coming week brings earnings"),
    "stock split": (
        "a stock split takes effect in the coming week",
        "the coming week brings a stock split",
    ),
    "cash dividend": (
        "the shares go ex-dividend in the coming week",
        "the coming week has the ex-dividend day",
    ),
    "corporate action": (
        "a corporate action takes effect in the coming week",
        "the coming week brings a corporate action",
    ),
}
DUE_RELEASE: tuple[str, ...] = (
    "the coming week brings news of {e}",
    "{e} is on the calendar of the coming week",
)
PASSED: dict[str, tuple[str, ...]] = {
    "earnings": ("the week brought the quarterly report", "earnings came out during the week"),
    "stock split": ("the shares were split during the week", "the week brought a stock split"),
    "cash dividend": (
        "the shares went ex-dividend during the week",
        "the week held the ex-dividend day",
    ),
    "corporate action": (
        "a corporate action took effect during the week",
        "the week brought a corporate action",
    ),
    "halt": ("trading was halted during the week", "the week had a trading halt in it"),
}
PASSED_RELEASE: tuple[str, ...] = (
    "the week brought news of {e}",
    "{e} was reported during the week",
)


def clauses(releases: dict[str, str]) -> Iterator[tuple[Statement, tuple[str, ...]]]:
    """Yield every statement of a weekly summary with its clauses."""
    for move in Movement:
        verbs = PRICE_VERBS[int(move)]
        yield (
            statement("span", "price", f"week: {move:+d}"),
            tuple(f"the price {verb} {span}" for span, verb in product(SPANS, verbs)),
        )
    for value, texts in COURSES.items():
        yield statement("course", "week", value), texts
    for series, (a, b) in product(SCALES, permutations(range(len(STATES)), 2)):
        yield statement("shift", series, f"{STATES[a]} > {STATES[b]}"), tuple(_shift(series, a, b))
    for (subject, value), hedge in product(TENSIONS, CONTRADICTIONS):
        yield (
            statement("contradiction", subject, value, hedge),
            tuple(
                frame.format(t=_of_a_day(text))
                for text, frame in product(TENSIONS[subject, value], CONTRADICTIONS[hedge])
            ),
        )
    for value, own, general in (
        ("until: next week", DUE, DUE_RELEASE),
        ("since: this week", PASSED, PASSED_RELEASE),
    ):
        for event, texts in own.items():
            yield statement("event", event, value), texts
        for event, name in releases.items():
            yield statement("event", event, value), tuple(t.format(e=name) for t in general)


def _of_a_day(text: str) -> str:
    """Return a clause about today as one about a day of the week."""
    return _PRESENT.sub(lambda found: _PAST[found[0]], text)


def _shift(series: str, a: int, b: int) -> Iterator[str]:
    frames = SHIFTS[max(-2, min(2, b - a))]
    words = list(zip(plain(series, STATES[a]), plain(series, STATES[b]), strict=False))
    for noun, (k, (old, new)) in product(NOUNS[series], enumerate(words)):
        yield f"{noun} {frames[k % 2].format(a=_short(old), b=new)}"


def _short(words: str) -> str:
    """Leave out what a comparison is with, where it stands again behind the second word."""
    return words.split(" than ")[0]
