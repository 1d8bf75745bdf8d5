"""The brief as Markdown: readable as plain text, complete down to the cells behind a clause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from foundation.contracts import DecisionBrief, InstrumentPage, TradeSetup
from stage_08_decision_support import phrasing as say
from stage_08_decision_support.clauses import sources_in_words, statement_in_words, told
from stage_08_decision_support.instrument_pages import by_conviction, is_called, uncalled
from stage_08_decision_support.track_record import record_in_words, skill_lines, skill_verdict

_SPECIAL = str.maketrans({c: "\\" + c for c in "\\`*_|<>[]#"})


def render_markdown(brief: DecisionBrief) -> str:
    """Return the brief as GitHub-flavoured Markdown, ending with a newline."""
    parts = (
        _opening(brief),
        _signals(brief),
        _outlook(brief),
        _record(brief),
        _themes(brief),
        _portfolio(brief),
        _setups(brief),
        _alerts(brief),
        _instruments(brief),
        _caveats(brief),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _plain(text: str) -> str:
    return text.translate(_SPECIAL)


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: str) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "|".join("---:" if c == "r" else "---" for c in right) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def _opening(brief: DecisionBrief) -> Iterator[str]:
    yield f"*As of {say.moment(brief.as_of)}, for {say.long_date(brief.target_session)}*"
    yield ""
    yield f"# {_plain(brief.headline)}"
    yield ""
    yield _plain(" ".join(brief.summary))
    yield ""


def conviction_bar(conviction: float, width: int = 10) -> str:
    """Return a bar of ``width`` characters and the number."""
    filled = round(min(conviction, 1.0) * width)
    return "█" * filled + "░" * (width - filled) + f" {conviction:.2f}"


OUTLOOK = ("price", "trend", "momentum", "volatility", "volume")


def outlook_cells(page: InstrumentPage) -> tuple[str, ...]:
    """Return tomorrow's likeliest outcomes, one cell a series; what changes from today says so."""
    told = {o.series: o for o in page.outlook}
    cells = []
    for series in OUTLOOK:
        o = told.get(series)
        if o is None:
            cells.append(say.ABSENT)
            continue
        changes = series != "price" and o.now not in (None, o.likeliest)
        since = f" (now {o.now})" if changes else ""
        cells.append(f"{o.likeliest} {say.percent(o.probability)}{since}")
    return tuple(cells)


def _outlook(brief: DecisionBrief) -> Iterator[str]:
    yield "## Outlook"
    yield ""
    yield (
        "Tomorrow's likeliest move and states, and how likely; every state against the "
        "instrument's own past."
    )
    yield ""
    rows = [
        (f"**{_plain(page.signal.symbol)}** {_plain(page.story.name)}", *outlook_cells(page))
        for page in brief.instruments
    ]
    header = ("Instrument", *(name.capitalize() for name in OUTLOOK))
    yield from _table(header, rows, "l" * len(header))


def _signals(brief: DecisionBrief) -> Iterator[str]:
    yield "## Signals"
    yield ""
    if not is_called(brief.instruments):
        yield uncalled(brief)
        yield ""
        return
    rows = []
    for page in by_conviction(brief.instruments):
        s = page.signal
        r = s.reconciliation
        odds = f"{say.percent(r.rise, 1)}, usually {say.percent(r.past, 1)}"
        rows.append(
            (
                f"**{_plain(s.symbol)}** {_plain(page.story.name)}",
                s.direction,
                conviction_bar(s.conviction),
                f"{odds} ({r.verdict})",
                say.price(s.levels.entry),
                say.price(s.levels.target),
                say.price(s.levels.stop),
            )
        )
    header = (
        "Instrument", "Direction", "Conviction", "Odds of a rise", "Entry", "Target", "Stop",
    )  # fmt: skip
    yield from _table(header, rows, "llllrrr")


def _record(brief: DecisionBrief) -> Iterator[str]:
    report = brief.performance
    yield "## Track record"
    yield ""
    yield _plain(" ".join(record_in_words(report)))
    yield ""
    rows = []
    for line in skill_lines(report):
        for score in line.baselines:
            rows.append(
                (
                    line.label,
                    line.metric,
                    score.baseline_name,
                    say.number(score.system, 3),
                    say.number(score.baseline, 3),
                    f"{say.signed(score.difference, 3)} "
                    f"[{say.signed(score.low, 3)}, {say.signed(score.high, 3)}]",
                    skill_verdict(score),
                )
            )
    if rows:
        header = (
            "Series", "Score", "Baseline", "System", "Baseline's",
            "Difference [95% interval]", "Reading",
        )  # fmt: skip
        yield from _table(header, rows, "lllrrrl")
        yield "A positive difference favours the system; lower scores are better."
        yield ""
    direction = report.direction
    if direction.hit_rate is not None:
        span = f"{say.percent(direction.low, 1)} to {say.percent(direction.high, 1)}"
        yield (
            f"Direction: the expected move had the right sign in "
            f"{say.percent(direction.hit_rate, 1)} of {direction.forecasts:,} forecasts "
            f"(95% interval {span})."
        )
        yield ""


