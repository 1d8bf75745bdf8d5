"""``story data live``: features of the session that is going on, from quotes as they come."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from foundation.kernel import OperatorError
from stage_10_integration.commands.options import Options, with_options

if TYPE_CHECKING:
    from stage_01_data_engine.live.next_session import Increment


def register(group: typer.Typer) -> None:
    """Add the command of this file to ``story data``."""
    group.command("live")(live)


@with_options
def live(
    options: Options,
    every: Annotated[
        float, typer.Option("--every", min=0.5, help="Seconds between two sets of features.")
    ] = 5.0,
    updates: Annotated[
        int | None, typer.Option("--updates", min=1, help="Stop after so many sets; else Ctrl-C.")
    ] = None,
) -> None:
    """Fold IQFeed's quotes into today's bars and keep the latest features, on top of the store."""
    from itertools import islice

    from foundation.connect import SystemTime
    from foundation.contracts import MarketWindow
    from foundation.storage.online import LatestFeatures, open_cache
    from stage_01_data_engine import IqfeedStream
    from stage_01_data_engine.live import NextSession, live_features
    from stage_10_integration.commands.opening import Session
    from stage_10_integration.commands.reporting import console, print_json
    from stage_10_integration.sources import open_connection
    from stage_10_integration.wiring import DATA

    session = Session(options)
    session.run(session.workplace.plan.until(DATA))
    window = session.workplace.artefact(DATA, MarketWindow)
    ahead = NextSession(window, session.settings.data)
    today = SystemTime().now().date()
    if ahead.session != today:
        raise OperatorError(
            "The window ends with the session before today's",
            value=f"it ends with {window.session}, the next session is {ahead.session}, "
            f"and today is {today}",
            remedy="ingest up to the last session that closed, and come back on a trading day",
        )
    settings = session.settings
    stream = IqfeedStream(open_connection(settings), settings.sources.iqfeed)
    online = LatestFeatures(open_cache(settings.storage.online), settings.storage.dataset)
    if settings.storage.online is None:
        console().print(
            "[yellow]No server keeps the features for others: set storage.online, e.g. "
            "redis://localhost:6379/0. They are shown here.[/yellow]"
        )
    market = {f: float(window.market.field(f)[-1, 0]) for f in window.market.fields}
    messages = stream.messages(tuple(i.symbol for i in window.instruments))
    found = live_features(messages, ahead, market, every=timedelta(seconds=every))
    shown = []
    for known_at, made, bars in islice(found, updates):
        online.write(made.features, known_at=known_at)
        gaps = "" if bars.whole else f", not whole ({bars.gaps} gaps)"
        console().print(
            f"{known_at:%H:%M:%S} {len(bars.rows()):,} symbols traded, "
            f"{made.quarantined} rows set aside{gaps}"
        )
        shown.append({"known_at": known_at.isoformat(), "session": made.session.isoformat(),
                      "quarantined": made.quarantined, "whole": bars.whole,
                      "features": _by_symbol(made)})  # fmt: skip
    if options.as_json:
        print_json(shown)


def _by_symbol(made: Increment) -> dict[str, dict[str, float]]:
    """Return what is known of each symbol that traded, by name; what is not is left out."""
    close, features = made.bars.field("close")[-1], made.features
    return {
        symbol: {
            name: float(value)
            for name, value in zip(features.fields, row, strict=True)
            if math.isfinite(value)
        }
        for symbol, row in zip(features.symbols, features.values[-1], strict=True)
        if math.isfinite(close[made.bars.index_of("symbols", symbol)])
    }
