"""Defects planted at known places into clean bars, to measure what a quality gate finds.

Every kind is drawn from a stated range that includes hard cases (a wrong price by a hundredth of
a percent, a split of 5:4, a standstill of three bars). Places are slots of sixty sessions of one
symbol, so that no defect touches another; kinds that need a whole symbol (``reused symbol``,
``shared series``) get symbols of their own. The ranges are written here, before and apart from any
rule that is to find them, and say nothing about thresholds. They begin where a defect matters to
whoever uses the bars: a contradiction is one at any size; a misprint counts from 15%, which raises
a month's volatility of even a share that moves 4% a day by half; a split from 5:4, the smallest
that companies declare; another company under an old symbol from half or twice the price.

``CONTROLS`` look like a defect and are none: a gate that reports them is too eager.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from foundation.contracts import BAR_FIELDS
from foundation.kernel import OperatorError, seed_from
from foundation.market import is_session

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, date]

SLOT = 60
"""Sessions between two defects of one symbol, so that neither is judged by the other."""
MARGIN = 25
"""Sessions before the first and after the last defect: a month of past, a week of future."""
PRICES = list(BAR_FIELDS[:4])

SPLITS = (5 / 4, 4 / 3, 3 / 2, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0)
"""New shares for one old; a third of the planted splits are reverse."""
VOLUME_ADJUSTED = 0.2
"""Share of splits whose volume is on the new basis throughout, as some vendors have it (hard)."""


@dataclass(frozen=True)
class Planted:
    """Bars with defects, and where each of them is.

    Attributes
    ----------
    bars : DataFrame
        As ``SimulatedMarket.bar_rows``; ``location`` is unique.
    truth : dict of str to frozenset of (symbol, session)
        The bars on which each kind shows. A kind that shows on several bars (a standstill, a
        shared series) lists each of them.
    """

    bars: pd.DataFrame
    truth: dict[str, frozenset[Key]]


@dataclass
class _Slot:
    """A stretch of one symbol's rows: positions in the frame, and the row to spoil."""

    rows: np.ndarray
    middle: int


class _Planter:
    """The frame as it is being spoilt."""

    def __init__(self, bars: pd.DataFrame, seed: int) -> None:
        # Cells of a table have no static type; the frame is read and written cell by cell here.
        self.bars: Any = bars.sort_values(["symbol", "session"], kind="stable").reset_index(
            drop=True
        )
        self.bars[list(BAR_FIELDS)] = self.bars[list(BAR_FIELDS)].astype(float)
        self.clean: Any = self.bars.copy()
        self.draw = np.random.default_rng(seed_from("defects", seed))
        self.truth: dict[str, set[Key]] = {}
        self.extra: list[pd.DataFrame] = []
        self.gone: list[int] = []
        self.of_symbol = [
            np.asarray(rows) for _, rows in sorted(self.bars.groupby("symbol").indices.items())
        ]

    def key(self, row: int) -> Key:
        return self.bars.at[row, "symbol"], self.bars.at[row, "session"].date()

    def mark(self, kind: str, *rows: int) -> None:
        self.truth.setdefault(kind, set()).update(self.key(row) for row in rows)

    def between(self, low: float, high: float) -> float:
        """Draw a number, its logarithm uniform."""
        return float(np.exp(self.draw.uniform(np.log(low), np.log(high))))

    def add(self, rows: pd.DataFrame) -> None:
        self.extra.append(rows)


def _outside_range(p: _Planter, slot: _Slot) -> None:
    """Close or open beyond high or low by 0.01% to 20%."""
    field = p.draw.choice(["open", "close"])
    row, size = slot.middle, p.between(1e-4, 0.2)
    if p.draw.random() < 0.5:
        p.bars.at[row, field] = p.bars.at[row, "high"] * (1 + size)
    else:
        p.bars.at[row, field] = p.bars.at[row, "low"] / (1 + size)
    p.mark("outside range", row)


