"""Charts with a known pattern in them, and charts with none.

A planted chart begins as a martingale, then visits the pattern's corners (``CORNERS``: bars
before its last session, level in percent), and goes on as a martingale. Between two corners the
price wanders as a Brownian bridge: the louder the noise, the more the shape has to be guessed.
Corners are stretched in time by up to a quarter either way. Patterns of one or two bars are
planted as bars. What is planted follows textbooks, not the code that looks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

BARS = 320
AFTER = 10
"""Bars behind the planted session: a trader may notice late."""
LAST = BARS - 1 - AFTER
USUAL = 1.0
"""Daily standard deviation of the martingale, percent."""
RANGE = 1.6 * USUAL
"""Its mean true range, about: E(range) = 1.6 standard deviations (Feller 1951)."""

Corners = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class PlantedBars:
    """Bars of many charts, arrays (``BARS``, K); the pattern ends in row ``LAST``."""

    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray


def _bowl(depth: float) -> Corners:
    return tuple((-60 + 4 * k, depth * (k / 7.5 - 1) ** 2) for k in range(16))


CORNERS: dict[str, Corners] = {
    "head and shoulders": ((-75, 0), (-60, 9), (-50, 4), (-35, 15), (-22, 4.5), (-12, 9), (0, 1.5)),
    "triple top": ((-75, 0), (-60, 9), (-49, 3), (-38, 9), (-27, 3), (-14, 9), (0, 1)),
    "double top": ((-45, 0), (-30, 10), (-20, 4), (-9, 10), (0, 2)),
    "rounding bottom": _bowl(12),
    "bull flag": ((-14, 0), (-6, 11), (0, 9.3)),
    "bull pennant": ((-16, 0), (-8, 12), (-6, 9.8), (-4, 12), (-2, 11), (0, 11.8)),
    "yearly breakout": ((-270, 0), (-200, 6), (-130, -4), (-60, 5), (-20, 0), (-1, 5.5), (0, 9)),
    "long-term average reclaimed": ((-270, 0), (-110, 12), (-30, -6), (-5, -2), (0, 9)),
    "bull trap": ((-40, 0), (-30, 2), (-20, -1), (-10, 1.5), (-4, 1), (-3, 5), (-2, 5), (0, -1)),
    "quarterly breakout": ((-70, 0), (-50, 5), (-30, -2), (-12, 3), (-1, 5), (0, 8)),
    "bounce off the average": (
        (-120, 0), (-85, 8), (-64, 12.8), (-53, 15.3), (-43, 17.6), (-34, 19.7), (-25, 21.7),
        (-15, 24), (-3, 20.3), (0, 23.3),
    ),
    "bullish average cross": ((-80, 14), (-25, 0), (0, 7)),
    "buying exhaustion": ((-14, 0), (0, 14)),
    "golden cross": ((-270, 30), (-70, 0), (0, 14.3)),
    "yearly high": ((-250, 0), (-100, -5), (0, 14)),
    "breakout": ((-30, 0), (-20, 2.5), (-10, -1), (-1, 2.5), (0, 5.5)),
    "rising channel": ((-72, 9), (-60, 0), (-48, 9), (-36, 4.5), (-24, 13.5), (-12, 9), (0, 16)),
    "rising wedge": ((-72, 10), (-60, 0), (-48, 16), (-36, 8), (-24, 20), (-12, 16), (0, 21.5)),
    "ascending triangle": ((-70, 9), (-60, 0), (-48, 16), (-36, 6), (-24, 16), (-12, 12), (0, 15)),
    "symmetrical triangle": (
        (-72, 12), (-60, 0), (-48, 16), (-36, 3.5), (-24, 12), (-12, 7), (0, 9),
    ),
    "rectangle": ((-72, 8), (-60, 0), (-48, 8), (-36, 0), (-24, 8), (-12, 0), (0, 5)),
    "broadening formation": ((-70, 4), (-60, 0), (-48, 5), (-36, -3), (-24, 9), (-12, -6), (0, 4)),
}  # fmt: skip
"""Where the price turns. Mirror images stand in ``MIRRORS``."""

MIRRORS: dict[str, str] = {
    "inverse head and shoulders": "head and shoulders",
    "triple bottom": "triple top",
    "double bottom": "double top",
    "rounding top": "rounding bottom",
    "bear flag": "bull flag",
    "bear pennant": "bull pennant",
    "yearly breakdown": "yearly breakout",
    "long-term average lost": "long-term average reclaimed",
    "bear trap": "bull trap",
    "quarterly breakdown": "quarterly breakout",
    "rejection at the average": "bounce off the average",
    "bearish average cross": "bullish average cross",
    "selling exhaustion": "buying exhaustion",
    "death cross": "golden cross",
    "yearly low": "yearly high",
    "breakdown": "breakout",
    "falling channel": "rising channel",
    "falling wedge": "rising wedge",
    "descending triangle": "ascending triangle",
    "bearish island": "bullish island",
    "gap down": "gap up",
    "shooting star": "hammer",
    "bearish outside bar": "bullish outside bar",
    "downside release": "upside release",
}


def martingale(count: int, rng: np.random.Generator) -> PlantedBars:
    """Return charts without a pattern: independent symmetric returns of constant spread."""
    steps = USUAL * rng.standard_normal((BARS, count))
    return _dressed(np.cumsum(steps, axis=0), np.full((BARS, count), USUAL), rng)


def planted(name: str, count: int, noise: float, rng: np.random.Generator) -> PlantedBars:
    """Return charts with one pattern each.

    Parameters
    ----------
    name : str
        A name of ``CORNERS``, ``MIRRORS`` or ``BAR_PLANTS``, or ``"squeeze"``.
    count : int
    noise : float
        Daily standard deviation of what lies between the corners, percent; for patterns of a
        bar or two, the spread of each of its four prices in quarters of it.
    """
    upside_down = name in MIRRORS
    plain = MIRRORS.get(name, name)
    if plain in BAR_PLANTS:
        bars = _bar_pattern(plain, count, noise, rng)
    elif plain in ("squeeze", "upside release"):
        bars = _calm(count, noise, rng, release=plain != "squeeze")
    else:
        bars = _through(CORNERS[plain], count, noise, rng)
    return _mirrored(bars) if upside_down else bars


def planted_sequence(
    moves: tuple[int, int, int], count: int, noise: float, rng: np.random.Generator
) -> PlantedBars:
    """Return charts whose last three five-session segments move as told (-2 to 2).

    Segments overlap by two sessions; the daily steps are the smallest that give the wanted
    moves: 3.5 mean true ranges where sharp, 1.25 where not.
    """
    wanted = np.array([np.sign(m) * {0: 0.0, 1: 1.25, 2: 3.5}[abs(m)] for m in moves])
    spans = np.zeros((3, 11))
    for row, first in enumerate((0, 3, 6)):
        spans[row, first : first + 5] = 1.0
    daily = np.linalg.pinv(spans) @ wanted * RANGE
    # Larger steps than usual widen the yardstick while they are made.
    grown = 1.0 + 0.6 * max(0.0, np.abs(daily).mean() / RANGE - 0.4)
    path = np.concatenate([[0.0], np.cumsum(daily * grown)])
    corners = tuple((k - 11, float(level)) for k, level in enumerate(path))
    return _through(corners, count, noise, rng, stretch=0.0)


def _through(
    corners: Corners, count: int, noise: float, rng: np.random.Generator, stretch: float = 0.25
) -> PlantedBars:
    steps = USUAL * rng.standard_normal((BARS, count))
    spread = np.full((BARS, count), USUAL)
    for k in range(count):
        pace = 1.0 + stretch * (2 * rng.random() - 1)
        # A year is a year: only what is shorter is stretched.
        pace = pace if corners[0][0] > -200 else 1.0
        gaps = np.maximum(1, np.round(np.diff([t for t, _ in corners]) * pace)).astype(int)
        rows = LAST - np.concatenate([np.cumsum(gaps[::-1])[::-1], [0]])
        levels = [level for _, level in corners]
        for (begin, end), (low, high) in zip(pairwise(rows), pairwise(levels), strict=True):
            wander = noise * rng.standard_normal(end - begin)
            steps[begin + 1 : end + 1, k] = wander - wander.mean() + (high - low) / (end - begin)
            spread[begin + 1 : end + 1, k] = noise
    return _dressed(np.cumsum(steps, axis=0), spread, rng)


def _dressed(path: np.ndarray, spread: np.ndarray, rng: np.random.Generator) -> PlantedBars:
    """Return bars around closes given as log prices in percent."""
    before = np.vstack([path[:1], path[:-1]])
    opened = before + 0.2 * spread * rng.standard_normal(path.shape)
    reach = 0.45 * spread * np.abs(rng.standard_normal((2, *path.shape)))
    high = np.maximum(opened, path) + reach[0]
    low = np.minimum(opened, path) - reach[1]
    return PlantedBars(*(100.0 * np.exp(p / 100.0) for p in (opened, high, low, path)))


def _mirrored(bars: PlantedBars) -> PlantedBars:
    turned = {f: 100.0**2 / getattr(bars, f) for f in ("open", "high", "low", "close")}
    return PlantedBars(turned["open"], turned["low"], turned["high"], turned["close"])


def _calm(count: int, noise: float, rng: np.random.Generator, *, release: bool) -> PlantedBars:
    """Thirty quiet bars (a quarter of the noise), then, where asked, a jump."""
    quiet = 0.25 * noise
    steps = USUAL * rng.standard_normal((BARS, count))
    spread = np.full((BARS, count), USUAL)
    still = slice(LAST - 30, LAST)
    steps[still], spread[still] = quiet * rng.standard_normal((30, count)), quiet
    if release:
        steps[LAST] = 1.5 * USUAL + 0.5 * noise * rng.standard_normal(count)
    else:
        steps[LAST], spread[LAST] = quiet * rng.standard_normal(count), quiet
    return _dressed(np.cumsum(steps, axis=0), spread, rng)


Plant = Callable[[np.ndarray, np.ndarray], Mapping[int, tuple[np.ndarray, ...]]]
"""From yesterday's high and low (percent, from yesterday's close) to bars (open, high, low,
close) by the row before ``LAST`` (0, -1 ...), all from yesterday's close."""


