"""``story twins``: which twins there are, and everything about one of them."""

from __future__ import annotations

from typing import Annotated

import typer

from stage_10_integration.commands.options import Options, with_options

group = typer.Typer(no_args_is_help=True, help="Look at the twins of the market model.")


def register(application: typer.Typer) -> None:
    """Add the command group of this file."""
    application.add_typer(group, name="twins")


@group.command("list")
@with_options
def listing(options: Options) -> None:
    """Show every stock's twin: since when it learns, whether it answers, and what it gained."""
    from rich.table import Table

    from stage_10_integration.commands.models import shelf_of
    from stage_10_integration.commands.reporting import console, print_json

    registry = shelf_of(options).twins
    rows = [
        (symbol, registry.versions(symbol)[-1], registry.in_use(symbol))
        for symbol in registry.symbols()
        if registry.versions(symbol)
    ]
    if options.as_json:
        print_json(
            [
                {
                    "card": card.model_dump(mode="json"),
                    "decision": decision.model_dump(mode="json") if decision else None,
                }
                for _, card, decision in rows
            ]
        )
        return
    if not rows:
        console().print("No twin was trained yet: `story train market-model`, `story train twins`.")
        return
    table = Table(
        "stock", "learnt until", "answers", "gain over shared heads", "sessions", "sector"
    )
    for symbol, card, decision in rows:
        gain = "not judged"
        if decision is not None and decision.gain is not None:
            gain = f"{decision.gain:+.4f}"
            if decision.low is not None:
                gain += f" ({decision.low:+.4f} to {decision.high:+.4f})"
        answers = "twin" if decision is not None and decision.version else "shared heads"
        table.add_row(
            symbol,
            card.trained_until.isoformat(),
            answers,
            gain,
            str(decision.sessions if decision else 0),
            card.characteristics.sector or "",
        )
    console().print(table)


@group.command("show")
@with_options
def show(
    options: Options, ticker: Annotated[str, typer.Argument(help="The stock, e.g. AAPL.")]
) -> None:
    """Show one stock's twin: characteristics, versions, decisions."""
    from foundation.kernel import OperatorError
    from stage_10_integration.commands.models import shelf_of
    from stage_10_integration.commands.reporting import console, print_json

    registry = shelf_of(options).twins
    versions, decisions = registry.versions(ticker), registry.decisions(ticker)
    if not versions:
        raise OperatorError(
            "This stock has a twin",
            value=ticker,
            remedy="see `story twins list`, or train it: story train twins --symbols " + ticker,
        )
    if options.as_json:
        print_json(
            {
                "versions": [card.model_dump(mode="json") for card in versions],
                "decisions": [decision.model_dump(mode="json") for decision in decisions],
            }
        )
        return
    latest = versions[-1]
    console().print(
        f"[bold]{ticker}[/bold], twin {latest.version}, corrects {latest.market_model[:12]}"
    )
    for name, value in latest.characteristics.model_dump().items():
        shown = f"{value:.3f}" if isinstance(value, float) else (value or "not known")
        console().print(f"  {name.replace('_', ' ')}: {shown}")
    for card in versions:
        loss = "nothing held back with a known outcome"
        if card.loss is not None and card.loss_untrained is not None:
            loss = f"held back {card.loss_untrained:.4f} -> {card.loss:.4f} in epoch {card.epoch}"
        console().print(f"  version {card.version}, learnt until {card.trained_until}: {loss}")
    for decision in decisions:
        answers = f"twin {decision.version}" if decision.version else "the shared heads"
        console().print(f"  {decision.on}: {answers} answer, {decision.reason}")
