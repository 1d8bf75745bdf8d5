"""Why a trained market model says what it says of one session: variables and sessions it weighs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from foundation.market_model.answers import filled_up
from foundation.market_model.blocking import Blocks
from foundation.market_model.checkpoint import TrainedModel
from foundation.market_model.inputs import KNOWN, KNOWN_CODES, ModelData

STATICS: tuple[str, ...] = ("sector", "kind of instrument")
"""Names of ``ModelData.statics``."""


@dataclass(frozen=True)
class SessionExplanation:
    """What was weighed for one session, float64; NaN for symbols without a volatility scale.

    Attributes
    ----------
    observed : array (N, F)
        By ``ModelData.observed_names``; each symbol's weights sum to one, here and below.
    ahead : array (N, C + K)
        By ``KNOWN_CODES`` and ``KNOWN``.
    statics : array (N, S)
        By ``STATICS``.
    attention : array (N, K)
        On the last ``K = min(context, row + 1)`` sessions, the session itself last.
    """

    observed: np.ndarray
    ahead: np.ndarray
    statics: np.ndarray
    attention: np.ndarray


def ahead_names() -> tuple[str, ...]:
    """Return the names of what is known ahead, in the order of ``SessionExplanation.ahead``."""
    return (*KNOWN_CODES, *KNOWN)


def explain_session(
    trained: TrainedModel, data: ModelData, row: int, device: str = "cpu"
) -> SessionExplanation:
    """Return what the model weighed for row ``row``, by the block that ``answers`` reads it in.

    Depends on rows up to ``row`` only: what comes after it lies behind a causal mask.
    """
    recipe = trained.recipe
    blocks = Blocks(filled_up(data, recipe.block), trained.scaling, recipe, torch.device(device))
    begin = row - row % recipe.block
    model = trained.module().to(device)
    with torch.inference_mode():
        found = model.encoder.explain(blocks.block(begin, begin + recipe.block), recipe.block)
    at = row - begin
    first = max(0, begin - recipe.context + 1)  # of the block's sessions, as Blocks cuts them
    reach = slice(max(0, row + 1 - recipe.context) - first, row + 1 - first)
    silent = np.isnan(data.scale[row])

    def kept(values: torch.Tensor) -> np.ndarray:
        out = values.float().cpu().numpy().astype(float)
        out[silent] = np.nan
        return out

    return SessionExplanation(
        observed=kept(found.observed[:, at]),
        ahead=kept(found.known[:, at]),
        statics=kept(found.statics),
        attention=kept(found.attention[:, at, reach]),
    )
