"""What every model says of each row, by name: LightGBM, GARCH, the market model, the twins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import ModelVersion
from foundation.kernel import short
from foundation.market_model.inputs import ModelData
from foundation.market_model.recipe import MarketModelRecipe
from foundation.quant.quantiles import SWANSON
from foundation.timeseries import Panel

if TYPE_CHECKING:
    from foundation.market_model.walk_forward import WalkForward
    from foundation.twins.walk_forward import TwinHistory

TREES, SHARED, TWINS, GARCH = "LightGBM", "market model", "twins", "GARCH"
BOTH = f"{SHARED} and {TWINS}"
PAST = "plain past in GARCH's units"
LEVELS = (0.1, 0.5, 0.9)


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


def without_twins(
    values: Panel,
    data: ModelData,
    found: WalkForward,
    recipe: MarketModelRecipe,
    rows: tuple[int, ...],
) -> Opinions:
    """Return what GARCH, LightGBM, the plain past and the market model say.

    Parameters
    ----------
    values : Panel
        The quantitative context's; its ``volatility_5d`` is the scale of all.
    found : WalkForward
        The market model's answers, refitted at ``rows``.
    """
    scale = values.field("volatility_5d")
    shared, last = found.answers, found.refits[-1]
    plain = data.past[:, None, 2:] * scale[..., None]
    frequency = np.where(np.isfinite(scale), 1 / (1 + np.exp(-data.past[:, 1:2])), np.nan)
    return Opinions(
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
                + ", ".join(f"{share:.0%} of {head}" for head, share in last.model.shares.items()),
                fields=(),
                trained_until=last.model.trained_until,
            ),
        ),
        rows=rows,
        data=data,
        shared=found,
    )


def with_twins(
    said: Opinions, history: TwinHistory, recipe_name: str, trained_until: date
) -> Opinions:
    """Return the opinions with the twins' beside: for the shared heads' where one is promoted.

    Parameters
    ----------
    trained_until : date
        Last session that any twin learnt from.
    """
    scale, shared = said.volatility[GARCH], said.shared.answers
    twins, promoted = history.answers, history.promoted

    def instead(shared_values: np.ndarray, twin_values: np.ndarray) -> np.ndarray:
        mask = promoted if twin_values.ndim == 2 else promoted[..., None]
        return np.where(mask & np.isfinite(twin_values), twin_values, shared_values)

    ratio = np.where(promoted, twins.volatility.astype(float), 1.0)
    quantiles = instead(said.quantiles[SHARED], twins.quantiles * scale[..., None])
    version = ModelVersion(
        name=TWINS,
        version=f"{recipe_name}; {int(promoted[-1].sum())} of {promoted.shape[1]} "
        "answer for their stock, the shared heads for the others",
        fields=("idiosyncratic_alpha",),
        trained_until=trained_until,
    )
    return replace(
        said,
        quantiles=said.quantiles | {BOTH: quantiles},
        expected=said.expected | {BOTH: instead(said.expected[SHARED], twins.returns * scale)},
        hit=said.hit | {BOTH: instead(said.hit[SHARED], twins.hit)},
        volatility=said.volatility | {TWINS: np.where(np.isfinite(ratio), ratio, 1.0) * scale},
        alpha=np.where(promoted, (twins.returns - shared.returns) * scale, np.nan),
        versions=(*said.versions, version),
        twins=history,
    )
