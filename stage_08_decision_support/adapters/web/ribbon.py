"""The fuzzy ribbon: for each series five lanes, one per state, inked by the degree it holds to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from foundation.contracts import STATES, TAPE, FuzzyWindow

LANES = len(STATES)
GAP = 2.4
"""Room above each series for its name, in lanes."""


@dataclass(frozen=True)
class RibbonRow:
    """Memberships of one series, shape (T, 5), lowest state first; NaN where absent."""

    series: str
    degrees: np.ndarray

    @property
    def reported(self) -> bool:
        """Whether there is any membership to show."""
        return bool(np.isfinite(self.degrees).any())

    @property
    def state(self) -> str | None:
        """The state that holds most at the last session; None where it is not reported."""
        last = self.degrees[-1]
        return STATES[int(np.argmax(last))] if np.isfinite(last).all() else None


def ribbon_rows(fuzzy: FuzzyWindow, symbol: str, sessions: int) -> tuple[RibbonRow, ...]:
    """Return the forecast series' memberships of one symbol over the last sessions."""
    recent = fuzzy.memberships.last(sessions)
    n = recent.index_of("symbols", symbol)
    return tuple(
        RibbonRow(series=series, degrees=recent.field(series)[:, n])
        for series in TAPE
        if recent.has(series)
    )


def ribbon_traces(
    rows: tuple[RibbonRow, ...], labels: list[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], float]:
    """Return heatmaps (first series on top), their names as annotations, and the height."""
    traces, notes = [], []
    base = 0.0
    for row in reversed(rows):
        lanes = LANES if row.reported else 0
        if row.reported:
            traces.append(_lanes(row, labels[-len(row.degrees) :], base))
        said = row.state or ("not reported" if not row.reported else "not enough history")
        notes.append(
            {"xref": "paper", "yref": "y2", "x": 0, "y": base + lanes - 0.35, "xanchor": "left",
             "yanchor": "bottom", "showarrow": False, "text": f"{row.series} · {said}",
             "font": {"size": 11.5, "color": "var(--ink-2)"}}
        )  # fmt: skip
        base += lanes + GAP
    return traces, notes, base - 0.5


def _lanes(row: RibbonRow, labels: list[str], base: float) -> dict[str, Any]:
    degrees = [[float(v) if math.isfinite(v) else None for v in lane] for lane in row.degrees.T]
    return {
        "type": "heatmap", "x": labels, "y0": base, "dy": 1, "z": degrees, "yaxis": "y2",
        "zmin": 0, "zmax": 1, "showscale": False, "xgap": 0.6, "ygap": 0.6, "name": row.series,
        "colorscale": [[0, "var(--sunken)"], [1, "var(--accent)"]], "hoverongaps": False,
        "text": [[state] * len(labels) for state in STATES],
        "hovertemplate": f"{row.series} %{{text}}: %{{z:.2f}}<br>%{{x}}<extra></extra>",
    }  # fmt: skip