def _low_above_high(p: _Planter, slot: _Slot) -> None:
    """High and low swapped."""
    row = slot.middle
    p.bars.loc[row, ["high", "low"]] = p.bars.loc[row, ["low", "high"]].to_numpy()
    p.mark("low above high", row)


def _not_positive(p: _Planter, slot: _Slot) -> None:
    """One price, or all four, zero; or one price with its sign turned."""
    row = slot.middle
    field = p.draw.choice(PRICES)
    kind = p.draw.integers(3)
    if kind == 0:
        p.bars.loc[row, PRICES] = 0.0
    else:
        p.bars.at[row, field] *= 0.0 if kind == 1 else -1.0
    p.mark("price not positive", row)


def _no_close(p: _Planter, slot: _Slot) -> None:
    p.bars.at[slot.middle, "close"] = np.nan
    p.mark("no close", slot.middle)


def _not_finite(p: _Planter, slot: _Slot) -> None:
    p.bars.at[slot.middle, p.draw.choice(list(BAR_FIELDS))] = np.inf
    p.mark("not finite", slot.middle)


def _negative_volume(p: _Planter, slot: _Slot) -> None:
    p.bars.at[slot.middle, "volume"] *= -1.0
    p.mark("negative volume", slot.middle)


def _zero_volume(p: _Planter, slot: _Slot) -> None:
    """Volume zero beside prices that moved."""
    p.bars.at[slot.middle, "volume"] = 0.0
    p.mark("zero volume", slot.middle)


def _field_missing(p: _Planter, slot: _Slot) -> None:
    p.bars.at[slot.middle, p.draw.choice(["open", "high", "low", "volume"])] = np.nan
    p.mark("field missing", slot.middle)


def _repeated(p: _Planter, slot: _Slot) -> None:
    """The same row once more, or thrice, elsewhere in the file."""
    for _ in range(p.draw.choice([1, 3])):
        p.add(p.bars.loc[[slot.middle]])
    p.mark("repeated key", slot.middle)


def _conflicting(p: _Planter, slot: _Slot) -> None:
    """A second row for the session whose close, or volume, differs by 0.01% to 10%."""
    copy = p.bars.loc[[slot.middle]].copy()
    factor = 1 + p.between(1e-4, 0.1)
    if p.draw.random() < 0.3:
        copy["volume"] = np.round(copy["volume"] * factor) + 1
    else:
        copy[PRICES] *= factor
    p.add(copy)
    p.mark("conflicting key", slot.middle)


def _off_session(p: _Planter, slot: _Slot, copied: bool) -> None:
    """A bar on the weekend or holiday that follows; a copy of the bar before, or its own prices."""
    for row in slot.rows[MARGIN - 1 : -MARGIN]:
        day = p.bars.at[row, "session"].date() + timedelta(days=1)
        if not is_session(day):
            break
    extra = p.bars.loc[[row]].assign(session=np.datetime64(day, "ns"))
    if not copied:
        extra[PRICES] *= 1 + p.draw.normal(0, 0.01)
        extra["volume"] = np.round(extra["volume"] * p.between(0.05, 1.5)) + 1
    p.add(extra)
    kind = "phantom session" if copied else "off session"
    p.truth.setdefault(kind, set()).add((p.bars.at[row, "symbol"], day))


def _stale(p: _Planter, slot: _Slot) -> None:
    """Two to thirty bars carried forward: with their volume, with zero, or flat at the close."""
    length = round(p.between(2, 30))
    first = slot.middle - length // 2
    rows = range(first, first + length)
    source = p.bars.loc[first - 1, list(BAR_FIELDS)].to_numpy(dtype=float)
    style = p.draw.integers(3)
    if style > 0:
        source[:4] = source[3]
    if style > 1:
        source[4] = 0.0
    p.bars.loc[list(rows), list(BAR_FIELDS)] = source
    p.mark("stale run", *rows)


