"""Geometry of the shelf's pictures: positions in the units of each picture's view box."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from foundation.contracts import Appointment, HorizonForecast, LearningEpoch

HORIZON = 5
SHOWN_APPOINTMENTS = 26
"""Half a year of weekly decisions."""


@dataclass(frozen=True)
class Tick:
    """A position along an axis and what is written there."""

    at: float
    label: str


@dataclass(frozen=True)
class Curve:
    """A line through points, and the points as (x, y, what hovering says)."""

    points: str
    dots: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Learning:
    """Losses by epoch in a box of 100 x 60; ``kept`` is the x of the epoch that was kept."""

    training: Curve
    validation: Curve
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    kept: float


def learning(epochs: Sequence[LearningEpoch]) -> Learning | None:
    """Return the losses of a training; None where there are none."""
    if not epochs:
        return None
    ends = [loss for e in epochs for loss in (e.training, e.validation)]
    low, high, ticks = _axis(min(ends), max(ends))
    last = max(len(epochs) - 1, 1)

    def y(loss: float) -> float:
        return round(60 - 60 * (loss - low) / (high - low), 2)

    def curve(name: str, losses: list[float]) -> Curve:
        at = [(round(100 * n / last, 2), y(loss)) for n, loss in enumerate(losses)]
        said = [
            f"epoch {e.number}, {name}: {loss:.4f}" for e, loss in zip(epochs, losses, strict=True)
        ]
        return Curve(
            " ".join(f"{x},{v}" for x, v in at),
            tuple((x, v, words) for (x, v), words in zip(at, said, strict=True)),
        )

    best = min(range(len(epochs)), key=lambda n: epochs[n].validation)
    return Learning(
        training=curve("learnt on", [e.training for e in epochs]),
        validation=curve("held back", [e.validation for e in epochs]),
        x=tuple(Tick(round(100 * n / last, 2), str(e.number)) for n, e in enumerate(epochs)),
        y=tuple(Tick(y(value), f"{value:g}") for value in ticks),
        kept=round(100 * best / last, 2),
    )


@dataclass(frozen=True)
class Fan:
    """Where a price may go over five sessions, in a box of 100 x 60.

    ``area`` lies between q10 and q90, ``middle`` is the median, ``end`` the three at its end.
    """

    name: str
    area: str
    middle: str
    end: tuple[float, float, float]


@dataclass(frozen=True)
class Fans:
    """The fans of several opinions on one pair of axes; ``zero`` is the y of an unchanged price."""

    fans: tuple[Fan, ...]
    y: tuple[Tick, ...]
    zero: float


def fans(opinions: Sequence[tuple[str, HorizonForecast | None]]) -> Fans | None:
    """Return fans in per cent of the price; None where nobody forecasts.

    Only the fifth session is forecast. On the way there the median moves evenly and the distances
    from it grow with the root of time, as those of a random walk do.
    """
    known = [(name, said) for name, said in opinions if said is not None]
    if not known:
        return None
    changes = [math.expm1(q) for _, said in known for q in (said.q10, said.q90)]
    low, high, ticks = _axis(min(*changes, 0.0), max(*changes, 0.0))

    def y(log_return: float) -> float:
        return round(60 - 60 * (math.expm1(log_return) - low) / (high - low), 2)

    made = []
    for name, said in known:
        days = np.linspace(0, HORIZON, 21)
        middle = said.q50 * days / HORIZON
        spread = np.sqrt(days / HORIZON)
        x = 100 * days / HORIZON
        upper = [y(v) for v in middle + (said.q90 - said.q50) * spread]
        lower = [y(v) for v in middle + (said.q10 - said.q50) * spread]
        there = [f"{a:.2f},{b}" for a, b in zip(x, upper, strict=True)]
        back = [f"{a:.2f},{b}" for a, b in zip(x[::-1], lower[::-1], strict=True)]
        centre = [f"{a:.2f},{y(v)}" for a, v in zip(x, middle, strict=True)]
        made.append(
            Fan(name, " ".join(there + back), " ".join(centre),
                (y(said.q10), y(said.q50), y(said.q90)))
        )  # fmt: skip
    return Fans(tuple(made), tuple(Tick(y(math.log1p(v)), _percent(v)) for v in ticks), y(0.0))


@dataclass(frozen=True)
class Cell:
    """A run of sessions in a lane: position, width and how dark it is (0 to 1)."""

    x: float
    width: float
    share: float


@dataclass(frozen=True)
class Ribbon:
    """Regimes by session in a box of 100 wide: one lane per regime, months below."""

    lanes: tuple[tuple[str, float | None, tuple[Cell, ...]], ...]
    months: tuple[Tick, ...]


LEVELS = 20
"""Shades that are told apart; equal neighbours are drawn as one."""


def ribbon(sessions: Sequence[date], shares: np.ndarray, names: Sequence[str]) -> Ribbon | None:
    """Return a ribbon of probabilities (T, 4); None where none is known.

    Each lane carries the last probability beside its name.
    """
    known = np.isfinite(shares).all(axis=1)
    if not known.any():
        return None
    first = int(known.argmax())
    sessions, shares = sessions[first:], shares[first:]
    step = 100 / len(sessions)
    lanes = []
    for k, name in enumerate(names):
        codes = np.where(np.isfinite(shares[:, k]), np.round(shares[:, k] * LEVELS), -1)
        borders = np.flatnonzero(np.diff(codes)) + 1
        cells = tuple(
            Cell(round(a * step, 3), round((b - a) * step, 3), round(float(codes[a]) / LEVELS, 2))
            for a, b in zip([0, *borders], [*borders, len(codes)], strict=True)
            if codes[a] >= 0
        )
        last = float(shares[-1, k])
        lanes.append((name, last if math.isfinite(last) else None, cells))
    return Ribbon(tuple(lanes), months(sessions))


def months(sessions: Sequence[date], fewest_apart: float = 9.0) -> tuple[Tick, ...]:
    """Return where months begin along an axis of 100, none nearer to one another than asked."""
    ticks: list[Tick] = []
    for n, day in enumerate(sessions):
        new = n > 0 and day.month != sessions[n - 1].month
        at = round(100 * n / len(sessions), 2)
        if new and at < 96 and (not ticks or at - ticks[-1].at >= fewest_apart):
            ticks.append(Tick(at, f"{day:%b %Y}" if day.month == 1 or not ticks else f"{day:%b}"))
    return tuple(ticks)


@dataclass(frozen=True)
class Mark:
    """One decision: x along the strip, gain and its interval as y (None: not judged)."""

    x: float
    gain: float | None
    low: float | None
    high: float | None
    answers: bool
    said: str


def career(appointments: Sequence[Appointment], reach: float) -> tuple[Mark, ...]:
    """Return the last decisions on a strip of 100 x 24, zero gain at 12, newest on the right."""
    shown = appointments[-SHOWN_APPOINTMENTS:]
    step = 100 / (len(shown) + 1)

    def y(value: float | None) -> float | None:
        return None if value is None else round(12 - 11 * max(-1.0, min(1.0, value / reach)), 2)

    marks = []
    for n, made in enumerate(shown, start=1):
        found = made.standing
        who = "the twin answers" if made.version else "the shared heads answer"
        gain = "not judged" if found.gain is None else f"gain {found.gain:+.4f}"
        marks.append(
            Mark(
                x=round(n * step, 2),
                gain=y(found.gain),
                low=y(found.low),
                high=y(found.high),
                answers=made.version is not None,
                said=f"{made.on:%d %b %Y}: {who}; {gain} over {found.sessions} sessions",
            )
        )
    return tuple(marks)


def _axis(low: float, high: float) -> tuple[float, float, list[float]]:
    """Return an axis that holds both ends, and its round values."""
    span = (high - low) or abs(high) or 1.0
    raw = span / 4
    scale = 10.0 ** math.floor(math.log10(raw))
    step = scale * next(m for m in (1, 2, 5, 10) if m * scale >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        last += 1
    return first * step, last * step, [round(n * step, 10) for n in range(first, last + 1)]


def _percent(change: float) -> str:
    text = f"{abs(100 * change):g}%"
    return text if abs(change) < 1e-12 else ("\u2212" if change < 0 else "+") + text
