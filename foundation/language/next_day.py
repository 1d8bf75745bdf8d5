"""What a story of the next session may still say, given what the story of the session before said.

Some things do not change overnight to anything whatever: a date comes nearer by one session, a run
of gains grows by one, what was at one end of its range is not at the other. And the market's regime
is one for all instruments: no continuation of a single story knows that it turns. A continuation
that forgets this contradicts the story it continues, or those of its neighbours.

In the stories of 14 instruments over 900 sessions no run of gains or losses breaks these rules (of
1,704), 588 of 19,670 dates (nearly all: the next release told beside the one that is just out, of
which a continuation is to speak first), 30 of 82,584 states, and 266 of 12,586 regimes: its turns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from foundation.contracts import STATES, TAPE, Statement

_DATES: dict[str, frozenset[str]] = {
    # Over a holiday an event that is days away is the next session's.
    "since: today": frozenset({"until: tomorrow", "until: days ahead"}),
    "since: days ago": frozenset({"since: today", "since: days ago"}),
    "since: weeks ago": frozenset({"since: days ago", "since: weeks ago"}),
    "until: tomorrow": frozenset({"until: days ahead"}),
    "until: days ahead": frozenset({"until: days ahead", "until: weeks ahead"}),
    "until: weeks ahead": frozenset({"until: weeks ahead"}),
    "until: today": frozenset({"until: tomorrow"}),
}
"""Which of the dates told the day before lead to each. Where the story before told only how long
ago an event was, nothing is known of the next one but that it is not tomorrow, and the reverse."""
_STEPS = 2
"""How far a state goes in a session; those on the tape are held to their tape instead."""
_LENGTHS: tuple[str, ...] = ("three", "four", "five", "six")


def could_follow(one: Statement, before: Collection[Statement]) -> bool:
    """Say whether a statement about the next session agrees with the story before.

    Parameters
    ----------
    one : Statement
    before : collection of Statement
        What the story of the session before said; where it is empty, everything agrees.
    """
    if not before:
        return True
    if one.kind == "event":
        return _date_follows(one, [s for s in before if s.kind == "event"])
    if one.kind == "streak":
        return _streak_follows(one, before)
    if one.kind == "regime":
        return all(s.value == one.value for s in before if s.kind == "regime")
    if one.kind == "state" and one.subject not in TAPE[1:]:
        told = [s.value for s in before if (s.kind, s.subject) == ("state", one.subject)]
        return all(abs(STATES.index(v) - STATES.index(one.value)) <= _STEPS for v in told)
    return True


def _date_follows(one: Statement, before: Iterable[Statement]) -> bool:
    """Say whether an event's date is one session nearer, or farther back, than it was."""
    if one.value not in _DATES:
        return True
    side = one.value.split(":")[0]
    told = {s.value for s in before if s.subject == one.subject and s.value in _DATES}
    if not told or told & _DATES[one.value]:
        return True  # Of an event not spoken of before nothing is known.
    if one.value in ("since: today", "since: days ago", "until: tomorrow", "until: today"):
        return False
    return "until: tomorrow" not in told and not any(value.startswith(side) for value in told)


def _streak_follows(one: Statement, before: Collection[Statement]) -> bool:
    """Say whether a run of gains or losses is the run so far and a session more."""
    length, _, side = one.value.partition(" ")
    sign = 1 if side == "rises" else -1
    moves = [int(s.value) for s in before if (s.kind, s.subject) == ("movement", "price")]
    if any(move * sign < 0 for move in moves):
        return False
    runs = [s.value for s in before if s.kind == "streak"]
    recorded = any(s.kind == "record" for s in before)  # A record is told in place of a run.
    if not runs and (recorded or not any(moves)):
        return True  # A day that hardly moved may be part of a run, and does not tell it.
    reached = max((_LENGTHS.index(r.partition(" ")[0]) for r in runs), default=-1)
    return _LENGTHS.index(length) == min(reached + 1, len(_LENGTHS) - 1)
