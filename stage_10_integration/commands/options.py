"""Options that many commands share, declared once.

``@with_options`` adds them to a command's signature and hands them over as one ``Options``.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from foundation.kernel import OperatorError


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line, not yet laid over settings."""

    as_of: str | None = None
    symbols: str | None = None
    source: str | None = None
    otherwise: str | None = None
    join: str | None = None
    path: Path | None = None
    store: Path | None = None
    config: Path | None = None
    profile: str = "demo"
    recipe: str | None = None
    base: Path | None = None
    corpus: Path | None = None
    engine: str | None = None
    base_url: str | None = None
    model: str | None = None
    known_until: str | None = None
    settings: tuple[str, ...] = ()
    as_json: bool = False
    debug: bool = False

    def flags(self) -> dict[str, Any]:
        """Return the flags as nested settings; what was not given is left out."""
        flags: dict[str, Any] = {}
        for assignment in self.settings:
            _place(flags, assignment)
        market = {
            "as_of": _day(self.as_of) if self.as_of else None,
            "symbols": _names("symbol", self.symbols, "--symbols AAPL,MSFT"),
            "source": self._source(),
            "otherwise": _names("source", self.otherwise, "--otherwise yahoo,folder"),
            "join": _names("source", self.join, "--join fred,finnhub"),
            "path": self.path,
        }
        given = {name: value for name, value in market.items() if value is not None}
        if given:
            flags["market"] = {**flags.get("market", {}), **given}
        if self.store is not None:
            flags["store"] = self.store
        if told := self._story_server():
            engine = flags.get("engine", {})
            server = {**engine.get("server", {}), **told.pop("server", {})}
            flags["engine"] = {**engine, **told} | ({"server": server} if server else {})
        return flags

    def _story_server(self) -> dict[str, Any]:
        """Return who tells the stories, where the command line says so."""
        named = {
            "base_url": self.base_url,
            "model": self.model,
            "known_until": _day(self.known_until) if self.known_until else None,
        }
        server = {name: value for name, value in named.items() if value is not None}
        # a server is only ever named to be asked
        engine = self.engine or ("openai" if server else None)
        told: dict[str, Any] = {"engine": engine} if engine else {}
        return told | ({"server": server} if server else {})

    def _source(self) -> str | None:
        """Return the source asked for. A folder that is named alone is named to be read."""
        alone = self.path is not None and self.join is None and self.otherwise is None
        return self.source or ("folder" if alone else None)


DECLARED: dict[str, Any] = {
    "as_of": Annotated[
        str | None,
        typer.Option("--as-of", metavar="YYYY-MM-DD", help="Last session that may be seen."),
    ],
    "symbols": Annotated[
        str | None, typer.Option("--symbols", metavar="A,B,...", help="Instruments, in order.")
    ],
    "source": Annotated[
        str | None,
        typer.Option("--source", help="Where bars come from; see `story data sources`."),
    ],
    "otherwise": Annotated[
        str | None,
        typer.Option("--otherwise", metavar="A,B,...", help="Asked in turn if it fails."),
    ],
    "join": Annotated[
        str | None,
        typer.Option("--join", metavar="A,B,...", help="Add series, events, options of these."),
    ],
    "path": Annotated[
        Path | None, typer.Option("--path", help="Folder of a source made of files.")
    ],
    "store": Annotated[
        Path | None, typer.Option("--store", help="Folder of artefacts and journal.")
    ],
    "config": Annotated[
        Path | None,
        typer.Option("--config", envvar="STORY_CONFIG", help="TOML file with settings."),
    ],
    "profile": Annotated[str, typer.Option("--profile", help="demo, research, cpu, full or test.")],
    "recipe": Annotated[
        str | None,
        typer.Option("--recipe", help="How the story model is trained: a name in config.recipes."),
    ],
    "base": Annotated[
        Path | None,
        typer.Option("--base", help="Folder of the pre-trained model that the recipe adapts."),
    ],
    "corpus": Annotated[
        Path | None,
        typer.Option("--corpus", help="Folder of `story corpus`: the story model learns from it."),
    ],
    "engine": Annotated[
        str | None,
        typer.Option("--engine", help="Who tells the stories: transformers (here) or openai."),
    ],
    "base_url": Annotated[
        str | None,
        typer.Option("--base-url", help="OpenAI-compatible server, e.g. http://localhost:8000/v1."),
    ],
    "model": Annotated[
        str | None, typer.Option("--model", help="The model's name on that server.")
    ],
    "known_until": Annotated[
        str | None,
        typer.Option(
            "--known-until",
            metavar="YYYY-MM-DD",
            help="That model's knowledge cut-off: no session up to it is scored.",
        ),
    ],
    "settings": Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="One setting, e.g. data.jump_limit=0.5."),
    ],
    "as_json": Annotated[bool, typer.Option("--json", help="Machine output on stdout.")],
    "debug": Annotated[bool, typer.Option("--debug", help="Tracebacks for errors.")],
}
DEFAULTS: dict[str, Any] = {"profile": "demo", "settings": None, "as_json": False, "debug": False}


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the shared options to a command whose first parameter is ``options: Options``."""
    hints = inspect.get_annotations(command, eval_str=True)
    own = [
        p.replace(annotation=hints[p.name])
        for p in list(inspect.signature(command).parameters.values())[1:]
    ]
    shared = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=DEFAULTS.get(name), annotation=kind
        )
        for name, kind in DECLARED.items()
    ]

    @functools.wraps(command)
    def wrapped(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in DECLARED}
        chosen["settings"] = tuple(chosen["settings"] or ())
        command(Options(**chosen), **given)

    del wrapped.__wrapped__
    ordered = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + shared
    wrapped.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in ordered}
    return wrapped


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise OperatorError(
            "An as-of date is written YYYY-MM-DD", value=text, remedy="e.g. --as-of 2018-12-28"
        ) from None


def _names(what: str, text: str | None, example: str) -> tuple[str, ...] | None:
    """Return names that were given in one word with commas; None where nothing was given."""
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise OperatorError(
            f"At least one {what} must be named", value=text, remedy=f"e.g. {example}"
        )
    return names


def _place(flags: dict[str, Any], assignment: str) -> None:
    key, equals, text = assignment.partition("=")
    if not equals or not key.strip():
        raise OperatorError(
            "A setting is given as KEY=VALUE",
            value=assignment,
            remedy="e.g. --set fuzzification.window=90",
        )
    *groups, name = key.strip().split(".")
    here = flags
    for group in groups:
        here = here.setdefault(group, {})
    here[name] = _value(text.strip())


def _value(text: str) -> Any:
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
