"""People read stderr, machines read stdout; colours only where a terminal shows them."""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from rich.console import Console

from foundation.kernel import WorldError


@lru_cache(maxsize=1)
def console() -> Console:
    """Return the console that people read: stderr, without colours when it is not a terminal."""
    return Console(stderr=True, highlight=False)


def print_json(document: Any) -> None:
    """Write one JSON document to stdout."""
    print(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def print_error(
    kind: str, rule: str, value: object, remedy: str, code: int, *, as_json: bool
) -> None:
    """Show what should have held, what was received and what to do; as JSON on stdout as well."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    shown = "" if value is None else (value if isinstance(value, str) else repr(value))
    if as_json:
        print_json(
            {
                "error": {
                    "kind": kind,
                    "rule": rule,
                    "value": shown,
                    "remedy": remedy,
                    "exit_code": code,
                }
            }
        )
        sys.stdout.flush()
    lines = [Text(rule.rstrip(".") + ".", style="bold")]
    if shown:
        lines.append(Text(f"Received: {shown[:400]}"))
    if remedy:
        lines.append(Text(f"What to do: {remedy.rstrip('.')}.", style="green"))
    console().print(
        Panel(
            Group(*lines), title=_words(kind), title_align="left", border_style="red", expand=False
        )
    )


def _words(kind: str) -> str:
    """``UpstreamDataError`` as people say it."""
    spaced = "".join(f" {c.lower()}" if c.isupper() else c for c in kind).strip()
    return spaced.capitalize()


def write_text(path: Path, text: str) -> None:
    """Write a file that a person asked for. ``WorldError`` if the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WorldError(
            f"The output must be writable ({error.strerror or error})",
            value=str(path),
            remedy="choose another place for the output",
        ) from error
