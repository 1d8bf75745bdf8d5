"""Naming the words of a sentence: what each may be, by the language's own words and synonyms.

Phrases are found longest first in one table from words to tags. What the language itself says is
taken from its clauses, so a phrase added there is known here. A long word one slip of the pen
away from a known one is taken for it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from foundation.contracts import STATES
from foundation.language import phrases, synonyms
from foundation.language.grammar import every_statement, phrasings
from foundation.language.reading.figures import multiple_of, number_of
from foundation.language.reading.spelling import Shelves

_TOKEN = re.compile(
    r"(?<![\w.])[-+\u2212]?\d[\d,]*(?:\.\d+)?%?|\ue000|[^\W\d_]+|[,;:()\u2013\u2014]|(?<= )-(?= )"
)
NAMED = "\ue000"
"""Stands in a text for the instrument's name."""
_MARKS = frozenset(",;:()-\u2013\u2014")

Tags = dict[str, object]


@dataclass(frozen=True)
class Token:
    """A word, number or mark with its place in the text."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Word:
    """One or several tokens that mean something together; no tags for an unknown word."""

    text: str
    start: int
    end: int
    tags: Tags = field(default_factory=dict)

    def get(self, tag: str) -> object:
        """Return the value of a tag; None if the word does not have it."""
        return self.tags.get(tag)

    def code(self, tag: str) -> int | None:
        """Return the whole number that a tag carries; None if the word does not have it."""
        value = self.tags.get(tag)
        return value if isinstance(value, int) else None

    def amount(self, tag: str) -> float:
        """Return the number that a tag carries; NaN if the word does not have it."""
        value = self.tags.get(tag)
        return float(value) if isinstance(value, (int, float)) else math.nan

    def of(self, tag: str, series: str) -> object:
        """Return what a tag says of one series; None if it says nothing of it."""
        by_series = self.tags.get(tag)
        return by_series.get(series) if isinstance(by_series, dict) else None

    def has(self, *tags: str) -> bool:
        """Say whether the word has any of the tags."""
        return any(tag in self.tags for tag in tags)

    @property
    def unknown(self) -> bool:
        """Whether nothing is known of the word."""
        return not self.tags


def tokens(text: str, start: int, end: int) -> list[Token]:
    """Return the tokens of a stretch of text, lower-case; hyphens inside words part them."""
    found = _TOKEN.finditer(text, start, end)
    return [Token(m.group().lower(), m.start(), m.end()) for m in found]


def words(given: list[Token]) -> list[Word]:
    """Return the words of a list of tokens: known phrases longest first, then single tokens."""
    table, longest = phrase_table()
    found: list[Word] = []
    at = 0
    while at < len(given):
        for length in range(min(longest, len(given) - at), 0, -1):
            part = given[at : at + length]
            tags = table.get(tuple(t.text for t in part))
            if tags is not None:
                break
        else:
            length, part = 1, given[at : at + 1]
            tags = _alone(part[0].text, table)
        shown = " ".join(t.text for t in part)
        found.append(Word(shown, part[0].start, part[-1].end, tags))
        at += length
    return found


def _alone(text: str, table: dict[tuple[str, ...], Tags]) -> Tags:
    if text in _MARKS:
        return {"mark": text}
    number = number_of(text)
    if number is not None:
        return {"number": number, "percent": text.endswith("%")}
    repaired = _repaired(text)
    return table[(repaired,)] if repaired else {}


@lru_cache(maxsize=1)
def phrase_table() -> tuple[dict[tuple[str, ...], Tags], int]:
    """Return the table from phrases to tags, and the length of the longest phrase."""
    table: dict[tuple[str, ...], Tags] = {}
    for phrase, tag, value in _entries():
        key = tuple(t.text for t in tokens(phrase, 0, len(phrase)))
        known = table.setdefault(key, {})
        if isinstance(value, dict) and isinstance(known.get(tag), dict):
            known[tag] = {**value, **known[tag]}  # type: ignore[dict-item]
        else:
            known.setdefault(tag, value)
    _extend_modified(table)
    return table, max(map(len, table))


def _extend_modified(table: dict[tuple[str, ...], Tags]) -> None:
    """Let "slightly elevated", said of one series, mean what its words mean for the others."""
    for key, tags in table.items():
        adjective = tags.get("adjective")
        plain = table.get(key[1:], {}).get("adjective")
        modifier = table.get(key[:1], {})
        if not isinstance(adjective, dict) or not isinstance(plain, dict):
            continue
        for series, (code, hedge) in plain.items():
            if "intensifier" in modifier and code in (1, 3):
                adjective.setdefault(series, (code - 1 if code < 2 else code + 1, "clear"))
            elif "mitigator" in modifier:
                adjective.setdefault(series, (code, hedge))


def _entries() -> Iterator[tuple[str, str, object]]:
    """Yield (phrase, tag, value); of two values for one phrase and tag the first holds."""
    for series, nouns in (*phrases.NOUNS.items(), *synonyms.NOUNS.items()):
        for noun in nouns:
            yield noun, "noun", series
            yield f"the {noun.removeprefix('the ')}", "noun", series
    yield NAMED, "noun", "price"
    for series, nouns in synonyms.QUALIFIED_ONLY.items():
        yield from ((noun, "qualified", series) for noun in nouns)
    yield from _own_predicates()
    yield from _adjectives()
    yield from _movements()
    yield from _patterns()
    yield from _levels_and_regimes()
    for tag, listed in _LISTED.items():
        yield from ((phrase, tag, True) for phrase in listed)
    for word in ("twice", "double", "triple", "thrice", "half"):
        yield word, "multiple", multiple_of(word)
    yield "times", "times", True
    yield from (("thousand", "scale", 1e3), ("million", "scale", 1e6), ("billion", "scale", 1e9))


_LISTED: dict[str, tuple[str, ...]] = {
    "intensifier": synonyms.INTENSIFIERS,
    "mitigator": synonyms.MITIGATORS,
    "sharp": synonyms.SHARP,
    "sharp adjective": synonyms.SHARP_ADJECTIVES,
    "mild adjective": synonyms.MILD_ADJECTIVES,
    "link": synonyms.LINKS,
    "standstill": synonyms.STANDSTILL,
    "negation": synonyms.NEGATIONS,
    "barely": synonyms.BARELY,
    "possibility": synonyms.POSSIBILITIES,
    "other time": synonyms.OTHER_TIMES,
    "filler": synonyms.FILLERS,
    "break": synonyms.BREAKS,
    "partial": synonyms.PATTERN_PARTIAL,
    "textbook": synonyms.PATTERN_TEXTBOOK,
    "probably": synonyms.PROBABLY,
    "regime noun": synonyms.REGIME_NOUNS,
    "than": tuple(f"than {norm}" for norm in synonyms.NORMS),
}


def _own_predicates() -> Iterator[tuple[str, str, object]]:
    """Yield what the language says of series, without the noun it says it of."""
    for said in every_statement():
        if said.kind not in ("state", "movement") or said.subject not in phrases.NOUNS:
            continue
        for clause in phrasings(said):
            noun = next((n for n in phrases.NOUNS[said.subject] if clause.startswith(f"{n} ")), "")
            if not noun:
                continue
            rest = clause[len(noun) + 1 :]
            if said.kind == "state":
                link, _, predicate = rest.partition(" ")
                yield link, "link", True
                yield predicate, "adjective", {said.subject: (STATES.index(said.value), said.hedge)}
            else:
                when = next((w for w in phrases.TODAY if rest.endswith(f" {w}")), "")
                verb = rest.removesuffix(when).strip()
                if verb:
                    yield verb, "verb of", {said.subject: int(said.value)}


def _adjectives() -> Iterator[tuple[str, str, object]]:
    for series, scale in synonyms.ADJECTIVES.items():
        for step, listed in scale.items():
            for word in listed:
                yield word, "adjective", {series: (2 + step, "clear")}
    graded = [s for s in synonyms.ADJECTIVES if s != "price"]
    for step, listed in synonyms.COMMON.items():
        for word in listed:
            yield word, "adjective", dict.fromkeys(graded, (2 + step, "clear"))
    for norm, (side, step) in product(synonyms.NORMS, (("above", 1), ("below", -1))):
        yield f"{side} {norm}", "adjective", dict.fromkeys(graded, (2 + step, "clear"))
        for far in ("well", "far"):
            yield (
                f"{far} {side} {norm}",
                "adjective",
                dict.fromkeys(graded, (2 + 2 * step, "clear")),
            )
    for comparative, plain in synonyms.COMPARATIVES.items():
        steps = {
            series: step
            for series, scale in synonyms.ADJECTIVES.items()
            for step, listed in (*synonyms.COMMON.items(), *scale.items())
            if plain in listed and (series != "price" or plain in scale.get(step, ()))
        }
        yield comparative, "comparative", steps
    for step, listed in synonyms.QUANTIFIERS.items():
        yield from ((word, "amount", step) for word in listed)
    yield "unusual", "unusual", True


def _movements() -> Iterator[tuple[str, str, object]]:
    for code, listed in synonyms.VERBS.items():
        for lemma in listed:
            yield from ((form, "verb", code) for form in inflected(lemma))
    for series, verbs in synonyms.VERBS_OF.items():
        for code, listed in verbs.items():
            for lemma in listed:
                yield from ((form, "verb of", {series: code}) for form in inflected(lemma))
    for code, listed in synonyms.DIRECTIONS.items():
        yield from ((word, "direction", code) for word in listed)
    for code, listed in synonyms.MOVEMENT_NOUNS.items():
        yield from ((word, "movement noun", code) for word in listed)


def inflected(lemma: str) -> tuple[str, ...]:
    """Return the forms of a verb, the plain one first; what follows its first word stays."""
    verb, space, rest = lemma.partition(" ")
    if verb in synonyms.IRREGULAR:
        forms = synonyms.IRREGULAR[verb]
    elif verb.endswith("e"):
        forms = (f"{verb}s", f"{verb}d", f"{verb[:-1]}ing")
    else:
        forms = (f"{verb}{'es' if verb.endswith('sh') else 's'}", f"{verb}ed", f"{verb}ing")
    return tuple(f"{form}{space}{rest}" for form in (verb, *forms))


def _patterns() -> Iterator[tuple[str, str, object]]:
    for name, spoken in phrases.PATTERNS.items():
        bare = re.sub(r"^an? ", "", spoken)
        # A single word such as "hammer" is only a pattern with its article.
        for said in (spoken, *(one for one in (bare, name) if " " in one)):
            yield said, "pattern", name
    for name, others in synonyms.PATTERNS.items():
        yield from ((said, "pattern", name) for said in others)


def _levels_and_regimes() -> Iterator[tuple[str, str, object]]:
    for table in (phrases.LEVEL_SIDES, synonyms.LEVEL_SIDES):
        for side, names in table.items():
            yield from ((name, "side", side) for name in names)
    for table in (phrases.LEVEL_BANDS, synonyms.LEVEL_BANDS):
        for band, said in table.items():
            yield from ((one.removeprefix("is "), "band", band) for one in said)
    for regime, names in (*phrases.REGIME_WORDS.items(), *synonyms.REGIMES.items()):
        yield from ((name, "regime", regime) for name in names)


@lru_cache(maxsize=1)
def _shelves() -> Shelves:
    return Shelves(key[0] for key in phrase_table()[0] if len(key) == 1)


@lru_cache(maxsize=65_536)
def _repaired(text: str) -> str | None:
    return _shelves().nearest(text)
