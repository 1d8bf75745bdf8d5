"""The lexicon on headlines whose meaning anyone can see."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stage_02_fuzzification.sentiment import EventFlags, LexiconReader, NewsDay, NewsReading
from stage_02_fuzzification.sentiment.lexicon_reader import (
    NEUTRAL_BAND,
    confidence,
    score,
    tokens,
    topic,
)

FAVOURABLE = (
    "Acme EPS beats by $0.10, beats on revenue",
    "Acme upgraded to overweight at a broker",
    "Acme raises dividend by 10%",
    "Acme cuts costs, margins expand",
    "Jobless claims fall to a fifty-year low",
    "Acme losses narrow as revenue surges",
    "Acme price target raised to $50 from $40",
    "Acme +12% after FDA approval",
    "Stocks close higher, Dow gains 300 points",
)
UNFAVOURABLE = (
    "Acme EPS misses by $0.10, misses on revenue",
    "Acme downgraded to sell at a broker",
    "Acme cuts guidance",
    "Acme costs soar",
    "Jobless claims jump",
    "Acme losses widen, shares plunge 20%",
    "Acme -12% after profit warning",
    "Traders are buying puts on $ACME",
    "Acme faces fraud probe",
    "Stocks tumble on recession fears",
)
NEUTRAL = (
    "Acme to present at a conference on Tuesday",
    "Acme names new head of logistics",
    "Acme declares quarterly dividend",
    "Edited transcript of the Acme conference call",
    "Is Acme a buy?",
)


@pytest.mark.parametrize("headline", FAVOURABLE)
def test_good_news_scores_above_the_neutral_band(headline: str) -> None:
    assert score(headline) > NEUTRAL_BAND


@pytest.mark.parametrize("headline", UNFAVOURABLE)
def test_bad_news_scores_below_the_neutral_band(headline: str) -> None:
    assert score(headline) < -NEUTRAL_BAND


@pytest.mark.parametrize("headline", NEUTRAL)
def test_housekeeping_scores_within_the_neutral_band(headline: str) -> None:
    assert abs(score(headline)) <= NEUTRAL_BAND


def test_negation_turns_and_degree_scales() -> None:
    assert score("Acme is not profitable") < 0 < score("Acme is profitable")
    assert score("Profit rises sharply") > score("Profit rises") > score("Profit rises slightly")
    assert score("Profit may rise") < score("Profit rises")


def test_what_follows_but_outweighs_what_went_before() -> None:
    assert score("Acme beats estimates but cuts guidance") < 0
    assert score("Acme cuts guidance but beats estimates") > score(
        "Acme beats estimates but cuts guidance"
    )


@given(st.text(max_size=150))
def test_any_text_has_a_score_and_always_the_same(text: str) -> None:
    assert -1 <= score(text) <= 1
    assert score(text) == score(text)
    assert 0 <= confidence((text,)) <= 1


def test_case_links_and_names_do_not_matter() -> None:
    plain = score("Acme cuts guidance")
    assert score("ACME CUTS GUIDANCE https://t.co/abc @someone") == plain
    assert tokens("$ACME: +3.5% vs. 12%") == ["$", ":", "+%", "vs", ".", "%"]


def test_topics_are_told_by_most_of_their_words() -> None:
    assert topic("Q3 earnings and revenue beat") == "earnings"
    assert topic("Court rules in antitrust lawsuit") == "legal and regulatory matters"
    assert topic("Weather stays fine") is None


def day(*headlines: str, return_1d: float = float("nan"), usual: float = 1.0) -> NewsDay:
    return NewsDay("ACME", date(2018, 3, 5), headlines, return_1d=return_1d, usual=usual)


def test_a_reading_has_every_field_of_the_typed_output() -> None:
    reading = LexiconReader().read(
        day("Acme EPS beats, revenue beats", "Acme raises guidance", "SEC opens probe of Acme")
    )
    assert reading.event_flags == EventFlags(
        earnings_surprise=True, guidance_change=True, regulatory_risk=True
    )
    assert reading.news_intensity == "high"  # two over the usual one
    assert len(reading.scores) == 3
    assert reading.sentiment_score == pytest.approx(sum(reading.scores) / 3)
    assert "earnings" in reading.key_narratives
    assert 0 < reading.sentiment_confidence < 1


def test_evidence_that_agrees_gives_more_confidence() -> None:
    agreed = confidence(("Profit surges", "Sales surge"))
    assert agreed > confidence(("Profit surges", "Sales plunge"))
    assert confidence(("Board meets",)) == 0.0


def test_text_against_price_is_remarked() -> None:
    reader = LexiconReader()
    assert reader.read(day("Profit surges", return_1d=-0.03)).contrarian_signals
    assert not reader.read(day("Profit surges", return_1d=0.03)).contrarian_signals
    assert not reader.read(day("Profit surges")).contrarian_signals


def test_a_reading_out_of_bounds_is_refused() -> None:
    good = LexiconReader().read(day("Profit surges")).model_dump()
    with pytest.raises(ValidationError):
        NewsReading.model_validate({**good, "sentiment_score": 1.5})
    with pytest.raises(ValidationError):
        NewsReading.model_validate({**good, "news_intensity": "frantic"})
