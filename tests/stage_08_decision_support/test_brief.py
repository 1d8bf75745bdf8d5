"""The brief: what it says follows from what it was given, and from nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.contracts import DecisionBrief, StoryBook, content_hash
from foundation.kernel import UpstreamDataError
from foundation.testing import samples
from foundation.testing.samples import SampleRun
from stage_08_decision_support import BriefInput, DecisionSupportSettings, DecisionSupportStage
from stage_08_decision_support.caveats import odds_in_words


def test_the_same_parts_give_the_same_bytes(stage: DecisionSupportStage, given: BriefInput) -> None:
    assert content_hash(stage.run(given)) == content_hash(stage.run(given))


def test_there_is_one_page_per_instrument_in_the_order_of_the_universe(
    brief: DecisionBrief, run: SampleRun
) -> None:
    assert [p.signal.symbol for p in brief.instruments] == ["SPX", "IXIC", "AAPL", "MTUM"]
    for page in brief.instruments:
        assert page.story.session == run.market.session
        assert page.story.symbol == page.signal.symbol
        verdict = next(v for v in run.validated.verdicts if v.symbol == page.signal.symbol)
        assert page.forecast_text == verdict.chosen.continuation.text


def test_moments_are_those_of_the_market_and_no_maker_is_claimed(
    brief: DecisionBrief, run: SampleRun
) -> None:
    assert (brief.as_of, brief.produced_at) == (run.market.as_of, run.market.produced_at)
    assert brief.made_from == ()


def test_the_headline_counts_directions_and_setups(brief: DecisionBrief) -> None:
    # The sample has signals bullish, bearish, neutral, bullish; the neutral one carries no setup.
    assert brief.headline == (
        "2 of 4 lean bullish into Monday 31 December, one bearish; three setups clear the bar"
    )


def test_the_summary_has_three_to_five_sentences_of_plain_tone(brief: DecisionBrief) -> None:
    assert 3 <= len(brief.summary) <= 5
    for text in brief.summary:
        assert text.endswith(".")
        assert "!" not in text


def test_the_summary_says_that_no_baseline_was_beaten_when_none_was(brief: DecisionBrief) -> None:
    # The sample's one log score, price against climatology, has an interval around zero.
    record = next(text for text in brief.summary if "climatology" in text)
    assert "better than climatology on none of one series and worse on none" in record


@pytest.mark.parametrize(
    ("low", "high", "told", "called"),
    [
        (-0.003, -0.001, "they were better than the past frequency alone", True),
        (-0.001, 0.001, "they cannot be told from the past frequency alone", False),
        (0.001, 0.003, "they were worse than the past frequency alone", False),
    ],
)
def test_past_odds_are_told_as_good_as_they_were(
    low: float, high: float, told: str, called: bool
) -> None:
    sample = samples.sample_run().signals.record
    assert sample is not None
    (text,) = odds_in_words(sample.model_copy(update={"low": low, "high": high}))
    assert told in text
    assert ("No direction is called" not in text) is called


def test_without_a_record_that_is_said() -> None:
    assert "no record yet" in odds_in_words(None)[0]


def test_setups_come_with_the_highest_conviction_first(brief: DecisionBrief) -> None:
    conviction = {p.signal.symbol: p.signal.conviction for p in brief.instruments}
    told = [conviction[s.symbol] for s in brief.setups]
    assert told == sorted(told, reverse=True)
    assert "AAPL" not in {s.symbol for s in brief.setups}


def test_a_higher_bar_lets_fewer_setups_through(given: BriefInput) -> None:
    strict = DecisionSupportStage(DecisionSupportSettings(setup_conviction=0.52)).run(given)
    assert [s.symbol for s in strict.setups] == ["SPX"]  # sample convictions: .55 .50 .10 .40
    none = DecisionSupportStage(DecisionSupportSettings(setup_risk_reward=2.5)).run(given)
    assert none.setups == ()  # the sample's levels pay 2.0
    assert none.headline.endswith("no setups clear the bar")


def test_a_regenerated_forecast_is_reported_with_what_earlier_drafts_failed_on(
    brief: DecisionBrief,
) -> None:
    notes = {p.signal.symbol: p.forecast_note for p in brief.instruments}
    assert notes["SPX"].startswith("Accepted after two attempts (other drafts failed on: a story")
    assert notes["IXIC"].startswith("Accepted at the first attempt.")
    assert "62 of 100 points" in notes["IXIC"]


def test_what_only_lowers_a_score_is_not_called_a_failure(
    stage: DecisionSupportStage, given: BriefInput
) -> None:
    spx = given.validated.verdicts[0]
    warned = (
        spx.rejected[0]
        .findings[0]
        .model_copy(update={"severity": "warning", "rule": "every series is there"})
    )
    refused = spx.rejected[0]
    refused = refused.model_copy(update={"findings": (warned, *refused.findings)})
    verdicts = (spx.model_copy(update={"rejected": (refused,)}), *given.validated.verdicts[1:])
    told = stage.run(
        replace(given, validated=given.validated.model_copy(update={"verdicts": verdicts}))
    )
    assert "every series is there" not in told.instruments[0].forecast_note
    assert "a story does not contradict its own tape" in told.instruments[0].forecast_note


def test_a_refused_draft_is_never_printed_as_the_forecast(
    stage: DecisionSupportStage, given: BriefInput
) -> None:
    spx = given.validated.verdicts[0].model_copy(update={"verdict": "fallback", "attempts": 4})
    verdicts = (spx, *given.validated.verdicts[1:])
    fallen = given.validated.model_copy(update={"verdicts": verdicts})
    told = stage.run(replace(given, validated=fallen))
    page = told.instruments[0]
    assert spx.chosen.continuation.text not in page.forecast_text
    price = given.validated.distributions.values[-1, 0, 0]
    outcomes = ("drops sharply", "drops", "holds steady", "rises", "rises sharply")
    likeliest = outcomes[list(price).index(max(price))]
    assert f"price {likeliest} ({max(price):.0%})" in page.forecast_text
    assert page.forecast_note.startswith("No draft passed validation in four attempts (failed on:")
    assert "For SPX no drafted continuation passed validation" in " ".join(told.caveats)


def test_caveats_name_bias_closes_calibration_record_and_advice(brief: DecisionBrief) -> None:
    text = " ".join(brief.caveats)
    assert "survivor-biased" in text
    assert "Two instruments of 4 report closes only" in text
    # The sample's record: 960 outcomes, Brier 0.2461 beside 0.2475, interval below zero.
    assert "held against 960 past outcomes" in text
    assert "(0.2461) they were better than the past frequency alone (0.2475)" in text
    assert "Of 120 directions that would have paid at them 72 came true" in text
    assert "no direction is called" not in text
    assert "price cannot be told apart from climatology" in text
    assert brief.caveats[-1].count("not investment advice") == 1


def test_without_survivor_bias_the_caveat_is_not_made(
    stage: DecisionSupportStage, given: BriefInput
) -> None:
    source = given.market.source.model_copy(update={"survivor_biased": False})
    fair = replace(
        given,
        market=given.market.model_copy(update={"source": source}),
        performance=given.performance.model_copy(update={"survivor_biased": False}),
    )
    assert "survivor" not in " ".join(stage.run(fair).caveats)


def test_parts_of_different_sessions_are_refused(
    stage: DecisionSupportStage, given: BriefInput
) -> None:
    earlier = given.signals.session - timedelta(days=1)
    mixed = replace(given, signals=given.signals.model_copy(update={"session": earlier}))
    with pytest.raises(UpstreamDataError, match="same session"):
        stage.run(mixed)


def test_a_signal_without_a_story_is_refused_by_name(
    stage: DecisionSupportStage, given: BriefInput
) -> None:
    kept = tuple(s for s in given.stories.recent if s.symbol != "IXIC")
    stories: StoryBook = given.stories.model_copy(update={"recent": kept})
    with pytest.raises(UpstreamDataError, match="IXIC"):
        stage.run(replace(given, stories=stories))
