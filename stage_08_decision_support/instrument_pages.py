"""One page per instrument: today's story, its continuation, and how far to believe it."""

from __future__ import annotations

from collections.abc import Sequence

from foundation.contracts import (
    ForecastVerdict,
    InstrumentPage,
    SignalSet,
    StoryBook,
    ValidatedForecast,
)
from foundation.kernel import UpstreamDataError
from stage_08_decision_support.phrasing import count, percent


def forecast_note(verdict: ForecastVerdict) -> str:
    """Return how the forecast text passed validation and what its confidence rests on."""
    chosen = verdict.chosen
    how = {
        "accepted": "Accepted at the first draft",
        "regenerated": f"Accepted after {count(verdict.attempts, 'attempt')}",
        "fallback": f"Fallback text: none of {count(verdict.attempts, 'attempt')} passed "
        "validation",
    }[verdict.verdict]
    reasons = list(dict.fromkeys(f.rule for r in verdict.rejected for f in r.findings))
    if reasons:
        how += f" (earlier drafts failed on: {'; '.join(reasons[:3])})"
    c = verdict.confidence
    parts = {
        "model certainty": c.model_certainty,
        "precedent": c.precedent,
        "data quality": c.data_quality,
        "consensus": c.consensus,
    }
    weakest = min(parts, key=lambda name: parts[name])
    return (
        f"{how}. {percent(chosen.grounded_share)} of the text could be read back as checkable "
        f"statements. Confidence {c.overall:.2f}, held back most by {weakest} "
        f"({parts[weakest]:.2f})."
    )


def by_conviction(pages: Sequence[InstrumentPage]) -> list[InstrumentPage]:
    """Return pages as they are listed: directional signals first, highest conviction first."""
    return sorted(pages, key=lambda p: (p.signal.direction == "neutral", -p.signal.conviction))


def instrument_pages(
    stories: StoryBook, validated: ValidatedForecast, signals: SignalSet
) -> tuple[InstrumentPage, ...]:
    """Return pages in the order of the signals.

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
            forecast_text=verdicts[signal.symbol].chosen.continuation.text,
            forecast_note=forecast_note(verdicts[signal.symbol]),
            signal=signal,
        )
        for signal in signals.signals
    )
