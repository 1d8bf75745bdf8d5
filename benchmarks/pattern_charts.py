"""Draws one real chart per pattern as a small SVG: what was known, and, greyed, what came after.

Called by ``patterns.py``. A chart shows bars (a line for close-only instruments) on no price
scale: it is there to judge a shape by eye, not to pass data on.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np

WIDTH, HEIGHT, TOP, EDGE = 460, 220, 26, 8
INK, QUIET, RISE, FALL, MARK, SHAPE = (
    "#1c2733",
    "#8a97a5",
    "#2a7f62",
    "#b5453c",
    "#2457a6",
    "#d08a1d",
)
AFTERWARDS = 15


@dataclass(frozen=True)
class Picture:
    """One symbol around one session: arrays (T,), ``at`` is the session told of."""

    title: str
    note: str
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    at: int
    before: int
    turns: tuple[tuple[int, float], ...] = ()
    lines: tuple[tuple[str, np.ndarray], ...] = ()


def draw(picture: Picture) -> str:
    """Return the SVG text."""
    first = max(0, picture.at - picture.before)
    stop = min(len(picture.close), picture.at + AFTERWARDS + 1)
    rows = np.arange(first, stop)
    ranged = not np.isnan(picture.high[rows]).any()
    shown = [picture.high[rows], picture.low[rows]] if ranged else [picture.close[rows]]
    shown += [np.array([price for row, price in picture.turns if row >= first] or [np.nan])]
    values = np.concatenate(shown)
    bottom, top = np.nanmin(values), np.nanmax(values)
    step = (WIDTH - 2 * EDGE) / len(rows)

    def x(row: float) -> float:
        return EDGE + (row - first + 0.5) * step

    def y(price: float) -> float:
        share = (price - bottom) / (top - bottom) if top > bottom else 0.5
        return HEIGHT - EDGE - share * (HEIGHT - TOP - 2 * EDGE)

    def path(points: list[tuple[float, float]], style: str) -> str:
        steps = "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
        return f'<path d="M{steps}" fill="none" {style}/>' if len(points) > 1 else ""

    edge = x(picture.at + 0.5)
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<rect x="{edge:.1f}" y="{TOP}" width="{WIDTH - edge:.1f}" height="{HEIGHT - TOP}" '
        'fill="#eef1f4"/>',
        f'<path d="M{x(picture.at):.1f} {TOP}V{HEIGHT}" stroke="{MARK}" stroke-dasharray="2 3"/>',
    ]
    for colour, line in picture.lines:
        points = [(x(r), y(line[r])) for r in rows if not np.isnan(line[r])]
        points = [(a, b) for a, b in points if TOP <= b <= HEIGHT]
        parts.append(path(points, f'stroke="{colour}" stroke-width="1.2"'))
    parts += _bars(picture, rows, step, x, y) if ranged else [
        path([(x(r), y(picture.close[r])) for r in rows], f'stroke="{INK}" stroke-width="1.3"')
    ]  # fmt: skip
    seen = [(x(r), y(p)) for r, p in picture.turns if r >= first]
    parts.append(path(seen, f'stroke="{SHAPE}" stroke-width="1.6" stroke-opacity="0.9"'))
    parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.6" fill="{SHAPE}"/>' for a, b in seen[:-1]]
    parts += [
        f'<text x="{EDGE}" y="16" font-size="12" font-weight="600" fill="{INK}">'
        f"{escape(picture.title)}</text>",
        f'<text x="{WIDTH - EDGE}" y="16" font-size="10.5" text-anchor="end" fill="{QUIET}">'
        f"{escape(picture.note)}</text>",
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="Helvetica, Arial, sans-serif">'
        + "".join(parts)
        + "</svg>\n"
    )


def _bars(picture, rows, step, x, y) -> list[str]:  # type: ignore[no-untyped-def]
    """Candles, all of a colour in one path."""
    half = max(0.7, 0.32 * step)
    wicks: dict[str, list[str]] = {RISE: [], FALL: []}
    bodies: dict[str, list[str]] = {RISE: [], FALL: []}
    for row in rows:
        opened, close = picture.open[row], picture.close[row]
        colour = RISE if close >= opened else FALL
        middle, top, bottom = x(row), y(max(opened, close)), y(min(opened, close))
        wicks[colour].append(f"M{middle:.1f} {y(picture.high[row]):.1f}V{y(picture.low[row]):.1f}")
        bodies[colour].append(
            f"M{middle - half:.1f} {top:.1f}h{2 * half:.1f}v{max(bottom - top, 0.6):.1f}"
            f"h{-2 * half:.1f}z"
        )
    return [
        f'<path d="{"".join(wicks[c])}" stroke="{c}" stroke-width="0.8"/>'
        f'<path d="{"".join(bodies[c])}" fill="{c}"/>'
        for c in (RISE, FALL)
        if wicks[c]
    ]