def _gap(high: np.ndarray, low: np.ndarray) -> Mapping[int, tuple[np.ndarray, ...]]:
    floor = high + 0.5 * RANGE
    return {0: (floor + 0.2 * RANGE, floor + 0.8 * RANGE, floor, floor + 0.6 * RANGE)}


def _outside(high: np.ndarray, low: np.ndarray) -> Mapping[int, tuple[np.ndarray, ...]]:
    top, bottom = high + 0.4 * RANGE, low - 0.3 * RANGE
    return {0: (low, top, bottom, top - 0.05 * RANGE)}


def _inside(high: np.ndarray, low: np.ndarray) -> Mapping[int, tuple[np.ndarray, ...]]:
    zero = np.zeros(high.shape)
    wide = (zero - 0.6 * RANGE, zero + 0.6 * RANGE, zero - 0.7 * RANGE, zero)
    return {-1: wide, 0: (zero, zero + 0.25 * RANGE, zero - 0.25 * RANGE, zero + 0.1 * RANGE)}


def _narrow(high: np.ndarray, low: np.ndarray) -> Mapping[int, tuple[np.ndarray, ...]]:
    zero = np.zeros(high.shape)
    return {0: (zero, zero + 0.1 * RANGE, zero - 0.1 * RANGE, zero + 0.05 * RANGE)}


