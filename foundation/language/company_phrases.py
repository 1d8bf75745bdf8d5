"""Words for an instrument among others and for its options: plain tables, no logic."""

from __future__ import annotations

from collections.abc import Iterator

from foundation.contracts import Statement, statement

RELATIVE: dict[str, dict[str, tuple[str, ...]]] = {
    "instrument": {
        "far behind": (
            "it fell far behind the rest of the market",
            "it did far worse than the market as a whole",
        ),
        "behind": ("it lagged the rest of the market", "it did worse than the market as a whole"),
        "ahead": ("it outpaced the rest of the market", "it did better than the market as a whole"),
        "far ahead": (
            "it left the rest of the market far behind",
            "it did far better than the market as a whole",
        ),
    },
    "sector": {
        "far behind": (
            "the sector fell far behind the market",
            "the sector was far weaker than the market",
        ),
        "behind": ("the sector lagged the market", "the sector was weaker than the market"),
        "in step": (
            "the sector kept pace with the market",
            "the sector moved in step with the market",
        ),
        "ahead": ("the sector outpaced the market", "the sector was stronger than the market"),
        "far ahead": (
            "the sector left the market far behind",
            "the sector was far stronger than the market",
        ),
    },
}
MEMBERS: dict[str, tuple[str, ...]] = {
    "hardly any": (
        "hardly any of its members stand above their medium-term average",
        "almost all of its members trade below their medium-term average",
    ),
    "few": (
        "few of its members stand above their medium-term average",
        "most of its members trade below their medium-term average",
    ),
    "half": (
        "its members are split about their medium-term average",
        "about half of its members stand above their medium-term average",
    ),
    "most": (
        "most of its members stand above their medium-term average",
        "few of its members trade below their medium-term average",
    ),
    "nearly all": (
        "nearly all of its members stand above their medium-term average",
        "hardly any of its members trade below their medium-term average",
    ),
}
OPTIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("put-call ratio", "low"): (
        "options traders lean heavily to calls",
        "calls are in far greater demand than is usual against puts",
    ),
    ("put-call ratio", "high"): (
        "options traders lean heavily to puts",
        "puts are in far greater demand than is usual against calls",
    ),
    ("implied volatility", "low"): (
        "options are cheap by the past year's standards",
        "implied volatility is near the bottom of its yearly range",
    ),
    ("implied volatility", "high"): (
        "options are dear by the past year's standards",
        "implied volatility is near the top of its yearly range",
    ),
    ("max pain", "below"): (
        "the strike at which option holders lose most lies well below the market",
        "max pain pulls downwards",
    ),
    ("max pain", "near"): (
        "the strike at which option holders lose most lies close to the market",
        "max pain is close at hand",
    ),
    ("max pain", "above"): (
        "the strike at which option holders lose most lies well above the market",
        "max pain pulls upwards",
    ),
    ("gamma", "positive"): (
        "dealers' gamma is positive and tends to damp moves",
        "hedging by dealers should lean against moves",
    ),
    ("gamma", "negative"): (
        "dealers' gamma is negative and tends to amplify moves",
        "hedging by dealers should add to moves",
    ),
}


def clauses() -> Iterator[tuple[Statement, tuple[str, ...]]]:
    """Yield every such statement with its clauses."""
    for subject, table in RELATIVE.items():
        for value, texts in table.items():
            yield statement("relative", subject, value), texts
    for value, texts in MEMBERS.items():
        yield statement("members", "sector", value), texts
    for (subject, value), texts in OPTIONS.items():
        yield statement("options", subject, value), texts
