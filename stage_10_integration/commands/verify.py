"""``story verify``: proofs that can be run on one's own data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stage_10_integration.commands.options import Options, with_options

if TYPE_CHECKING:
    from stage_10_integration.verification import Verdict

LAW_BROKEN = 1

group = typer.Typer(no_args_is_help=True, help="Prove the laws of the house on your data.")


def register(application: typer.Typer) -> None:
    """Add the command group of this file."""
    application.add_typer(group, name="verify")


@group.command("no-lookahead")
@with_options
def no_lookahead(
    options: Options,
    sessions_back: Annotated[
        int, typer.Option("--sessions-back", min=1, help="How far back the past is cut.")
    ] = 20,
    until: Annotated[
        str | None, typer.Option("--until", help="Last step compared; 04_tokenization if absent.")
    ] = None,
) -> None:
    """Change and delete everything after a session: nothing up to it may change by one byte."""
    from stage_10_integration import wiring
    from stage_10_integration.commands.opening import open_settings
    from stage_10_integration.verification import verify_no_lookahead

    verdict = verify_no_lookahead(
        open_settings(options),
        sessions_back=sessions_back,
        until=until or wiring.TOKENS,
        say=_say,
    )
    _present(verdict, as_json=options.as_json)


@group.command("replay")
@with_options
def replay(
    options: Options,
    until: Annotated[
        str | None, typer.Option("--until", help="Last step compared; the brief if absent.")
    ] = None,
) -> None:
    """Run twice from empty stores, in two processes: all content hashes must be equal."""
    from stage_10_integration import wiring
    from stage_10_integration.commands.opening import open_settings
    from stage_10_integration.verification import verify_replay

    verdict = verify_replay(open_settings(options), until=until or wiring.BRIEF, say=_say)
    _present(verdict, as_json=options.as_json)


def _say(words: str) -> None:
    from stage_10_integration.commands.reporting import console

    console().print(f"[dim]…[/dim] {words}")


def _present(verdict: Verdict, *, as_json: bool) -> None:
    from dataclasses import asdict

    from stage_10_integration.commands.reporting import console, print_json

    for comparison in verdict.comparisons:
        mark = "[green]✓[/green]" if comparison.held else "[red]✗[/red]"
        broken = "" if comparison.held else f"\n  {comparison.step}: {comparison.where}"
        compared = f"[dim]({len(comparison.steps)} steps)[/dim]"
        console().print(f"{mark} {comparison.question} {compared}{broken}")
    words = "[green]holds[/green]" if verdict.held else "[red]is broken[/red]"
    console().print(f"\n[bold]{verdict.law}[/bold] {words}")
    if as_json:
        print_json({**asdict(verdict), "held": verdict.held})
    if not verdict.held:
        raise typer.Exit(LAW_BROKEN)
