"""The quantitative foundation as one forecaster: every opinion it has, weighed by its past.

GARCH, the regimes and LightGBM answer first; the plain past in GARCH's units stands beside. The
market model and its twins are refitted along the history and answer only for what came after. What
is published is their weighted mean, by weights learnt from outcomes known at each session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import QUANT_FIELDS, MarketWindow, ModelVersion, QuantContext
from foundation.contracts.foundation_report import Matter
from foundation.kernel import OperatorError, short
from foundation.market_model.inputs import Labels, ModelData, labels, model_data
from foundation.market_model.recipe import MarketModelRecipe
from foundation.quant import QuantForecaster, QuantSettings
from foundation.quant.aggregation import Aggregate, Slope, aggregate
from foundation.quant.evaluation import (
    brier_score,
    brier_slope,
    pinball_loss,
    pinball_slope,
    qlike,
    qlike_slope,
)
from foundation.quant.quantiles import SWANSON
from foundation.quant.recalibration import recalibrated
from foundation.timeseries import Panel
from foundation.twins.report import FIELDS_OF, Walked, Weighed, foundation_report
from foundation.twins.settings import FoundationSettings

if TYPE_CHECKING:
    from foundation.market_model.walk_forward import WalkForward
    from foundation.twins.walk_forward import TwinHistory

TREES, SHARED, TWINS, GARCH = "LightGBM", "market model", "twins", "GARCH"
BOTH = f"{SHARED} and {TWINS}"
PAST = "plain past in GARCH's units"
LEVELS = (0.1, 0.5, 0.9)
PRIOR: dict[str, float] = {TREES: 2, PAST: 2, SHARED: 1, BOTH: 1, GARCH: 2, TWINS: 1}
"""Weights before anything is known, up to a factor: the market model with and without its twins
are two tellings of one opinion, and the twins' volatility has GARCH's for its unit."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Opinions:
    """What every model said of each row, by name; log returns, probabilities, volatilities.

    ``alpha`` is the twin's expected return less the shared heads', where the twin answers.
    """

    quantiles: dict[str, np.ndarray]
    expected: dict[str, np.ndarray]
    hit: dict[str, np.ndarray]
    volatility: dict[str, np.ndarray]
    alpha: np.ndarray
    versions: tuple[ModelVersion, ...]
    rows: tuple[int, ...]
    data: ModelData
    shared: WalkForward
    twins: TwinHistory | None = None


