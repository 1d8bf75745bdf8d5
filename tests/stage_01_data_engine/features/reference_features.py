"""Slow, readable versions of the features beside the classic indicators: one bar at a time.

Each function takes lists and a position and reads the definition aloud. NaN where the window is
not full.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from tests.stage_01_data_engine.features.reference import NAN, ema, mean, rsi, true_ranges, wilder

Floats = Sequence[float]


def each(count: int, first: int, value: Callable[[int], float]) -> list[float]:
    """Return NaN up to position ``first``, ``value(t)`` from there on."""
    return [value(t) if t >= first else NAN for t in range(count)]


def log_returns(c: Floats) -> list[float]:
    return [NAN] + [math.log(c[t] / c[t - 1]) for t in range(1, len(c))]


def macd(c: Floats) -> tuple[list[float], list[float]]:
    line = [f - s for f, s in zip(ema(c, 12, first=14), ema(c, 26), strict=True)]
    signal = [NAN] * 25 + ema(line[25:], 9)
    return [x if t >= 33 else NAN for t, x in enumerate(line)], signal


def trix(c: Floats, n: int) -> list[float]:
    triple = list(c)
    for depth in range(3):
        start = depth * (n - 1)
        triple = [NAN] * start + ema(triple[start:], n)
    first = 3 * (n - 1) + 1
    return each(len(c), first, lambda t: 100 * (triple[t] / triple[t - 1] - 1))


def line_through(c: Floats, n: int) -> tuple[list[float], list[float]]:
    slopes, fits = [NAN] * len(c), [NAN] * len(c)
    for t in range(n - 1, len(c)):
        y = [math.log(v) for v in c[t - n + 1 : t + 1]]
        slopes[t], _ = statistics.linear_regression(range(n), y)
        fits[t] = statistics.correlation(range(n), y) ** 2
    return slopes, fits


def efficiency(c: Floats, n: int) -> list[float]:
    return each(
        len(c), n,
        lambda t: abs(c[t] - c[t - n]) / sum(abs(c[s] - c[s - 1]) for s in range(t - n + 1, t + 1)),
    )  # fmt: skip


def directional(h: Floats, x: Floats, c: Floats, n: int, up: bool) -> list[float]:
    moves = []
    for t in range(1, len(c)):
        rise, fall = h[t] - h[t - 1], x[t - 1] - x[t]
        best, other = (rise, fall) if up else (fall, rise)
        moves.append(best if best > other and best > 0 else 0.0)
    ranges = true_ranges(h, x, c)
    out = [NAN] * len(c)
    moved, total = sum(moves[: n - 1]), sum(ranges[: n - 1])
    for t in range(n, len(c)):
        moved = moved - moved / n + moves[t - 1]
        total = total - total / n + ranges[t - 1]
        out[t] = 100 * moved / total
    return out


def aroon(h: Floats, x: Floats, n: int) -> list[float]:
    def one(t: int) -> float:
        high, low = h[t - n : t + 1], x[t - n : t + 1]
        return 100 / n * (list(high).index(max(high)) - list(low).index(min(low)))

    return each(len(h), n, one)


def stochastic_d(h: Floats, x: Floats, c: Floats) -> list[float]:
    def fast(t: int) -> float:
        top, bottom = max(h[t - 13 : t + 1]), min(x[t - 13 : t + 1])
        return 100 * (c[t] - bottom) / (top - bottom)

    def slow(t: int) -> float:
        return mean([fast(s) for s in range(t - 2, t + 1)])

    return each(len(c), 17, lambda t: mean([slow(s) for s in range(t - 2, t + 1)]))


def ultimate(h: Floats, x: Floats, c: Floats) -> list[float]:
    def average(t: int, n: int) -> float:
        span = range(t - n + 1, t + 1)
        pressure = sum(c[s] - min(x[s], c[s - 1]) for s in span)
        return pressure / sum(max(h[s], c[s - 1]) - min(x[s], c[s - 1]) for s in span)

    return each(
        len(c), 28, lambda t: 100 * (4 * average(t, 7) + 2 * average(t, 14) + average(t, 28)) / 7
    )


def stochastic_rsi(c: Floats, n: int) -> list[float]:
    strength = rsi(c, n)

    def one(t: int) -> float:
        window = strength[t - n + 1 : t + 1]
        return 100 * (strength[t] - min(window)) / (max(window) - min(window))

    return each(len(c), 2 * n - 1, one)


def volatility(c: Floats, n: int) -> list[float]:
    r = log_returns(c)
    return each(len(c), n, lambda t: statistics.stdev(r[t - n + 1 : t + 1]) * math.sqrt(252))


def downside(c: Floats, n: int) -> list[float]:
    r = log_returns(c)
    return each(
        len(c), n,
        lambda t: math.sqrt(252 * mean([min(v, 0) ** 2 for v in r[t - n + 1 : t + 1]])),
    )  # fmt: skip


def percentile(values: Floats, n: int, first: int) -> list[float]:
    return each(
        len(values), first, lambda t: sum(v <= values[t] for v in values[t - n + 1 : t + 1]) / n
    )


def skewness(c: Floats, n: int) -> list[float]:
    r = log_returns(c)

    def one(t: int) -> float:
        window = r[t - n + 1 : t + 1]
        m, s = mean(window), statistics.pstdev(window)
        return mean([((v - m) / s) ** 3 for v in window])

    return each(len(c), n, one)


def parkinson(h: Floats, x: Floats, n: int) -> list[float]:
    return each(
        len(h), n - 1,
        lambda t: math.sqrt(252 / n / 4 / math.log(2) * sum(
            math.log(h[s] / x[s]) ** 2 for s in range(t - n + 1, t + 1)
        )),
    )  # fmt: skip


def garman_klass(o: Floats, h: Floats, x: Floats, c: Floats, n: int) -> list[float]:
    def one(t: int) -> float:
        total = 0.0
        for s in range(t - n + 1, t + 1):
            total += 0.5 * math.log(h[s] / x[s]) ** 2
            total -= (2 * math.log(2) - 1) * math.log(c[s] / o[s]) ** 2
        return math.sqrt(252 * max(total, 0) / n)

    return each(len(c), n - 1, one)


def choppiness(h: Floats, x: Floats, c: Floats, n: int) -> list[float]:
    ranges = [NAN, *true_ranges(h, x, c)]

    def one(t: int) -> float:
        span = range(t - n + 1, t + 1)
        width = max(h[s] for s in span) - min(x[s] for s in span)
        return 100 * math.log10(sum(ranges[s] for s in span) / width) / math.log10(n)

    return each(len(c), n, one)


def atr(h: Floats, x: Floats, c: Floats, n: int) -> list[float]:
    return [NAN, *wilder(true_ranges(h, x, c), n)]


def on_balance(c: Floats, v: Floats) -> list[float]:
    out = [v[0]]
    for t in range(1, len(c)):
        out.append(out[-1] + (v[t] if c[t] > c[t - 1] else -v[t] if c[t] < c[t - 1] else 0))
    return out


def streak(c: Floats) -> list[float]:
    out = [NAN]
    for t in range(1, len(c)):
        way = (c[t] > c[t - 1]) - (c[t] < c[t - 1])
        run, s = 0, t
        while s >= 1 and run < 10 and (c[s] > c[s - 1]) - (c[s] < c[s - 1]) == way:
            run, s = run + 1, s - 1
        out.append(float(way * run))
    return out


def swings(high: Floats, t: int) -> list[int]:
    """Return the bars of swing highs known at t, in order of time."""
    return [
        s for s in range(5, t - 4) if high[s] == max(high[s - 5 : s + 6])
    ]  # fmt: skip


def swing_gap(values: Floats, c: Floats, sign: int) -> list[float]:
    def one(t: int) -> float:
        known = [s for s in swings([sign * v for v in values], t) if t - s < 120]
        return c[t] / values[known[-1]] - 1 if known else NAN

    return each(len(c), 0, one)


def candle(o: Floats, h: Floats, x: Floats, c: Floats) -> list[float]:
    def bullish(t: int, o: Floats, h: Floats, x: Floats, c: Floats) -> bool:
        engulfs = (
            c[t - 1] < o[t - 1] and c[t] > o[t] and o[t] <= c[t - 1] and c[t] >= o[t - 1]
            and c[t] - o[t] > o[t - 1] - c[t - 1]
        )  # fmt: skip
        body = abs(c[t] - o[t])
        hammer = (
            body > 0 and min(o[t], c[t]) - x[t] >= 2 * body and h[t] - max(o[t], c[t]) <= body / 2
            and c[t] < c[t - 5]
        )  # fmt: skip
        return engulfs or hammer

    mirrored = [[-v for v in side] for side in (o, x, h, c)]
    return each(len(c), 5, lambda t: float(bullish(t, o, h, x, c)) - float(bullish(t, *mirrored)))


def flag(c: Floats, scale: Floats, t: int) -> float:
    pole = c[t - 5] - c[t - 15]
    if not pole > 0 or not pole >= 3 * scale[t - 5]:
        return 0.0
    last = c[t - 5 : t + 1]
    return min(max(1 - 2 * (max(last) - min(last)) / pole, 0), 1)


def double_bottom(h: Floats, x: Floats, c: Floats, scale: float, t: int) -> float:
    known = swings([-v for v in x], t)
    if len(known) < 2:
        return 0.0
    first, second = known[-2:]
    neck = max(h[first:second])
    if second - first < 10 or t - first > 60 or c[t] <= neck:
        return 0.0
    if neck - max(x[first], x[second]) < 2 * scale:
        return 0.0
    return min(max(1 - abs(x[first] - x[second]) / scale, 0), 1)


def chart_pattern(h: Floats, x: Floats, c: Floats) -> tuple[list[float], list[float]]:
    ranges = [NAN, *true_ranges(h, x, c)]
    scale = each(len(c), 20, lambda t: mean(ranges[t - 19 : t + 1]))
    if list(h) == list(x):
        scale = [2 * s for s in scale]
    nh, nx, nc = ([-v for v in side] for side in (h, x, c))
    codes, sure = [NAN] * len(c), [NAN] * len(c)
    for t in range(65, len(c)):
        found = {
            2.0: double_bottom(h, x, c, scale[t], t),
            1.0: flag(c, scale, t),
            -1.0: flag(nc, scale, t),
            -2.0: double_bottom(nx, nh, nc, scale[t], t),
        }
        best = max(found, key=lambda code: found[code])
        sure[t] = found[best]
        codes[t] = best if found[best] > 0 else 0.0
    return codes, sure