def _themes(brief: DecisionBrief) -> Iterator[str]:
    for title, themes in (
        ("Themes", brief.intelligence.themes),
        ("Where stories part", brief.intelligence.divergences),
    ):
        if themes:
            yield f"## {title}"
            yield ""
            for theme in themes:
                yield (
                    f"- **{_plain(theme.title)}** ({say.percent(theme.share)}): "
                    f"{_plain(say.sentence(theme.text))} *{_plain(say.listed(theme.symbols, 12))}*"
                )
            yield ""


def _portfolio(brief: DecisionBrief) -> Iterator[str]:
    plan = brief.portfolio
    yield "## Portfolio"
    yield ""
    expected = (
        f" Expected volatility {say.percent(plan.expected_volatility, 1)} a year."
        if plan.expected_volatility is not None
        else ""
    )
    yield f"Method: {_plain(say.sentence(plan.method))} Cash {say.percent(plan.cash, 1)}.{expected}"
    yield ""
    held = [p for p in plan.positions if p.weight > 0]
    if held:
        rows = [(p.symbol, say.percent(p.weight, 1), _plain(p.reason)) for p in held]
        yield from _table(("Instrument", "Weight", "Reason"), rows, "lrl")
    if plan.limits:
        limits = [
            (_plain(c.name), say.number(c.limit, 3), say.number(c.used, 3),
             "held" if c.held else "BROKEN")
            for c in plan.limits
        ]  # fmt: skip
        yield from _table(("Limit", "Allowed", "Used", ""), limits, "lrrl")
    for note in plan.notes:
        yield f"- {_plain(note)}"
    yield ""


def _setup(setup: TradeSetup) -> Iterator[str]:
    yield f"### {_plain(setup.symbol)}: {setup.direction}, {setup.setup_type}"
    yield ""
    yield (
        f"Target {say.price(setup.target)}, stop {say.price(setup.stop)}, reward to risk "
        f"{setup.risk_reward:.1f}, time stop {say.count(setup.time_stop_sessions, 'session')}."
    )
    yield ""
    for title, lines in (
        ("Entry", setup.entry_criteria),
        ("Why", setup.why),
        ("Against", setup.against),
    ):
        for line in lines:
            yield f"- {title}: {_plain(say.sentence(line))}"
    yield ""


def _setups(brief: DecisionBrief) -> Iterator[str]:
    yield "## Trade setups"
    yield ""
    if not brief.setups:
        yield "No signal has enough conviction and ordered levels today."
        yield ""
    for setup in brief.setups:
        yield from _setup(setup)


def _alerts(brief: DecisionBrief) -> Iterator[str]:
    if brief.alerts:
        yield "## Alerts"
        yield ""
        for alert in brief.alerts:
            yield f"- *{alert.kind}*: {_plain(alert.text)}"
        yield ""


def _instrument(page: InstrumentPage, target_session: date) -> Iterator[str]:
    story = page.story
    yield f"### {_plain(story.symbol)}: {_plain(story.name)}"
    yield ""
    footnotes = []
    for section in told(story):
        written = []
        for sentence in section.sentences:
            text = ""
            for clause in sentence:
                text += f"{clause.before}{_plain(clause.text)} ^{clause.number}^{clause.after}"
                footnotes += [
                    f"  {clause.number}. {_plain(statement_in_words(c.statement))}, degree "
                    f"{c.degree:.2f}: {_plain(sources_in_words(c)) or 'no cell'}"
                    for c in clause.claims
                ]
            written.append(text)
        yield f"**{section.name.capitalize()}.** " + " ".join(written)
        yield ""
    for more in page.further:
        yield f"**{say.horizon_title(more.horizon)}.** {_plain(more.reading)}"
        yield ""
    if page.character:
        yield f"**Character.** {_plain(page.character)}"
        yield ""
    told_at = say.long_date(target_session)
    yield f"**Forecast for {told_at}, told as from its close.** {_plain(page.forecast_text)}"
    yield ""
    yield f"*{_plain(page.forecast_note)}*"
    yield ""
    yield f"**Story and model.** {_plain(say.sentence(page.signal.reconciliation.explanation))}"
    yield ""
    for risk in page.signal.risks:
        yield f"- Risk, {risk.group}: {_plain(say.sentence(risk.text))} ({_plain(risk.evidence)})"
    yield ""
    yield "Sources:"
    yield ""
    yield from footnotes
    yield ""


def _instruments(brief: DecisionBrief) -> Iterator[str]:
    yield "## Instruments"
    yield ""
    for page in brief.instruments:
        yield from _instrument(page, brief.target_session)


def _caveats(brief: DecisionBrief) -> Iterator[str]:
    yield "## Before you rely on this"
    yield ""
    for text in brief.caveats:
        yield f"- {_plain(text)}"
