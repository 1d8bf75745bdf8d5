"""``story data bars|options|quotes``: intraday bars, option snapshots, quotes as they come."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from foundation.kernel import OperatorError, WorldError
from stage_10_integration.commands.options import Options, with_options

if TYPE_CHECKING:
    import pandas as pd

    from stage_01_data_engine import Quote
    from stage_01_data_engine.adapters.vendors.iqfeed_stream import Message
    from stage_10_integration.house_settings import HouseSettings


def register(group: typer.Typer) -> None:
    """Add the commands of this file to ``story data``."""
    group.command("bars")(bars)
    group.command("options")(options)
    group.command("quotes")(quotes)


@with_options
def bars(
    options: Options,
    every: Annotated[
        str, typer.Option("--every", help="Length of a bar: minute or hour.")
    ] = "minute",
    sessions: Annotated[
        int, typer.Option("--sessions", min=1, help="How many, the as-of session included.")
    ] = 1,
    output: Annotated[Path, typer.Option("--output", help="Parquet or CSV file to write.")] = Path(
        "intraday.parquet"
    ),
) -> None:
    """Fetch minute or hour bars, judge them, and say of each from when it is known."""
    from stage_01_data_engine import MarketRequest
    from stage_01_data_engine.adapters.intervals import interval_source, placed_bars
    from stage_10_integration.commands.opening import open_settings
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.sources import as_of_of, open_connection, open_one

    length = _length(every)
    settings = open_settings(options)
    name = settings.market.source
    source = interval_source(open_one(name, settings, open_connection(settings)), name)
    request = MarketRequest(as_of_of(settings), settings.market.symbols, sessions)
    judged = placed_bars(source, length, request)
    _write(judged.kept, output)
    console().print(
        f"{len(judged.kept):,} bars of {every}s kept, {len(judged.findings)} findings. {output}"
    )
    for finding in judged.findings[:10]:
        console().print(f"[yellow]{finding.symbol}[/yellow] {finding.rule}: {finding.value}")
    if options.as_json:
        findings = [f.model_dump(mode="json") for f in judged.findings]
        print_json({"output": str(output), "bars": len(judged.kept), "findings": findings})


@with_options
def options(
    options: Options,
    folder: Annotated[
        Path, typer.Option("--folder", help="Where snapshots are kept, one file each.")
    ] = Path("option-snapshots"),
) -> None:
    """Fetch today's option chains and keep them, for `sources.tables.snapshots` to read back."""
    from stage_01_data_engine.adapters.files.option_snapshots import keep_snapshot, snapshot_source
    from stage_10_integration.commands.opening import open_settings
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.sources import open_connection, open_one

    settings = open_settings(options)
    name = settings.market.source
    source = snapshot_source(open_one(name, settings, open_connection(settings)), name)
    kept = []
    for symbol in _symbols(settings):
        done = keep_snapshot(source.option_snapshot(symbol), folder)
        left = f", {done.left_out} left out" if done.left_out else ""
        console().print(f"{symbol}: {done.quotes:,} quotes{left}. {done.path}")
        kept.append({"symbol": symbol, "quotes": done.quotes, "left_out": done.left_out,
                     "file": str(done.path)})  # fmt: skip
    if options.as_json:
        print_json(kept)


@with_options
def quotes(
    options: Options,
    messages: Annotated[
        int | None, typer.Option("--messages", min=1, help="Stop after so many; else Ctrl-C.")
    ] = None,
) -> None:
    """Show quotes of IQFeed's level 1 as they come, and every break of the feed."""
    from stage_01_data_engine import IqfeedStream, Quote
    from stage_10_integration.commands.opening import open_settings
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.sources import open_connection

    settings = open_settings(options)
    stream = IqfeedStream(open_connection(settings), settings.sources.iqfeed)
    shown: list[dict[str, Any]] = []
    for message in _first(stream.messages(_symbols(settings)), messages):
        if isinstance(message, Quote):
            console().print(_line(message))
        else:
            why = f" ({message.why})" if message.why else ""
            console().print(f"[dim]{message.at:%H:%M:%S} {message.state}{why}[/dim]")
        shown.append({**asdict(message), "kind": type(message).__name__})
    if options.as_json:
        print_json([{k: _plain(v) for k, v in message.items()} for message in shown])


def _length(every: str) -> Literal["minute", "hour"]:
    if every == "minute":
        return "minute"
    if every == "hour":
        return "hour"
    raise OperatorError(
        "Bars are of a minute or an hour", value=every, remedy="say --every minute or --every hour"
    )


def _symbols(settings: HouseSettings) -> tuple[str, ...]:
    if settings.market.symbols is None:
        raise OperatorError(
            "The symbols are named", value="none", remedy="e.g. --symbols AAPL,MSFT"
        )
    return settings.market.symbols


def _first(messages: Iterable[Message], count: int | None) -> Iterable[Message]:
    for at, message in enumerate(messages, start=1):
        yield message
        if at == count:
            return


def _line(quote: Quote) -> str:
    return (
        f"{quote.received_at:%H:%M:%S} [cyan]{quote.symbol}[/cyan] {quote.last:.2f}  "
        f"[dim]{quote.bid:.2f} x {quote.bid_size:.0f}   {quote.ask:.2f} x {quote.ask_size:.0f}   "
        f"{quote.volume:,.0f} shares[/dim]"
    )


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _write(frame: pd.DataFrame, path: Path) -> None:
    if path.suffix not in (".parquet", ".csv"):
        raise OperatorError(
            "Bars are written as Parquet or CSV", value=str(path), remedy="end it in .parquet"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_parquet(path, index=False)
    except OSError as error:
        raise WorldError(
            f"The bars can be written ({error.strerror or error})",
            value=str(path),
            remedy="name another file with --output",
        ) from error