def _bad_print(p: _Planter, slot: _Slot) -> None:
    """All four prices of a session off by 15% to tenfold, or a shifted decimal point."""
    factor = 100.0 if p.draw.random() < 0.2 else 1 + p.between(0.15, 9.0)
    factor = factor if p.draw.random() < 0.5 else 1 / factor
    p.bars.loc[slot.middle, PRICES] *= factor
    p.mark("bad print", slot.middle)


def _split(p: _Planter, slot: _Slot) -> None:
    """Bars before the session on the basis before a split."""
    ratio = float(p.draw.choice(SPLITS))
    ratio = 1 / ratio if p.draw.random() < 1 / 3 else ratio
    before = p.of_symbol[_symbol_of(p, slot)]
    before = before[before < slot.middle]
    p.bars.loc[before, PRICES] *= ratio
    if p.draw.random() >= VOLUME_ADJUSTED:
        p.bars.loc[before, "volume"] = np.round(p.bars.loc[before, "volume"] / ratio)
    p.mark("split", slot.middle)


def _transplanted(p: _Planter, slot: _Slot) -> None:
    """A session's bar replaced by the one of 2 to 20 sessions later, or (a third) earlier."""
    away = int(p.draw.integers(2, 21)) * (1 if p.draw.random() < 2 / 3 else -1)
    source = p.bars.loc[slot.middle + away, list(BAR_FIELDS)].to_numpy(dtype=float)
    p.bars.loc[slot.middle, list(BAR_FIELDS)] = source
    p.mark("transplanted bar", slot.middle)


def _symbol_of(p: _Planter, slot: _Slot) -> int:
    return next(n for n, rows in enumerate(p.of_symbol) if rows[0] <= slot.middle <= rows[-1])


def _gap(p: _Planter, rows: np.ndarray, longest: int) -> int:
    """Take out 30 or more sessions; return the place of the first bar after them."""
    length = int(p.between(30, min(longest, len(rows) - 3 * MARGIN)))
    first = int(p.draw.integers(MARGIN, len(rows) - MARGIN - length))
    p.gone += rows[first : first + length].tolist()
    return first + length


def _reused(p: _Planter, rows: np.ndarray, other: np.ndarray) -> None:
    """A gap of 30 to 300 sessions; before it another company, at 1/20 to 1/2 or 2 to 20 times."""
    begin = _gap(p, rows, 300)
    before = rows[:begin]
    factor = p.between(2, 20)
    factor = factor if p.draw.random() < 0.5 else 1 / factor
    donor = p.clean.loc[other[: len(before)]]
    last = np.setdiff1d(before, p.gone)[-1]
    level = p.bars.at[rows[begin], "close"] / donor["close"].iloc[int(last - rows[0])]
    p.bars.loc[before, PRICES] = donor[PRICES].to_numpy() * level * factor
    p.bars.loc[before, "volume"] = donor["volume"].to_numpy()
    p.mark("reused symbol", rows[begin])


def _halted(p: _Planter, rows: np.ndarray) -> None:
    """A control: a gap of 30 to 250 sessions, the same company before and after."""
    p.mark("halt", rows[_gap(p, rows, 250)])


def _shared(p: _Planter, rows: np.ndarray, other: np.ndarray) -> None:
    """A tenth to all of a symbol's bars are another's, with its volume or with their own."""
    length = int(len(rows) * p.draw.uniform(0.1, 1.0))
    first = int(p.draw.integers(0, len(rows) - length + 1))
    here = slice(first, first + length)
    fields = list(BAR_FIELDS) if p.draw.random() < 0.5 else PRICES
    p.bars.loc[rows[here], fields] = p.bars.loc[other[here], fields].to_numpy()
    p.mark("shared series", *rows[here], *other[here])


