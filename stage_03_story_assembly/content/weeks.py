"""Where weeks end, and what happened within them: arrays over sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from foundation.language.week_phrases import COURSES
from foundation.market import sessions as exchange_sessions
from stage_03_story_assembly.content.columns import SILENT

_MONDAY = np.datetime64("1970-01-05")


@dataclass(frozen=True)
class Weeks:
    """The weeks of a window's sessions.

    Attributes
    ----------
    ends : bool array (T,)
        Whether the exchange has no later session in that week. Known in advance.
    before : int array (T,)
        The last session of the week before; -1 where it lies before the window.
    length : int array (T,)
        Sessions of the week up to and with this one.
    """

    ends: np.ndarray
    before: np.ndarray
    length: np.ndarray

    @classmethod
    def of(cls, sessions: Sequence[date]) -> Weeks:
        days = np.array(sessions, dtype="M8[D]")
        if not len(days):
            nothing = np.zeros(0, dtype=int)
            return cls(nothing.astype(bool), nothing, nothing)
        week = (days - _MONDAY).astype(int) // 7
        known = np.array(
            exchange_sessions(sessions[0], sessions[-1] + timedelta(days=10)), dtype="M8[D]"
        )
        following = known[np.minimum(np.searchsorted(known, days, side="right"), len(known) - 1)]
        ends = (following - _MONDAY).astype(int) // 7 != week
        before = np.searchsorted(week, week, side="left") - 1
        return cls(ends, before, np.arange(len(days)) - before)


def week_multiple(close: np.ndarray, scale: np.ndarray, weeks: Weeks) -> np.ndarray:
    """Return each week's move so far in the volatility scale of the week before, (T, N).

    Scaled by the square root of the week's sessions over five, as the spread of a random walk
    grows. NaN without a week before.
    """
    at = np.maximum(weeks.before, 0)
    yardstick = scale[at] * np.sqrt(weeks.length / 5)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        multiple = (close - close[at]) / yardstick
    return np.where((weeks.before >= 0)[:, None] & np.isfinite(multiple), multiple, np.nan)


def classify(multiple: np.ndarray, steady: float, sharp: float) -> tuple[np.ndarray, np.ndarray]:
    """Return movement (-2..2; NaN stays) and degree (0.5 at a border, 1 at the centre).

    The same grading as stage 02's of segments: steady up to ``steady`` scales, sharp beyond
    ``sharp``.
    """
    size = np.abs(multiple)
    code = np.select(
        [size <= steady, size <= sharp],
        [0.5 * size / steady, 0.5 + (size - steady) / (sharp - steady)],
        default=np.minimum(1.5 + 0.5 * (size - sharp) / sharp, 2.0),
    )
    movement = np.where(np.isnan(multiple), np.nan, np.ceil(code - 0.5))
    return np.sign(multiple) * movement, 1.0 - np.abs(code - movement)


def courses(close: np.ndarray, scale: np.ndarray, weeks: Weeks) -> np.ndarray:
    """Return how each week came about as a place in ``COURSES``, or silence, (T, N).

    Judged on the week's daily moves in volatility scales (total, sum of sizes, largest, highest
    and lowest point on the way): the first that fits of *quiet* (no day beyond half a scale),
    *given back* or *made good* (a way of one scale out, of which three quarters were lost again and
    no more than half a scale is left, else the week's own move would deny it), *one day* (six
    tenths of all movement on one day, in the week's direction), *steady* (seven tenths of all
    movement in one direction) and *back and forth* (less than three tenths).
    """
    names = tuple(COURSES)
    shape = close.shape
    codes = np.full(shape, SILENT)
    for t in np.flatnonzero(weeks.ends & (weeks.before >= 0)):
        start = weeks.before[t]
        with np.errstate(divide="ignore", invalid="ignore"):
            days = np.diff(close[start : t + 1], axis=0) / scale[start]
        known = np.isfinite(days).all(axis=0)
        days = np.where(known, days, 0.0)
        path = days.cumsum(axis=0)
        total, sizes = path[-1], np.abs(days).sum(axis=0)
        top, bottom = path.max(axis=0), path.min(axis=0)
        largest = np.take_along_axis(days, np.abs(days).argmax(axis=0)[None], axis=0)[0]
        one_day = (np.abs(largest) >= 0.6 * sizes) & (largest * total > 0)
        steady = np.abs(total) >= 0.7 * sizes
        back = np.abs(total) <= 0.5
        rules = {
            "quiet": np.abs(days).max(axis=0) <= 0.5,
            "gain given back": back & (top >= 1) & (total <= 0.25 * top) & (total > -top),
            "loss made good": back & (bottom <= -1) & (total >= 0.25 * bottom) & (total < -bottom),
            "one day up": one_day & (total > 0),
            "one day down": one_day & (total < 0),
            "steady climb": steady & (total > 0),
            "steady slide": steady & (total < 0),
            "back and forth": np.abs(total) < 0.3 * sizes,
        }
        number = np.select(list(rules.values()), [names.index(r) for r in rules], SILENT)
        codes[t] = np.where(known, number, SILENT)
    return codes
