"""Numbers, dates and lists as a trader reads them. None and NaN become a dash, never a zero."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime

from foundation.contracts import Horizon

ABSENT = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"

_SMALL = (
    "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
)  # fmt: skip


def _absent(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


def price(value: float | None) -> str:
    """Return a price with two decimals (four below one), thousands separated."""
    if value is None or _absent(value):
        return ABSENT
    return f"{value:,.4f}" if abs(value) < 1 else f"{value:,.2f}"


def percent(fraction: float | None, decimals: int = 0) -> str:
    """Return a fraction as a percentage: 0.125 gives ``12%`` (or ``12.5%`` with one decimal)."""
    if fraction is None or _absent(fraction):
        return ABSENT
    return f"{100 * fraction:.{decimals}f}%"


def change(fraction: float | None, decimals: int = 2) -> str:
    """Return a signed percentage with a true minus sign: -0.0012 gives ``−0.12%``."""
    if fraction is None or _absent(fraction):
        return ABSENT
    return signed(100 * fraction, decimals) + "%"


def log_change(log_return: float | None, decimals: int = 2) -> str:
    """Return a log return as a signed percentage: 0.01 gives ``+1.01%``."""
    if log_return is None or _absent(log_return):
        return ABSENT
    return change(math.expm1(log_return), decimals)


def signed(value: float | None, decimals: int = 2) -> str:
    """Return a signed number with a true minus sign; what rounds to zero has no sign."""
    if value is None or _absent(value):
        return ABSENT
    text = f"{abs(value):.{decimals}f}"
    if float(text) == 0:
        return text
    return (MINUS if value < 0 else "+") + text


def number(value: float | None, decimals: int = 2) -> str:
    """Return a plain number with a true minus sign."""
    if value is None or _absent(value):
        return ABSENT
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def cell(value: float | None) -> str:
    """Return a data cell with as many digits as tell it apart: six significant ones."""
    if value is None or _absent(value):
        return "not reported"
    if abs(value) >= 1e6:
        return f"{value:,.0f}"
    return f"{value:,.6g}".replace("-", MINUS)


def long_date(day: date) -> str:
    """Return ``Friday 28 December 2018``."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def medium_date(day: date) -> str:
    """Return ``Fri 28 Dec 2018``."""
    return f"{day:%a} {day.day} {day:%b} {day.year}"


def short_date(day: date) -> str:
    """Return ``28 Dec``."""
    return f"{day.day} {day:%b}"


def moment(at: datetime) -> str:
    """Return ``28 December 2018, 16:00 New York``."""
    return f"{at.day} {at:%B} {at.year}, {at:%H:%M} New York"


def count(amount: int, one: str, many: str | None = None) -> str:
    """Return ``one setup``, ``three setups``, ``27 setups``: small numbers as words."""
    word = "no" if amount == 0 else small(amount)
    return f"{word} {one if amount == 1 else (many or one + 's')}"


def small(amount: int) -> str:
    """Return a count as a word up to twelve (``none`` for zero), as digits beyond."""
    return _SMALL[amount] if 0 <= amount < len(_SMALL) else f"{amount}"


def listed(items: Sequence[str], most: int | None = None) -> str:
    """Return ``A, B and C``; beyond ``most`` items, ``A, B and 4 more``."""
    shown = list(items)
    if most is not None and len(shown) > most:
        shown = [*shown[:most], f"{len(items) - most} more"]
    if len(shown) < 2:
        return "".join(shown)
    return ", ".join(shown[:-1]) + " and " + shown[-1]


def sentence(text: str) -> str:
    """Return the text as a sentence: first letter large, a full stop at the end."""
    text = text.strip()
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".?" else text + "."


_HORIZONS: dict[Horizon, str] = {
    Horizon.DAILY: "The day",
    Horizon.INTRADAY: "The session so far",
    Horizon.WEEKLY: "The week",
    Horizon.EVENT: "The event",
}


def horizon_title(horizon: Horizon) -> str:
    """Return what stands above a story of a horizon: "The week"."""
    return _HORIZONS[horizon]
