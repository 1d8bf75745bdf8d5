"""What a run shows when it is over. Imported inside commands only."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from foundation.runtime import Plan, RunResult
from stage_08_decision_support import (
    render_html,
    render_json,
    render_markdown,
    render_terminal,
)
from stage_10_integration.commands.opening import Session, as_document
from stage_10_integration.commands.reporting import console, print_json, write_text


def write_brief(session: Session) -> dict[str, Path]:
    """Write the brief as Markdown, HTML and JSON and return where."""
    brief = session.workplace.brief()
    folder = session.settings.output / brief.session.isoformat()
    written = {}
    for name, render in (
        ("markdown", render_markdown),
        ("html", render_html),
        ("json", render_json),
    ):
        suffix = {"markdown": "md"}.get(name, name)
        written[name] = folder / f"brief.{suffix}"
        write_text(written[name], render(brief))
    return written


def present_brief(session: Session, result: RunResult, *, as_json: bool) -> None:
    """Print the brief for people, and where it was written; the run as JSON for machines."""
    written = write_brief(session)
    brief = session.workplace.brief()
    console().print()
    render_terminal(brief, console())
    console().print()
    for name, path in written.items():
        console().print(f"[dim]{name:>9}[/dim]  {path}", soft_wrap=True)
    if as_json:
        print_json(
            {
                **as_document(session, result),
                "brief": {name: str(path) for name, path in written.items()},
                "headline": brief.headline,
            }
        )


def present_run(session: Session, result: RunResult, *, as_json: bool) -> None:
    """Say what ran and what was reused."""
    ran, reused = len(result.seconds), len(result.outputs) - len(result.seconds)
    console().print(
        f"{ran} steps run in {sum(result.seconds.values()):.1f} s, {reused} reused; "
        f"artefacts in {session.settings.store}"
    )
    if as_json:
        print_json(as_document(session, result))


def present_next_steps(session: Session, result: RunResult) -> None:
    """Say how long it took and what to try next."""
    ran = sum(result.seconds.values())
    reused = len(result.outputs) - len(result.seconds)
    note = f"{len(result.seconds)} steps run in {ran:.1f} s" + (
        f", {reused} reused" if reused else ""
    )
    console().print(f"\n[dim]{note}; artefacts and journal in {session.settings.store}[/dim]")
    console().print("\n[bold]Try next[/bold]")
    for command, what in (
        ("story serve", "the same brief as a dashboard, with charts and every story"),
        ("story demo --as-of 2015-08-24", "any other day; everything after it is invisible"),
        ("story evaluate", "how good the system's own past forecasts were"),
        ("story stage 3", "what one stage made, here: the stories"),
        ("story run --source folder --path DIR --as-of DATE", "your own CSV or Parquet bars"),
        ("story verify no-lookahead", "proof that no stage sees the future"),
    ):
        console().print(f"  [cyan]{command}[/cyan]  [dim]{what}[/dim]", soft_wrap=True)


def present_plan(session: Session, plan: Plan, again: tuple[str, ...], *, as_json: bool) -> None:
    """Say what would run and what is cached."""
    lines = [
        (line, "run again" if line.step.name in again else line.state)
        for line in session.workplace.foresee(plan)
    ]
    table = Table(box=None, pad_edge=False)
    for column in ("stage", "step", "would", "artefact"):
        table.add_column(column)
    colours = {"reuse": "blue", "run": "cyan", "run again": "cyan"}
    for line, state in lines:
        colour = colours.get(state, "yellow")
        stored = line.output.content_hash[:12] if line.output else ""
        table.add_row(
            f"{line.step.number:02d}",
            line.step.title,
            f"[{colour}]{state}[/{colour}]",
            f"[dim]{stored}[/dim]",
        )
    console().print(table)
    if as_json:
        print_json(
            {
                "as_of": session.workplace.source.as_of.isoformat(),
                "store": str(session.settings.store),
                "steps": [
                    {
                        "step": line.step.name,
                        "stage": line.step.number,
                        "state": state,
                        "key": line.key,
                        "content_hash": line.output.content_hash if line.output else None,
                    }
                    for line, state in lines
                ],
            }
        )
