"""The ``story`` command. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with an exit code a shell user expects.

    0 success; 1 a defect; 2 a wrong request; 3 bad input data; 4 the surroundings; 5 a model;
    6 something missing; 130 interrupted; 141 the reader of our output went away.
    """
    from stage_10_integration.commands.application import run_application

    run_application(arguments)


__all__ = ["main"]
