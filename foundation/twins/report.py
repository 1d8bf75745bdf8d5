"""What a walk-forward leaves behind for people: weights, rulings, twins, calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import (
    QUANT_FIELDS,
    REGIME_FIELDS,
    FoundationReport,
    HorizonForecast,
    PastCalibration,
    QuantContext,
    ReliabilityPoint,
    Ruling,
    Standing,
    Tenure,
    TwinState,
    Voice,
)
from foundation.contracts.foundation_report import Matter
from foundation.kernel import short
from foundation.market_model.inputs import Labels, ModelData
from foundation.quant.aggregation import Aggregate
from foundation.quant.evaluation import expected_calibration_error, reliability_bins
from foundation.quant.evaluation.bootstrap import block_length, circular_block_bootstrap
from foundation.timeseries import Panel
from foundation.twins.promotion import SAMPLES, Comparison, compare
from foundation.twins.settings import FoundationSettings

if TYPE_CHECKING:
    from foundation.market_model.walk_forward import WalkForward
    from foundation.twins.walk_forward import TwinHistory

REGIME_SESSIONS = 252
FIELDS_OF: dict[Matter, tuple[str, ...]] = {
    "quantiles": ("expected_return_5d", "q10", "q50", "q90"),
    "hit": ("hit_probability",),
    "volatility": ("volatility_5d",),
}
TWINS, SHARED, PUBLISHED = "twins", "shared heads", "published"


@dataclass(frozen=True)
class Weighed:
    """The opinions on one matter, as one, and how losses on it are counted.

    ``opinions`` are on the scale that they are averaged on; ``loss`` gives (T, N) of one on it.
    """

    aggregate: Aggregate
    opinions: Mapping[str, np.ndarray]
    loss: Callable[[np.ndarray], np.ndarray]

    def voices(self) -> tuple[Voice, ...]:
        """Return the weights of the last row on which anybody spoke, heaviest first."""
        spoken = np.isfinite(self.aggregate.weights).all(axis=1)
        last = self.aggregate.weights[spoken][-1].tolist()
        weights = dict(zip(self.aggregate.names, last, strict=True))
        ranked = sorted(weights, key=lambda name: -weights[name])
        return tuple(Voice(name=name, weight=weights[name]) for name in ranked)


@dataclass(frozen=True)
class Walked:
    """A walk-forward that is over: what was asked, what was answered, what happened, who counts.

    Attributes
    ----------
    data : ModelData
    shared : WalkForward
        Of the market model.
    twins : TwinHistory, optional
    outcome : Labels
        In units of ``data.scale``.
    weighed : mapping of matter to Weighed
    settings : FoundationSettings
        Says over how much of the past opinions are compared.
    """

    data: ModelData
    shared: WalkForward
    twins: TwinHistory | None
    outcome: Labels
    weighed: Mapping[Matter, Weighed]
    settings: FoundationSettings


def foundation_report(context: QuantContext | None, walked: Walked, seed: int) -> FoundationReport:
    """Return the report of the walk's last session.

    Parameters
    ----------
    context : QuantContext, optional
        As it is published, recalibration included; None where nothing is published.
    seed : int
        Of the bootstrap.
    """
    from foundation.market_model.explanation import STATICS, ahead_names, explain_session

    data, last = walked.data, walked.shared.refits[-1].model
    row = len(data.sessions) - 1
    why = explain_session(last, data, row)
    seen = data.sessions[row + 1 - why.attention.shape[1] :]
    twins = walked.twins
    rulings = walked.weighed.items()

    def of_variables(names: tuple[str, ...], values: np.ndarray) -> Panel:
        return Panel(
            sessions=data.sessions[-1:], symbols=data.symbols, fields=names, values=values[None]
        )

    return FoundationReport(
        market_model=f"{last.recipe.name} {short(last.content_hash())}",
        trained_until=last.trained_until,
        observed=of_variables(data.observed_names, why.observed),
        ahead=of_variables(ahead_names(), why.ahead),
        statics=of_variables(STATICS, why.statics),
        attention=Panel(
            sessions=seen,
            symbols=data.symbols,
            fields=("attention",),
            values=why.attention.T[..., None],
        ),
        rulings=tuple(_ruling(matter, found, walked, seed) for matter, found in rulings),
        twins=() if twins is None else _twins(walked, twins),
        regimes=None if twins is None else _regimes(twins, data),
        calibration=_calibrations(context, walked, seed),
    )


def _ruling(matter: Matter, found: Weighed, walked: Walked, seed: int) -> Ruling:
    sessions, weights = walked.data.sessions, found.aggregate.weights
    first = walked.shared.refits[0].row
    leaders = [found.aggregate.names[k] for k in np.nan_to_num(weights[first:]).argmax(axis=1)]
    changes = [0, *(t + 1 for t, (a, b) in enumerate(pairwise(leaders)) if a != b)]
    return Ruling(
        matter=matter,
        fields=FIELDS_OF[matter],
        decided=sessions[-1],
        voices=found.voices(),
        tenures=tuple(Tenure(since=sessions[first + t], name=leaders[t]) for t in changes),
        standings=tuple(_standings(found, walked, first, seed)),
    )


def _standings(found: Weighed, walked: Walked, first: int, seed: int) -> Iterator[Standing]:
    """Yield how each opinion stood against what was published, heaviest first."""
    known = len(walked.data.sessions) - walked.shared.refits[-1].model.recipe.horizon
    past = slice(max(first, known - walked.settings.trial), max(first, known))
    published = found.loss(found.aggregate.values)[past]
    for voice in found.voices():
        loss = found.loss(found.opinions[voice.name])[past]
        ours, theirs = (session_means(a, b) for a, b in ((published, loss), (loss, published)))
        (standing,) = compare(
            ours[:, None], theirs[:, None], least=walked.settings.least, seed=seed
        )
        yield _standing(voice.name, standing)


def session_means(loss: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """Return each session's mean loss over the stocks that both have a loss for, (T,)."""
    both = np.isfinite(loss) & np.isfinite(beside)
    count = both.sum(axis=1)
    total = np.where(both, loss, 0.0).sum(axis=1)
    return np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)


