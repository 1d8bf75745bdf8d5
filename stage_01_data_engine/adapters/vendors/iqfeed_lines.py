"""The lines of IQFeed's protocol 6.2: requests written, answers read.

A request for history and what answers it (Historical Data via TCP/IP)::

    HDT,AAPL,20181226,20181228,,1,7,500
    7,LH,2018-12-26,157.2300,146.7200,148.3000,157.1700,58582544,0,
    7,!ENDMSG!,

Fields of a daily bar: date, high, low, open, close, volume, open interest. Of an interval bar: the
moment it ends (New York), high, low, open, close, volume of the day so far, volume, trades.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from foundation.kernel import OperatorError, UpstreamDataError
from stage_01_data_engine.corporate_actions import SplitOn

PROTOCOL = "6.2"
GREETING = ((f"S,SET PROTOCOL,{PROTOCOL}", f"S,CURRENT PROTOCOL,{PROTOCOL}"),)
END = "!ENDMSG!"
DAILY_FIELDS, INTERVAL_FIELDS = 7, 8


class NoDataError(UpstreamDataError):
    """IQFeed has nothing for a request that is well formed."""


@dataclass(frozen=True)
class Answer:
    """The rows of one answer, fields as they were written; ``asked`` is for errors."""

    asked: str
    rows: tuple[tuple[str, ...], ...]


def symbol_text(symbol: str) -> str:
    """Return a symbol as a request writes it.

    Raises
    ------
    OperatorError
        If it holds what would end the field or the line.
    """
    if not symbol or any(mark in symbol for mark in ",\r\n") or not symbol.isascii():
        raise OperatorError(
            "An IQFeed symbol is plain text without a comma",
            value=symbol,
            remedy="write the symbol as IQFeed lists it, e.g. AAPL, BRK.B or SPX.XO",
        )
    return symbol


def daily_last(symbol: str, count: int, identity: str, *, ascending: bool = True) -> str:
    """Return the request for the last ``count`` daily bars (HDX)."""
    return f"HDX,{symbol_text(symbol)},{count},{int(ascending)},{identity},500"


def daily_between(symbol: str, first: date, last: date, identity: str) -> str:
    """Return the request for the daily bars from ``first`` to ``last``, both included (HDT)."""
    return f"HDT,{symbol_text(symbol)},{first:%Y%m%d},{last:%Y%m%d},,1,{identity},500"


def interval_last(symbol: str, seconds: int, count: int, identity: str) -> str:
    """Return the request for the last ``count`` bars of so many seconds (HIX)."""
    return f"HIX,{symbol_text(symbol)},{seconds},{count},1,{identity},500,s,0"


def interval_between(
    symbol: str, seconds: int, first: datetime, last: datetime, identity: str
) -> str:
    """Return the request for the bars of so many seconds between two New York moments (HIT)."""
    begin, end = (f"{moment:%Y%m%d %H%M%S}" for moment in (first, last))
    return f"HIT,{symbol_text(symbol)},{seconds},{begin},{end},,,,1,{identity},500,s,0"


def ends(identity: str, line: str) -> bool:
    """Say whether a line is the last one that answers a request.

    A request IQFeed cannot read is answered without its id, by a bare error.
    """
    return line.startswith(f"{identity},{END}") or line.startswith("E,")


def read_answer(lines: Sequence[str], identity: str, asked: str, fields: int) -> Answer:
    """Return the rows of an answer to a request for history.

    Raises
    ------
    OperatorError
        If IQFeed does not know the symbol.
    NoDataError
        If it knows the symbol and has nothing.
    UpstreamDataError
        If it refuses the request, or a line is not as agreed.
    """
    rows, ended = [], False
    for line in lines:
        cells = line.split(",")
        if cells[0] in ("S", "T"):  # The state of the feed, between the lines of any answer.
            continue
        if cells[0] == "E":
            raise _refused(asked, cells[1:])
        if cells[0] != identity or ended:
            raise broken(asked, f"carries the request id {identity!r} and ends once", line)
        if cells[1:2] == [END]:
            ended = True
        elif cells[1:2] == ["E"]:
            raise _refused(asked, cells[2:])
        elif cells[1:2] == ["LH"] and len(cells) == fields + 3 and not cells[-1]:
            rows.append(tuple(cells[2:-1]))
        else:
            raise broken(asked, f"has {fields} fields after 'LH' in every line", line)
    if not ended:
        raise broken(asked, f"ends in {END}", lines[-1] if lines else "nothing")
    return Answer(asked, tuple(rows))


def broken(asked: str, expectation: str, value: object) -> UpstreamDataError:
    """Return the error for an answer that is not as agreed."""
    return UpstreamDataError(
        f"IQFeed's answer to {asked} {expectation}",
        value=value,
        remedy=f"check that IQConnect speaks protocol {PROTOCOL}; if it does, the format changed",
    )


def number(cell: str, asked: str, field: str) -> float:
    """Return a cell that is a number."""
    try:
        value = float(cell) if "_" not in cell and cell.isascii() else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise broken(asked, f"has a number in {field!r}", cell)
    return value


def day(cell: str, asked: str) -> date:
    """Return a cell that is a date, ``YYYY-MM-DD``, with or without a midnight after it."""
    text = cell.removesuffix(" 00:00:00")
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise broken(asked, "has a date in 'date'", cell) from None


def moment(cell: str, asked: str) -> datetime:
    """Return a cell that is a moment on New York's clock, ``YYYY-MM-DD HH:MM:SS``; naive."""
    try:
        return datetime.strptime(cell, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise broken(asked, "has a moment in 'time'", cell) from None


@dataclass(frozen=True)
class Split:
    """A split that the fundamental message names.

    ``certain`` says whether only one plain ratio fits the two decimals that it is told with.
    """

    split: SplitOn
    certain: bool


def read_split(symbol: str, cell: str) -> Split | None:
    """Return the split in a field ``Split Factor``, such as ``0.50 02/18/2003``; None if empty.

    The factor is rounded to two decimals: 0.14 stands for 7 for 1. An exact reciprocal is
    taken at its word (0.05 is 20 for 1), else the plainest ratio that rounds to it.
    """
    if not cell.strip():
        return None
    asked = f"the fundamentals of {symbol}"
    factor, _, written = cell.strip().partition(" ")
    try:
        effective = datetime.strptime(written, "%m/%d/%Y").date()
    except ValueError:
        raise broken(asked, "has a factor and a date in 'Split Factor'", cell) from None
    value = number(factor, asked, "Split Factor")
    if not 0 < value < 1e6:
        raise broken(asked, "has a positive number in 'Split Factor'", cell)
    told = Fraction(value).limit_denominator(10_000)
    if (1 / told).denominator == 1 or told.denominator == 1:
        ratio, certain = told, True
    else:
        ratio, certain = _plainest(told)
    split = SplitOn(symbol, effective, float(ratio.numerator), float(ratio.denominator))
    return Split(split, certain)


def _plainest(told: Fraction) -> tuple[Fraction, bool]:
    """Return the ratio of smallest terms that rounds to a factor, and whether it is the only one
    with terms up to twenty."""
    half = Fraction(1, 200)
    fitting = sorted(
        {
            Fraction(before, after)
            for after in range(1, 21)
            for before in range(1, 21)
            if abs(Fraction(before, after) - told) <= half
        },
        key=lambda ratio: (ratio.denominator + ratio.numerator, ratio),
    )
    if not fitting:
        return told, False
    terms = fitting[0].denominator + fitting[0].numerator
    rivals = [ratio for ratio in fitting[1:] if ratio.denominator + ratio.numerator <= 2 * terms]
    return fitting[0], not rivals


def _refused(asked: str, cells: Sequence[str]) -> OperatorError | UpstreamDataError:
    """Return the error that an error line stands for."""
    said = ",".join(cells).rstrip(",")
    if said.startswith("!NO_DATA!"):
        return NoDataError(
            f"IQFeed has data for {asked}",
            value=said,
            remedy="choose other dates, and check whether your plan goes back that far",
        )
    if said.lower().startswith("invalid symbol"):
        return OperatorError(
            f"IQFeed knows the symbol in {asked}",
            value=said,
            remedy="check the spelling (IQFeed writes BRK.B, SPX.XO, @ES#)",
        )
    return UpstreamDataError(
        f"IQFeed answers {asked}",
        value=said,
        remedy="check the request and your plan's services in IQConnect",
    )
