"""The regime that a story names: no narrow majority renames a market overnight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from foundation.contracts import REGIME_FIELDS, Horizon, Story
from tests.stage_03_story_assembly import material

GIVEN = material.sample()


def story(*chances: tuple[float, float, float, float]) -> Story:
    """Return the last story of the first symbol after these last probabilities of regimes."""
    panel = GIVEN.quant.values
    values = panel.values.copy()
    places = [panel.fields.index(name) for name in REGIME_FIELDS]
    first = len(values) - len(chances)
    values[first:, :, places] = np.array(chances)[:, None]
    values[:first, :, places] = chances[0]
    quant = GIVEN.quant.model_copy(update={"values": panel.model_copy(update={"values": values})})
    book = material.book(replace(GIVEN, quant=quant), Horizon.DAILY)
    told = book.today()[panel.symbols[0]]
    material.reads_back(told)
    return told


@pytest.mark.parametrize(
    ("today", "value", "hedge", "figure"),
    [
        ((0.0, 0.0, 0.54, 0.46), "volatile", "passing", "probability 46%"),
        ((0.0, 0.0, 0.45, 0.55), "volatile", "probable", "probability 55%"),
        ((0.0, 0.0, 0.10, 0.90), "volatile", "clear", "probability 90%"),
        ((0.0, 0.0, 0.80, 0.20), "choppy", "clear", "probability 80%"),
    ],
)
def test_a_change_of_regime_takes_more_than_a_narrow_majority(
    today: tuple[float, float, float, float], value: str, hedge: str, figure: str
) -> None:
    told = story((0.0, 0.0, 0.05, 0.95), today)
    said = [c.statement for c in told.claims if c.statement.kind == "regime"]
    assert [(s.value, s.hedge) for s in said] == [(value, hedge)]
    assert figure in told.reading


def test_a_regime_once_told_needs_no_majority_to_stay() -> None:
    told = story((0.0, 0.0, 0.05, 0.95), (0.0, 0.0, 0.8, 0.2), (0.0, 0.0, 0.3, 0.7))
    assert [c.statement.value for c in told.claims if c.statement.kind == "regime"] == ["choppy"]
