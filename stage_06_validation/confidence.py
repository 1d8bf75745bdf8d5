"""How far to trust a symbol's forecast: five parts in [0, 1] and their weighted mean.

This is a summary of evidence, not a probability: no past texts are kept, so nobody knows how
often a forecast with 0.7 comes true. People read it as points of 100; what is a probability, and
held against outcomes, are stage 07's odds of a rise.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from foundation.contracts import (
    TAPE,
    CheckedContinuation,
    Confidence,
    FuzzyWindow,
    MarketWindow,
)
from stage_06_validation.accuracy import said_outcomes
from stage_06_validation.draft import Draft
from stage_06_validation.facts import SymbolFacts
from stage_06_validation.settings import ValidationSettings

_FINDING_WEIGHT = {"info": 0.0, "warning": 0.25, "error": 1.0}


def assess(
    chosen: CheckedContinuation,
    scenarios: Sequence[CheckedContinuation],
    facts: SymbolFacts,
    data_quality: float,
    story_basis: float,
    settings: ValidationSettings,
) -> Confidence:
    """Return the confidence in the chosen draft; discounted when the gate refused it."""
    parts = {
        "model_certainty": model_certainty(facts.distributions.get("price")),
        "precedent": precedent(chosen, facts, settings),
        "data_quality": data_quality,
        "consensus": consensus(chosen, scenarios, facts),
        "story_basis": story_basis,
    }
    weights = (
        settings.certainty_weight,
        settings.precedent_weight,
        settings.quality_weight,
        settings.consensus_weight,
        settings.basis_weight,
    )
    mean = float(np.dot(weights, list(parts.values())) / sum(weights))
    discount = 1.0 if chosen.accepted else settings.unaccepted_discount
    return Confidence(overall=_unit(mean * discount), **{k: _unit(v) for k, v in parts.items()})


def model_certainty(price: np.ndarray | None) -> float:
    """Return 1 - H(p) / ln 5 for the price distribution, shape (5,); 0 where there is none.

    H is Shannon's entropy (1948) in nats: 0 for an even distribution, 1 for a sure outcome.
    """
    if price is None:
        return 0.0
    p = price / price.sum()
    entropy = -float(np.sum(p * np.log(np.where(p > 0, p, 1.0))))
    return 1.0 - entropy / float(np.log(len(p)))


def precedent(
    chosen: CheckedContinuation, facts: SymbolFacts, settings: ValidationSettings
) -> float:
    """Return the geometric mean, over tape series, of how often today's outcome was followed by
    the one the draft claims (smoothed past frequencies); 0 where nothing can be compared."""
    claimed = _outcomes(chosen)
    frequencies = [
        facts.precedents.frequency(
            facts.position, TAPE.index(series), facts.today[series], settings.precedent_prior
        )[code]
        for series, code in claimed.items()
        if series in facts.today
    ]
    return float(np.exp(np.mean(np.log(frequencies)))) if frequencies else 0.0


def consensus(
    chosen: CheckedContinuation, scenarios: Sequence[CheckedContinuation], facts: SymbolFacts
) -> float:
    """Return the mean closeness of the drafts to one another and of the chosen draft to the
    model's distributions.

    Closeness of two codes is ``1 - |i - j| / 4``; to a distribution, its expectation. The risk
    scenario is different by design and does not count. With nothing to compare the result is 0.
    """
    drafts = [_outcomes(c) for c in scenarios if c.continuation.scenario != "risk"]
    among = [
        1 - abs(one[s] - two[s]) / 4
        for one, two in combinations(drafts, 2)
        for s in one
        if s in two
    ]
    codes = np.arange(5)
    against = [
        float(facts.distributions[s] @ (1 - np.abs(codes - code) / 4))
        for s, code in _outcomes(chosen).items()
        if s in facts.distributions
    ]
    means = [float(np.mean(values)) for values in (among, against) if values]
    return float(np.mean(means)) if means else 0.0


def data_quality(market: MarketWindow, settings: ValidationSettings) -> dict[str, float]:
    """Return, per symbol, (1 - absent share) x (1 - faulty share) x (kept / received rows).

    The absent share is that of NaN among the bar fields which the instrument's source reports,
    over the last ``quality_sessions``. What a source never reports is no fault of the data. The
    faulty share counts findings of those sessions (errors fully, warnings by a quarter) per
    session, and at most one.
    """
    recent = market.bars.last(settings.quality_sessions)
    counts = market.counts
    kept = counts.kept / counts.received if counts.received else 0.0
    first = recent.sessions[0] if recent.sessions else market.session
    faults = dict.fromkeys(recent.symbols, 0.0)
    for finding in market.findings:
        if finding.symbol in faults and (finding.session is None or finding.session >= first):
            faults[finding.symbol] += _FINDING_WEIGHT[finding.severity] * finding.rows
    quality = {}
    for instrument in market.instruments:
        fields = tuple(f for f in instrument.fields if recent.has(f))
        cells = recent.select(symbols=[instrument.symbol], fields=fields).values
        absent = float(np.isnan(cells).mean()) if cells.size else 1.0
        faulty = min(1.0, faults[instrument.symbol] / max(1, len(recent.sessions)))
        quality[instrument.symbol] = _unit((1 - absent) * (1 - faulty) * kept)
    return quality


def story_basis(fuzzy: FuzzyWindow) -> dict[str, float]:
    """Return, per symbol, how far today's states carry a story: what fuzzy rules conclude from
    their coverage, clarity and agreement, over 100; 0 where no series has a state."""
    today = fuzzy.inference.until(fuzzy.session).last(1).field("story confidence")[-1]
    return {
        symbol: _unit(float(points) / 100.0) if not np.isnan(points) else 0.0
        for symbol, points in zip(fuzzy.inference.symbols, today, strict=True)
    }


def _outcomes(checked: CheckedContinuation) -> dict[str, int]:
    return said_outcomes(Draft(checked.continuation, checked.statements))


def _unit(value: float) -> float:
    return float(min(1.0, max(0.0, value)))
