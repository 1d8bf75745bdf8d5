"""What an event story says beside the event itself: what the occasion was, what things looked like
going in, and how the answer compares. Plain tables under the same rules as ``phrases``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from foundation.contracts import STATES, Statement, statement
from foundation.language.phrases import NOUNS, PLURAL
from foundation.language.scales import plain

OCCASIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("gap", "up"): (
        "the session opened with a wide gap upwards",
        "it began the day far above the last close",
    ),
    ("gap", "down"): (
        "the session opened with a wide gap downwards",
        "it began the day far below the last close",
    ),
    ("move", "up"): (
        "the day's rise was out of all proportion to an ordinary one",
        "a rise of this size is seldom seen",
    ),
    ("move", "down"): (
        "the day's fall was out of all proportion to an ordinary one",
        "a fall of this size is seldom seen",
    ),
}
EVE_SERIES: tuple[str, ...] = ("trend", "momentum", "volatility", "market volatility")
EVES: tuple[str, ...] = (
    "going in {noun} {was} {state}",
    "on the eve {noun} {was} {state}",
    "{noun} had been {state}",
    "{noun} {was} {state} before it",
    "a session earlier {noun} {was} {state}",
    "beforehand {noun} {was} {state}",
)
ANSWERED: tuple[str, ...] = ("earnings", "stock split", "cash dividend", "corporate action", "halt")
RESPONSES: dict[str, tuple[str, ...]] = {
    "smaller": (
        "the price answered less than on earlier occasions of the kind",
        "the answer was small beside earlier ones",
    ),
    "usual": (
        "the price answered much as on earlier occasions of the kind",
        "the answer was about the size of earlier ones",
    ),
    "larger": (
        "the price answered more than on earlier occasions of the kind",
        "the answer was large beside earlier ones",
    ),
}


def clauses() -> Iterator[tuple[Statement, tuple[str, ...]]]:
    """Yield every statement that only event stories make, with its clauses."""
    for (subject, value), texts in OCCASIONS.items():
        yield statement("occasion", subject, value), texts
    for series, state in product(EVE_SERIES, STATES):
        was = "were" if series in PLURAL else "was"
        yield (
            statement("eve", series, state),
            tuple(
                frame.format(noun=noun, was=was, state=words)
                for noun, words, frame in product(NOUNS[series], plain(series, state), EVES)
            ),
        )
    for value, texts in RESPONSES.items():
        yield statement("response", "event", value), texts
