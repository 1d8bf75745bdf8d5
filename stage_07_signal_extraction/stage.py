"""Stage 07: what the story and the quantitative model say to do, and how they agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.contracts import (
    TAPE,
    MarketWindow,
    QuantContext,
    Reconciliation,
    Signal,
    SignalSet,
    StoryBook,
    ValidatedForecast,
)
from foundation.kernel import ModelError
from foundation.runtime.stage import Stage
from stage_07_signal_extraction.calls import (
    direction_of,
    horizon_volatility,
    information_ratios,
    stakes,
)
from stage_07_signal_extraction.history import history_of
from stage_07_signal_extraction.levels import ground_of, place_levels
from stage_07_signal_extraction.odds import RiseOdds, rise_odds
from stage_07_signal_extraction.opinions import HORIZON, OPINIONS
from stage_07_signal_extraction.paths import split_paths
from stage_07_signal_extraction.rationale import explain
from stage_07_signal_extraction.reconciliation import reconcile
from stage_07_signal_extraction.record import odds_record
from stage_07_signal_extraction.risks import find_risks
from stage_07_signal_extraction.settings import SignalSettings
from stage_07_signal_extraction.view import SymbolView

BASIS_POINT = 1e-4


@dataclass(frozen=True)
class SignalInput:
    """What stage 07 is given. All four stand at the same session."""

    validated: ValidatedForecast
    stories: StoryBook
    market: MarketWindow
    quant: QuantContext


class SignalExtractionStage(Stage[SignalInput, SignalSet]):
    """Turn validated forecasts into odds, direction, conviction, levels, risks and scenarios."""

    name = "07_signal_extraction"
    version = "3"

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
        symbols = _symbols(given)
        tomorrow = _tomorrow(given.validated, symbols)
        past = history_of(given.market, given.stories, given.validated, given.quant, symbols)
        odds = rise_odds(past)
        stake = stakes(odds.moved, horizon_volatility(past.close, past.volatility))
        ratios = {
            name: information_ratios(
                said, odds.opinions["past"], stake, self.settings.cost_basis_points * BASIS_POINT
            )
            for name, said in (*odds.opinions.items(), ("published", odds.published))
        }
        record = odds_record(odds, ratios["published"], self.settings)
        proven = record is not None and record.better
        return SignalSet(
            as_of=given.validated.as_of,
            produced_at=given.validated.produced_at,
            session=given.validated.session,
            target_session=given.validated.target_session,
            signals=tuple(
                self._signal(
                    given,
                    symbol,
                    tomorrow[n, TAPE.index("price")],
                    float(ratios["published"][-1, n]) if proven else None,
                    _reconciled(odds, ratios, n),
                )
                for n, symbol in enumerate(symbols)
            ),
            record=record,
        )

    def _signal(
        self,
        given: SignalInput,
        symbol: str,
        price: np.ndarray,
        ratio: float | None,
        reconciliation: Reconciliation,
    ) -> Signal:
        """Return one signal; ``ratio`` is None where no odds are proven to be worth a call."""
        settings = self.settings
        verdict = next(v for v in given.validated.verdicts if v.symbol == symbol)
        direction = direction_of(ratio or 0.0)
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
            proven=ratio is not None,
            conviction=abs(ratio or 0.0),
            levels=levels,
            reconciliation=reconciliation,
        )
        return Signal(
            symbol=symbol,
            direction=direction,
            conviction=view.conviction,
            horizon_sessions=HORIZON,
            levels=levels,
            risks=find_risks(view, settings),
            scenarios=split_paths(price, direction, ground, settings),
            reconciliation=reconciliation,
            support=verdict.confidence,
            rationale=explain(view),
        )


def _symbols(given: SignalInput) -> tuple[str, ...]:
    """Return the symbols with a verdict, in order of the universe."""
    judged = {v.symbol for v in given.validated.verdicts}
    unknown = sorted(judged - set(given.market.bars.symbols))
    if unknown:
        raise ModelError(
            "A verdict must be about a symbol of the market window",
            value=unknown,
            remedy="validate and extract from the same market window",
        )
    return tuple(s for s in given.market.bars.symbols if s in judged)


def _reconciled(odds: RiseOdds, ratios: dict[str, np.ndarray], n: int) -> Reconciliation:
    """Return the opinions on symbol n as of the last row; a silent one's weight is the past's."""
    said = {name: float(odds.opinions[name][-1, n]) for name in OPINIONS}
    heard = odds.weights[-1] * ~np.isnan([said[name] for name in OPINIONS])
    heard[OPINIONS.index("past")] += odds.weights[-1].sum() - heard.sum()
    alone = {name: direction_of(float(ratios[name][-1, n])) for name in OPINIONS}
    return reconcile(
        said,
        dict(zip(OPINIONS, heard.tolist(), strict=True)),
        float(odds.published[-1, n]),
        (alone["story"], None if np.isnan(said["model"]) else alone["model"]),
    )


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
