"""The brief on a terminal: the part that fits on a screen or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foundation.contracts import DecisionBrief, InstrumentPage
from stage_08_decision_support import phrasing as say
from stage_08_decision_support.instrument_pages import by_conviction, is_called, uncalled
from stage_08_decision_support.rendering.markdown import OUTLOOK
from stage_08_decision_support.track_record import METRICS, skill_lines, skill_verdict

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_COLOUR = {"bullish": "green", "bearish": "red", "neutral": "bright_black"}
_ARROW = {"bullish": "▲", "bearish": "▼", "neutral": "·"}
_READING = {"better": "green", "worse": "red", "no clear difference": "bright_black"}


def render_terminal(brief: DecisionBrief, console: Console, *, signals: int = 12) -> None:
    """Print headline, summary, the strongest signals, one story, the record and the caveats.

    Parameters
    ----------
    signals : int
        How many signals to list; the others are only counted.
    """
    from rich.padding import Padding
    from rich.text import Text

    def block(renderable: object, top: int = 1) -> None:
        console.print(Padding(renderable, (top, 2, 0, 2)))  # type: ignore[arg-type]

    when = f"As of {say.moment(brief.as_of)}, for {say.long_date(brief.target_session)}"
    block(Text(when, style="bright_black"))
    block(Text(brief.headline, style="bold"), 0)
    block(Text(" ".join(brief.summary)))
    ranked = by_conviction(brief.instruments)
    if is_called(ranked):
        block(_signal_table(ranked[:signals]))
    else:
        block(Text(uncalled(brief)))
        block(_outlook_table(ranked[:signals]))
    if len(ranked) > signals:
        rest = f"{len(ranked) - signals} more in the written brief."
        block(Text(rest, style="bright_black"), 0)
    if ranked:
        lead = ranked[0]
        title = f"{lead.story.name} ({lead.story.symbol})"
        day = say.long_date(brief.target_session).rsplit(" ", 1)[0]
        block(Text.assemble((title + "  ", "bold"), lead.story.reading))
        if lead.further:
            titles = say.listed([say.horizon_title(more.horizon).lower() for more in lead.further])
            block(Text(f"Also in the written brief: {titles}.", style="bright_black"), 0)
        block(
            Text.assemble(
                (f"Forecast for {day}, told as from its close  ", "bold"), lead.forecast_text
            )
        )
        block(Text(lead.forecast_note, style="bright_black"), 0)
    if brief.performance.scores:
        said = (
            "Track record: log score beside each baseline's, lower is better; "
            "even: no clear difference"
        )
        block(Text(said, style="bright_black"))
        block(_record_table(brief), 0)
    block(Text(brief.caveats[-1] if brief.caveats else "", style="bright_black"))


def _bar(conviction: float, width: int = 8) -> str:
    filled = round(min(conviction, 1.0) * width)
    return "━" * filled + "╌" * (width - filled) + f" {conviction:.2f}"


def _signal_table(pages: list[InstrumentPage]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bright_black")
    for name in ("", "Direction", "Conviction", "Odds of a rise"):
        table.add_column(name, no_wrap=True)
    for name in ("Entry", "Target", "Stop"):
        table.add_column(name, justify="right", no_wrap=True)
    for page in pages:
        s = page.signal
        colour = _COLOUR[s.direction]
        table.add_row(
            Text(s.symbol, style="bold"),
            Text(f"{_ARROW[s.direction]} {s.direction}", style=colour),
            Text(_bar(s.conviction), style=colour),
            f"{say.percent(s.reconciliation.rise, 1)}, {s.reconciliation.verdict}",
            say.price(s.levels.entry),
            say.price(s.levels.target),
            say.price(s.levels.stop),
        )
    return table


def _outlook_table(pages: list[InstrumentPage]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bright_black")
    for name in ("Tomorrow's", *OUTLOOK[:-1]):
        table.add_column(name, no_wrap=True)
    for page in pages:
        told = {o.series: o for o in page.outlook}
        cells = []
        for series in OUTLOOK[:-1]:
            o = told.get(series)
            cells.append(say.ABSENT if o is None else f"{o.likeliest} {say.percent(o.probability)}")
        table.add_row(Text(page.signal.symbol, style="bold"), *cells)
    return table


def _record_table(brief: DecisionBrief) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=None, padding=(0, 1), pad_edge=False, header_style="bright_black",
    )  # fmt: skip
    table.add_column("Series", no_wrap=True)
    for name in ("System", "Climatology", "Persistence", "Markov chain"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in skill_lines(brief.performance, METRICS[0]):
        cells = []
        for score in (line.climatology, line.persistence, line.chain):
            if score is None:
                cells.append(Text(say.ABSENT))
            else:
                reading = skill_verdict(score)
                shown = {"no clear difference": "even"}.get(reading, reading)
                cells.append(
                    Text(f"{say.number(score.baseline, 3)} {shown:<6}", style=_READING[reading])
                )
        table.add_row(line.label, say.number(line.system, 3), *cells)
    return table
