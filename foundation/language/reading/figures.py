"""Numbers in a text become claims where a series' own scale is known.

"Fell 3.2%" is sharp for one instrument and quiet for another, and an RSI of 71 is high only
against its own past quarter. A yardstick carries what decides it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from foundation.contracts import SERIES, STATES


@dataclass(frozen=True)
class Yardstick:
    """The scale on which stories grade one series at one session.

    Attributes
    ----------
    mean, spread : float
        Of the past window that states are graded against (of logarithms for a logarithmic
        series), in the unit in which people quote the series: RSI points, VIX points. NaN
        where a level cannot be graded.
    steady, sharp : float
        Changes in one session up to which a move is steady, and beyond which it is sharp: in
        per cent for the price, in the series' unit otherwise. NaN where a change cannot be
        graded.
    """

    mean: float = math.nan
    spread: float = math.nan
    steady: float = math.nan
    sharp: float = math.nan

    def state(self, series: str, level: float) -> str | None:
        """Return the state of a level; None where the yardstick cannot tell."""
        if SERIES[series].logarithmic:
            if level <= 0:
                return None
            level = math.log(level)
        if not (math.isfinite(self.mean) and self.spread > 0):
            return None
        return self._nearest(2.0 + (level - self.mean) / self.spread)

    def state_of_multiple(self, series: str, multiple: float) -> str | None:
        """Return the state of "so many times the usual level" of a logarithmic series."""
        if not SERIES[series].logarithmic or multiple <= 0 or not self.spread > 0:
            return None
        return self._nearest(2.0 + math.log(multiple) / self.spread)

    def movement(self, change: float) -> int | None:
        """Return the movement code of a change of one session; None where it cannot tell."""
        if math.isnan(self.steady) or math.isnan(self.sharp):
            return None
        size = 0 if abs(change) <= self.steady else 1 if abs(change) <= self.sharp else 2
        return int(math.copysign(size, change))

    @staticmethod
    def _nearest(position: float) -> str:
        return STATES[round(min(max(position, 0.0), len(STATES) - 1.0))]


_MULTIPLES = {"twice": 2.0, "double": 2.0, "triple": 3.0, "thrice": 3.0, "half": 0.5}


def multiple_of(word: str) -> float | None:
    """Return the number behind "twice", "half" and the like; None for any other word."""
    return _MULTIPLES.get(word)


def number_of(text: str) -> float | None:
    """Return a written number; None if the text is none."""
    try:
        value = float(text.rstrip("%").replace(",", "").replace("\u2212", "-"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
