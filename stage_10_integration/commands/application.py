"""Puts the command groups together and turns errors into what a shell user expects."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from foundation.kernel import FinancialStoryError
from stage_10_integration.commands import (
    brief,
    corpus,
    data,
    doctor,
    evaluate,
    run,
    serve,
    stage,
    train,
    twins,
    verify,
)

INTERRUPTED, READER_GONE, DEFECT = 130, 141, 1

SURROUNDINGS = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",  # progress is shown by us, one line per step
    "HF_HUB_OFFLINE": "1",  # weights are read from folders; nothing is fetched unasked
    "OMP_WAIT_POLICY": "PASSIVE",  # on a busy machine, spinning threads are many times slower
}
"""Read by libraries when they are first imported; whoever set them before us is obeyed."""

application = typer.Typer(
    name="story",
    help="Market data into checkable stories, stories into decisions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Start with [bold]story demo[/bold]: no key, no network and no GPU needed.",
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"story {version('financial-story-llm')}")
        raise typer.Exit


@application.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Market data into checkable stories, stories into decisions."""


for group in (run, stage, brief, serve, data, corpus, train, twins, evaluate, verify, doctor):
    group.register(application)


def run_application(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line in ``arguments`` (``sys.argv`` when None) and exit."""
    for name, value in SURROUNDINGS.items():
        os.environ.setdefault(name, value)
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json, debug = "--json" in words, "--debug" in words
    try:
        application(words, prog_name="story", standalone_mode=not as_json)
        sys.stdout.flush()
        code = 0
    except FinancialStoryError as error:
        if debug:
            raise
        code = _tell(error, error.rule, error.value, error.remedy, as_json)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = _reader_gone()
    except Exception as error:
        if debug:
            raise
        code = _unforeseen(error, as_json)
    except SystemExit as leaving:
        code = _flushed(leaving)
    os_exit(code)


def os_exit(code: int) -> NoReturn:
    """Leave with a code (its own function, so that tests can see it)."""
    raise SystemExit(code)


def _flushed(leaving: SystemExit) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)


def _unforeseen(error: Exception, as_json: bool) -> int:
    usage = getattr(error, "format_message", None)
    if callable(usage):  # a wrong option or argument, found by Typer
        return _tell(error, usage(), None, "see `story --help`", as_json) and 2
    _tell(
        error,
        f"This is a defect of the program: {type(error).__name__}: {error}",
        None,
        "run the same command with --debug and report the traceback",
        as_json,
    )
    return DEFECT


def _tell(error: Exception, rule: str, value: object, remedy: str, as_json: bool) -> int:
    from stage_10_integration.commands.reporting import print_error

    code = getattr(error, "exit_code", DEFECT)
    print_error(type(error).__name__, rule, value, remedy, code, as_json=as_json)
    return int(code)


def _reader_gone() -> int:
    """Whoever read our output (``| head``) has enough; say nothing more, not even at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return READER_GONE
