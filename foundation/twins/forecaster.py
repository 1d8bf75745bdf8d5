"""The quantitative foundation as one forecaster: every opinion it has, weighed by its past.

GARCH, the regimes and LightGBM answer first; the plain past in GARCH's units stands beside. The
market model and its twins are refitted along the history and answer only for what came after. What
is published is their weighted mean, by weights learnt from outcomes known at each session.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from foundation.contracts import QUANT_FIELDS, MarketWindow, QuantContext
from foundation.kernel import OperatorError
from foundation.market_model.inputs import Labels, labels, model_data
from foundation.market_model.recipe import MarketModelRecipe
from foundation.quant import QuantForecaster, QuantSettings
from foundation.quant.recalibration import recalibrated
from foundation.twins.opinions import GARCH, Opinions, with_twins, without_twins
from foundation.twins.recipe import TwinRecipe
from foundation.twins.report import Walked, foundation_report
from foundation.twins.settings import FoundationSettings
from foundation.twins.weighing import combined_context, weigh

Tell = Callable[[str], None]


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
        """Refit the market model along the history; return what it and the others say."""
        from foundation.market_model.walk_forward import walk_forward

        data = model_data(window, base.values.field("volatility_5d"), recipe)
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
        said = without_twins(base.values, data, found, recipe, rows)
        twins = self._settings.twins
        return said if twins is None else self._with_twins(said, base, outcome, twins)

    def _with_twins(
        self, said: Opinions, base: QuantContext, outcome: Labels, recipe: TwinRecipe
    ) -> Opinions:
        """Refit the twins along the history; return the opinions with theirs."""
        from foundation.twins.given import earlier_answers
        from foundation.twins.walk_forward import walk_forward

        settings, sessions = self._settings, base.values.sessions
        weekly = range(said.rows[0], len(said.volatility[GARCH]), settings.twin_refit_every)
        history = walk_forward(
            said.shared.answers,
            outcome,
            regime_codes(base),
            recipe,
            refit_rows=sorted({*weekly, *said.rows}),
            fresh_rows=said.rows,
            trial=settings.trial,
            least=settings.least,
            before=earlier_answers(said.shared, said.data, recipe.sessions),
            report=lambda row, share: self._tell(
                f"twins, {sessions[row]}: {share:.0%} answer for their stock"
            ),
        )
        last = int(np.flatnonzero(np.isfinite(outcome.returns).any(axis=1))[-1])
        return with_twins(said, history, recipe.name, min(sessions[max(weekly)], sessions[last]))


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
