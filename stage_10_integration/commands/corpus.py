"""``story corpus FOLDER``: the windows that a model learns from, on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foundation.kernel import OperatorError
from stage_10_integration.commands.options import Options, with_options

if TYPE_CHECKING:
    from stage_04_tokenization.corpus import Manifest


def register(application: typer.Typer) -> None:
    """Add the command of this file."""
    application.command("corpus")(corpus)


@with_options
def corpus(
    options: Options,
    folder: Annotated[Path, typer.Argument(help="Becomes the corpus; what is there is kept.")],
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes side by side.")] = 2,
    shard: Annotated[int, typer.Option("--shard", min=1, help="Symbols per shard.")] = 25,
) -> None:
    """Write the training corpus of all symbols as a `datasets` dataset; resumes if interrupted."""
    from foundation.contracts import StoryBook
    from stage_04_tokenization.corpus import build_corpus
    from stage_10_integration.commands.opening import Session, as_document
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.wiring import TOKENS

    session = Session(options)
    if session.settings.corpus is not None:
        raise OperatorError(
            "A corpus is built from stories, not from another corpus",
            value=f"{folder} with --corpus {session.settings.corpus}",
            remedy="leave --corpus and the setting corpus out",
        )
    plan = session.workplace.plan
    books = tuple(plan.step(TOKENS).needs.values())
    result = session.run(plan.until(*books))
    told = [session.workplace.artefact(name, StoryBook) for name in books]
    with console().status("shards") as status:
        manifest = build_corpus(
            told[0],
            session.settings.tokens,
            folder,
            told[1:],
            workers=workers,
            symbols_per_shard=shard,
            progress=lambda done, shards: status.update(f"{done} of {shards} shards"),
        )
    console().print()
    console().print(_table(manifest))
    console().print(
        f"{len(manifest.shards)} shards in {folder}, tokeniser {manifest.tokenizer}, "
        f"corpus {manifest.corpus_hash}",
        soft_wrap=True,
        highlight=False,
    )
    if options.as_json:
        made = manifest.model_dump(mode="json", exclude={"codes"})
        print_json({**as_document(session, result), "folder": str(folder), "corpus": made})


def _table(manifest: Manifest) -> Any:
    from rich.table import Table

    table = Table("split", "symbols", "windows", "per symbol", "tokens", box=None)
    for split, counts in manifest.counts.items():
        least, most = min(counts.values(), default=0), max(counts.values(), default=0)
        table.add_row(
            split,
            f"{len(counts):,}",
            f"{sum(counts.values()):,}",
            f"{least:,} to {most:,}",
            f"{manifest.tokens[split]:,}",
        )
    return table
