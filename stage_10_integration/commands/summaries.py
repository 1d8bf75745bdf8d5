"""What each artefact says, in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import singledispatch

import numpy as np
from rich.table import Table

from foundation.contracts import (
    DecisionBrief,
    FoundationReport,
    FuzzyWindow,
    MarketIntelligence,
    MarketWindow,
    PerformanceReport,
    PortfolioPlan,
    QuantContext,
    SignalSet,
    StockCharacteristics,
    StoryBook,
    StoryForecast,
    StoryModel,
    TokenBatch,
    ValidatedForecast,
)
from foundation.kernel import Contract
from foundation.timeseries import Panel

Lines = Iterator[tuple[str, str]]


def summary_table(title: str, made: Contract) -> Table:
    """Return a two-column table of an artefact's summary."""
    table = Table(title=title, title_justify="left", box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in summary_lines(made):
        table.add_row(name, value)
    return table


def score_table(report: PerformanceReport) -> Table:
    """Return the skill scores, one row per series, metric and baseline."""
    table = Table(
        title=f"Past forecasts, {report.scored_from} to {report.scored_to} "
        "(RPS: ranked probability score)",
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name in ("series", "metric", "system", "baseline", "", "gain", "95% interval"):
        left = name in ("series", "metric", "")
        table.add_column(name, justify="left" if left else "right", no_wrap=True)
    for score in report.scores:
        clear = score.low > 0 or score.high < 0
        style = ("green" if score.low > 0 else "red") if clear else ""
        table.add_row(
            score.series,
            "RPS" if score.metric == "ranked probability score" else score.metric,
            f"{score.system:.3f}",
            f"{score.baseline:.3f}",
            score.baseline_name,
            f"{score.difference:+.3f}",
            f"{score.low:+.3f}..{score.high:+.3f}",
            style=style,
        )
    return table


@singledispatch
def summary_lines(made: Contract) -> Lines:
    """Yield ``(name, value)`` lines about an artefact."""
    yield "as of", f"{made.as_of:%Y-%m-%d %H:%M %Z}"


def _panel(panel: Panel) -> str:
    filled = float(np.isfinite(panel.values).mean()) if panel.values.size else 0.0
    return f"{' x '.join(map(str, panel.values.shape))}, {filled:.0%} present"


@summary_lines.register
def _(made: MarketWindow) -> Lines:
    yield (
        "source",
        f"{made.source.name} ({made.source.note})" if made.source.note else (made.source.name),
    )
    yield "session", f"{made.session}, next {made.target_session}"
    yield "instruments", f"{len(made.instruments)}, of which {_close_only(made)} close only"
    yield "bars", _panel(made.bars)
    yield "features", f"{_panel(made.features)}: {', '.join(made.features.fields)}"
    yield "market-wide", f"{_panel(made.market)}: {', '.join(made.market.fields)}"
    if made.options is not None:
        yield "options", f"{_panel(made.options)}: {', '.join(made.options.symbols)}"
    yield "events", str(len(made.events))
    counts = made.counts
    yield "rows", f"{counts.received} received, {counts.quarantined} quarantined"
    for (rule, action), n in Counter(
        (f.rule, f.action) for f in made.findings for _ in range(f.rows)
    ).most_common(6):
        yield "finding", f"{rule}: {n} rows {action}"


def _close_only(made: MarketWindow) -> int:
    return sum(i.close_only for i in made.instruments)


@summary_lines.register
def _(made: FuzzyWindow) -> Lines:
    yield "memberships", f"{_panel(made.memberships)}: {', '.join(made.memberships.fields)}"
    yield "positions", _panel(made.positions)
    yield "positions, market-wide", _panel(made.market_positions)
    if made.option_positions is not None:
        yield "positions of options", _panel(made.option_positions)
    yield "movements", _panel(made.movements)
    yield "patterns", f"{_panel(made.patterns)}: {', '.join(made.patterns.fields)}"
    yield "events", _panel(made.events)
    yield "events by symbol", _panel(made.symbol_events)


@summary_lines.register
def _(made: QuantContext) -> Lines:
    yield "values", f"{_panel(made.values)}: {', '.join(made.values.fields)}"
    for model in made.models:
        yield model.name, f"{', '.join(model.fields)}; trained until {model.trained_until}"
    if made.report is not None:
        yield from _behind(made.report)


def _behind(report: FoundationReport) -> Lines:
    for ruling in report.rulings:
        stood = "; ".join(
            f"{s.name} {s.gain:+.4f} ({s.low:+.4f} to {s.high:+.4f})"
            for s in ruling.standings
            if s.gain is not None and s.low is not None and s.high is not None
        )
        shares = ", ".join(f"{voice.name} {voice.weight:.0%}" for voice in ruling.voices)
        yield f"who makes up {ruling.matter}", f"{shares}; gain over it: {stood or 'not known'}"
    if report.twins:
        answering = [state.symbol for state in report.twins if state.answers]
        of_all = f"{len(answering)} of {len(report.twins)} answer"
        yield "twins", ": ".join(filter(None, (of_all, ", ".join(answering))))
    for past in report.calibration:
        held = f"{past.covered:.1%} ({past.covered_low:.1%} to {past.covered_high:.1%})"
        yield f"80% range of {past.name}", f"held {held} of {past.forecasts} outcomes"


@summary_lines.register
def _(made: StockCharacteristics) -> Lines:
    yield "values", f"{_panel(made.values)}: {', '.join(made.values.fields)}"
    for symbol, row in list(zip(made.values.symbols, made.values.values[-1], strict=True))[:10]:
        told = zip(made.values.fields, row, strict=True)
        yield symbol, ", ".join(f"{f.replace('_', ' ')} {v:.3g}" for f, v in told if v == v)


@summary_lines.register
def _(made: StoryBook) -> Lines:
    told = sum(bool(text) for row in made.texts for text in row)
    yield "stories", f"{told} over {len(made.sessions)} sessions and {len(made.symbols)} symbols"
    today = made.today()
    yield "today", f"{len(today)} stories, {sum(len(s.claims) for s in today.values())} claims"
    for story in list(today.values())[:1]:
        yield story.symbol, story.reading
        yield "as learned", story.learning


@summary_lines.register
def _(made: TokenBatch) -> Lines:
    yield "tokeniser", f"{made.tokenizer}, {made.vocabulary_size} tokens"
    for split in made.splits:
        yield (
            split.split,
            (
                f"{split.ids.shape[0]} windows of up to {split.ids.shape[1]} tokens, "
                f"{int(split.loss_mask.sum())} training targets"
            ),
        )


@summary_lines.register
def _(made: StoryModel) -> Lines:
    size = "" if made.parameters is None else f", {made.parameters:,} parameters"
    yield "recipe", f"{made.recipe} ({made.engine}){size}"
    if not made.steps:
        yield "not trained here", f"knows what was known until {made.trained_until}"
        return
    yield (
        "learned from",
        f"{made.tokens:,} tokens in {made.steps} steps, until {made.trained_until}",
    )
    yield (
        "validation loss",
        f"{made.validation_loss:.4f} nats per token, "
        + (f"{made.validation_bits_per_character:.4f} bits per character"),
    )
    for point in made.learning_curve:
        if point.validation_loss is not None:
            yield (
                f"step {point.step}",
                (f"training {point.train_loss:.4f}, validation {point.validation_loss:.4f}"),
            )
    yield "weights", made.weights[:12]


@summary_lines.register
def _(made: StoryForecast) -> Lines:
    yield "model", f"{made.model}, trained until {made.trained_until}"
    yield "for", str(made.target_session)
    told = made.reading
    drawn = f", {told.samples} samples" if told.samples else ""
    yield "distributions", f"{_panel(made.distributions)}; by {told.method}{drawn}"
    endings = Counter(c.ending for c in made.continuations)
    yield "continuations", ", ".join(f"{n} {ending}" for ending, n in endings.items())
    for continuation in made.continuations[:1]:
        yield f"{continuation.symbol}, {continuation.scenario}", continuation.text


@summary_lines.register
def _(made: ValidatedForecast) -> Lines:
    verdicts = Counter(v.verdict for v in made.verdicts)
    yield "verdicts", ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())
    yield "rejected drafts", str(sum(len(v.rejected) for v in made.verdicts))
    rules = Counter(
        f.rule for v in made.verdicts for c in (v.chosen, *v.rejected) for f in c.findings
    )
    for rule, n in rules.most_common(6):
        yield "finding", f"{rule}: {n}"
    support = [100 * v.confidence.overall for v in made.verdicts]
    if support:
        yield "support", f"{min(support):.0f} to {max(support):.0f} of 100 points"


@summary_lines.register
def _(made: SignalSet) -> Lines:
    directions = Counter(s.direction for s in made.signals)
    yield "directions", ", ".join(f"{n} {direction}" for direction, n in directions.items())
    for signal in sorted(made.signals, key=lambda s: -s.conviction)[:8]:
        yield (
            signal.symbol,
            (
                f"{signal.direction}, conviction {signal.conviction:.2f}, odds of a rise "
                f"{signal.reconciliation.rise:.1%}, usually {signal.reconciliation.past:.1%}; "
                f"story and model {signal.reconciliation.verdict}"
            ),
        )


@summary_lines.register
def _(made: PerformanceReport) -> Lines:
    yield "scored", f"{made.sessions_scored} sessions, {made.scored_from} to {made.scored_to}"
    for number, line in enumerate(made.summary, 1):
        yield str(number), line


@summary_lines.register
def _(made: PortfolioPlan) -> Lines:
    yield "method", made.method
    for position in made.positions:
        yield position.symbol, f"{position.weight:.1%}  {position.reason}"
    yield "cash", f"{made.cash:.1%}"
    for note in made.notes:
        yield "note", note


@summary_lines.register
def _(made: MarketIntelligence) -> Lines:
    yield "headline", made.headline
    for theme in (*made.themes, *made.divergences):
        yield theme.title, theme.text


@summary_lines.register
def _(made: DecisionBrief) -> Lines:
    yield "headline", made.headline
    for number, line in enumerate(made.summary, 1):
        yield str(number), line
    yield "setups", str(len(made.setups))
    yield "alerts", str(len(made.alerts))
