"""The stage as a whole: contract in, contract out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from foundation.contracts import (
    SCENARIOS,
    Continuation,
    ContinuationRequest,
    content_hash,
    tape_outcomes,
)
from foundation.kernel import ModelError
from foundation.language import Clause, Reading, Yardstick
from foundation.testing import samples
from stage_06_validation import ValidationInput, ValidationSettings, ValidationStage
from stage_06_validation.facts import gather_facts


def no_engine(requests: Sequence[ContinuationRequest]) -> Sequence[Continuation]:
    raise AssertionError("no draft should have been asked for")


@pytest.fixture(scope="module")
def given() -> ValidationInput:
    """Sample contracts whose drafts are today's stories, which are sound."""
    run = samples.sample_run()
    today = run.stories.today()
    observed = run.stories.observed.values[-1]
    drafts = []
    for one in run.forecast.continuations:
        n = run.stories.symbols.index(one.symbol)
        codes = dict(zip(run.stories.observed.fields, observed[n], strict=True))
        drafts.append(
            one.model_copy(update={"text": today[one.symbol].learning, "tape": _tape(codes)})
        )
    forecast = run.forecast.model_copy(update={"continuations": tuple(drafts)})
    return ValidationInput(forecast, run.stories, run.market, run.fuzzy, run.quant)


def _tape(codes: dict[str, float]) -> dict[str, str]:
    return {s: tape_outcomes(s)[int(c)] for s, c in codes.items() if not np.isnan(c)}


def echo(given: ValidationInput):  # type: ignore[no-untyped-def]
    """An engine that repeats the first drafts."""

    def regenerate(requests: Sequence[ContinuationRequest]) -> list[Continuation]:
        by = {(c.symbol, c.scenario): c for c in given.forecast.continuations}
        return [
            by[r.symbol, r.scenario].model_copy(update={"attempt": r.attempt}) for r in requests
        ]

    return regenerate


def test_every_symbol_with_drafts_gets_a_verdict(given: ValidationInput) -> None:
    made = ValidationStage(ValidationSettings(), echo(given)).run(given)
    assert tuple(v.symbol for v in made.verdicts) == given.stories.symbols
    assert all(len(v.scenarios) == 4 for v in made.verdicts)
    assert made.distributions == given.forecast.distributions
    assert (made.as_of, made.produced_at) == (given.forecast.as_of, given.forecast.produced_at)


def test_an_absent_volume_reaches_the_facts(given: ValidationInput) -> None:
    facts = gather_facts(given, ValidationSettings())
    assert "volume" in facts["AAPL"].absent
    assert "volume" not in facts["SPX"].absent
    assert "volume" not in facts["AAPL"].today


def test_the_same_input_gives_the_same_bytes(given: ValidationInput) -> None:
    stage = ValidationStage(ValidationSettings(), echo(given))
    assert content_hash(stage.run(given)) == content_hash(stage.run(given))


def test_a_reader_that_grounds_nothing_refuses_everything_and_hides_nothing(
    given: ValidationInput,
) -> None:
    def blind(text: str, *, yardsticks: Mapping[str, Yardstick]) -> Reading:
        unread = Clause(text, 0, len(text), 0, "unread", why="blind")
        return Reading(clauses=(unread,))

    settings = ValidationSettings(max_attempts=2, regenerated=SCENARIOS)
    made = ValidationStage(settings, echo(given), reader=blind).run(given)
    for verdict in made.verdicts:
        assert verdict.verdict == "fallback"
        assert not verdict.chosen.accepted
        assert len(verdict.rejected) == 8
        assert verdict.attempts == 2
        assert all(c.findings for c in verdict.rejected)


def test_a_contradiction_is_refused_and_the_next_draft_is_taken(given: ValidationInput) -> None:
    settings = ValidationSettings(
        minimum_accuracy=0, minimum_completeness=0, minimum_clarity=0, minimum_actionability=0
    )
    sound = ValidationStage(settings, echo(given)).run(given).verdicts[0]
    assert sound.verdict == "accepted"
    base = sound.chosen.continuation
    wrong = base.model_copy(update={"text": f"{base.text} The trend is very weak. Oil is cheap."})
    spoilt = wrong.model_copy(update={"tape": {**base.tape, "price": "soars"}})
    drafts = tuple(
        spoilt if (c.symbol, c.scenario) == (base.symbol, "base") else c
        for c in given.forecast.continuations
    )
    changed = replace(given, forecast=given.forecast.model_copy(update={"continuations": drafts}))
    verdict = ValidationStage(settings, echo(given)).run(changed).verdicts[0]
    assert verdict.verdict == "regenerated"
    assert verdict.chosen.continuation.text == base.text
    assert [c.continuation.tape["price"] for c in verdict.rejected] == ["soars"]


