"""``story twins``: which twins there are, and everything about one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stage_10_integration.commands.options import Options, with_options

if TYPE_CHECKING:
    from foundation.contracts import ShelfReport, ShelvedTwin, Standing

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

    shelved = shelf_of(options).shelved()
    if options.as_json:
        print_json([twin.model_dump(mode="json") for twin in shelved])
        return
    if not shelved:
        console().print("No twin was trained yet: `story train market-model`, `story train twins`.")
        return
    table = Table(
        "stock", "versions", "learnt until", "answers", "since", "gain over shared heads",
        "sessions", "sector",
    )  # fmt: skip
    for twin in shelved:
        last = twin.appointments[-1] if twin.appointments else None
        table.add_row(
            twin.symbol,
            str(len(twin.versions)),
            twin.versions[-1].trained_until.isoformat(),
            twin.in_use or "shared heads",
            _since(twin),
            _gain(last.standing) if last else "not judged",
            str(last.standing.sessions if last else 0),
            twin.character.sector or "",
        )
    console().print(table)


@group.command("show")
@with_options
def show(
    options: Options, ticker: Annotated[str, typer.Argument(help="The stock, e.g. AAPL.")]
) -> None:
    """Show one stock's twin: what the stock is like, regime, alpha, calibration, history."""
    from foundation.kernel import OperatorError
    from stage_10_integration.commands.models import shelf_of
    from stage_10_integration.commands.reporting import print_json

    shelf = shelf_of(options)
    twin = next((one for one in shelf.shelved() if one.symbol == ticker), None)
    if twin is None:
        raise OperatorError(
            "This stock has a twin",
            value=ticker,
            remedy="see `story twins list`, or train it: story train twins --symbols " + ticker,
        )
    report = shelf.report()
    if options.as_json:
        from stage_08_decision_support.adapters.web.shelf import shelved_twin_answer

        print_json(shelved_twin_answer(report, ticker).model_dump(mode="json"))
        return
    _tell(twin, report)


def _tell(twin: ShelvedTwin, shelf: ShelfReport) -> None:
    from stage_08_decision_support.adapters.web.shelf import shelved_twin_answer
    from stage_10_integration.commands.reporting import console

    say = console().print
    answers = f"version {twin.in_use}" if twin.in_use else "nobody: the shared heads answer"
    say(f"[bold]{twin.symbol}[/bold] as of {shelf.session}")
    say(f"  in use: {answers}, since {_since(twin)}; {shelf.report.market_model}")
    for name, value in twin.character.model_dump().items():
        shown = f"{value:.3f}" if isinstance(value, float) else (value or "not known")
        say(f"  {name.replace('_', ' ')}: {shown}")
    regime = shelved_twin_answer(shelf, twin.symbol).regime
    if regime:
        likeliest = max(regime, key=lambda name: regime[name])
        chances = ", ".join(f"{name} {chance:.0%}" for name, chance in regime.items())
        say(f"  regime by the twin: {likeliest} ({chances})")
    state = shelf.report.twin(twin.symbol)
    if state is not None:
        for name, said in (("shared heads", state.shared), ("twin", state.twin)):
            if said is not None:
                say(
                    f"  {name}: five sessions ahead {said.expected_return_5d:+.2%}, 10% to 90% "
                    f"{said.q10:+.2%} to {said.q90:+.2%}, target first {said.hit_probability:.0%}"
                )
        alpha = "none, the twin does not answer" if state.alpha is None else f"{state.alpha:+.2%}"
        say(f"  alpha of its own: {alpha}")
    for held in shelf.report.calibration:
        error = "not known" if held.hit_error is None else f"{held.hit_error:.3f}"
        say(
            f"  {held.name}, all stocks: {held.covered:.1%} within 10% to 90% "
            f"({held.covered_low:.1%} to {held.covered_high:.1%}), error of odds {error}"
        )
    say("  versions:")
    for card in twin.versions:
        loss = "nothing held back with a known outcome"
        if card.loss is not None and card.loss_untrained is not None:
            loss = f"held back {card.loss_untrained:.4f} -> {card.loss:.4f} in epoch {card.epoch}"
        say(f"    {card.version}, learnt until {card.trained_until}: {loss}")
    say("  who answered:")
    for made in twin.appointments:
        who = f"twin {made.version}" if made.version else "the shared heads"
        say(f"    {made.on}: {who}, {made.reason}; gain {_gain(made.standing)}")


def _since(twin: ShelvedTwin) -> str:
    return "-" if twin.since is None else twin.since.isoformat()


def _gain(standing: Standing) -> str:
    if standing.gain is None:
        return "not judged"
    if standing.low is None:
        return f"{standing.gain:+.4f}"
    return f"{standing.gain:+.4f} ({standing.low:+.4f} to {standing.high:+.4f})"
