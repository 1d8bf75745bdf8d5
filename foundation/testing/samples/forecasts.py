"""A story forecast, and the verdicts on it."""

from __future__ import annotations

import numpy as np

from foundation.contracts import (
    OPINIONS,
    SCENARIOS,
    TAPE,
    CheckedContinuation,
    Claim,
    Confidence,
    Continuation,
    DistributionReading,
    ForecastVerdict,
    Scores,
    StoryBook,
    StoryForecast,
    StoryModel,
    ValidatedForecast,
    ValidationFinding,
    statement,
    tape_outcomes,
)
from foundation.kernel import seed_from
from foundation.testing.samples.stories import sentence, story_book
from foundation.testing.samples.tokens import story_model, token_batch
from foundation.timeseries import Panel


def story_forecast(
    stories: StoryBook | None = None,
    model: StoryModel | None = None,
    *,
    rows: int = 61,
    seed: int = 13,
) -> StoryForecast:
    """Return four continuations per symbol and ``rows`` sessions of distributions.

    The distributions lean to the outcome that the row's own session showed (persistence).
    """
    stories = stories or story_book()
    model = model or story_model(token_batch(stories))
    distributions = _distributions(stories.observed.last(rows), np.random.default_rng(seed))
    return StoryForecast(
        as_of=stories.as_of,
        produced_at=stories.produced_at,
        session=stories.session,
        target_session=stories.target_session,
        model=f"{model.engine}:{model.weights[:12]}",
        trained_until=model.trained_until,
        continuations=tuple(
            _continuation(stories, distributions, symbol, scenario)
            for symbol in stories.symbols
            for scenario in SCENARIOS
        ),
        distributions=distributions,
        model_distributions=distributions,
        weights=_model_alone(distributions),
        reading=DistributionReading(method="logits"),
    )


def _distributions(observed: Panel, rng: np.random.Generator) -> Panel:
    weight = rng.gamma(2.0, size=(*observed.values.shape, 5))
    weight += 3.0 * (observed.values[..., None] == np.arange(5))
    probability = weight / weight.sum(axis=-1, keepdims=True)
    absent = np.isnan(observed.values[-1])
    probability[:, absent] = np.nan
    return Panel(
        sessions=observed.sessions,
        symbols=observed.symbols,
        fields=TAPE,
        layers=tuple("01234"),
        values=probability,
    )


def _model_alone(distributions: Panel) -> Panel:
    weights = np.zeros((len(distributions.sessions), 1, len(TAPE), len(OPINIONS)))
    weights[..., OPINIONS.index("story model")] = 1.0
    return Panel(
        sessions=distributions.sessions,
        symbols=("all symbols",),
        fields=TAPE,
        layers=OPINIONS,
        values=weights,
    )


def _continuation(
    stories: StoryBook, distributions: Panel, symbol: str, scenario: str
) -> Continuation:
    n = stories.symbols.index(symbol)
    last = distributions.values[-1, n]
    place = SCENARIOS.index(scenario)
    tape = {}
    for k, name in enumerate(TAPE):
        if np.isfinite(last[k]).all():
            code = 0 if scenario == "risk" and name == "price" else int(np.argsort(-last[k])[place])
            tape[name] = tape_outcomes(name)[code]
    text = " ".join(sentence(_claim(name, said)).learning for name, said in tape.items())
    return Continuation(
        symbol=symbol,
        scenario=scenario,
        attempt=1,
        text=text,
        tape=tape,
        log_probability=-12.0 - 3.0 * place,
        tokens=len(text.split()),
        seed=seed_from(symbol, scenario) % 2**32,
        temperature=0.7,
        ending="complete",
    )


def _claim(name: str, outcome: str) -> Claim:
    if name == "price":
        said = statement("movement", name, f"{tape_outcomes(name).index(outcome) - 2:+d}")
    else:
        said = statement("state", name, outcome, "clear")
    return Claim(statement=said, degree=1.0, sources=())


def validated_forecast(forecast: StoryForecast | None = None) -> ValidatedForecast:
    """Return verdicts: first symbol regenerated after a contradiction, the rest accepted."""
    forecast = forecast or story_forecast()
    symbols = forecast.distributions.symbols
    return ValidatedForecast(
        as_of=forecast.as_of,
        produced_at=forecast.produced_at,
        session=forecast.session,
        target_session=forecast.target_session,
        verdicts=tuple(_verdict(forecast, symbol, n == 0) for n, symbol in enumerate(symbols)),
        distributions=forecast.distributions,
    )


def _verdict(forecast: StoryForecast, symbol: str, again: bool) -> ForecastVerdict:
    drafts = [c for c in forecast.continuations if c.symbol == symbol]
    checked = tuple(_checked(draft, accepted=True) for draft in drafts)
    chosen = checked[0]
    rejected: tuple[CheckedContinuation, ...] = ()
    if again:
        rejected = (_checked(drafts[0], accepted=False),)
        chosen = _checked(drafts[0].model_copy(update={"attempt": 2}), accepted=True)
    return ForecastVerdict(
        symbol=symbol,
        verdict="regenerated" if again else "accepted",
        chosen=chosen,
        scenarios=(chosen, *checked[1:]),
        rejected=rejected,
        attempts=2 if again else 1,
        confidence=Confidence(
            overall=0.62,
            model_certainty=0.5,
            precedent=0.6,
            data_quality=0.99,
            consensus=0.5,
            story_basis=0.51,
        ),
    )


def _checked(draft: Continuation, *, accepted: bool) -> CheckedContinuation:
    findings = () if accepted else (
        ValidationFinding(
            rule="a story does not contradict its own tape",
            severity="fatal",
            said="price rises",
            against="price drops",
        ),
    )  # fmt: skip
    quality = 0.9 if accepted else 0.3
    return CheckedContinuation(
        continuation=draft,
        statements=tuple(_claim(name, said).statement for name, said in draft.tape.items()),
        ungrounded=(),
        grounded_share=1.0,
        scores=Scores(
            coherence=quality, accuracy=0.8, completeness=0.75, clarity=0.95, actionability=0.7
        ),
        findings=findings,
        accepted=accepted,
    )
