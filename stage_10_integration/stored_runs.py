"""Complete runs of a store, for the dashboard. Reads only: a run may be filling the store."""

from __future__ import annotations

from typing import TypeVar

from foundation.contracts import (
    ArtefactRef,
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
from foundation.kernel import Contract, OperatorError
from foundation.runtime import Journal
from foundation.storage import ArtefactStore
from stage_08_decision_support.adapters.web import RunView, run_metadata
from stage_10_integration import wiring

SHOWN = (
    wiring.BRIEF,
    wiring.DATA,
    wiring.FUZZY,
    wiring.STORIES,
    wiring.FORECAST,
    wiring.VALIDATION,
    wiring.QUANT,
    wiring.CHARACTERISTICS,
)
Made = TypeVar("Made", bound=Contract)


class StoredRuns:
    """The latest complete run that the journal tells of, loaded once per run.

    Parameters
    ----------
    store : ArtefactStore
    journal : Journal
    """

    def __init__(self, store: ArtefactStore, journal: Journal) -> None:
        self._store = store
        self._journal = journal
        self._seen = -1
        self._view: RunView | None = None

    def latest(self) -> RunView:
        """Return the latest run that ended with a brief.

        Raises
        ------
        OperatorError
            If the store has none yet.
        ArtefactError
            If something of it has gone missing since.
        """
        path = self._journal.path
        size = path.stat().st_size if path.exists() else 0
        if self._view is None or size != self._seen:
            events = self._latest_events()
            if self._view is None or events[0].run_id != self._view.run.run_id:
                self._view = self._load(events)
            self._seen = size
        return self._view

    def _latest_events(self) -> tuple[StageEvent, ...]:
        pages = self._journal.read()
        for run_id in reversed(pages.runs):
            events = pages.run(run_id)
            if all(step in _outputs(events) for step in SHOWN):
                return events
        raise OperatorError(
            "The dashboard shows a complete run, and this store has none yet",
            value=str(self._store.root),
            remedy="run `story demo` first, or name another store with --store",
        )

    def _load(self, events: tuple[StageEvent, ...]) -> RunView:
        outputs = _outputs(events)

        def of(step: str, kind: type[Made]) -> Made:
            return self._store.get(outputs[step].content_hash, kind)

        return RunView(
            brief=of(wiring.BRIEF, DecisionBrief),
            market=of(wiring.DATA, MarketWindow),
            fuzzy=of(wiring.FUZZY, FuzzyWindow),
            stories=of(wiring.STORIES, StoryBook),
            forecast=of(wiring.FORECAST, StoryForecast),
            validated=of(wiring.VALIDATION, ValidatedForecast),
            quant=of(wiring.QUANT, QuantContext),
            characteristics=of(wiring.CHARACTERISTICS, StockCharacteristics),
            run=run_metadata(events),
        )


def _outputs(events: tuple[StageEvent, ...]) -> dict[str, ArtefactRef]:
    return {
        e.step: e.output
        for e in events
        if e.output is not None and e.event in ("StageCompleted", "StageReused")
    }
