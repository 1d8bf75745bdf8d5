"""Stage protocol, event bus, journal and the runner that owns everything a stage must not do."""

from foundation.runtime.stage import Stage

__all__ = ["Stage"]
