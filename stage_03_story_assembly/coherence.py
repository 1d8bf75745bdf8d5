"""Where the data pulls two ways, the story says so.

A contradiction between two facts is not an error to be smoothed over but the most useful
sentence of the day. Each rule names the two facts; the first that holds for a subject speaks.
"""

from __future__ import annotations

import numpy as np

from foundation.contracts import FuzzyWindow, Section, statement
from stage_03_story_assembly.content.columns import SILENT, Column


def tension_columns(fuzzy: FuzzyWindow) -> list[Column]:
    """Return the tensions of participation, momentum and risk."""
    states = {name: _state(fuzzy, name) for name in fuzzy.memberships.fields}
    move = fuzzy.movements.field("price")[..., 0]
    # Comparisons with NaN are false: what is absent contradicts nothing.
    return [
        _column(
            "participation",
            Section.PARTICIPATION,
            ("price", "volume", "breadth"),
            {
                "rise on thin volume": (move >= 1) & (states["volume"] <= 1),
                "fall on heavy volume": (move <= -1) & (states["volume"] >= 3),
                "rise against narrow breadth": (move >= 2) & (states["breadth"] <= 1),
            },
        ),
        _column(
            "momentum",
            Section.TECHNICAL,
            ("trend", "momentum"),
            {
                "strong trend and weak momentum": (states["trend"] >= 3)
                & (states["momentum"] <= 1),
                "weak trend and strong momentum": (states["trend"] <= 1)
                & (states["momentum"] >= 3),
            },
        ),
        _column(
            "risk",
            Section.RISK,
            ("volatility", "market volatility"),
            {
                "calm instrument in a fearful market": (states["volatility"] <= 1)
                & (states["market volatility"] >= 3),
                "restless instrument in a calm market": (states["volatility"] >= 3)
                & (states["market volatility"] <= 1),
            },
        ),
    ]


def _state(fuzzy: FuzzyWindow, series: str) -> np.ndarray:
    degrees = fuzzy.memberships.field(series)
    absent = np.isnan(degrees[..., 0])
    return np.where(absent, np.nan, np.nan_to_num(degrees).argmax(axis=-1))


def _column(
    subject: str, section: Section, series: tuple[str, ...], rules: dict[str, np.ndarray]
) -> Column:
    codes = np.full(next(iter(rules.values())).shape, SILENT)
    for number, holds in reversed(list(enumerate(rules.values()))):
        codes = np.where(holds, number, codes)
    return Column(
        name=f"tension of {subject}",
        section=section,
        options=tuple(statement("tension", subject, value) for value in rules),
        codes=codes,
        degrees=np.ones(codes.shape),
        cells=tuple(("fuzzy", name) for name in series),
    )
