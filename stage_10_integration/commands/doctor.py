"""``story doctor``: what this machine can do, and what to install for more."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

import typer

NEEDED = (
    "pydantic",
    "numpy",
    "pandas",
    "scipy",
    "TA-Lib",
    "exchange_calendars",
    "arch",
    "lightgbm",
    "skfolio",
    "arcticdb",
    "torch",
    "tokenizers",
    "transformers",
    "fastapi",
    "plotly",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Finding:
    """One thing about the machine. ``needed`` things must be there for the demo to run."""

    name: str
    state: Literal["ok", "absent", "wrong"]
    detail: str
    needed: bool
    remedy: str = ""


def register(application: typer.Typer) -> None:
    """Add the command of this file."""
    application.command("doctor")(doctor)


def doctor(
    store: Annotated[Path, typer.Option("--store", help="Folder to check.")] = Path(".story"),
    as_json: Annotated[bool, typer.Option("--json", help="Machine output on stdout.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Tracebacks for errors.")] = False,
) -> None:
    """Say what this machine can do; exit code 0 when the demo can run."""
    from rich.table import Table

    from stage_10_integration.commands.reporting import console, print_json

    findings = list(examine(store))
    table = Table(box=None, pad_edge=False, show_header=False)
    marks = {"ok": "[green]✓[/green]", "absent": "[yellow]·[/yellow]", "wrong": "[red]✗[/red]"}
    for finding in findings:
        missing = finding.needed and finding.state != "ok"
        mark = marks["wrong"] if missing else marks[finding.state]
        more = f"[dim]{finding.remedy}[/dim]" if finding.state != "ok" else ""
        table.add_row(mark, finding.name, finding.detail, more)
    console().print(table)
    able = all(f.state == "ok" for f in findings if f.needed)
    console().print(
        "\nThe demo can run: [cyan]story demo[/cyan]"
        if able
        else "\n[red]The demo cannot run yet[/red]: see the lines marked ✗"
    )
    if as_json:
        print_json({"demo": able, "findings": [asdict(f) for f in findings]})
    if not able:
        raise typer.Exit(6)


def examine(store: Path) -> Iterator[Finding]:
    """Yield findings about this machine, needed things first."""
    yield from (_python(), *_libraries(), _torch_works(), _writable(store), _memory())
    yield from (_gpu(), _redis(), *_keys(), _browser())


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fine = sys.version_info >= (3, 11)
    return Finding("Python", "ok" if fine else "wrong", version, True, "install Python 3.11+")


def _libraries() -> Iterator[Finding]:
    versions: dict[str, str] = {}
    missing: list[str] = []
    for name in NEEDED:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    remedy = "run `make run`, or pip install --constraint constraints.txt --editable ."
    if missing:
        yield Finding("libraries", "absent", ", ".join(missing), True, remedy)
    else:
        yield Finding("libraries", "ok", f"{len(versions)} checked", True)


def _torch_works() -> Finding:
    def check() -> str:
        import torch

        torch.ones(2, 2) @ torch.ones(2, 2)
        return f"{torch.__version__}, {torch.get_num_threads()} threads"

    return _tried("torch", check, needed=True, remedy="pip install torch==2.13.0")


def _writable(store: Path) -> Finding:
    here = next(p for p in (store, *store.resolve().parents) if p.exists())
    if not os.access(here, os.W_OK):
        return Finding("store", "wrong", str(store), True, "choose a writable --store")
    free = shutil.disk_usage(here).free / 2**30
    state: Literal["ok", "wrong"] = "ok" if free >= 1 else "wrong"
    return Finding("store", state, f"{store}, {free:.0f} GiB free", True, "free at least 1 GiB")


def _memory() -> Finding:
    def check() -> str:
        import psutil

        memory = psutil.virtual_memory()
        cores = psutil.cpu_count(logical=False) or os.cpu_count()
        return f"{memory.total / 2**30:.0f} GiB, {cores} cores"

    return _tried("machine", check, needed=False, remedy="pip install psutil")


def _gpu() -> Finding:
    try:
        import torch

        if torch.cuda.is_available():
            detail = f"{torch.cuda.get_device_name(0)}, {torch.version.cuda}"
            return Finding("GPU", "ok", detail, False)
    except ImportError:
        pass
    return Finding(
        "GPU",
        "absent",
        "none visible to torch",
        False,
        "not needed for the demo; GPT-OSS 20B wants one with 80 GB (or 4-bit: 16 GB)",
    )


def _redis() -> Finding:
    def check() -> str:
        import redis

        from config.environment import redis_url

        url = redis_url()
        client = redis.Redis.from_url(url, socket_connect_timeout=0.3)
        return f"{client.info('server')['redis_version']} at {url.rpartition('@')[2]}"

    return _tried(
        "Redis",
        check,
        needed=False,
        remedy="not needed on one machine; apt install redis-server, or set REDIS_URL",
    )


def _keys() -> Iterator[Finding]:
    """Say of every vendor whether a key is there, by the name of its variable, never its value."""
    from config.environment import credentials
    from stage_01_data_engine import SOURCES

    held = credentials()
    for card in SOURCES.values():
        if card.credential is None:
            continue
        first = card.credential.variables[0]
        there = held.has(card.credential)
        yield Finding(
            f"key for {card.name}",
            "ok" if there else "absent",
            f"{held.secret(card.credential).variable} is set" if there else f"{first} is not set",
            False,
            f"only for `--source` or `--join {card.name}`; get one at {card.credential.obtain}",
        )


def _browser() -> Finding:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return Finding(
        "browser",
        "ok" if found else "absent",
        found or "no chromium",
        False,
        "only for the dashboard's own tests: apt install chromium chromium-driver",
    )


def _tried(name: str, check: Callable[[], str], *, needed: bool, remedy: str) -> Finding:
    try:
        return Finding(name, "ok", check(), needed)
    except ImportError as error:
        return Finding(name, "absent", str(error), needed, remedy)
    except Exception as error:  # a doctor reports what is ill, whatever it is
        line = (str(error).splitlines() or [type(error).__name__])[0]
        return Finding(name, "absent", line[:100], needed, remedy)
