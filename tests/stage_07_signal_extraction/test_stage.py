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
    with_foresight,
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


def test_a_model_with_a_record_is_believed_and_its_calls_are_made(inputs: SignalInput) -> None:
    made = run(with_foresight(inputs, SPX=0.9, IXIC=0.1))
    up, down = made.of("SPX"), made.of("IXIC")
    assert (up.direction, down.direction) == ("bullish", "bearish")
    for one in (up, down):
        told = one.reconciliation
        assert told.model_weight > 0.9
        assert one.conviction > 0
        assert one.confidence is not None
        assert one.confidence == pytest.approx(0.9, abs=0.05)
        assert f"{one.confidence:.1%}" in one.rationale[-1]
    assert made.record is not None
    assert made.record.high < 0
    assert made.record.right > 0.8 * made.record.calls > 0


def test_nothing_is_called_at_odds_that_have_not_beaten_the_base_rate(inputs: SignalInput) -> None:
    # On the last row the model is as sure as one with a record, before that it knew nothing.
    made = run(with_quant(inputs, q10=0.01, q50=0.04, q90=0.07))
    assert made.record is not None
    assert not made.record.better
    assert {s.direction for s in made.signals} == {"neutral"}
    assert "no call" in made.of("SPX").rationale[-1]


def test_a_model_without_a_record_is_not_believed_whatever_it_says(inputs: SignalInput) -> None:
    bold = run(with_quant(inputs, q10=0.05, q50=0.08, q90=0.11)).of("SPX").reconciliation
    assert bold.model is not None
    assert bold.model > 0.99
    assert bold.rise < 0.6


def test_the_published_odds_are_the_weighted_mean_of_what_is_shown(inputs: SignalInput) -> None:
    for changed in (inputs, silent_quant(inputs), with_foresight(inputs, AAPL=0.3)):
        for one in run(changed).signals:
            r = one.reconciliation
            assert r.past_weight + r.story_weight + r.model_weight == pytest.approx(1)
            mean = r.past_weight * r.past + r.story_weight * r.story
            assert r.rise == pytest.approx(mean + r.model_weight * (r.model or 0.0))


def test_a_neutral_signal_has_no_confidence_and_no_conviction(inputs: SignalInput) -> None:
    for one in run(inputs).signals:
        assert (one.confidence is None) == (one.conviction == 0) == (one.direction == "neutral")


def test_costs_silence_a_call(inputs: SignalInput) -> None:
    changed = with_foresight(inputs, SPX=0.9)
    dear = SignalExtractionStage(SignalSettings(cost_basis_points=500)).run(changed)
    assert run(changed).of("SPX").direction == "bullish"
    assert dear.of("SPX").direction == "neutral"
    assert dear.of("SPX").reconciliation.rise == run(changed).of("SPX").reconciliation.rise


def test_without_a_quantitative_opinion_the_story_stands_beside_the_past(
    inputs: SignalInput,
) -> None:
    for one in run(silent_quant(inputs)).signals:
        assert one.reconciliation.verdict == "story only"
        assert one.reconciliation.model is None
        assert one.reconciliation.model_weight == 0


def test_close_only_instruments_get_levels_from_closes(inputs: SignalInput) -> None:
    one = run(with_foresight(inputs, AAPL=0.9)).of("AAPL")
    assert one.direction == "bullish"
    assert one.levels.target is not None
    assert any("not reported" in r.text for r in one.risks)


def test_what_has_no_known_outcome_yet_teaches_nothing(
    inputs: SignalInput,
) -> None:
    # Outcomes of the last five rows are not known yet: whatever was said there cannot count.
    panel = with_foresight(inputs).quant.values
    values = panel.values.copy()
    values[-5:-1, :, panel.fields.index("q50")] += 0.001
    changed = inputs.quant.model_copy(
        update={"values": panel.model_copy(update={"values": values})}
    )
    one, two = run(with_foresight(inputs)), run(replace(inputs, quant=changed))
    assert [s.reconciliation for s in one.signals] == [s.reconciliation for s in two.signals]


def test_words_promise_nothing(inputs: SignalInput) -> None:
    for one in run(inputs).signals:
        told = " ".join((*one.rationale, *(r.text for r in one.risks))).lower()
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
def test_a_text_has_no_vote_and_a_refused_one_is_quoted_as_refused(
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
    heard = run(
        replace(inputs, validated=inputs.validated.model_copy(update={"verdicts": verdicts}))
    ).of("SPX")
    assert heard.reconciliation == run(inputs).of("SPX").reconciliation
    assert ("which validation refused" in " ".join(heard.rationale)) is not accepted