def test_what_happened_after_the_as_of_session_changes_no_fact(given: ValidationInput) -> None:
    """Facts are read at the session: rewriting rows after a cut must not matter before it."""
    session = given.fuzzy.session
    assert given.fuzzy.memberships.sessions[-1] == session
    values = given.fuzzy.memberships.values.copy()
    longer = given.fuzzy.memberships.model_copy(
        update={
            "sessions": (*given.fuzzy.memberships.sessions, date(2018, 12, 31)),
            "values": np.concatenate([values, values[:1] * 0 + 0.2]),
        }
    )
    tainted = replace(given, fuzzy=given.fuzzy.model_copy(update={"memberships": longer}))
    settings = ValidationSettings()
    before = gather_facts(given, settings)["SPX"]
    after = gather_facts(tainted, settings)["SPX"]
    assert before.standing == after.standing
    for name, counts in before.changes.items():
        np.testing.assert_array_equal(counts, after.changes[name])


def test_prices_after_the_session_change_no_yardstick(given: ValidationInput) -> None:
    longer = {
        name: panel.model_copy(
            update={
                "sessions": (*panel.sessions, date(2018, 12, 31)),
                "values": np.concatenate([panel.values, panel.values[-1:] * 1000.0]),
            }
        )
        for name in ("bars", "features", "market")
        if (panel := getattr(given.market, name)).sessions
    }
    tainted = replace(given, market=given.market.model_copy(update=longer))
    before, after = (gather_facts(g, ValidationSettings())["SPX"] for g in (given, tainted))
    assert before.yardsticks
    assert repr(before.yardsticks) == repr(after.yardsticks)


def test_inputs_of_different_sessions_are_an_error(given: ValidationInput) -> None:
    moved = given.market.model_copy(update={"session": date(2018, 12, 27)})
    with pytest.raises(ModelError, match="must stand at one"):
        ValidationStage(ValidationSettings(), no_engine).run(replace(given, market=moved))


def test_a_draft_about_a_stranger_is_an_error(given: ValidationInput) -> None:
    stranger = given.forecast.continuations[0].model_copy(update={"symbol": "ZZZ"})
    changed = given.forecast.model_copy(update={"continuations": (stranger,)})
    with pytest.raises(ModelError, match="story book"):
        ValidationStage(ValidationSettings(), no_engine).run(replace(given, forecast=changed))


def test_no_drafts_make_no_verdicts(given: ValidationInput) -> None:
    empty = given.forecast.model_copy(update={"continuations": ()})
    made = ValidationStage(ValidationSettings(), no_engine).run(replace(given, forecast=empty))
    assert made.verdicts == ()


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (3.0, 4.0, {"since": 4.0, "until": 3.0}),
        (20.0, 1.0, {}),  # due on the target session itself: published or late, who knows
        (3.0, np.nan, {}),  # nothing is scheduled: it may come any day
        (np.nan, 4.0, {"until": 3.0}),
    ],
)
def test_the_calendar_is_that_of_the_target_session(
    given: ValidationInput, since: float, until: float, expected: dict[str, float]
) -> None:
    events = given.fuzzy.events
    values = events.values.copy()
    for field, value in (("since", since), ("until", until)):
        column = next(k for k, name in enumerate(events.fields) if name.endswith(field))
        values[-1, 0, column] = value
    fuzzy = given.fuzzy.model_copy(
        update={
            "events": events.model_copy(update={"values": values}),
            # A Friday and the Monday after it: one weekday apart.
            "session": date(2018, 12, 28),
            "target_session": date(2018, 12, 31),
        }
    )
    facts = gather_facts(replace(given, fuzzy=fuzzy), ValidationSettings())
    assert facts["SPX"].calendar["core inflation"] == expected


def test_the_calendar_knows_the_symbols_own_events_and_nobody_elses(
    given: ValidationInput,
) -> None:
    events = given.fuzzy.symbol_events
    values = events.values.copy()
    column = events.fields.index("earnings|weekdays until")
    values[-1, :, column] = np.nan
    values[-1, events.symbols.index("SPX"), column] = 12.0
    fuzzy = given.fuzzy.model_copy(
        update={
            "symbol_events": events.model_copy(update={"values": values}),
            "session": date(2018, 12, 28),
            "target_session": date(2018, 12, 31),
        }
    )
    facts = gather_facts(replace(given, fuzzy=fuzzy), ValidationSettings())
    assert facts["SPX"].calendar["earnings"]["until"] == 11.0
    others = [one for symbol, one in facts.items() if symbol != "SPX"]
    assert others
    assert all("until" not in one.calendar.get("earnings", {}) for one in others)


def test_numbers_in_a_draft_are_graded_on_the_instruments_own_past(given: ValidationInput) -> None:
    market = given.market
    row = market.bars.symbols.index("SPX")
    closes = market.bars.field("close")[-60:, row]
    ruler = gather_facts(given, ValidationSettings())["SPX"].yardsticks["price"]
    assert ruler.mean == pytest.approx(closes.mean())
    assert ruler.spread == pytest.approx(closes.std())
    assert ruler.state("price", float(closes.mean() + 2 * closes.std())) == "very high"
    daily = market.features.field("volatility_scale_20")[-1, row] / closes[-1]
    assert ruler.movement(100 * 1.0 * daily) == 2
    assert ruler.movement(-100 * 0.5 * daily) == -1
    assert ruler.movement(100 * 0.2 * daily) == 0
