"""What a chartist looks at: bars, averages, bands and turning points of all symbols at once."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from stage_02_fuzzification.patterns.turns import Turns, find_turns

REVERSALS: tuple[float, ...] = (2.0, 3.0)
"""Sizes of a reversal that makes a turn, in scales (ATR(20)).

Two is what the house calls a sharp move. A driftless price needs about (2 x 1.6)^2 = 10 sessions
for it (ATR is 1.6 daily standard deviations), so six turns span a quarter; at three scales they
span half a year. Shapes are looked for at both and the better match counts.
"""


@dataclass(frozen=True)
class Chart:
    """Bars of every symbol, one behind the other without holes.

    Attributes
    ----------
    open : array (T, N)
        NaN where the source reports none.
    high, low : array (T, N)
        The close where the source reports no range.
    close, scale : array (T, N)
        Close and volatility scale (ATR(20) or its close-only equivalent), in price units.
    ranged : bool array (T, N)
        Whether open, high and low are reported.
    short, medium, long : array (T, N)
        Simple averages of 20, 50 and 200 closes.
    band : array (T, N)
        Place of the close in its Bollinger band: 0 at the lower, 1 at the upper line.
    tight : array (T, N)
        Degree to which the band is unusually narrow.
    """

    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    scale: np.ndarray
    ranged: np.ndarray
    short: np.ndarray
    medium: np.ndarray
    long: np.ndarray
    band: np.ndarray
    tight: np.ndarray

    @cached_property
    def turns(self) -> tuple[Turns, ...]:
        """Turning points at every size of reversal, as known on each session."""
        return find_turns(self.close, self.scale, REVERSALS)

    @cached_property
    def known(self) -> np.ndarray:
        """Where there is a close and a scale to measure it by, bool (T, N)."""
        return ~np.isnan(self.close) & ~np.isnan(self.scale)

    @cached_property
    def age(self) -> np.ndarray:
        """Number of bars since (and with) the first that has a scale, int (T, N)."""
        return np.cumsum(self.known, axis=0)

    def seen(self, bars: int) -> np.ndarray:
        """Say where at least ``bars`` bars with a scale are known, this one included."""
        return self.known & (self.age >= bars)

    @cached_property
    def mirrored(self) -> Chart:
        """The chart upside down: what is bearish here is bullish there."""
        mirror = Chart(
            open=-self.open,
            high=-self.low,
            low=-self.high,
            close=-self.close,
            scale=self.scale,
            ranged=self.ranged,
            short=-self.short,
            medium=-self.medium,
            long=-self.long,
            band=1.0 - self.band,
            tight=self.tight,
        )
        # The mirror of a turning point is one: no need to find them twice.
        mirror.__dict__["turns"] = tuple(t.mirrored for t in self.turns)
        return mirror


@dataclass(frozen=True)
class Packing:
    """Moves every symbol's bars together, so that a window counts bars and not sessions.

    A session on which a symbol did not trade would otherwise blind every window over it.
    Positions depend on the past alone: the k-th bar is the k-th whatever comes later.
    """

    order: np.ndarray
    whole: bool

    @classmethod
    def of(cls, close: np.ndarray) -> Packing:
        absent = np.isnan(close)
        order = np.argsort(absent, axis=0, kind="stable")
        return cls(order, bool((order == np.arange(len(close))[:, None]).all()))

    def pack(self, chart: Chart) -> Chart:
        """Return the chart with absent sessions moved behind all bars."""
        if self.whole:
            return chart
        moved = {
            f.name: np.take_along_axis(getattr(chart, f.name), self.order, axis=0)
            for f in fields(chart)
        }
        return replace(chart, **moved)

    def unpack(self, degrees: np.ndarray) -> np.ndarray:
        """Return degrees put back to their sessions."""
        if self.whole:
            return degrees
        back = np.empty(degrees.shape)
        np.put_along_axis(back, self.order, degrees, axis=0)
        return back
