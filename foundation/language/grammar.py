"""From a statement to all the clauses that say it.

The set of clauses is finite. Writing is choosing one of them, reading is looking one up,
so nothing can be lost between the two (``tests/foundation/language`` proves it for every
statement there is).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import chain, product

from foundation.contracts import REGIMES, STATES, Movement, Statement, statement
from foundation.kernel import OperatorError
from foundation.language import company_phrases, intraday_phrases, occasion_phrases, week_phrases
from foundation.language import event_phrases as happenings
from foundation.language import phrases as say
from foundation.language.scales import HEDGES, SCALES, predicates

CONNECTIVES: dict[str, tuple[str, ...]] = {
    "and": (", and ", "; "),
    "contrast": (", although ", ", but ", ", while "),
    "sequence": ("; ",),
    "apposition": (": ",),
}
"""How clauses are joined: same direction, opposite direction, a new thought, or a closer word."""

OPENERS: dict[str, tuple[str, ...]] = {
    "contrast": ("even so, ", "still, ", "that said, ", "for all that, "),
    "market": ("in the wider market, ", "across the market, "),
    "ahead": ("from here, ", "looking ahead, "),
}
"""What a sentence may begin with: against the sentence before, or where it turns to. They claim
nothing: a contrast stands only where the tones of the two sentences part."""
_OPENERS: tuple[str, ...] = tuple(opener for group in OPENERS.values() for opener in group)

PATTERN_HEDGES: tuple[str, ...] = tuple(say.PATTERN_STRENGTH)
MOVEMENT_SERIES: tuple[str, ...] = (
    "price",
    "volume",
    "momentum",
    "volatility",
    "market volatility",
    "credit spread",
    "oil",
)
"""Series whose movement of the day stories speak about."""

PATH_SERIES = "price"


@cache
def phrasings(said: Statement) -> tuple[str, ...]:
    """Return every clause that says a statement, in lower case, best first.

    Raises
    ------
    OperatorError
        If the language has no words for the statement.
    """
    maker = _MAKERS.get(said.kind)
    clauses = _listed().get(said, ())
    if not clauses and maker is not None:
        try:
            clauses = tuple(maker(said))
        except (KeyError, ValueError, IndexError):
            clauses = ()
    if not clauses:
        raise OperatorError(
            "The story language has no words for this statement",
            value=said,
            remedy="add its phrases to foundation/language/phrases.py",
        )
    return clauses


def bare(clause: str) -> str:
    """Return a lower-case clause as the tables hold it.

    Without the words that only connect it to the sentence before, and with "the price" where a
    reading rendering says "the stock".
    """
    for opener in _OPENERS:
        clause = clause.removeprefix(opener)
    for noun in say.REFERENCES.values():
        clause = clause.replace(f"{noun} ", "the price ") if noun in clause else clause
    return clause


def pronoun_of(series: str) -> str:
    """Return the pronoun that may stand for a series already named in the sentence."""
    return "they" if series in say.PLURAL else "it"


def with_pronoun(clause: str, series: str) -> str:
    """Return a clause about a series with its noun replaced by the pronoun."""
    noun = next(n for n in say.NOUNS[series] if clause.startswith(f"{n} "))
    return pronoun_of(series) + clause[len(noun) :]


def every_statement() -> Iterator[Statement]:
    """Yield every statement that the language can make."""
    for series in SCALES:
        for value, hedge in product(STATES, HEDGES):
            if _on_the_scale(STATES.index(value), hedge):
                yield statement("state", series, value, hedge)
    for series, move in product(MOVEMENT_SERIES, Movement):
        yield statement("movement", series, f"{move:+d}")
    for path in product(Movement, repeat=3):
        yield statement("path", PATH_SERIES, path_value(path))
    for name, hedge in product(say.PATTERNS, say.PATTERN_STRENGTH):
        yield statement("pattern", name, "seen", hedge)
    yield from _every_event()
    for side, band in product(say.LEVEL_SIDES, say.LEVEL_BANDS):
        yield statement("level", side, band)
    for regime, hedge in product(REGIMES, say.REGIME_HEDGES):
        yield statement("regime", "market", regime, hedge)
    for kind, table in (("range", say.RANGE_BANDS), ("tilt", say.TILTS), ("odds", say.ODDS_BANDS)):
        for value in table:
            yield statement(kind, "week", value)
    for subject in say.ABSENCES:
        yield statement("absence", subject, "absent")
    for subject, value in say.TENSIONS:
        yield statement("tension", subject, value)
    for kind, table in (("record", say.RECORDS), ("streak", say.STREAKS)):
        for value in table:
            yield statement(kind, "price", value)
    yield from _listed()


@cache
def _listed() -> dict[Statement, tuple[str, ...]]:
    """Return what the tables of further kinds and horizons list outright."""
    return dict(
        chain(
            company_phrases.clauses(),
            week_phrases.clauses(happenings.EVENT_NAMES),
            occasion_phrases.clauses(),
            intraday_phrases.clauses(happenings.EVENT_NAMES),
        )
    )


def _every_event() -> Iterator[Statement]:
    for event, (aspect, table) in product(happenings.EVENT_NAMES, _EVENT_TABLES.items()):
        for value in table:
            yield statement("event", event, f"{aspect}: {value}")
    for event, clauses in happenings.SYMBOL_EVENTS.items():
        for value in clauses:
            yield statement("event", event, value)
    for subject in happenings.NEWS_SUBJECTS:
        for value in news_values(topics=subject == "news"):
            yield statement("event", subject, value)


def news_values(*, topics: bool = True) -> Iterator[str]:
    """Yield the values that a statement about the headlines of two sessions can have.

    Such as ``flow: three, mostly favourable, earnings``. Whether headlines that concern the
    whole market share a topic is not told.
    """
    about = (*happenings.NEWS_TOPICS, happenings.NO_TOPIC) if topics else (happenings.NO_TOPIC,)
    for count, tone, topic in product(happenings.NEWS_COUNTS, happenings.NEWS_TONES, about):
        if count != "one" or tone in happenings.SINGLE_TONES:
            yield f"flow: {count}, {tone}, {topic}"


def path_value(moves: tuple[int, int, int] | tuple[Movement, ...]) -> str:
    """Return the value of a path statement, such as ``-2,+0,+2``."""
    return ",".join(f"{int(m):+d}" for m in moves)


def _on_the_scale(state: int, hedge: str) -> bool:
    """Say whether the state has the neighbour that its hedge speaks of."""
    lean = {"lower": -1, "higher": 1}.get(hedge.rpartition(" ")[2], 0)
    return 0 <= state + lean < len(STATES)


def _state(said: Statement) -> Iterator[str]:
    link = say.LINK_PLURAL if said.subject in say.PLURAL else say.LINK
    words = tuple(predicates(said.subject, said.value, said.hedge))
    for noun, predicate in product(say.NOUNS[said.subject], words):
        yield f"{noun} {link} {predicate}"


def _movement(said: Statement) -> Iterator[str]:
    verbs = say.PRICE_VERBS if said.subject == "price" else say.QUANTITY_VERBS
    if said.subject not in MOVEMENT_SERIES:
        return
    for noun, when, verb in product(say.NOUNS[said.subject], say.TODAY, verbs[int(said.value)]):
        yield f"{noun} {verb} {when}"


def _path(said: Statement) -> Iterator[str]:
    a, b, c = (int(part) for part in said.value.split(","))
    if said.subject != PATH_SERIES:
        return
    shape = (
        "aaa" if a == b == c else "aab" if a == b else "abb" if b == c else "aba" if a == c
        else "abc"
    )  # fmt: skip
    for turn, frame in product(range(2), say.PATH_SHAPES[shape]):
        moves = {"a": a, "b": b, "c": c}
        was = {k: say.DOING[m][(turn + i) % 2] for i, (k, m) in enumerate(moves.items())}
        has = {k.upper(): say.DONE[m][turn] for k, m in moves.items()}
        yield frame.format(**was, **has)


def _pattern(said: Statement) -> Iterator[str]:
    if said.value == "seen":
        for frame in say.PATTERN_STRENGTH[said.hedge]:
            yield frame.format(p=say.PATTERNS[said.subject])


_EVENT_TABLES = {
    "since": happenings.EVENT_SINCE,
    "until": happenings.EVENT_UNTIL,
    "surprise": happenings.EVENT_SURPRISE,
}


def _event(said: Statement) -> Iterator[str]:
    aspect, value = said.value.split(": ")
    if said.subject in happenings.EVENT_NAMES:
        for frame in _EVENT_TABLES[aspect][value]:
            yield frame.format(e=happenings.EVENT_NAMES[said.subject])
    elif aspect == "flow":
        yield from _news_flow(said.subject, *value.split(", "))
    else:
        yield from happenings.SYMBOL_EVENTS[said.subject][said.value]


def _news_flow(subject: str, count: str, tone: str, topic: str) -> Iterator[str]:
    single, several = happenings.NEWS_SUBJECTS[subject]
    one = count == "one"
    words = happenings.NEWS_COUNTS[count]
    number = words.replace("headlines", several).replace("headline", single, one)
    # "A stream" and "one" are singular, whatever flows in it.
    alone = one or words.startswith("a ")
    verbs = {"are": "is" if alone else "are", "cluster": "centres" if alone else "cluster"}
    for frame in happenings.NEWS_FRAMES["various" if topic == happenings.NO_TOPIC else "topic"]:
        yield frame.format(n=number, t=tone, about=topic, **verbs)


def _level(said: Statement) -> Iterator[str]:
    for side, band in product(say.LEVEL_SIDES[said.subject], say.LEVEL_BANDS[said.value]):
        yield f"{side} {band}"


def _regime(said: Statement) -> Iterator[str]:
    for frame, word in product(say.REGIME_HEDGES[said.hedge], say.REGIME_WORDS[said.value]):
        yield frame.format(r=word)


def _from(table: dict[str, tuple[str, ...]], key: str) -> Iterator[str]:
    yield from table[key]


_MAKERS = {
    "state": _state,
    "movement": _movement,
    "path": _path,
    "pattern": _pattern,
    "event": _event,
    "level": _level,
    "regime": _regime,
    "range": lambda s: _from(say.RANGE_BANDS, s.value),
    "tilt": lambda s: _from(say.TILTS, s.value),
    "odds": lambda s: _from(say.ODDS_BANDS, s.value),
    "absence": lambda s: _from(say.ABSENCES, s.subject),
    "tension": lambda s: iter(say.TENSIONS[(s.subject, s.value)]),
    "record": lambda s: _from(say.RECORDS, s.value),
    "streak": lambda s: _from(say.STREAKS, s.value),
}
