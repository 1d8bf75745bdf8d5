"""Numbers, shares and lists as a person writes them."""

from __future__ import annotations

from collections.abc import Sequence

_ONES = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_IN_WORDS = 12
"""Numbers up to twelve are written out; larger ones only where they open a sentence."""


def in_words(number: int) -> str:
    """Return ``twenty-one`` for 21; digits from one hundred on, ``no`` for zero."""
    if not 0 <= number < 100:
        return f"{number:,}"
    if number < len(_ONES):
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")


def amount(number: int) -> str:
    """Return a number inside a sentence: ``seven``, but ``27``."""
    return in_words(number) if 0 <= number <= _IN_WORDS else f"{number:,}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return ``one stock``, ``seven stocks``, ``27 stocks``."""
    return f"{amount(number)} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str], most: int | None = None) -> str:
    """Return ``A, B and C``; with more than ``most`` names, ``A, B and 4 more``.

    Never ends in "one more": the last name takes its place.
    """
    shown = list(names)
    if most is not None and len(shown) > most + 1:
        shown = [*shown[:most], f"{amount(len(names) - most)} more"]
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def sentence(text: str) -> str:
    """Return the text with a capital and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")
