"""The quantitative foundation as one forecaster: every opinion it has, and whom the past favours.

GARCH, the regime rule and LightGBM answer first; the plain past in GARCH's units stands beside. The
market model and its twins are refitted along the history and answer only for what came after. Each
takes a field over where its past forecasts have beaten those of who held it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import QUANT_FIELDS, MarketWindow, ModelVersion, QuantContext
from foundation.contracts.foundation_report import Matter
from foundation.kernel import OperatorError, short
from foundation.market_model.inputs import Labels, ModelData, labels, model_data
from foundation.market_model.recipe import MarketModelRecipe
from foundation.quant import QuantForecaster, QuantSettings
from foundation.quant.evaluation import pinball_loss, qlike
from foundation.quant.quantiles import SWANSON, past_quantiles
from foundation.quant.recalibration import recalibrated
from foundation.timeseries import Panel
from foundation.twins.report import Walked, foundation_report
from foundation.twins.selection import Choice, assembled, choose
from foundation.twins.settings import FoundationSettings

if TYPE_CHECKING:
    from foundation.market_model.walk_forward import WalkForward
    from foundation.twins.walk_forward import TwinHistory

TREES, SHARED, TWINS, GARCH = "LightGBM", "market model", "twins", "GARCH"
PAST = "GARCH and past quantiles"
LEVELS = (0.1, 0.5, 0.9)
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
        """Return the opinion on every session and symbol, each field by whom the past favours.

        Each row uses only what was known at its session's close: models are trained on outcomes
        known at their refit, and chosen by forecasts whose outcome was known at the choice.

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
        """Return the opinion of whom the past favours, and the walk that showed it."""
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
        choices = self._choices(said, outcome, scale, recipe)
        walked = Walked(said.data, said.shared, said.twins, outcome, choices)
        return assembled_context(base, said, choices), walked

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
        values = base.values
        plain = past_quantiles(outcome.returns, scale, horizon=recipe.horizon)
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
            hit={TREES: values.field("hit_probability"), SHARED: shared.hit.astype(float)},
            volatility={GARCH: scale},
            alpha=np.full(scale.shape, np.nan),
            versions=(
                ModelVersion(
                    name=SHARED,
                    version=f"{recipe.name} {short(last.model.content_hash())}; "
                    f"{len(found.refits)} refits",
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

        name = f"{SHARED} and {TWINS}"
        ratio = np.where(promoted, twins.volatility.astype(float), 1.0)
        return Opinions(
            quantiles=said.quantiles
            | {name: instead(said.quantiles[SHARED], twins.quantiles * scale[..., None])},
            expected=said.expected | {name: instead(said.expected[SHARED], twins.returns * scale)},
            hit=said.hit | {name: instead(said.hit[SHARED], twins.hit)},
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

    def _choices(
        self, said: Opinions, outcome: Labels, scale: np.ndarray, recipe: MarketModelRecipe
    ) -> dict[Matter, tuple[Choice, ...]]:
        """Return who answers for what, from which row on."""
        settings = self._settings
        realised = (outcome.volatility * scale) ** 2
        losses: dict[Matter, dict[str, np.ndarray]] = {
            "quantiles": {
                name: pinball_loss(q / scale[..., None], outcome.returns, LEVELS).mean(-1)
                for name, q in said.quantiles.items()
            },
            "hit": {name: (p - outcome.hit) ** 2 for name, p in said.hit.items()},
            "volatility": {name: qlike(v**2, realised) for name, v in said.volatility.items()},
        }
        when = range(said.rows[0], len(scale), settings.twin_refit_every)
        return {
            what: choose(
                table,
                GARCH if what == "volatility" else TREES,
                rows=when,
                horizon=recipe.horizon,
                trial=settings.trial,
                least=settings.least,
                seed=recipe.seed,
            )
            for what, table in losses.items()
        }


def assembled_context(
    base: QuantContext, said: Opinions, choices: Mapping[Matter, tuple[Choice, ...]]
) -> QuantContext:
    """Return the context in which every field is answered by whoever was chosen at each row."""
    values = base.values
    quantiles = np.sort(assembled(said.quantiles, TREES, choices["quantiles"]), axis=-1)
    fields = {name: values.field(name) for name in QUANT_FIELDS}
    fields |= {f"q{q}": quantiles[..., i] for i, q in enumerate((10, 50, 90))}
    fields["expected_return_5d"] = assembled(said.expected, TREES, choices["quantiles"])
    fields["hit_probability"] = assembled(said.hit, TREES, choices["hit"])
    fields["volatility_5d"] = assembled(said.volatility, GARCH, choices["volatility"])
    fields["idiosyncratic_alpha"] = said.alpha
    return base.model_copy(
        update={
            "values": Panel.from_fields(values.sessions, values.symbols, fields),
            "models": (*base.models, *said.versions),
        }
    )


def refit_rows(scale: np.ndarray, settings: FoundationSettings) -> tuple[int, ...]:
    """Return the rows at which the market model is trained; none where the past is too short."""
    known = np.flatnonzero(np.isfinite(scale).any(axis=1))
    if not known.size:
        return ()
    return tuple(range(int(known[0]) + settings.first_refit, len(scale), settings.refit_every))


def regime_codes(base: QuantContext) -> np.ndarray:
    """Return the regime that the rule names at each row, int (T, N); -1 where it names none."""
    chances = np.stack([base.values.field(f) for f in QUANT_FIELDS[:4]], axis=-1)
    return np.where(np.isnan(chances).any(-1), -1, np.nan_to_num(chances).argmax(-1))
