"""Stage protocol, event bus, journal and the runner that owns everything a stage must not do."""

from foundation.runtime.bus import EventBus, InProcessBus
from foundation.runtime.code_version import code_version
from foundation.runtime.journal import Journal, JournalPages
from foundation.runtime.lock import StoreBusy, exclusive
from foundation.runtime.plan import Artefacts, External, Forecasted, Plan, Step
from foundation.runtime.runner import Runner, RunResult
from foundation.runtime.stage import Stage

__all__ = [
    "Artefacts",
    "EventBus",
    "External",
    "Forecasted",
    "InProcessBus",
    "Journal",
    "JournalPages",
    "Plan",
    "RunResult",
    "Runner",
    "Stage",
    "Step",
    "StoreBusy",
    "code_version",
    "exclusive",
]
