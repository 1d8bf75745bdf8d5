"""From options to a workplace, and a run with progress shown. Imported inside commands only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from config.profiles import profile_named, with_corpus, with_recipe
from config.settings import load
from foundation.runtime import Plan, RunResult
from stage_10_integration.commands.options import Options
from stage_10_integration.commands.progress import Progress
from stage_10_integration.commands.reading import read_shown
from stage_10_integration.commands.reporting import console
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.workplace import Workplace


def open_settings(options: Options) -> HouseSettings:
    """Return the settings in force: flags over environment over file over profile."""
    profile = profile_named(options.profile, HouseSettings)
    if options.recipe is not None or options.base is not None:
        profile = with_recipe(profile, options.recipe, options.base)
    if options.corpus is not None:
        profile = with_corpus(profile, options.corpus)
    return load(profile, config=options.config, flags=options.flags())


class Session:
    """A workplace whose runs are shown on the console."""

    def __init__(self, options: Options) -> None:
        self._progress: Progress | None = None
        self.settings = open_settings(options)
        self.workplace = Workplace(self.settings, progress=self._note)

    def run(self, plan: Plan | None = None, *, again: Collection[str] = ()) -> RunResult:
        """Run with one line per step on stderr."""
        chosen = plan or self.workplace.plan
        if any(step.reads is self.workplace.source for step in chosen):
            self.read()
        self._progress = Progress(chosen, console())
        stop = self.workplace.bus.subscribe(self._progress.hear)
        try:
            with self._progress:
                return self.workplace.run(chosen, again=again)
        finally:
            stop()
            self._progress = None

    def read(self) -> None:
        """Read the sources, with a bar for each vendor on stderr."""
        try:
            read_shown(self.workplace.source, console())
        finally:
            self.workplace.keep_readings()

    def turn_to_store(self, as_of: date) -> None:
        """From here on run on the stored dataset instead of the source that the settings name."""
        market = self.settings.market.model_copy(
            update={"source": "store", "otherwise": (), "join": (), "path": None, "as_of": as_of}
        )
        self.settings = self.settings.model_copy(update={"market": market})
        self.workplace = Workplace(self.settings, progress=self._note)

    def _note(self, words: str) -> None:
        if self._progress is not None:
            self._progress.note(words)


def as_document(session: Session, result: RunResult) -> dict[str, Any]:
    """Return what a run did, for machines."""
    return {
        "run_id": result.run_id,
        "as_of": session.workplace.source.as_of.isoformat(),
        "store": str(session.settings.store),
        "steps": [
            {
                "step": name,
                "state": "run" if name in result.seconds else "reused",
                "seconds": round(result.seconds[name], 3) if name in result.seconds else None,
                "contract": ref.contract,
                "content_hash": ref.content_hash,
            }
            for name, ref in result.outputs.items()
        ],
    }
