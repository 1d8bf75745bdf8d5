"""Agreement and disagreement, and what they do to conviction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stage_07_signal_extraction.pooling import conviction, direction_of, reconcile
from stage_07_signal_extraction.settings import SignalSettings

S = SignalSettings()
SCORE = st.floats(-1, 1)
UNIT = st.floats(0, 1)


@pytest.mark.parametrize(
    ("story", "quant", "verdict", "direction"),
    [
        (0.4, 0.3, "agree", "bullish"),
        (-0.4, -0.3, "agree", "bearish"),
        (0.05, -0.05, "agree", "neutral"),
        (0.4, 0.0, "differ", "bullish"),
        (0.8, -0.4, "contradict", "bullish"),
        (0.4, -0.4, "contradict", "neutral"),
        (0.4, None, "story only", "bullish"),
    ],
)
def test_verdict_and_direction(
    story: float, quant: float | None, verdict: str, direction: str
) -> None:
    found = reconcile(story, quant, S)
    assert (found.verdict, direction_of(found.pooled, S)) == (verdict, direction)


def test_the_pool_is_the_weighted_mean_and_agreement_counts_the_gap() -> None:
    found = reconcile(0.6, -0.2, SignalSettings(story_weight=0.25))
    assert found.pooled == pytest.approx(0.0)
    assert found.agreement == pytest.approx(0.6)


def test_disagreement_is_said_in_words() -> None:
    assert "contradict" in reconcile(0.8, -0.8, S).explanation
    assert "nothing confirms it" in reconcile(0.8, None, S).explanation


def test_conviction_by_hand() -> None:
    # |pooled| 0.25 of 0.5 needed, confidence 0.6, agreement 1 - 0.1 / 2.
    found = conviction("bullish", reconcile(0.3, 0.2, S), 0.6, S)
    assert found == pytest.approx(0.5 * 0.6 * 0.95)


def test_an_unconfirmed_story_has_half_the_conviction_of_a_confirmed_one() -> None:
    alone = conviction("bullish", reconcile(0.3, None, S), 0.6, S)
    assert alone == pytest.approx(conviction("bullish", reconcile(0.3, 0.3, S), 0.6, S) / 2)


@given(SCORE, st.one_of(st.none(), SCORE), UNIT, UNIT)
def test_conviction_lies_between_zero_and_one_and_falls_with_confidence(
    story: float, quant: float | None, one: float, two: float
) -> None:
    pooled = reconcile(story, quant, S)
    way = direction_of(pooled.pooled, S)
    low, high = sorted((one, two))
    weak, strong = (conviction(way, pooled, c, S) for c in (low, high))
    assert 0 <= weak <= strong <= 1
    if way == "neutral":
        assert strong == 0


@given(SCORE, st.floats(0, 1), st.floats(0, 1), UNIT)
def test_conviction_falls_with_disagreement_at_the_same_pooled_score(
    centre: float, one: float, two: float, confidence: float
) -> None:
    room = 1 - abs(centre)
    near, far = (
        reconcile(centre + gap * room, centre - gap * room, S) for gap in sorted((one, two))
    )
    way = direction_of(centre, S)
    assert conviction(way, far, confidence, S) <= conviction(way, near, confidence, S) + 1e-9


@given(SCORE, SCORE)
def test_pooled_and_agreement_stay_in_range(story: float, quant: float) -> None:
    found = reconcile(story, quant, S)
    assert min(story, quant) - 1e-12 <= found.pooled <= max(story, quant) + 1e-12
    assert found.agreement is not None
    assert 0 <= found.agreement <= 1