def _standing(name: str, found: Comparison) -> Standing:
    return Standing(
        name=name,
        gain=_known(found.gain),
        low=_known(found.low),
        high=_known(found.high),
        sessions=found.sessions,
    )


def _twins(walked: Walked, twins: TwinHistory) -> tuple[TwinState, ...]:
    """Return every twin as it stands at the last session."""
    scale = walked.data.scale[-1]
    said, shared = twins.answers, walked.shared.answers
    states = []
    for n, symbol in enumerate(walked.data.symbols):
        mine = _forecast(said.returns[-1, n], said.quantiles[-1, n], said.hit[-1, n], scale[n])
        theirs = _forecast(
            shared.returns[-1, n], shared.quantiles[-1, n], shared.hit[-1, n], scale[n]
        )
        answers = bool(twins.promoted[-1, n])
        gap = (said.returns[-1, n] - shared.returns[-1, n]) * scale[n]
        states.append(
            TwinState(
                symbol=symbol,
                answers=answers,
                standing=_standing(TWINS, twins.comparisons[-1][n]),
                shared=theirs,
                twin=mine,
                alpha=_known(gap) if answers else None,
            )
        )
    return tuple(states)


def _forecast(
    expected: float, quantiles: np.ndarray, hit: float, scale: float
) -> HorizonForecast | None:
    q10, q50, q90 = (quantiles * scale).tolist()
    if not np.isfinite([expected, q10, q50, q90, hit, scale]).all():
        return None
    return HorizonForecast(
        expected_return_5d=float(expected * scale),
        q10=q10,
        q50=q50,
        q90=q90,
        hit_probability=float(hit),
    )


def _regimes(twins: TwinHistory, data: ModelData) -> Panel:
    return Panel(
        sessions=data.sessions[-REGIME_SESSIONS:],
        symbols=data.symbols,
        fields=REGIME_FIELDS,
        values=twins.answers.regimes[-REGIME_SESSIONS:].astype(float),
    )


def _calibrations(
    context: QuantContext | None, walked: Walked, seed: int
) -> tuple[PastCalibration, ...]:
    """Return how the quantiles and odds of each model held, on rows that all answered for."""
    data, shared, twins = walked.data, walked.shared.answers, walked.twins
    opinions = {SHARED: (shared.quantiles, shared.hit)}
    if twins is not None:
        opinions[TWINS] = (twins.answers.quantiles, twins.answers.hit)
    if context is not None:
        values = {name: context.values.field(name) for name in QUANT_FIELDS}
        with np.errstate(divide="ignore", invalid="ignore"):
            published = np.stack([values[f"q{q}"] / data.scale for q in (10, 50, 90)], axis=-1)
        opinions[PUBLISHED] = (published, values["hit_probability"])
    known = np.isfinite(walked.outcome.returns)
    for quantiles, hit in opinions.values():
        known &= np.isfinite(quantiles).all(axis=-1) & np.isfinite(hit)
    rows = np.flatnonzero(known.any(axis=1))
    if not rows.size:
        return ()
    return tuple(
        _calibration(name, data, walked.outcome, quantiles, hit, known, rows, seed)
        for name, (quantiles, hit) in opinions.items()
    )


def _calibration(
    name: str,
    data: ModelData,
    outcome: Labels,
    quantiles: np.ndarray,
    hit: np.ndarray,
    known: np.ndarray,
    rows: np.ndarray,
    seed: int,
) -> PastCalibration:
    below = outcome.returns[..., None] <= quantiles
    inside = known & ~below[..., 0] & below[..., 2]
    used = slice(int(rows[0]), int(rows[-1]) + 1)
    covered = circular_block_bootstrap(
        inside[used].sum(axis=1, keepdims=True),
        known[used].sum(axis=1, keepdims=True),
        block=block_length(used.stop - used.start),
        samples=SAMPLES,
        seed=seed,
    )[0]
    happened = np.where(known, outcome.hit, np.nan)
    return PastCalibration(
        name=name,
        first=data.sessions[rows[0]],
        last=data.sessions[rows[-1]],
        forecasts=int(known.sum()),
        hit=tuple(
            ReliabilityPoint(forecast=b.forecast, observed=b.observed, count=b.count)
            for b in reliability_bins(hit, happened)
        ),
        hit_error=_known(expected_calibration_error(hit, happened)),
        below_q10=float(below[known][:, 0].mean()),
        below_q50=float(below[known][:, 1].mean()),
        below_q90=float(below[known][:, 2].mean()),
        covered=covered.mean,
        covered_low=covered.low,
        covered_high=covered.high,
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
