"""Which statements a story in the making may make: what agrees with all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from foundation.contracts import STATES, TAPE, Horizon, Section, Statement, tape_outcomes
from foundation.language.clause_trie import language
from foundation.language.contradictions import CONFIRMATIONS, OPPOSITIONS, Side
from foundation.language.event_phrases import EVENT_NAMES, SCHEDULED
from foundation.language.next_day import could_follow
from foundation.language.sections import fits, section_of

_SEEN_ONLY = frozenset({"relative", "members", "options"})
"""What rests on other instruments or on option chains: no continuation of one story knows it."""
_NEEDS_RANGES = frozenset({"trend strength"})
_UPDATES = frozenset(
    {"span", "place", "pace", "break", "check", "event", "absence", "range", "tilt"}
)
"""What updates of a session under way say: nothing that a close decides."""
_NEXT = frozenset({Horizon.DAILY, Horizon.INTRADAY})
"""Horizons whose continuation tells of the session after the story before."""
_SERIES_KINDS = frozenset({"state", "movement", "shift", "eve"})
_PAIRINGS = {pairing.tension: pairing for pairing in (*OPPOSITIONS, *CONFIRMATIONS)}


@dataclass(frozen=True)
class Known:
    """What is known of a story before its words.

    Attributes
    ----------
    tape : tuple of (series, outcome)
        What the story must agree with, sorted.
    present : frozenset of str
        Further tape series that the instrument has; whatever they do, the story may tell.
    absent : frozenset of str
        What the instrument's stories say is not reported (subjects of absence statements).
    before : frozenset of Statement
        What the story before says. Of the scheduled events it speaks of, and of core inflation, a
        continuation may tell when they fall; tomorrow's headlines, surprises and halts are never on
        offer, for nobody knows them. A story of the next session must follow from it
        (``next_day``).
    horizon : Horizon
    """

    tape: tuple[tuple[str, str], ...] = ()
    present: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    before: frozenset[Statement] = frozenset()
    horizon: Horizon = Horizon.DAILY

    @property
    def expected(self) -> frozenset[str]:
        """Return the events that the story before speaks of."""
        return frozenset(s.subject for s in self.before if s.kind == "event")

    def codes(self, series: str) -> range:
        """Return the outcomes that a tape series may have: one, all, or (where absent) none."""
        told = dict(self.tape).get(series)
        if told is not None:
            code = tape_outcomes(series).index(told)
            return range(code, code + 1)
        return range(len(STATES) if series in self.present else 0)


@lru_cache(maxsize=4096)
def agreeing(known: Known) -> int:
    """Return the bits of all statements that agree with what is known."""
    return language().bits(_agrees(s, known) for s in language().said)


def _agrees(one: Statement, known: Known) -> bool:
    if not fits(one, known.horizon) or one.kind in _SEEN_ONLY:
        return False
    if known.horizon is Horizon.INTRADAY and one.kind not in _UPDATES:
        return False
    if known.horizon in _NEXT and not could_follow(one, known.before):
        return False
    if one.kind == "absence":
        return one.subject in known.absent and not known.codes(one.subject)
    if one.kind in ("tension", "contradiction"):
        pairing = _PAIRINGS[one.subject, one.value]
        # On some day of the week each half may have been anything.
        some_day = one.kind == "contradiction"
        return all(_fits(side, known, some_day) for side in (pairing.first, pairing.second))
    if one.kind == "record":
        low, high = (3, 4) if one.value.startswith("rise") else (0, 1)
        return any(low <= code <= high for code in known.codes("price"))
    if one.kind == "streak":
        low, high = (3, 4) if one.value.endswith("rises") else (0, 1)
        return any(low <= code <= high for code in known.codes("price"))
    if one.kind == "event":
        return _is_expected(one, known)
    if section_of(one) is Section.QUANTITATIVE:
        return "quantitative context" not in known.absent
    if one.kind == "pace" or one.subject in _NEEDS_RANGES:
        return bool(known.codes("volume"))
    if one.subject == "risk appetite":
        # It is inferred from fear, which at its extremes rules out the opposite extreme.
        if one.kind != "state":
            return bool(known.codes("market volatility"))
        appetite = STATES.index(one.value)
        return any(abs(appetite + fear - 4) < 4 for fear in known.codes("market volatility"))
    if one.kind in _SERIES_KINDS and one.subject in TAPE:
        return _on_the_tape(one, known)
    return True


def _is_expected(one: Statement, known: Known) -> bool:
    """Say whether a continuation may tell of an event: of when it falls, and of nothing else."""
    aspect = one.value.split(":")[0]
    if one.subject in EVENT_NAMES:
        # Core inflation is on every calendar; of other releases only what the story knew of.
        heard = one.subject in known.expected | {"core inflation"}
        return "events" not in known.absent and heard and aspect in ("since", "until")
    dated = aspect in ("since", "until", "reaction")
    return one.subject in SCHEDULED & known.expected and dated


def _on_the_tape(one: Statement, known: Known) -> bool:
    """Say whether a statement about a tape series agrees with what it may have done."""
    codes = known.codes(one.subject)
    if one.kind == "movement" and one.subject == "price":
        return int(one.value) + 2 in codes
    if one.kind == "state" and one.subject != "price":
        return STATES.index(one.value) in codes
    return bool(codes)


def _fits(side: Side, known: Known, some_day: bool) -> bool:
    """Say whether one half of a tension may be; what is not on tapes always may."""
    if side.series not in TAPE:
        return True
    codes = known.codes(side.series)
    if some_day:
        return bool(codes)
    return any(code - 2 * (side.said == "movement") in side.codes for code in codes)
