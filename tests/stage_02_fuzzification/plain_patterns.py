"""The same patterns told by plain loops over one symbol: slow, readable, written apart."""

from __future__ import annotations

import math

Turn = tuple[int, float]


def grow(value: float, zero: float, full: float) -> float:
    return min(1.0, max(0.0, (value - zero) / (full - zero)))


def turning_points(close: list[float], scale: list[float], size: float) -> list[list[Turn]]:
    """Return, per session, the turns known by then, oldest first, highs and lows in turn."""
    known: list[Turn] = []
    direction = 0
    top: Turn = (0, -math.inf)
    bottom: Turn = (0, math.inf)
    told = []
    for t, price in enumerate(close):
        if direction >= 0 and price > top[1]:
            top = (t, price)
        if direction <= 0 and price < bottom[1]:
            bottom = (t, price)
        need = size * scale[t]
        if direction >= 0 and top[1] - price >= need:
            known.append(top)
            direction, bottom = -1, (t, price)
        elif direction <= 0 and price - bottom[1] >= need:
            known.append(bottom)
            direction, top = 1, (t, price)
        told.append(list(known))
    return told


def double_top(close: list[float], scale: list[float], size: float) -> list[float]:
    result = []
    for t, turns in enumerate(turning_points(close, scale, size)):
        degree = 0.0
        # A top is being told of while the newest turn is a high.
        if len(turns) >= 4 and turns[-1][1] > turns[-2][1]:
            (_, start), (i, left), (_, neck), (j, right) = turns[-4:]
            height = (left + right) / 2 - neck
            below = neck - close[t]
            degree = min(
                grow(abs(left - right) / height, 0.35, 0.1),
                grow(j - i, 5, 15),
                grow(height / scale[t], 2, 4),
                grow((left - start) / height, 0.5, 1),
                grow(below / scale[t], 0, 0.5),
                grow(below / height, 2, 1),
                grow(t - i, 160, 120),
            )
        result.append(degree)
    return result


def head_and_shoulders(close: list[float], scale: list[float], size: float) -> list[float]:
    result = []
    for t, turns in enumerate(turning_points(close, scale, size)):
        degree = 0.0
        if len(turns) >= 6 and turns[-1][1] > turns[-2][1]:
            (_, start), (i, left), (a, low), (h, head), (b, other), (j, right) = turns[-6:]
            slope = (other - low) / (b - a)
            height = head - (low + slope * (h - a))
            below = other + slope * (t - b) - close[t]
            halves = sorted((h - i, j - h))
            if height > 0:
                degree = min(
                    grow((head - max(left, right)) / height, 0.05, 0.2),
                    grow(abs(left - right) / height, 0.5, 0.15),
                    grow(abs(low - other) / height, 0.5, 0.15),
                    grow((min(left, right) - max(low, other)) / height, 0.1, 0.3),
                    grow(halves[1] / halves[0], 4, 2),
                    grow(height / scale[t], 3, 5),
                    grow((left - start) / height, 0.25, 0.75),
                    grow(below / scale[t], 0, 0.5),
                    grow(below / height, 2, 1),
                    grow(t - i, 160, 120),
                )
        result.append(degree)
    return result


def rising_channel(close: list[float], scale: list[float], size: float) -> list[float]:
    result = []
    for t, turns in enumerate(turning_points(close, scale, size)):
        degree = 0.0
        if len(turns) >= 5:
            (i, old), (a, one), (m, middle), (b, two), (j, new) = turns[-5:]
            slope, other = (new - old) / (j - i), (two - one) / (b - a)
            side = 1 if new > two else -1
            first = side * (old - (one + other * (i - a)))
            last = side * (new - (two + other * (j - b)))
            here, there = new + slope * (t - j), two + other * (t - b)
            if first > 0 and last > 0 and side * (here - there) > 0:
                width = (first + last) / 2
                outside = max(close[t] - max(here, there), min(here, there) - close[t])
                travels = slope * (j - i) / width, other * (j - i) / width
                degree = min(
                    grow(abs(middle - (old + slope * (m - i))) / width, 0.35, 0.1),
                    grow(j - i, 10, 20),
                    grow(t - i, 160, 120),
                    grow((t - j) / (j - i), 1, 0.5),
                    grow(outside / scale[t], 0.5, 0),
                    grow(min(travels), 0.4, 0.8),
                    grow(abs(travels[0] - travels[1]), 0.5, 0.2),
                )
        result.append(degree)
    return result


def bull_flag(close: list[float], scale: list[float]) -> list[float]:
    result = []
    for t in range(len(close)):
        best = 0.0
        for rest in (5, 8, 12):
            begin, foot = t - rest, t - rest - 8
            if foot < 1:
                continue
            pole = close[begin] - close[foot]
            window = close[begin : t + 1]
            half = rest // 2 + 1
            early, late = window[:half], window[-half:]
            spread = max(early) - min(early)
            path = sum(abs(close[k] - close[k - 1]) for k in range(foot + 1, begin + 1))
            if pole <= 0 or spread <= 0:
                continue
            best = max(
                best,
                min(
                    grow(pole / scale[begin], 3, 5),
                    grow(pole / path, 0.4, 0.7),
                    grow((close[begin] - min(window)) / pole, 0.5, 1 / 3),
                    grow((max(window) - close[begin]) / pole, 0.25, 0.1),
                    grow((max(window) - min(window)) / pole, 0.6, 0.4),
                    grow((close[t] - close[begin]) / pole, 0, -0.1),
                    grow((max(late) - min(late)) / spread, 0.4, 0.7),
                ),
            )
        result.append(best)
    return result


def breakout(high: list[float], close: list[float], scale: list[float], window: int) -> list[float]:
    return [
        grow((close[t] - max(high[t - window : t])) / scale[t - 1], 0, 0.5)
        if t >= window
        else math.nan
        for t in range(len(close))
    ]


def saucer(close: list[float], scale: list[float], bars: int = 60) -> list[float]:
    import numpy as np

    result = [0.0] * (bars - 1)
    x = np.arange(bars)
    for t in range(bars - 1, len(close)):
        y = np.array(close[t - bars + 1 : t + 1])
        line, curve = (np.polyval(np.polyfit(x, y, d), x) for d in (1, 2))
        total = ((y - y.mean()) ** 2).sum()
        share = (((y - line) ** 2).sum() - ((y - curve) ** 2).sum()) / total
        bend = curve - line
        depth = bend[0] - bend.min()
        result.append(
            min(grow(share, 0.5, 0.8), grow(depth / scale[t], 3, 5)) if bend[0] > 0 else 0.0
        )
    return result


def run_up(close: list[float], scale: list[float]) -> list[float]:
    result, run = [], 0
    for t in range(len(close)):
        run = run + 1 if t >= 4 and close[t] > close[t - 4] else 0
        far = (close[t] - close[t - 9]) / scale[t] if t >= 9 else 0.0
        result.append(min(grow(run, 6, 9), grow(far, 1, 3)))
    return result
