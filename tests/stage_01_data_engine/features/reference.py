"""Slow, readable indicators: one loop per definition, written from the definitions alone.

Each takes lists of floats and returns a list with NaN until the window is full.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

NAN = math.nan


def rolling(values: Sequence[float], n: int, reduce: Callable[[list[float]], float]) -> list[float]:
    return [
        reduce(list(values[t - n + 1 : t + 1])) if t >= n - 1 else NAN for t in range(len(values))
    ]


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def sma(values: Sequence[float], n: int) -> list[float]:
    return rolling(values, n, mean)


def deviation(values: Sequence[float], less: int) -> float:
    m = mean(values)
    return math.sqrt(math.fsum((v - m) ** 2 for v in values) / (len(values) - less))


def wilder(values: Sequence[float], n: int) -> list[float]:
    """Start with the mean of the first n values, then move a share 1/n towards each next one."""
    out = [NAN] * len(values)
    for t in range(n - 1, len(values)):
        out[t] = mean(values[:n]) if t == n - 1 else out[t - 1] + (values[t] - out[t - 1]) / n
    return out


def ema(values: Sequence[float], n: int, first: int = 0) -> list[float]:
    """Start with the mean of n values from position ``first``; weight 2 / (n + 1) afterwards."""
    out = [NAN] * len(values)
    start = first + n - 1
    for t in range(start, len(values)):
        if t == start:
            out[t] = mean(values[first : start + 1])
        else:
            out[t] = out[t - 1] + (values[t] - out[t - 1]) * 2 / (n + 1)
    return out


def rsi(close: Sequence[float], n: int) -> list[float]:
    changes = [b - a for a, b in itertools.pairwise(close)]
    up = wilder([max(c, 0) for c in changes], n)
    down = wilder([max(-c, 0) for c in changes], n)
    return [NAN] + [100 * u / (u + d) if u + d > 0 else NAN for u, d in zip(up, down, strict=True)]


def macd_histogram(close: Sequence[float]) -> list[float]:
    """EMA(12) - EMA(26), both started on bar 26, less its EMA(9)."""
    fast, slow = ema(close, 12, first=14), ema(close, 26)
    line = [f - s for f, s in zip(fast, slow, strict=True)]
    signal = ema(line[25:], 9)
    return [NAN] * 25 + [x - s for x, s in zip(line[25:], signal, strict=True)]


def true_ranges(high: Sequence[float], low: Sequence[float], close: Sequence[float]) -> list[float]:
    """From the second bar on."""
    return [
        max(high[t] - low[t], abs(high[t] - close[t - 1]), abs(low[t] - close[t - 1]))
        for t in range(1, len(close))
    ]


def atr(high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int) -> list[float]:
    return [NAN, *wilder(true_ranges(high, low, close), n)]


def wilder_sum(values: Sequence[float], n: int) -> list[float]:
    """Wilder's running total: the sum of the first n - 1, then less a share 1/n plus the next."""
    out = [NAN] * len(values)
    total = sum(values[: n - 1])
    for t in range(n - 1, len(values)):
        total = total - total / n + values[t]
        out[t] = total
    return out


def adx(high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int) -> list[float]:
    plus, minus = [], []
    for t in range(1, len(close)):
        up, down = high[t] - high[t - 1], low[t - 1] - low[t]
        plus.append(up if up > down and up > 0 else 0.0)
        minus.append(down if down > up and down > 0 else 0.0)
    ranges = wilder_sum(true_ranges(high, low, close), n)
    dx = []
    for p, m, r in zip(wilder_sum(plus, n), wilder_sum(minus, n), ranges, strict=True):
        di_plus, di_minus = 100 * p / r, 100 * m / r
        total = di_plus + di_minus
        dx.append(100 * abs(di_plus - di_minus) / total if total > 0 else NAN)
    return [NAN] * n + wilder(dx[n - 1 :], n)


def cci(high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int) -> list[float]:
    typical = [(h + x + c) / 3 for h, x, c in zip(high, low, close, strict=True)]

    def one(window: list[float]) -> float:
        m = mean(window)
        return (window[-1] - m) / (0.015 * mean([abs(w - m) for w in window]))

    return rolling(typical, n, one)


def mfi(
    high: Sequence[float], low: Sequence[float], close: Sequence[float],
    volume: Sequence[float], n: int,
) -> list[float]:  # fmt: skip
    typical = [(h + x + c) / 3 for h, x, c in zip(high, low, close, strict=True)]
    up = [t * v * (t > b) for b, t, v in zip(typical, typical[1:], volume[1:], strict=False)]
    down = [t * v * (t < b) for b, t, v in zip(typical, typical[1:], volume[1:], strict=False)]
    ups, downs = rolling(up, n, sum), rolling(down, n, sum)
    return [NAN] + [100 * u / (u + d) for u, d in zip(ups, downs, strict=True)]


def stochastic(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int
) -> list[float]:
    top, bottom = rolling(high, n, max), rolling(low, n, min)
    return [100 * (c - b) / (t - b) for c, t, b in zip(close, top, bottom, strict=True)]