class FoundationForecaster:
    """GARCH, LightGBM, market model and twins behind one ``Forecaster``.

    Parameters
    ----------
    quant : QuantSettings
    settings : FoundationSettings
    tell : callable, optional
        Told in words how training gets on.
    """

    def __init__(
        self, quant: QuantSettings, settings: FoundationSettings, tell: Tell = lambda words: None
    ) -> None:
        self._quant, self._settings, self._tell = quant, settings, tell

    def context(self, window: MarketWindow) -> QuantContext:
        """Return the opinion on every session and symbol, each field by all whom it was asked of.

        Each row uses only what was known at its session's close: models are trained on outcomes
        known at their refit, and weighed by forecasts whose outcome was known at the row.

        Raises
        ------
        OperatorError
            If the market model and LightGBM forecast returns from different entries.
        """
        base = QuantForecaster(self._quant).context(window)
        made, walked = self._weighed(window, base)
        if self._settings.recalibration is not None:
            made = recalibrated(
                made,
                window,
                base.values.field("volatility_5d"),
                horizon=self._quant.quantiles.horizon,
                settings=self._settings.recalibration,
            )
        if walked is None:
            return made
        # After recalibration: people are shown how what is published has held.
        report = foundation_report(made, walked, walked.shared.refits[-1].model.recipe.seed)
        return made.model_copy(update={"report": report})

    def _weighed(
        self, window: MarketWindow, base: QuantContext
    ) -> tuple[QuantContext, Walked | None]:
        """Return the opinions as one, and the walk that they were weighed by."""
        recipe = self._settings.market_model
        if recipe is None:
            return base, None
        if recipe.entry != base.entry:
            raise OperatorError(
                "All opinions are of returns from the same entry",
                value=f"market model from the {recipe.entry}, LightGBM from the {base.entry}",
                remedy="set quant.quantiles.entry and foundation.market_model.entry alike",
            )
        scale = base.values.field("volatility_5d")
        rows = refit_rows(scale, self._settings)
        if not rows:
            return base, None
        outcome = labels(window, scale, recipe)
        said = self._opinions(window, base, outcome, recipe, rows)
        weighed = weigh(
            said.quantiles,
            said.hit,
            said.volatility,
            outcome=outcome,
            scale=scale,
            horizon=recipe.horizon,
        )
        walked = Walked(said.data, said.shared, said.twins, outcome, weighed, self._settings)
        return combined_context(base, said, weighed), walked

    def _opinions(
        self,
        window: MarketWindow,
        base: QuantContext,
        outcome: Labels,
        recipe: MarketModelRecipe,
        rows: tuple[int, ...],
    ) -> Opinions:
        from foundation.market_model.walk_forward import walk_forward

        scale = base.values.field("volatility_5d")
        data = model_data(window, scale, recipe)
        found = walk_forward(
            data,
            outcome,
            recipe,
            refit_rows=rows,
            held_back=self._settings.held_back,
            report=lambda row, epoch: self._tell(
                f"market model, {data.sessions[row]}: epoch {epoch.number} of {recipe.epochs}, "
                f"validation loss {epoch.validation:.4f}, "
                f"{epoch.examples_per_second:,.0f} examples/s"
            ),
        )
        shared, last = found.answers, found.refits[-1]
        kept = last.model.shares
        values = base.values
        plain = data.past[:, None, 2:] * scale[..., None]
        frequency = np.where(np.isfinite(scale), 1 / (1 + np.exp(-data.past[:, 1:2])), np.nan)
        said = Opinions(
            quantiles={
                PAST: plain,
                TREES: np.stack([values.field(f"q{q}") for q in (10, 50, 90)], axis=-1),
                SHARED: shared.quantiles * scale[..., None],
            },
            expected={
                PAST: plain @ np.array(SWANSON),
                TREES: values.field("expected_return_5d"),
                SHARED: shared.returns * scale,
            },
            hit={
                PAST: frequency,
                TREES: values.field("hit_probability"),
                SHARED: shared.hit.astype(float),
            },
            volatility={GARCH: scale},
            alpha=np.full(scale.shape, np.nan),
            versions=(
                ModelVersion(
                    name=SHARED,
                    version=f"{recipe.name} {short(last.model.content_hash())}; "
                    f"{len(found.refits)} refits; of what it learnt beyond the plain past it keeps "
                    + ", ".join(f"{share:.0%} of {head}" for head, share in kept.items()),
                    fields=(),
                    trained_until=last.model.trained_until,
                ),
            ),
            rows=rows,
            data=data,
            shared=found,
        )
        return (
            said if self._settings.twins is None else self._with_twins(said, shared, base, outcome)
        )

    def _with_twins(
        self, said: Opinions, shared: object, base: QuantContext, outcome: Labels
    ) -> Opinions:
        from foundation.market_model.answers import Answers
        from foundation.twins.given import earlier_answers
        from foundation.twins.walk_forward import walk_forward

        assert isinstance(shared, Answers)
        settings = self._settings
        recipe = settings.twins
        assert recipe is not None
        scale = said.volatility[GARCH]
        weekly = range(said.rows[0], len(scale), settings.twin_refit_every)
        history = walk_forward(
            shared,
            outcome,
            regime_codes(base),
            recipe,
            refit_rows=sorted({*weekly, *said.rows}),
            fresh_rows=said.rows,
            trial=settings.trial,
            least=settings.least,
            before=earlier_answers(said.shared, said.data, recipe.sessions),
            report=lambda row, share: self._tell(
                f"twins, {base.values.sessions[row]}: {share:.0%} answer for their stock"
            ),
        )
        twins, promoted = history.answers, history.promoted
        last = int(np.flatnonzero(np.isfinite(outcome.returns).any(axis=1))[-1])
        trained = base.values.sessions[max(w for w in weekly if w <= len(scale) - 1)]

        def instead(shared_values: np.ndarray, twin_values: np.ndarray) -> np.ndarray:
            mask = promoted if twin_values.ndim == 2 else promoted[..., None]
            return np.where(mask & np.isfinite(twin_values), twin_values, shared_values)

        ratio = np.where(promoted, twins.volatility.astype(float), 1.0)
        return Opinions(
            quantiles=said.quantiles
            | {BOTH: instead(said.quantiles[SHARED], twins.quantiles * scale[..., None])},
            expected=said.expected | {BOTH: instead(said.expected[SHARED], twins.returns * scale)},
            hit=said.hit | {BOTH: instead(said.hit[SHARED], twins.hit)},
            volatility=said.volatility | {TWINS: np.where(np.isfinite(ratio), ratio, 1.0) * scale},
            alpha=np.where(promoted, (twins.returns - shared.returns) * scale, np.nan),
            versions=(
                *said.versions,
                ModelVersion(
                    name=TWINS,
                    version=f"{recipe.name}; {int(promoted[-1].sum())} of {promoted.shape[1]} "
                    "answer for their stock, the shared heads for the others",
                    fields=("idiosyncratic_alpha",),
                    trained_until=min(trained, base.values.sessions[last]),
                ),
            ),
            rows=said.rows,
            data=said.data,
            shared=said.shared,
            twins=history,
        )


