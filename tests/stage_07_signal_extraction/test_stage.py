"""The stage as a whole: contract in, contract out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from foundation.contracts import SignalSet, content_hash, statement
from foundation.kernel import ModelError
from stage_07_signal_extraction import SignalExtractionStage, SignalInput, SignalSettings
from tests.stage_07_signal_extraction.material import (
    given,
    silent_quant,
    with_confidence,
    with_price,
    with_quant,
)


@pytest.fixture(scope="module")
def inputs() -> SignalInput:
    return given()


def run(inputs: SignalInput) -> SignalSet:
    return SignalExtractionStage(SignalSettings()).run(inputs)


def test_there_is_a_signal_per_verdict_in_order_of_the_universe(inputs: SignalInput) -> None:
    mixed = inputs.validated.model_copy(update={"verdicts": inputs.validated.verdicts[::-1]})
    made = run(replace(inputs, validated=mixed))
    assert tuple(s.symbol for s in made.signals) == inputs.market.bars.symbols
    assert (made.as_of, made.produced_at) == (inputs.validated.as_of, inputs.validated.produced_at)


def test_the_same_input_gives_the_same_bytes(inputs: SignalInput) -> None:
    assert content_hash(run(inputs)) == content_hash(run(inputs))


def test_signals_keep_every_promise_of_the_contract(inputs: SignalInput) -> None:
    for one in run(inputs).signals:
        assert sum(s.probability for s in one.scenarios) == pytest.approx(1.0)
        assert 3 <= len(one.rationale) <= 5
        assert all(line.endswith(".") for line in one.rationale)
        assert (one.levels.target is None) == (one.direction == "neutral")
        if one.levels.target is not None and one.levels.stop is not None:
            sign = 1 if one.direction == "bullish" else -1
            assert sign * one.levels.stop < sign * one.levels.entry < sign * one.levels.target


@pytest.mark.parametrize(
    ("price", "drift", "direction"),
    [
        ([0.0, 0.05, 0.15, 0.4, 0.4], 0.03, "bullish"),
        ([0.4, 0.4, 0.15, 0.05, 0.0], -0.03, "bearish"),
    ],
)
def test_a_clear_forecast_that_the_model_shares_sets_the_direction(
    inputs: SignalInput, price: list[float], drift: float, direction: str
) -> None:
    changed = with_quant(with_price(inputs, price), expected_return_5d=drift, volatility_5d=0.03)
    one = run(changed).of("SPX")
    assert one.direction == direction
    assert one.conviction > 0


def test_without_a_quantitative_opinion_the_story_stands_alone(inputs: SignalInput) -> None:
    for one in run(silent_quant(inputs)).signals:
        assert one.reconciliation.verdict == "story only"
        assert one.reconciliation.quant_score is None
        assert one.reconciliation.agreement is None
        assert one.reconciliation.pooled == one.reconciliation.story_score


def test_close_only_instruments_get_levels_from_closes(inputs: SignalInput) -> None:
    changed = with_price(inputs, [0.0, 0.0, 0.0, 0.2, 0.8], "AAPL")
    changed = with_quant(changed, "AAPL", expected_return_5d=0.05, volatility_5d=0.03)
    one = run(changed).of("AAPL")
    assert one.direction == "bullish"
    assert one.levels.target is not None
    assert any("not reported" in r.text for r in one.risks)


def test_without_confidence_there_is_no_conviction(inputs: SignalInput) -> None:
    assert all(s.conviction == 0 for s in run(with_confidence(inputs, 0.0)).signals)


def test_more_confidence_never_means_less_conviction(inputs: SignalInput) -> None:
    low, high = (run(with_confidence(inputs, c)).signals for c in (0.3, 0.6))
    assert all(a.conviction <= b.conviction for a, b in zip(low, high, strict=True))


def test_words_promise_nothing(inputs: SignalInput) -> None:
    for one in run(inputs).signals:
        told = " ".join((*one.rationale, *(r.text for r in one.risks))).lower()
        assert "neither is a measured probability" in told
        assert not any(
            word in told for word in ("guarantee", "certainly", "will rise", "will fall")
        )


def test_one_symbols_signal_does_not_depend_on_anothers_forecast(inputs: SignalInput) -> None:
    changed = with_price(inputs, [0.0, 0.0, 0.0, 0.0, 1.0], "IXIC")
    assert run(changed).of("SPX") == run(inputs).of("SPX")
    assert run(changed).of("IXIC") != run(inputs).of("IXIC")


def test_a_symbol_without_a_story_of_today_still_gets_a_signal(inputs: SignalInput) -> None:
    stories = inputs.stories.model_copy(update={"recent": ()})
    made = run(replace(inputs, stories=stories))
    assert len(made.signals) == 4
    assert all(len(s.rationale) >= 3 for s in made.signals)


def test_a_verdict_without_a_price_distribution_is_an_error(inputs: SignalInput) -> None:
    with pytest.raises(ModelError, match="price distribution"):
        run(with_price(inputs, [np.nan] * 5))


def test_inputs_of_different_sessions_are_an_error(inputs: SignalInput) -> None:
    moved = inputs.stories.model_copy(update={"session": date(2018, 12, 27)})
    with pytest.raises(ModelError, match="one session"):
        run(replace(inputs, stories=moved))


def test_a_verdict_about_a_stranger_is_an_error(inputs: SignalInput) -> None:
    stranger = inputs.validated.verdicts[0].model_copy(update={"symbol": "ZZZ"})
    changed = inputs.validated.model_copy(update={"verdicts": (stranger,)})
    with pytest.raises(ModelError, match="market window"):
        run(replace(inputs, validated=changed))


@pytest.mark.parametrize("accepted", [True, False])
def test_a_refused_text_has_no_vote_and_is_quoted_as_refused(
    inputs: SignalInput, accepted: bool
) -> None:
    rise = (statement("movement", "price", "+2"), statement("state", "trend", "very high", "clear"))
    verdicts = tuple(
        v.model_copy(
            update={
                "chosen": v.chosen.model_copy(update={"statements": rise, "accepted": accepted})
            }
        )
        for v in inputs.validated.verdicts
    )
    silent = tuple(
        v.model_copy(update={"chosen": v.chosen.model_copy(update={"statements": ()})})
        for v in inputs.validated.verdicts
    )
    heard, unheard = (
        run(replace(inputs, validated=inputs.validated.model_copy(update={"verdicts": v}))).of(
            "SPX"
        )
        for v in (verdicts, silent)
    )
    gain = heard.reconciliation.story_score - unheard.reconciliation.story_score
    assert (gain > 0) is accepted
    assert ("which validation refused" in " ".join(heard.rationale)) is not accepted
