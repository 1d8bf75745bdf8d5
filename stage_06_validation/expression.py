"""Checks of how a draft says things: what it covers, how it reads, what it is good for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from foundation.contracts import Section
from stage_06_validation.draft import Draft
from stage_06_validation.facts import SymbolFacts
from stage_06_validation.rule import Breach, Rule
from stage_06_validation.settings import ValidationSettings


def section_is_missing(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Every section that all recent stories of the instrument have must be spoken of."""
    for section in Section:
        if section in facts.required and section not in draft.sections:
            yield f"nothing on {section.value}", "all recent stories speak of it"


def series_is_missing(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Series that today's story speaks of and the draft leaves out."""
    missing = sorted(facts.spoken - draft.series)
    if missing:
        yield f"nothing on {', '.join(missing)}", "today's story speaks of it"


def text_is_unfinished(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Generation must have stopped by itself, with something said."""
    if draft.continuation.ending != "complete":
        yield f"the text is {draft.continuation.ending}", "a complete story"
    elif not draft.statements:
        yield "nothing that can be grounded", "a complete story"


def too_much_ungrounded(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Most of a story must be checkable."""
    share = 1.0 - draft.grounded_share
    if share > settings.max_ungrounded:
        example = draft.ungrounded[0] if draft.ungrounded else "an empty text"
        yield f"{share:.0%} of the clauses, such as: {example[:120]}", "the story language"


def something_ungrounded(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A clause outside the story language cannot be checked and is named."""
    for clause, reason in draft.unread:
        yield clause[:200], f"the story language: the clause {reason}"


def sentence_is_repeated(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Saying a thing twice word for word is a sign of a generator that turns in circles."""
    for sentence, count in Counter(draft.sentences).items():
        if count > 1:
            yield sentence[:200], f"said {count} times"


def sentence_is_unwieldy(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """Sentences too long or too short to read."""
    for sentence in unwieldy(draft, settings):
        yield sentence[:200], f"{len(sentence.split())} words"


def unwieldy(draft: Draft, settings: ValidationSettings) -> tuple[str, ...]:
    """Return the sentences whose number of words lies outside the readable range."""
    low, high = settings.shortest_sentence, settings.longest_sentence
    return tuple(s for s in draft.sentences if not low <= len(s.split()) <= high)


def has_direction(draft: Draft) -> bool:
    """Whether the draft says where price, trend or momentum stand or go."""
    told = {*draft.states, *draft.movements}
    return "price" in draft.continuation.tape or bool(told & {"price", "trend", "momentum"})


def has_level(draft: Draft) -> bool:
    """Whether the draft places support or resistance."""
    return any(s.kind == "level" for s in draft.statements)


def has_risk(draft: Draft) -> bool:
    """Whether the draft speaks of risk: volatility, spreads, or facts that pull apart."""
    return Section.RISK in draft.sections or any(s.kind == "tension" for s in draft.statements)


def not_actionable(
    draft: Draft, facts: SymbolFacts, settings: ValidationSettings
) -> Iterator[Breach]:
    """A trader needs a direction, a level and a risk."""
    for name, given in (
        ("direction", has_direction(draft)),
        ("level", has_level(draft)),
        ("risk", has_risk(draft)),
    ):
        if not given:
            yield f"no {name}", "direction, level and risk"


RULES: tuple[Rule, ...] = (
    Rule("every section is there", "completeness", "fatal", section_is_missing),
    Rule("every series is there", "completeness", "note", series_is_missing),
    Rule("the text is finished", "clarity", "fatal", text_is_unfinished),
    Rule("the text can be checked", "clarity", "fatal", too_much_ungrounded),
    Rule("every clause can be checked", "clarity", "note", something_ungrounded),
    Rule("nothing is repeated", "clarity", "warning", sentence_is_repeated),
    Rule("sentences can be read", "clarity", "note", sentence_is_unwieldy),
    Rule("a trader can act on it", "actionability", "warning", not_actionable),
)