def _hammer(high: np.ndarray, low: np.ndarray) -> Mapping[int, tuple[np.ndarray, ...]]:
    zero = np.zeros(high.shape)
    return {0: (zero - 0.1 * RANGE, zero + 0.04 * RANGE, zero - 1.1 * RANGE, zero)}


def _island(high: np.ndarray, low: np.ndarray) -> Mapping[int, tuple[np.ndarray, ...]]:
    zero, bars = np.zeros(high.shape), {}
    roof = low - 0.5 * RANGE
    for row in (-4, -3, -2, -1):
        bars[row] = (roof - 0.4 * RANGE, roof, roof - 0.8 * RANGE, roof - 0.5 * RANGE)
    floor = roof + 0.5 * RANGE
    return bars | {0: (floor + 0.2 * RANGE, floor + 0.9 * RANGE, floor, floor + 0.6 * RANGE + zero)}


BAR_PLANTS: dict[str, Plant] = {
    "gap up": _gap,
    "bullish outside bar": _outside,
    "inside bar": _inside,
    "narrow range": _narrow,
    "hammer": _hammer,
    "bullish island": _island,
}


def _bar_pattern(name: str, count: int, noise: float, rng: np.random.Generator) -> PlantedBars:
    steps = USUAL * rng.standard_normal((BARS, count))
    if name == "hammer":
        steps[LAST - 5 : LAST] -= 0.5 * RANGE
    spread = np.full((BARS, count), USUAL)
    whole = _dressed(np.cumsum(steps, axis=0), spread, rng)
    made = (whole.open, whole.high, whole.low, whole.close)
    prices = np.stack([100 * np.log(p / 100) for p in made])
    offsets = BAR_PLANTS[name](np.zeros(count), np.zeros(count))
    start = LAST + min(offsets) - 1
    base = prices[3, start]
    bars = BAR_PLANTS[name](prices[1, start] - base, prices[2, start] - base)
    shift = bars[0][3] + base - prices[3, LAST]
    for row, bar in bars.items():
        fuzz = 0.25 * noise * 0.25 * RANGE * rng.standard_normal((4, count))
        opened, high, low, close = (b + base + f for b, f in zip(bar, fuzz, strict=True))
        high = np.maximum(high, np.maximum(opened, close))
        low = np.minimum(low, np.minimum(opened, close))
        prices[:, LAST + row] = opened, high, low, close
    prices[:, LAST + 1 :] += shift
    return PlantedBars(*(100.0 * np.exp(p / 100.0) for p in prices))
