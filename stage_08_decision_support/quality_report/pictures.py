"""The pictures of the report, as inline SVG drawn to the pixel of the page's width."""

from __future__ import annotations

from html import escape

import numpy as np

from foundation.contracts import VerdictRule
from stage_08_decision_support.quality_report.facts import MissingMap

WIDTH = 1104
"""Width of the page's column in pixels."""


def _months(first: int, months: np.ndarray, width: float, top: float, height: float) -> str:
    """Draw year lines and labels over a band of months."""
    step = width / len(months)
    parts, shown = [], -1e9
    for n, month in enumerate(months):
        if n and month.astype(int) % 12:
            continue
        x = first + n * step
        parts.append(f'<path class="grid" d="M{x:.1f} {top}V{top + height}"/>')
        if x - shown >= 42:
            label = str(month)[:4]
            parts.append(
                f'<text class="axis" x="{x + 4:.1f}" y="{top + height + 16}">{label}</text>'
            )
            shown = x
    return "".join(parts)


def missing_picture(found: MissingMap) -> str:
    """Draw symbols by months; stronger is more sessions without a bar."""
    left, top, row = 92, 4, 19
    height = row * len(found.symbols)
    width = WIDTH - left
    step = width / len(found.months)
    parts = [_months(left, found.months, width, top, height)]
    for n, symbol in enumerate(found.symbols):
        y = top + n * row
        parts.append(f'<text class="label" x="{left - 10}" y="{y + 13}">{escape(symbol)}</text>')
        seen = np.isfinite(found.share[n])
        begins = int(np.argmax(seen)) if seen.any() else len(seen)
        if begins:
            parts.append(
                f'<rect class="unborn" x="{left}" y="{y + 2}" width="{begins * step:.1f}" '
                f'height="{row - 4}"><title>{escape(symbol)}: no bar before '
                f"{found.months[min(begins, len(seen) - 1)]}</title></rect>"
            )
        parts.append(
            f'<rect class="present" x="{left + begins * step:.1f}" y="{y + 2}" '
            f'width="{(len(seen) - begins) * step:.1f}" height="{row - 4}"/>'
        )
        for m in np.flatnonzero(np.nan_to_num(found.share[n]) > 0):
            share = float(found.share[n, m])
            # One missing session of twenty must still be seen.
            parts.append(
                f'<rect class="absent" x="{left + m * step:.1f}" y="{y + 2}" '
                f'width="{max(step - 0.6, 2):.1f}" height="{row - 4}" '
                f'opacity="{0.35 + 0.65 * share**0.5:.2f}"><title>{escape(symbol)}, '
                f"{found.months[m]}: {share:.1%} of sessions missing</title></rect>"
            )
    return (
        f'<svg viewBox="0 0 {WIDTH} {top + height + 24}" role="img" '
        f'aria-label="Share of sessions without a bar, by symbol and month">{"".join(parts)}</svg>'
    )


def calendar_picture(rules: list[VerdictRule], months: np.ndarray, count: np.ndarray) -> str:
    """Draw rules by months; the area of a dot is the number of rows, on a logarithmic scale."""
    top, row = 4, 46
    height = row * len(rules)
    step = WIDTH / len(months)
    largest = np.log1p(count.max(initial=1))
    parts = [_months(0, months, WIDTH, top, height)]
    for n, rule in enumerate(rules):
        y = top + n * row
        total = int(count[n].sum())
        parts.append(f'<path class="grid" d="M0 {y + row}H{WIDTH}"/>')
        parts.append(
            f'<text class="said" x="0" y="{y + 16}">{escape(rule.text)} '
            f'<tspan class="total">{total:,}</tspan></text>'
        )
        for m in np.flatnonzero(count[n]):
            rows = int(count[n, m])
            radius = 2 + 6.5 * (np.log1p(rows) / largest) ** 0.8
            parts.append(
                f'<circle class="{rule.severity}" cx="{(m + 0.5) * step:.1f}" cy="{y + 31}" '
                f'r="{radius:.1f}"><title>{months[m]}: {rows:,} rows</title></circle>'
            )
    return (
        f'<svg viewBox="0 0 {WIDTH} {top + height + 24}" role="img" '
        f'aria-label="Rows by rule and month">{"".join(parts)}</svg>'
    )


def share_bar(parts: list[tuple[str, int]]) -> str:
    """Draw a bar of stacked counts, each with its class; the smallest is still seen."""
    total = max(sum(count for _, count in parts), 1)
    cells, x = [], 0.0
    least = 0.004
    shares = [max(count / total, least) if count else 0.0 for _, count in parts]
    scale = sum(shares)
    for (kind, count), share in zip(parts, shares, strict=True):
        if count:
            width = 100 * share / scale
            cells.append(
                f'<rect class="{kind}" x="{x:.2f}%" y="0" width="{width:.2f}%" height="100%">'
                f"<title>{kind}: {count:,}</title></rect>"
            )
            x += width
    return f'<svg class="ends" role="img" aria-label="Ends of the rows">{"".join(cells)}</svg>'
