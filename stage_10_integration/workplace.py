"""Where a run happens: settings, source, store, journal, bus, plan and runner, put together."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar, cast

from foundation.connect import Governor, SystemTime
from foundation.contracts import DecisionBrief
from foundation.kernel import Contract
from foundation.runtime import (
    Forecasted,
    InProcessBus,
    Journal,
    Plan,
    Runner,
    RunResult,
    exclusive,
)
from foundation.storage import ArtefactStore
from stage_10_integration import wiring
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.source_log import SourceLog
from stage_10_integration.sources import SourceReading, open_source

Made = TypeVar("Made", bound=Contract)


def governor_of(settings: HouseSettings, source: SourceReading) -> Governor:
    """Return the governor that the source's vendors share; where there are none, one of its own."""
    if source.connection is not None:
        return source.connection.governor
    return Governor(SystemTime(), settings.connection.limits)


class Workplace:
    """One store with one plan over it.

    Parameters
    ----------
    settings : HouseSettings
    source : SourceReading, optional
        What the first stage reads; opened from the settings when None.
    progress : callable, optional
        Told in words how a long step gets on.

    Attributes
    ----------
    bus : InProcessBus
        The journal is its first subscriber.
    sources : SourceLog
        How the last reading of every source went.
    """

    def __init__(
        self,
        settings: HouseSettings,
        *,
        source: SourceReading | None = None,
        progress: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.settings = settings
        self.store = ArtefactStore(settings.store)
        self.journal = Journal(settings.store / "journal.jsonl")
        self.bus = InProcessBus()
        self.bus.subscribe(self.journal.append)
        self.source = source or open_source(settings)
        self.sources = SourceLog(settings.store / "sources")
        self.plan: Plan = wiring.build_plan(settings, self.source, self.store, progress)
        self._runner = Runner(
            self.store,
            self.bus,
            lock=lambda: exclusive(settings.store / "run.lock"),
            attempts=settings.attempts,
            admit=lambda: governor_of(settings, self.source).await_resources(progress),
        )
        self._result: RunResult | None = None

    def steps_of(self, stage: int) -> tuple[str, ...]:
        """Return the names of a stage's steps, in running order."""
        return tuple(step.name for step in self.plan if step.number == stage)

    def foresee(self, plan: Plan | None = None) -> tuple[Forecasted, ...]:
        """Say what would run and what is in the store, without running anything."""
        return (plan or self.plan).foresee(self.store)

    def run(self, plan: Plan | None = None, *, again: Collection[str] = ()) -> RunResult:
        """Run what must run of a plan (the whole one when None).

        Parameters
        ----------
        again : collection of str
            Steps that run even though the store has their output.
        """
        try:
            self._result = self._runner.run(plan or self.plan, again=again)
        finally:
            self.keep_readings()
        return self._result

    def keep_readings(self) -> None:
        """Keep how the source's readings went, failed ones too, where the store can be asked."""
        self.sources.keep(self.source.readings)

    def artefact(self, step: str, kind: type[Made]) -> Made:
        """Return the output of a step of the last run, loaded from the store if need be."""
        if self._result is None:
            self.run(self.plan.until(step))
        assert self._result is not None
        return cast(Made, self._runner.load(self.plan, self._result, step))

    def brief(self) -> DecisionBrief:
        """Return the brief of the last run."""
        return self.artefact(wiring.BRIEF, DecisionBrief)
