"""What a brief says of the kind of stock, word by word."""

from __future__ import annotations

import numpy as np
import pytest

from foundation.contracts import CHARACTERISTICS, DecisionBrief, StockCharacteristics
from foundation.testing.samples import SampleRun, market_window
from foundation.timeseries import Panel
from stage_08_decision_support.character import character
from stage_08_decision_support.rendering import render_html, render_markdown


def of(**known: float) -> StockCharacteristics:
    market = market_window(160)
    row = [known.get(name, np.nan) for name in CHARACTERISTICS]
    values = np.full((160, 4, len(CHARACTERISTICS)), np.nan)
    values[-1, 2] = row
    panel = Panel(
        sessions=market.bars.sessions,
        symbols=market.bars.symbols,
        fields=CHARACTERISTICS,
        values=values,
    )
    return StockCharacteristics(as_of=market.as_of, produced_at=market.produced_at, values=panel)


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({}, ""),
        ({"beta": 1.234}, "Moves 1.2 times as far as the market."),
        ({"beta": 1.04}, "Moves about as far as the market."),
        ({"hurst_exponent": 0.41}, "Tends to give its moves back (Hurst exponent 0.41)."),
        (
            {"hurst_exponent": 0.51},
            "Goes on or turns back no more than chance has it (Hurst exponent 0.51).",
        ),
        ({"hurst_exponent": 0.6}, "Tends to go on the way it went (Hurst exponent 0.60)."),
        (
            {"beta": 0.8, "earnings_sensitivity": 0.052, "liquidity_bucket": 2.0},
            "Moves 0.8 times as far as the market, moved 5.2% on an average earnings report "
            "and trades more than most.",
        ),
        (
            {"sentiment_beta": 0.012},
            "Gained +1.2% against the others for wholly favourable news.",
        ),
    ],
)
def test_the_sentence_says_what_is_known_and_nothing_else(known: dict, text: str) -> None:
    assert character(of(**known), "AAPL") == text


def test_the_brief_shows_it_on_each_page(run: SampleRun, brief: DecisionBrief) -> None:
    shown = {page.story.symbol: page.character for page in brief.instruments}
    assert all("as far as the market" in text for text in shown.values())
    assert "wholly favourable news" in shown["AAPL"]
    assert "favourable news" not in shown["SPX"]
    for text in shown.values():
        assert text in render_markdown(brief)
        assert text in render_html(brief)