def weigh(
    quantiles: Mapping[str, np.ndarray],
    hit: Mapping[str, np.ndarray],
    volatility: Mapping[str, np.ndarray],
    *,
    outcome: Labels,
    scale: np.ndarray,
    horizon: int,
) -> dict[Matter, Weighed]:
    """Return the opinions on each matter as one, and the losses of all.

    Quantiles are averaged level by level in units of the scale (Vincent 1912; Ratcliff 1979,
    Psychological Bulletin 86), probabilities as they are, volatilities in logarithms. Opinions are
    named as in ``PRIOR``.
    """
    unit = scale[..., None]
    realised = (outcome.volatility * scale) ** 2
    returns, touched = outcome.returns, outcome.hit

    def together(opinions: Mapping[str, np.ndarray], slope: Slope) -> Aggregate:
        prior = {name: PRIOR[name] for name in opinions}
        return aggregate(opinions, slope, prior, horizon=horizon)

    standard = {name: q / unit for name, q in quantiles.items()}
    logs = {name: np.log(v) for name, v in volatility.items()}
    return {
        "quantiles": Weighed(
            together(standard, lambda q, row: pinball_slope(q, returns[row], LEVELS)),
            standard,
            lambda q: pinball_loss(q, returns, LEVELS).mean(-1),
        ),
        "hit": Weighed(
            together(hit, lambda p, row: brier_slope(p, touched[row])),
            hit,
            lambda p: brier_score(p, touched),
        ),
        "volatility": Weighed(
            together(logs, lambda x, row: qlike_slope(x, realised[row])),
            logs,
            lambda x: qlike(np.exp(2 * x), realised),
        ),
    }


def combined_context(
    base: QuantContext, said: Opinions, weighed: Mapping[Matter, Weighed]
) -> QuantContext:
    """Return the context in which every field is the opinions' weighted mean.

    Before the market model's first refit the fields stay the base's.
    """
    values, begin = base.values, said.rows[0]
    scale = said.volatility[GARCH]
    by = {matter: found.aggregate for matter, found in weighed.items()}
    quantiles = by["quantiles"].values * scale[..., None]
    fields = {name: values.field(name).copy() for name in QUANT_FIELDS}
    made = {f"q{q}": quantiles[..., i] for i, q in enumerate((10, 50, 90))} | {
        "expected_return_5d": by["quantiles"].of(said.expected),
        "hit_probability": by["hit"].values,
        "volatility_5d": np.exp(by["volatility"].values),
        "idiosyncratic_alpha": said.alpha,
    }
    for name, together in made.items():
        fields[name][begin:] = together[begin:]
    return base.model_copy(
        update={
            "values": Panel.from_fields(values.sessions, values.symbols, fields),
            "models": (*base.models, *said.versions, combination(weighed, values.sessions)),
        }
    )


def combination(weighed: Mapping[Matter, Weighed], sessions: tuple[date, ...]) -> ModelVersion:
    """Return who carries how much weight at the last session, in words."""
    told = []
    for matter, found in weighed.items():
        shares = ", ".join(f"{voice.name} {voice.weight:.0%}" for voice in found.voices())
        told.append(f"{matter}: {shares}")
    return ModelVersion(
        name="combination",
        version=f"weights by past losses; {'; '.join(told)}",
        fields=tuple(name for matter in weighed for name in FIELDS_OF[matter]),
        trained_until=sessions[-1],
    )


def refit_rows(scale: np.ndarray, settings: FoundationSettings) -> tuple[int, ...]:
    """Return the rows at which the market model is trained; none where the past is too short."""
    known = np.flatnonzero(np.isfinite(scale).any(axis=1))
    if not known.size:
        return ()
    return tuple(range(int(known[0]) + settings.first_refit, len(scale), settings.refit_every))


def regime_codes(base: QuantContext) -> np.ndarray:
    """Return the likeliest regime at each row, int (T, N); -1 where none is named."""
    chances = np.stack([base.values.field(f) for f in QUANT_FIELDS[:4]], axis=-1)
    return np.where(np.isnan(chances).any(-1), -1, np.nan_to_num(chances).argmax(-1))
