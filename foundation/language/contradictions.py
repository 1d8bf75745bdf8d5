"""Claims that pull against one another: one table, for data and for text alike.

A market may well do two things at once that do not belong together; then its story says so, with
the tension named here. A text that puts the two side by side and says nothing of it has not seen
what it describes. An event before its time is no tension but a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from foundation.contracts import STATES, Statement, statement

Kind = Literal[
    "direction against movement",
    "volatility against range",
    "volume against participation",
    "momentum against trend",
    "instrument against market",
    "event before its time",
]
KINDS: tuple[Kind, ...] = (
    "direction against movement",
    "volatility against range",
    "volume against participation",
    "momentum against trend",
    "instrument against market",
    "event before its time",
)


@dataclass(frozen=True)
class Side:
    """One half of a pairing: a series whose state or movement lies among some codes.

    States count 0 to 4, movements -2 to 2.
    """

    said: Literal["state", "movement"]
    series: str
    codes: tuple[int, ...]

    @property
    def key(self) -> tuple[str, str]:
        """What the codes are looked up by."""
        return self.said, self.series


@dataclass(frozen=True)
class Pairing:
    """Two facts worth a word together, and the tension (subject, value) that says so."""

    kind: Kind | Literal["confirmation"]
    tension: tuple[str, str]
    first: Side
    second: Side

    def holds(self, codes: Mapping[tuple[str, str], np.ndarray]) -> np.ndarray:
        """Return where both halves hold.

        Parameters
        ----------
        codes : mapping of ("state" or "movement", series) to array
            Codes of one common shape; NaN where absent, which contradicts nothing.
        """
        first, second = (np.isin(codes[s.key], s.codes) for s in (self.first, self.second))
        return np.asarray(first & second)


_LOW, _HIGH = (0, 1), (3, 4)
_UP, _DOWN = (1, 2), (-2, -1)

OPPOSITIONS: tuple[Pairing, ...] = (
    Pairing(
        "direction against movement",
        ("direction", "sharp fall in a firm trend"),
        Side("movement", "price", (-2,)),
        Side("state", "trend", _HIGH),
    ),
    Pairing(
        "direction against movement",
        ("direction", "sharp rise in a weak trend"),
        Side("movement", "price", (2,)),
        Side("state", "trend", _LOW),
    ),
    Pairing(
        "volume against participation",
        ("participation", "rise on thin volume"),
        Side("movement", "price", _UP),
        Side("state", "volume", _LOW),
    ),
    Pairing(
        "volume against participation",
        ("participation", "rise against narrow breadth"),
        Side("movement", "price", (2,)),
        Side("state", "breadth", _LOW),
    ),
    Pairing(
        "volume against participation",
        ("participation", "heavy volume in a narrow market"),
        Side("state", "volume", _HIGH),
        Side("state", "breadth", _LOW),
    ),
    Pairing(
        "momentum against trend",
        ("momentum", "strong trend and weak momentum"),
        Side("state", "trend", _HIGH),
        Side("state", "momentum", _LOW),
    ),
    Pairing(
        "momentum against trend",
        ("momentum", "weak trend and strong momentum"),
        Side("state", "trend", _LOW),
        Side("state", "momentum", _HIGH),
    ),
    Pairing(
        "volatility against range",
        ("risk", "sharp move in a calm instrument"),
        Side("state", "volatility", _LOW),
        Side("movement", "price", (-2, 2)),
    ),
    Pairing(
        "volatility against range",
        ("risk", "tight band in a restless instrument"),
        Side("state", "volatility", _HIGH),
        Side("state", "band width", _LOW),
    ),
    Pairing(
        "instrument against market",
        ("risk", "calm instrument in a fearful market"),
        Side("state", "volatility", _LOW),
        Side("state", "market volatility", _HIGH),
    ),
    Pairing(
        "instrument against market",
        ("risk", "restless instrument in a calm market"),
        Side("state", "volatility", _HIGH),
        Side("state", "market volatility", _LOW),
    ),
)
"""All pairings that pull apart. Of one subject's, the first that holds is told."""

CONFIRMATIONS: tuple[Pairing, ...] = (
    Pairing(
        "confirmation",
        ("participation", "fall on heavy volume"),
        Side("movement", "price", _DOWN),
        Side("state", "volume", _HIGH),
    ),
)
"""Pairings that lend one another weight: worth telling, and no contradiction."""


@dataclass(frozen=True)
class Contradiction:
    """Two claims of one text that pull against one another.

    ``told`` is the statement that would say so; None for what cannot be.
    """

    kind: Kind | Literal["confirmation"]
    told: Statement | None
    first: Statement
    second: Statement


def contradictions(said: Iterable[Statement]) -> tuple[Contradiction, ...]:
    """Return every contradiction between claims, in the order of the table."""
    claims = tuple(dict.fromkeys(said))
    return (*_opposed(claims), *_untimely(claims))


def _opposed(claims: tuple[Statement, ...]) -> Iterator[Contradiction]:
    for pairing in OPPOSITIONS:
        told = statement("tension", *pairing.tension)
        for first in claims:
            if _is(first, pairing.first):
                for second in claims:
                    if _is(second, pairing.second):
                        yield Contradiction(pairing.kind, told, first, second)


def _is(claim: Statement, side: Side) -> bool:
    if (claim.kind, claim.subject) != side.key:
        return False
    code = STATES.index(claim.value) if claim.kind == "state" else int(claim.value)
    return code in side.codes


_OUT = ("since: today", "since: days ago")
_COMING = ("until: tomorrow", "until: days ahead")
_RARE = frozenset({"earnings", "core inflation"})
"""Events that come at most once a month."""


def _untimely(claims: tuple[Statement, ...]) -> Iterator[Contradiction]:
    """Yield events told as past while they are still to come.

    A monthly or quarterly event that was published within days is not due again within days,
    and how one surprised cannot be known before it is out.
    """
    events: dict[str, dict[str, Statement]] = {}
    for claim in claims:
        if claim.kind == "event" and claim.subject in _RARE:
            events.setdefault(claim.subject, {})[claim.value] = claim
    for subject, told in events.items():
        coming = next((told[v] for v in _COMING if v in told), None)
        if coming is None:
            continue
        out = next((told[v] for v in _OUT if v in told), None)
        surprise = next((c for v, c in told.items() if v.startswith("surprise")), None)
        if out is not None:
            yield Contradiction("event before its time", None, out, coming)
        elif surprise is not None and subject == "earnings":
            yield Contradiction("event before its time", None, surprise, coming)
