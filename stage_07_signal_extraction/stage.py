"""Stage 07: what the story and the quantitative model say to do, and how they agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.contracts import (
    TAPE,
    ForecastVerdict,
    MarketWindow,
    QuantContext,
    Signal,
    SignalSet,
    Statement,
    StoryBook,
    ValidatedForecast,
)
from foundation.kernel import ModelError
from foundation.runtime.stage import Stage
from stage_07_signal_extraction.levels import ground_of, place_levels
from stage_07_signal_extraction.paths import split_paths
from stage_07_signal_extraction.pooling import conviction, direction_of, reconcile
from stage_07_signal_extraction.rationale import explain
from stage_07_signal_extraction.risks import find_risks
from stage_07_signal_extraction.scores import quant_scores, story_parts
from stage_07_signal_extraction.settings import SignalSettings
from stage_07_signal_extraction.view import SymbolView


@dataclass(frozen=True)
class SignalInput:
    """What stage 07 is given. All four stand at the same session."""

    validated: ValidatedForecast
    stories: StoryBook
    market: MarketWindow
    quant: QuantContext


class SignalExtractionStage(Stage[SignalInput, SignalSet]):
    """Turn validated forecasts into direction, conviction, levels, risks and scenarios."""

    name = "07_signal_extraction"
    version = "2"

    def __init__(self, settings: SignalSettings) -> None:
        self.settings = settings

    def run(self, given: SignalInput) -> SignalSet:
        """Return one signal per symbol with a verdict, in order of the universe.

        Raises
        ------
        ModelError
            If the inputs stand at different sessions, or a symbol with a verdict has no price
            distribution.
        UpstreamDataError
            If a symbol with a verdict has no positive close at the as-of session.
        """
        _check_sessions(given)
        verdicts = {v.symbol: v for v in given.validated.verdicts}
        known = given.market.bars.symbols
        unknown = sorted(set(verdicts) - set(known))
        if unknown:
            raise ModelError(
                "A verdict must be about a symbol of the market window",
                value=unknown,
                remedy="validate and extract from the same market window",
            )
        symbols = tuple(s for s in known if s in verdicts)
        distributions = _tomorrow(given.validated, symbols)
        observed = given.stories.observed.select(symbols=symbols, fields=TAPE).values
        said = [_heard(verdicts[s]) for s in symbols]
        stories = story_parts(distributions, observed, said, self.settings).pooled(self.settings)
        quants = quant_scores(given.quant, symbols, self.settings)
        return SignalSet(
            as_of=given.validated.as_of,
            produced_at=given.validated.produced_at,
            session=given.validated.session,
            target_session=given.validated.target_session,
            signals=tuple(
                self._signal(
                    given,
                    symbol,
                    price=distributions[n, TAPE.index("price")],
                    story=float(stories[n]),
                    quant=None if np.isnan(quants[n]) else float(quants[n]),
                )
                for n, symbol in enumerate(symbols)
            ),
        )

    def _signal(
        self, given: SignalInput, symbol: str, price: np.ndarray, story: float, quant: float | None
    ) -> Signal:
        settings = self.settings
        verdict = next(v for v in given.validated.verdicts if v.symbol == symbol)
        reconciliation = reconcile(story, quant, settings)
        direction = direction_of(reconciliation.pooled, settings)
        strength = conviction(direction, reconciliation, verdict.confidence.overall, settings)
        ground = ground_of(given.market, symbol, settings)
        levels = place_levels(ground, direction, settings)
        view = SymbolView(
            instrument=given.market.instrument(symbol),
            market=given.market,
            story=given.stories.today().get(symbol),
            verdict=verdict,
            price=price,
            scale=ground.scale,
            direction=direction,
            levels=levels,
            reconciliation=reconciliation,
        )
        return Signal(
            symbol=symbol,
            direction=direction,
            conviction=strength,
            horizon_sessions=settings.horizon_sessions,
            levels=levels,
            risks=find_risks(view, settings),
            scenarios=split_paths(price, direction, ground, settings),
            reconciliation=reconciliation,
            confidence=verdict.confidence,
            rationale=explain(view, strength, settings),
        )


def _heard(verdict: ForecastVerdict) -> tuple[Statement, ...]:
    """Return what the chosen text says; a text that validation refused has no vote."""
    return verdict.chosen.statements if verdict.chosen.accepted else ()


def _check_sessions(given: SignalInput) -> None:
    quant = given.quant.values.sessions
    sessions = {
        "validated": given.validated.session,
        "stories": given.stories.session,
        "market": given.market.session,
        "quant": quant[-1] if quant else None,
    }
    if len(set(sessions.values())) != 1:
        raise ModelError(
            "Verdicts, stories, market and quantitative context must stand at one session",
            value={k: str(v) for k, v in sessions.items()},
            remedy="run the earlier stages again for one as-of moment",
        )


def _tomorrow(validated: ValidatedForecast, symbols: tuple[str, ...]) -> np.ndarray:
    """Return the last row of the distributions, shape (N, S, 5)."""
    panel = validated.distributions.select(symbols=symbols, fields=TAPE)
    last = panel.values[-1]
    silent = [
        s
        for s, p in zip(symbols, last[:, TAPE.index("price")], strict=True)
        if not (np.isfinite(p).all() and p.sum() > 0)
    ]
    if panel.sessions[-1] != validated.session or silent:
        raise ModelError(
            "Every symbol with a verdict needs a price distribution for the target session",
            value=silent or str(panel.sessions[-1]),
            remedy="score tomorrow's states with the story model again",
        )
    return last
