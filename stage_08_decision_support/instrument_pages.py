"""One page per instrument: today's story, its continuation, and how far to believe it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from foundation.contracts import (
    TAPE,
    DecisionBrief,
    ForecastVerdict,
    InstrumentPage,
    Outlook,
    SignalSet,
    StockCharacteristics,
    StoryBook,
    ValidatedForecast,
    tape_outcomes,
)
from foundation.kernel import UpstreamDataError
from foundation.timeseries import Panel
from stage_08_decision_support.character import character
from stage_08_decision_support.phrasing import count, listed, percent


def forecast_text(verdict: ForecastVerdict, distributions: Panel) -> str:
    """Return the accepted continuation, or, where none was, the likeliest outcomes in words.

    A draft that validation refused is never printed as a forecast. The distributions are the
    model's own and need no draft.
    """
    if verdict.verdict != "fallback":
        return verdict.chosen.continuation.text
    n = distributions.index_of("symbols", verdict.symbol)
    told = []
    for series in TAPE:
        p = distributions.field(series)[-1, n]
        if np.isfinite(p).all():
            top = int(np.argmax(p))
            told.append(f"{series} {tape_outcomes(series)[top]} ({percent(float(p[top]))})")
    return f"The likeliest outcomes by the model's distributions: {listed(told)}."


def forecast_note(verdict: ForecastVerdict) -> str:
    """Return how the forecast text passed validation and how well it is supported."""
    # A draft is refused for what is fatal; what only lowers a score stands in accepted ones too.
    fatal = (f.rule for r in verdict.rejected for f in r.findings if f.severity == "fatal")
    failed = "; ".join(rule for rule, _ in Counter(fatal).most_common(3))
    if verdict.verdict == "fallback":
        how = f"No draft passed validation in {count(verdict.attempts, 'attempt')}"
        how += f" (failed on: {failed})" if failed else ""
        how += ", so outcomes are listed in place of a story."
    else:
        how = {
            "accepted": "Accepted at the first attempt",
            "regenerated": f"Accepted after {count(verdict.attempts, 'attempt')}",
        }[verdict.verdict]
        how += f" (other drafts failed on: {failed})." if failed else "."
        share = percent(verdict.chosen.grounded_share)
        how += f" {share} of the text could be read back as checkable statements."
    c = verdict.confidence
    parts = {
        "model certainty": c.model_certainty,
        "precedent": c.precedent,
        "data quality": c.data_quality,
        "consensus": c.consensus,
        "the basis of today's story": c.story_basis,
    }
    weakest = min(parts, key=lambda name: parts[name])
    return (
        f"{how} Support for the text: {100 * c.overall:.0f} of 100 points, held back most by "
        f"{weakest} ({100 * parts[weakest]:.0f}). Points are no probability."
    )


def by_conviction(pages: Sequence[InstrumentPage]) -> list[InstrumentPage]:
    """Return pages as they are listed: directional signals first, highest conviction first."""
    return sorted(pages, key=lambda p: (p.signal.direction == "neutral", -p.signal.conviction))


def outlook(symbol: str, tomorrow: Panel, today: Panel) -> tuple[Outlook, ...]:
    """Return the likeliest outcome of every series that a symbol reports.

    Parameters
    ----------
    tomorrow : Panel (K, N, S, 5)
        Published distributions; the last row is tomorrow's. NaN where a series is absent.
    today : Panel (T, N, S)
        Observed outcome codes; the last row is today's.
    """
    chances = tomorrow.values[-1, tomorrow.index_of("symbols", symbol)]
    seen = today.select(fields=tomorrow.fields).values[-1, today.index_of("symbols", symbol)]
    told = []
    for s, series in enumerate(tomorrow.fields):
        if np.isnan(chances[s]).any():
            continue
        words, code = tape_outcomes(series), int(np.argmax(chances[s]))
        told.append(
            Outlook(
                series=series,
                now=None if np.isnan(seen[s]) else words[int(seen[s])],
                likeliest=words[code],
                probability=float(chances[s, code]),
            )
        )
    return tuple(told)


def is_called(pages: Sequence[InstrumentPage]) -> bool:
    """Return whether any signal names a direction."""
    return any(page.signal.direction != "neutral" for page in pages)


def uncalled(brief: DecisionBrief) -> str:
    """Return why no direction is named: what the odds are, what is usual, what the record says."""
    if not brief.instruments:
        return "No instrument was forecast."
    opinions = [page.signal.reconciliation for page in brief.instruments]
    if brief.odds is None:
        why = "no record of past odds is long enough yet to earn a call"
    elif brief.odds.high < 0:
        why = "past odds have told more than that, but no call would pay for its costs today"
    else:
        why = "past odds have not told more than that, and a call must be earned"
    return (
        f"No direction is called. The odds of a higher close five sessions on "
        f"{_span([o.rise for o in opinions])}, where the past frequency is "
        f"{_span([o.past for o in opinions]).removeprefix('are ')}: {why}. What the states below "
        "are worth stands in the track record."
    )


def _span(chances: Sequence[float]) -> str:
    low, high = percent(min(chances), 1), percent(max(chances), 1)
    return f"are {low}" if low == high else f"are {low} to {high}"


def instrument_pages(
    stories: StoryBook,
    further: Sequence[StoryBook],
    validated: ValidatedForecast,
    signals: SignalSet,
    characteristics: StockCharacteristics,
) -> tuple[InstrumentPage, ...]:
    """Return pages in the order of the signals.

    ``further`` are the books of other horizons: what they tell of the as-of session (the week
    that it ends, an event that it brought) stands on the page as well.

    Raises
    ------
    UpstreamDataError
        If a signal has no story of the as-of session, or no verdict.
    """
    today = stories.today()
    verdicts = {v.symbol: v for v in validated.verdicts}
    for what, known in (("story of the as-of session", today), ("verdict", verdicts)):
        missing = [s.symbol for s in signals.signals if s.symbol not in known]
        if missing:
            raise UpstreamDataError(
                f"Every signal needs a {what}",
                value=missing,
                remedy="run the pipeline again from stage 03, so that all parts are of one run",
            )
    return tuple(
        InstrumentPage(
            story=today[signal.symbol],
            further=tuple(
                book.today()[signal.symbol] for book in further if signal.symbol in book.today()
            ),
            forecast_text=forecast_text(verdicts[signal.symbol], validated.distributions),
            forecast_note=forecast_note(verdicts[signal.symbol]),
            signal=signal,
            outlook=outlook(signal.symbol, validated.distributions, stories.observed),
            character=character(characteristics, signal.symbol),
        )
        for signal in signals.signals
    )
