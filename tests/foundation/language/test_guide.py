"""Whatever a guided hand writes can be read, in order, and agrees with its tape."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.contracts import STATES, TAPE, Section, Statement, statement, tape_outcomes
from foundation.language import read
from foundation.language.agreement import Known, agreeing
from foundation.language.clause_trie import language
from foundation.language.grammar import phrasings
from foundation.language.guide import Guide, GuidedText
from foundation.language.sections import section_of

LETTERS = [chr(c) for c in range(32, 127)]
WORDS = [
    "The price",
    " is",
    " looks",
    "Over the",
    " fortnight",
    "Momentum",
    " volatility",
    ", and",
    " today",
    "Support",
    " the",
    " The",
    "Volume is",
    " unusually high",
    "nonsense",
    None,
]
PIECES: list[str | None] = [*LETTERS, *WORDS]
GUIDE = Guide(PIECES)

tapes = st.fixed_dictionaries(
    {name: st.sampled_from(tape_outcomes(name)) for name in TAPE if name != "volume"},
    optional={"volume": st.sampled_from(STATES)},
)


def known(
    tape: dict[str, str],
    absent: frozenset[str] = frozenset(),
    before: Iterable[Statement] = (),
) -> Known:
    """Return what is known of a day whose tape this is."""
    return Known(tuple(sorted(tape.items())), frozenset(), absent, frozenset(before))


def write(tape: dict[str, str], seed: int) -> tuple[str, bool]:
    """Draw pieces at random from those on offer until the story may end."""
    rng = np.random.default_rng(seed)
    absent = frozenset({"volume"} - set(tape))
    text, guided = "", GuidedText(GUIDE, known(tape, absent))
    for _ in range(4_000):
        tokens, may_end = guided.options()
        if may_end and (not tokens or rng.random() < 0.5):
            return text, True
        token = int(rng.choice(tokens))
        text += PIECES[token] or ""
        guided.take(token)
    return text, False


@settings(max_examples=25, deadline=None)
@given(tapes, st.integers(0, 10**6))
def test_any_guided_text_is_a_whole_story_that_can_be_read(tape: dict, seed: int) -> None:
    text, ended = write(tape, seed)
    assert ended, text[-200:]
    reading = read(text)
    assert reading.ungrounded == ()
    sections = [section_of(s) for s in reading.statements]
    order = list(Section)
    assert [order.index(s) for s in sections] == sorted(order.index(s) for s in sections)
    assert set(sections) == set(order)
    assert (reading.statements[0].kind, reading.statements[0].subject) == ("movement", "price")
    spoken = [(s.kind, s.subject) for s in reading.statements]
    assert len(set(spoken)) == len(spoken)


@settings(max_examples=25, deadline=None)
@given(tapes, st.integers(0, 10**6))
def test_a_guided_text_tells_its_tape(tape: dict, seed: int) -> None:
    for said in read(write(tape, seed)[0]).statements:
        if said.kind == "movement" and said.subject == "price":
            assert tape_outcomes("price")[int(said.value) + 2] == tape["price"]
        if said.kind == "state" and said.subject in TAPE and said.subject != "price":
            assert said.value == tape[said.subject]
        if said.kind == "absence":
            assert said.subject not in tape


def test_tokens_outside_the_language_are_never_on_offer() -> None:
    guided = GuidedText(GUIDE, known({"price": "rises"}))
    tokens, may_end = guided.options()
    assert not may_end
    assert {PIECES[t] for t in tokens} <= {"T", "The price"}


def offered(*before: Statement, kind: str = "event") -> set[tuple[str, str]]:
    bits = agreeing(known({"price": "rises"}, before=before))
    said = language().said
    return {(s.subject, s.value) for k, s in enumerate(said) if bits >> k & 1 and s.kind == kind}


def event(subject: str, value: str) -> Statement:
    return statement("event", subject, value)


def test_tomorrows_headlines_halts_and_surprises_are_never_on_offer() -> None:
    everything = [s for s in language().said if s.kind == "event"]
    told = offered(*everything)
    assert {subject for subject, _ in told} > {"earnings", "cash dividend", "payrolls"}
    for subject, value in told:
        assert subject not in ("news", "market news", "halt")
        assert not value.startswith("surprise")


def test_scheduled_events_are_on_offer_where_the_story_before_spoke_of_them() -> None:
    assert {subject for subject, _ in offered()} == {"core inflation"}
    told = offered(event("earnings", "until: days ahead"))
    assert ("earnings", "until: tomorrow") in told
    assert {subject for subject, _ in told} == {"core inflation", "earnings"}


def test_appetite_for_risk_is_inferred_from_fear_and_cannot_deny_it() -> None:
    said = language().said
    appetite = {
        s.value: bit for bit, s in enumerate(said)
        if s.subject == "risk appetite" and s.hedge == "clear"
    }  # fmt: skip
    fearful = agreeing(known({"market volatility": "very high", "price": "rises"}))
    assert not fearful >> appetite["very high"] & 1
    assert fearful >> appetite["very low"] & 1
    unknown = agreeing(known({"price": "rises"}))
    assert not any(unknown >> bit & 1 for bit in appetite.values())


@settings(max_examples=15, deadline=None)
@given(tapes, st.integers(0, 10**6), st.integers(0, 200))
def test_a_hurried_text_tells_one_clause_for_each_section_it_owes(
    tape: dict, seed: int, after: int
) -> None:
    rng = np.random.default_rng(seed)
    guided = GuidedText(GUIDE, known(tape, frozenset({"volume"} - set(tape))))
    text, sentences = "", None
    for step in range(4_000):
        if step == after:
            sentences = text.count(".") + 1 + guided.owed
            guided.hurry()
        tokens, may_end = guided.options()
        if may_end and not tokens:
            break
        token = int(rng.choice(tokens))
        text += PIECES[token] or ""
        guided.take(token)
    assert may_end, text[-200:]
    reading = read(text)
    assert reading.ungrounded == ()
    assert {section_of(s) for s in reading.statements} == set(Section)
    # The sentence under way, and one for each section that was owed.
    assert sentences is None or text.count(".") <= sentences


def test_a_hurried_text_takes_the_longest_piece_of_those_that_begin_alike() -> None:
    guided = GuidedText(GUIDE, known({"price": "rises"}))
    assert {PIECES[t] for t in guided.options()[0]} == {"T", "The price"}
    guided.hurry()
    assert {PIECES[t] for t in guided.options()[0]} == {"The price"}


def test_what_is_offered_follows_from_the_story_before() -> None:
    due = {value for _, value in offered(event("core inflation", "until: tomorrow"))}
    assert due == {"since: today"}
    regimes = offered(statement("regime", "market", "volatile", "passing"), kind="regime")
    assert regimes == {("market", "volatile")}


@pytest.mark.parametrize("opener", ["In the wider market, ", "Across the market, "])
@pytest.mark.parametrize(
    ("clause", "is_there"), [("breadth is poor", True), ("the trend is weak", False)]
)
def test_words_that_turn_to_the_market_get_there(opener: str, clause: str, is_there: bool) -> None:
    guided = GuidedText(GUIDE, known({"price": "rises", "trend": "low"}))
    said = {bare: s for s in language().said for bare in phrasings(s)}
    clause = next(
        text for text in said if text.startswith(clause[:12]) and said[text].value == "low"
    )
    for letter in f"The price rose today. {opener}{clause}":
        guided.take(LETTERS.index(letter))
    assert bool(guided._paths) is is_there
    without = GuidedText(GUIDE, known({"price": "rises", "trend": "low"}))
    for letter in f"The price rose today. {clause[0].upper()}{clause[1:]}":
        without.take(LETTERS.index(letter))
    assert without._paths


def test_a_story_tells_of_one_pattern() -> None:
    """A bull trap beside a bear trap is no reading of a chart."""
    said = {text: s for s in language().said if s.kind == "pattern" for text in phrasings(s)}
    texts = [next(t for t, s in said.items() if s.subject == name) for name in
             ("bear trap", "bull trap")]  # fmt: skip
    for first, second in (texts, texts[::-1]):
        alone = GuidedText(GUIDE, known({"price": "rises"}, frozenset({"volume", "breadth"})))
        story = f"The price rose today. {_absent('volume')}. {first[0].upper()}{first[1:]}. "
        for letter in story:
            alone.take(LETTERS.index(letter))
        assert alone._paths
        for letter in f"{second[0].upper()}{second[1:]}":
            alone.take(LETTERS.index(letter))
        assert not alone._paths


def _absent(subject: str) -> str:
    said = statement("absence", subject, "absent")
    return (text := phrasings(said)[0])[0].upper() + text[1:]
