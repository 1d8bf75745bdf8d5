"""What the dashboard needs of a run, and who supplies it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from foundation.contracts import (
    DecisionBrief,
    FuzzyWindow,
    MarketWindow,
    QuantContext,
    StageEvent,
    StockCharacteristics,
    StoryBook,
    StoryForecast,
    ValidatedForecast,
)
from foundation.kernel import UpstreamDataError


@dataclass(frozen=True)
class StepRecord:
    """One step of a run. ``output`` and ``key`` are content hashes; None where it failed."""

    name: str
    status: Literal["completed", "reused", "failed"]
    seconds: float | None
    key: str
    contract: str | None = None
    output: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class RunMetadata:
    """How a run went. ``started_at`` and ``seconds`` are wall-clock."""

    run_id: str
    started_at: datetime
    seconds: float
    steps: tuple[StepRecord, ...]


@dataclass(frozen=True)
class RunView:
    """The artefacts of one complete run, as the dashboard shows them.

    The brief carries signals, performance, portfolio and intelligence. ``quant`` is None
    where a run had no quantitative context; pages then say so.
    """

    brief: DecisionBrief
    market: MarketWindow
    fuzzy: FuzzyWindow
    stories: StoryBook
    forecast: StoryForecast
    validated: ValidatedForecast
    characteristics: StockCharacteristics
    run: RunMetadata
    quant: QuantContext | None = None


class RunSource(Protocol):
    """Supplies the run to show; the wiring implements it over its artefact store."""

    def latest(self) -> RunView:
        """Return the latest complete run.

        Raises
        ------
        FinancialStoryError
            If there is none; the dashboard shows rule and remedy with status 503.
        """
        ...


_STATUS: dict[str, Literal["completed", "reused", "failed"]] = {
    "StageCompleted": "completed",
    "StageReused": "reused",
    "StageFailed": "failed",
}


def run_metadata(events: Iterable[StageEvent]) -> RunMetadata:
    """Return the metadata of the one run that the journal's events describe.

    Raises
    ------
    UpstreamDataError
        If there is no event, or they belong to several runs.
    """
    told = tuple(events)
    ids = sorted({event.run_id for event in told})
    if len(ids) != 1:
        raise UpstreamDataError(
            "Run metadata is read from the events of exactly one run",
            value=ids,
            remedy="filter the journal by run id first",
        )
    moments = [event.happened_at for event in told]
    return RunMetadata(
        run_id=ids[0],
        started_at=min(moments),
        seconds=(max(moments) - min(moments)).total_seconds(),
        steps=tuple(
            StepRecord(
                name=event.step,
                status=_STATUS[event.event],
                seconds=event.seconds,
                key=event.key,
                contract=event.output.contract if event.output else None,
                output=event.output.content_hash if event.output else None,
                error=event.error,
            )
            for event in told
            if event.event in _STATUS
        ),
    )