LOCAL: dict[str, Callable[[_Planter, _Slot], None]] = {
    "outside range": _outside_range,
    "low above high": _low_above_high,
    "price not positive": _not_positive,
    "no close": _no_close,
    "not finite": _not_finite,
    "negative volume": _negative_volume,
    "zero volume": _zero_volume,
    "field missing": _field_missing,
    "repeated key": _repeated,
    "conflicting key": _conflicting,
    "phantom session": lambda p, slot: _off_session(p, slot, True),
    "off session": lambda p, slot: _off_session(p, slot, False),
    "stale run": _stale,
    "bad print": _bad_print,
    "transplanted bar": _transplanted,
    "split": _split,
}
WHOLE: dict[str, int] = {"reused symbol": 1, "shared series": 2, "halt": 1}
"""Kinds that need whole symbols, and how many each."""
CONTROLS: tuple[str, ...] = ("halt",)
BAR_DEFECTS: tuple[str, ...] = (*LOCAL, *(kind for kind in WHOLE if kind not in CONTROLS))
"""Every kind of defect that can be planted into bars."""


def plant(
    bars: pd.DataFrame,
    *,
    kinds: tuple[str, ...] = BAR_DEFECTS,
    each: int = 20,
    seed: int = 0,
) -> Planted:
    """Return bars with defects of the kinds asked for.

    Parameters
    ----------
    bars : DataFrame
        ``symbol``, ``session``, the bar fields, ``location``; clean, and complete per symbol.
    each : int
        How often each kind is planted; a kind that needs whole symbols takes one (or two) each.

    Raises
    ------
    OperatorError
        For an unknown kind, or if the bars have no room for so many.
    """
    import pandas as pd

    unknown = set(kinds) - {*BAR_DEFECTS, *CONTROLS}
    if unknown:
        raise OperatorError(
            "A defect is of a known kind",
            value=sorted(unknown),
            remedy=f"choose from {', '.join((*BAR_DEFECTS, *CONTROLS))}",
        )
    p = _Planter(bars, seed)
    symbols = list(p.draw.permutation(len(p.of_symbol)))
    for kind in kinds:
        if kind in WHOLE:
            _plant_whole(p, kind, each, symbols)
    slots = _slots(p, symbols)
    # Splits first: they rescale all bars before them, copies planted later included.
    ordered = sorted((kind for kind in kinds if kind in LOCAL), key=lambda kind: kind != "split")
    wanted = [kind for kind in ordered for _ in range(each)]
    if len(wanted) > len(slots):
        raise OperatorError(
            "The bars have room for the defects",
            value=f"{len(wanted)} defects, {len(slots)} places of {SLOT} sessions",
            remedy="plant fewer, or into more symbols or sessions",
        )
    for kind, at in zip(wanted, p.draw.permutation(len(slots)), strict=False):
        LOCAL[kind](p, slots[at])
    spoilt = pd.concat([p.bars.drop(index=p.gone), *p.extra], ignore_index=True)
    spoilt["location"] = [f"planted:{n}" for n in range(1, len(spoilt) + 1)]
    return Planted(spoilt, {kind: frozenset(found) for kind, found in p.truth.items()})


def _plant_whole(p: _Planter, kind: str, each: int, symbols: list[int]) -> None:
    for _ in range(each):
        if len(symbols) < WHOLE[kind]:
            raise OperatorError(
                "Kinds that need whole symbols leave some for the others",
                value=f"{each} x {kind}",
                remedy="plant fewer, or into more symbols",
            )
        taken = [p.of_symbol[symbols.pop()] for _ in range(WHOLE[kind])]
        if kind == "reused symbol":
            others = [n for n in range(len(p.of_symbol)) if p.of_symbol[n] is not taken[0]]
            _reused(p, taken[0], p.of_symbol[int(p.draw.choice(others))])
        elif kind == "halt":
            _halted(p, taken[0])
        else:
            _shared(p, *taken)


def _slots(p: _Planter, symbols: list[int]) -> list[_Slot]:
    """Cut the remaining symbols into stretches with the row to spoil in the middle of each."""
    found = []
    for n in symbols:
        rows = p.of_symbol[n]
        for first in range(0, len(rows) - SLOT + 1, SLOT):
            stretch = rows[first : first + SLOT]
            found.append(_Slot(stretch, int(stretch[SLOT // 2])))
    return found
