"""Whatever a page tells its reader to type can be typed, and what it names is there.

Nothing is run: commands go through the parsers and settings that a real call goes through first.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest
import typer

from foundation.kernel import FinancialStoryError
from stage_10_integration.commands.application import application
from stage_10_integration.commands.opening import open_settings
from stage_10_integration.commands.options import Options
from tests.laws.quoted import (
    Quote,
    benchmark_commands,
    links,
    named_files,
    quotes_of,
    story_commands,
)
from tests.laws.tree import ROOT, files

NO_COMMANDS = frozenset({"story only"})
"""Quoted words that begin as the command does: a verdict of stage 07."""


REFUSALS = (typer.BadParameter.__mro__[1], FinancialStoryError)
"""What a wrong call ends with: Typer's usage errors, and those of the settings."""


def fault_of(quote: Quote) -> str:
    """Return what the command line says against a quoted call of ``story``; empty if nothing."""
    words = quote.words()[1:]
    command = typer.main.get_command(application)
    context = typer.Context(command, info_name="story")
    while (commands := getattr(command, "commands", None)) and words and words[0] != "--help":
        if words[0] not in commands:
            return f"{quote.place}: no command {words[0]!r}"
        command, words = commands[words[0]], words[1:]
        context = typer.Context(command, info_name=command.name, parent=context)
    try:
        if quote.whole and commands is None:
            _open(command.make_context(command.name, list(words), parent=context.parent).params)
        else:
            command.make_parser(context).parse_args(list(words))
    except REFUSALS as error:
        return f"{quote.place}: {getattr(error, 'message', error)}"
    return ""


def _open(given: dict[str, Any]) -> None:
    """Read the settings that a command would read from its options, where it has them."""
    if "settings" in given:
        shared = {field.name: given[field.name] for field in fields(Options)}
        # A corpus that is named has been built by a command before; here there is none.
        asked = {**shared, "settings": tuple(given["settings"] or ()), "corpus": None}
        open_settings(Options(**asked))


def test_every_quoted_story_command_is_one_that_the_program_takes() -> None:
    quoted = [q for q in story_commands() if q.text not in NO_COMMANDS]
    assert sum(q.whole for q in quoted) > 20, "blocks of commands are no longer found"
    assert len(quoted) > 40, "quoted commands are no longer found"
    assert not [fault for q in quoted if (fault := fault_of(q))]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("story dmeo", False),
        ("story data sauces", True),
        ("story run --sumbols AAPL", False),
        ("story run --recipe gpt_oss_21b", True),
        ("story run --set training.no_such_setting=1", True),
        ("story run --profile nowhere", True),
        ("story run --as-of yesterday", True),
        ("story train export", True),
    ],
)
def test_the_law_hears_a_command_that_the_program_refuses(text: str, whole: bool) -> None:
    assert fault_of(Quote("page", 1, text, whole))


PARSE_ALL = """
import argparse, importlib, json, sys
sys.path.insert(0, "benchmarks")
real = argparse.ArgumentParser.parse_args

class Parsed(Exception):
    pass

def parse(self, args=None, namespace=None):
    real(self, words)
    raise Parsed

def refuse(self, message):
    raise ValueError(message)

argparse.ArgumentParser.parse_args, argparse.ArgumentParser.error = parse, refuse
faults = []
for place, script, words in json.load(sys.stdin):
    try:
        importlib.import_module(script).main()
    except Parsed:
        continue
    except (ValueError, ModuleNotFoundError) as error:
        faults.append(f"{place}: {error}")
json.dump(faults, sys.stdout)
"""
"""Calls each script's ``main`` up to where it has parsed its words, and no further."""


WRONG = (
    "python benchmarks/no_such_script.py",
    "python benchmarks/market_model.py --part nonsense",
    "python benchmarks/regimes.py --no-such-option 3",
    "python benchmarks/story_pages.py --symbols 3",
)


def faults_of(quoted: list[Quote]) -> list[str]:
    """Return what the scripts' parsers say against quoted calls of benchmarks."""
    faults, asked = [], []
    for quote in quoted:
        _, path, *words = quote.words()
        script = ROOT / path
        if not script.is_file():
            faults.append(f"{quote.place}: no such script")
        elif "parse_args" in script.read_text(encoding="utf-8"):
            asked.append((quote.place, script.stem, words))
        elif words:
            faults.append(f"{quote.place}: the script takes no words")
    done = subprocess.run(
        [sys.executable, "-c", PARSE_ALL],
        cwd=ROOT, input=json.dumps(asked), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return faults + json.loads(done.stdout)


def test_every_quoted_benchmark_takes_the_options_that_it_is_quoted_with() -> None:
    """And the law hears one that is not there, or that takes no such part."""
    quoted = benchmark_commands()
    assert len({q.words()[1] for q in quoted}) > 15, "quoted benchmarks are no longer found"
    wrong = [Quote("WRONG", at, text, False) for at, text in enumerate(WRONG)]
    faults = faults_of([*quoted, *wrong])
    assert {f.split(":")[1] for f in faults if f.startswith("WRONG")} == set("0123")
    assert not [f for f in faults if not f.startswith("WRONG")]


def test_every_benchmark_stands_in_the_table_of_benchmarks() -> None:
    scripts = {path.name for path in (ROOT / "benchmarks").glob("*.py")}
    named = {quote.text for quote in named_files() if quote.page == "benchmarks/README.md"}
    assert not scripts - named


def test_every_file_that_a_page_names_is_there() -> None:
    known = {str(path.relative_to(ROOT)) for path in files()}
    lost = [q.place for q in named_files() if not any(_is_named(q, path) for path in known)]
    assert not lost, "\n".join(lost)


def _is_named(quote: Quote, path: str) -> bool:
    """Say whether a quote may mean a file: by its path from the root, or by the end of it."""
    return f"/{path}".endswith(f"/{quote.text.removeprefix('./')}")


def test_every_link_of_a_page_leads_to_a_file() -> None:
    lost = [
        f"{page.relative_to(ROOT)}: {to}" for page, to in links() if not (page.parent / to).exists()
    ]
    assert not lost


def test_quotes_are_found_in_sentences_and_blocks_and_lines_are_joined() -> None:
    block = "```\nA=1 story run \\\n  --plan  # what would run\n```\n"
    text = f"See `story demo`.\n\n{block}```python\nx\n```\n"
    found = list(quotes_of("page", text))
    assert [(q.line, q.whole) for q in found] == [(1, False), (4, True)]
    assert found[1].words() == ["story", "run", "--plan"]
