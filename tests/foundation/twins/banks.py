"""Small banks of twins and stocks with truths of their own."""

from __future__ import annotations

import numpy as np
import torch

from foundation.twins import TwinRecipe, TwinSizes
from foundation.twins.bank import TwinInputs
from foundation.twins.objective import TwinTargets

SIZES = TwinSizes(
    embedding=8, inputs=3, adapter=3, stock=4, regime=3, detector=(6, 5), correction=(10, 6), head=4
)
WITH_OPTIONS = SIZES.model_copy(update={"options": 7, "options_hidden": (5, 4)})
RECIPE = TwinRecipe(sizes=SIZES, sessions=120, epochs=12, patience=12, threads=1)
QUIET = RECIPE.model_copy(update={"dropout": (0.0, 0.0, 0.0, 0.0)})


def stocks(
    effects: list[float],
    *,
    sessions: int = 120,
    seed: int = 0,
    options: int | None = None,
    unseen: list[float] | None = None,
) -> tuple[TwinInputs, TwinTargets]:
    """Return stocks whose return moves with the first entry of the embedding by their own effect,
    which the shared heads (that answer zero) know nothing of.

    ``unseen`` moves it by the first of the observed inputs, which the embedding does not carry.
    """
    draw = np.random.default_rng(seed)
    n = len(effects)
    embedding = draw.normal(size=(n, sessions, 8)).astype(np.float32)
    outcome = np.array(effects)[:, None] * embedding[..., 0] + draw.normal(size=(n, sessions))
    inputs = draw.normal(size=(n, sessions, 3)).astype(np.float32)
    outcome += np.array(unseen or [0.0] * n)[:, None] * inputs[..., 0]
    inputs[draw.random(inputs.shape) < 0.1] = np.nan
    regime = (embedding[..., 1] > 0).astype(np.int64)
    shared = np.broadcast_to(np.array([-1.2, 0.0, 1.2], np.float32), (n, sessions, 3)).copy()
    extra = None
    if options is not None:
        extra = draw.normal(size=(n, sessions, options)).astype(np.float32)
        extra[draw.random(extra.shape) < 0.2] = np.nan
        extra[:, ::5] = np.nan
    given = TwinInputs(
        embedding=torch.from_numpy(embedding),
        inputs=torch.from_numpy(inputs),
        returns=torch.zeros(n, sessions),
        hit=torch.full((n, sessions), -0.5),
        quantiles=torch.from_numpy(shared),
        options=None if extra is None else torch.from_numpy(extra),
    )
    known = torch.from_numpy(outcome.astype(np.float32))
    targets = TwinTargets(
        returns=known,
        hit=(known > 1).float(),
        volatility=known.abs(),
        regime=torch.from_numpy(regime),
    )
    return given, targets
