"""A source that is watched while it is read: how old its answers were, and how the reading went.

Answers that a vendor's client took from its cache, or will take from it next time, are dated by
a finding; those that were older than asked for, because the vendor could not be reached, by a
warning. The date alone leaves the fingerprint as it is: the same rows fetched a day later are the
same rows. A stale answer changes it, for a run that rests on one must not pass for another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from pydantic import Field

from foundation.connect import AnswerTally, Connection
from foundation.contracts import QualityFinding
from foundation.kernel import FinancialStoryError, hash_text
from foundation.kernel.model import Moment, Part
from stage_01_data_engine.findings import Rule
from stage_01_data_engine.raw import MarketRequest, RawMarket, Source

DATED = Rule(
    "Kept answers are dated",
    "to fetch anew, lower connection.cache_max_age or remove the cache's folder",
    severity="info",
    action="kept",
    name="kept-answers",
    why="what a vendor corrected since is not in them",
)
FRESH = Rule(
    "Answers are no older than asked for",
    "run again once the vendor can be reached; until then its older answers stand in",
    severity="warning",
    action="kept",
    name="stale-answers",
    why="what happened since is missing, and nothing else shows it",
)


class Reading(Part):
    """How one reading of one source went.

    Attributes
    ----------
    source : str
    read_at : datetime
        When it ended.
    as_of : date
    error : str
        Why it failed; empty where it did not.
    rows, observations, events, option_quotes : int
        What it gave.
    last_session : date or None
        Of its bars.
    last_known : datetime or None
        The latest moment at which one of its observations, events or quotes became known.
    answers, cached, stale : int
        Of its vendor's server; see ``AnswerTally``.
    oldest_answer : datetime or None
    circuits : dict of str to str
        State of the circuit of each vendor it asked, at the end: closed, open or half-open.
    """

    source: str
    read_at: Moment
    as_of: date
    error: str = ""
    rows: int = 0
    observations: int = 0
    events: int = 0
    option_quotes: int = 0
    last_session: date | None = None
    last_known: Moment | None = None
    answers: int = 0
    cached: int = 0
    stale: int = 0
    oldest_answer: Moment | None = None
    circuits: dict[str, str] = Field(default_factory=dict)


class WatchedSource:
    """A source, watched.

    Parameters
    ----------
    source : Source
    connection : Connection
        The one that the source asks through. One source is read through it at a time.
    told : callable
        Gets the ``Reading``, of a failed one too.
    """

    def __init__(
        self,
        source: Source,
        connection: Connection,
        told: Callable[[Reading], None] = lambda reading: None,
    ) -> None:
        self._source, self._connection, self._told = source, connection, told

    @property
    def name(self) -> str:
        return self._source.name

    def load(self, request: MarketRequest) -> RawMarket:
        """Return what the source returns, with findings about the age of its answers."""
        self._connection.log.take()
        try:
            raw = self._source.load(request)
        except FinancialStoryError as error:
            self._told(self._reading(request, error=str(error)))
            raise
        self._told(self._reading(request, raw))
        tallies = self._connection.log.take()
        return with_findings(raw, stale_findings(tallies), dated_findings(tallies))

    def _reading(
        self, request: MarketRequest, raw: RawMarket | None = None, error: str = ""
    ) -> Reading:
        log, governor = self._connection.log, self._connection.governor
        counts = list(log.tallies().values())
        known: list[datetime] = []
        given: dict[str, Any] = {}
        if raw is not None:
            frames = (raw.observations, raw.option_quotes)
            known = [frame["known_at"].max().to_pydatetime() for frame in frames if len(frame)]
            known += [event.known_at for event in raw.events]
            given = {
                "rows": len(raw.bars),
                "observations": len(raw.observations),
                "events": len(raw.events),
                "option_quotes": len(raw.option_quotes),
                "last_session": raw.bars["session"].max().date() if len(raw.bars) else None,
            }
        return Reading(
            source=self.name,
            read_at=self._connection.timekeeper.now(),
            as_of=request.as_of,
            error=error,
            last_known=max(known, default=None),
            answers=sum(tally.answers for tally in counts),
            cached=sum(tally.cached for tally in counts),
            stale=sum(tally.stale for tally in counts),
            oldest_answer=min((tally.oldest for tally in counts), default=None),
            circuits={
                vendor: state
                for vendor, state in governor.states().items()
                if vendor in log.vendors()
            },
            **given,
        )


def dated_findings(tallies: dict[str, AnswerTally]) -> tuple[QualityFinding, ...]:
    """Return one finding for each vendor whose answers are kept: from when they are."""
    return tuple(
        DATED.finding(vendor, f"{tally.answers} answers, {_span(tally.oldest, tally.newest)}")
        for vendor, tally in sorted(tallies.items())
        if tally.kept
    )


def stale_findings(tallies: dict[str, AnswerTally]) -> tuple[QualityFinding, ...]:
    """Return one warning for each vendor of which stale answers were used."""
    return tuple(
        FRESH.finding(
            vendor,
            f"{tally.stale} of {tally.answers} answers, the oldest fetched "
            f"{_minute(tally.oldest_stale)}",
        )
        for vendor, tally in sorted(tallies.items())
        if tally.oldest_stale is not None
    )


def with_findings(
    raw: RawMarket,
    counted: tuple[QualityFinding, ...],
    uncounted: tuple[QualityFinding, ...] = (),
) -> RawMarket:
    """Return rows with findings before their own.

    Parameters
    ----------
    counted : tuple of QualityFinding
        Change the fingerprint.
    uncounted : tuple of QualityFinding
        Leave it as it is.
    """
    if not counted and not uncounted:
        return raw
    source = raw.source
    if counted:
        told = (finding.model_dump_json() for finding in counted)
        source = source.model_copy(update={"fingerprint": hash_text(source.fingerprint, *told)})
    return replace(raw, findings=(*counted, *uncounted, *raw.findings), source=source)


def _span(oldest: datetime, newest: datetime) -> str:
    first, last = _minute(oldest), _minute(newest)
    return f"fetched {first}" if first == last else f"fetched {first} to {last}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} New York time"
