"""Agreement and disagreement, in verdicts and in words."""

from __future__ import annotations

import pytest

from foundation.contracts import Reconciliation
from foundation.contracts.signal import Direction
from stage_07_signal_extraction.reconciliation import compare, reconcile

ODDS = {"past": 0.56, "story": 0.61, "model": 0.5}
WEIGHTS = {"past": 0.2, "story": 0.5, "model": 0.3}


@pytest.mark.parametrize(
    ("story", "model", "verdict"),
    [
        ("bullish", "bullish", "agree"),
        ("neutral", "neutral", "agree"),
        ("bullish", "neutral", "differ"),
        ("neutral", "bearish", "differ"),
        ("bullish", "bearish", "contradict"),
        ("bullish", None, "story only"),
    ],
)
def test_the_verdict_compares_what_each_would_call(
    story: Direction, model: Direction | None, verdict: str
) -> None:
    assert compare(story, model) == verdict


def told(story: Direction, model: Direction | None) -> Reconciliation:
    return reconcile(ODDS, WEIGHTS, 0.567, (story, model))


def test_odds_and_weights_are_told_with_their_voices() -> None:
    text = told("bullish", "bearish").explanation
    assert "56.0% by past frequency (weight 20%)" in text
    assert "61.0% by the story (weight 50%)" in text
    assert "50.0% by the market model (weight 30%)" in text
    assert "together 56.7%" in text
    assert "contradict" in text


def test_a_silent_model_is_told_and_not_listed() -> None:
    found = told("bullish", None)
    assert found.model is None
    assert "by the market model (" not in found.explanation
    assert "nothing confirms the story" in found.explanation
