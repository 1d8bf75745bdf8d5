"""Small markets whose truth is known, as the model's inputs and labels."""

from __future__ import annotations

from datetime import date

import numpy as np

from foundation.market import sessions
from foundation.market_model import (
    BackboneSizes,
    EncoderSizes,
    GraphSizes,
    Labels,
    MarketModelRecipe,
    ModelData,
    plain_past,
)

SMALL = MarketModelRecipe(
    name="small",
    encoder=EncoderSizes(hidden=8, heads=2, lstm_layers=1),
    graph=GraphSizes(heads=2, width=4, projected=4),
    backbone=BackboneSizes(sector=2, liquidity=2, market_regime=2, middle=16, embedding=8),
    context=12,
    block=32,
    epochs=8,
    patience=8,
    learning_rate=1e-2,
    threads=1,
    checkpoint_minutes=0,
)


def market(
    effect: float, *, sessions_: int = 260, symbols: int = 10, seed: int = 0
) -> tuple[ModelData, Labels]:
    """Return a market whose first input moves the coming return by ``effect`` deviations."""
    draw = np.random.default_rng(seed)
    shape = (sessions_, symbols)
    observed = draw.normal(size=(*shape, 4)).astype(np.float32)
    outcome = np.full(shape, np.nan)
    outcome[:-5] = effect * observed[:-5, :, 0] + draw.normal(size=(sessions_ - 5, symbols))
    hit = np.where(np.isnan(outcome), np.nan, (outcome > 1).astype(float))
    labels = Labels(returns=outcome, hit=hit, volatility=np.abs(outcome))
    data = ModelData(
        sessions=sessions(date(2015, 1, 2), date(2017, 1, 1))[:sessions_],
        symbols=tuple(f"S{n}" for n in range(symbols)),
        observed=observed,
        observed_names=("a", "b", "c", "d"),
        known=draw.normal(size=(*shape, 3)).astype(np.float32),
        known_codes=np.stack([draw.integers(0, 5, sessions_), draw.integers(0, 12, sessions_)], 1),
        statics=np.stack([draw.integers(0, 12, symbols), np.zeros(symbols, dtype=int)], 1),
        liquidity=draw.integers(0, 4, shape),
        market_regime=draw.integers(0, 4, sessions_),
        returns=draw.normal(0, 0.01, shape).astype(np.float32),
        scale=np.full(shape, 0.02),
        past=plain_past(labels, horizon=5),
    )
    return data, labels
