"""A trained market model's answers and embeddings for every session and symbol."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from foundation.market_model.blocking import Blocks, spans
from foundation.market_model.checkpoint import TrainedModel
from foundation.market_model.inputs import LIQUIDITY, MARKET_REGIMES, UNKNOWN, ModelData


@dataclass(frozen=True)
class Answers:
    """What the shared heads say, float32; NaN where ``ModelData.answerable`` does not hold.

    Attributes
    ----------
    embedding : array (T, N, E)
    returns : array (T, N)
        Expected log return over the horizon in units of the volatility scale.
    hit : array (T, N)
        Probability that the target is touched before the stop.
    quantiles : array (T, N, 3)
        q10, q50, q90 of the return in units of the scale; never crossing.
    inputs : array (T, N, F)
        The observed inputs of the row's own session, standardised as the model was trained on
        them; NaN also where one is absent.
    """

    embedding: np.ndarray
    returns: np.ndarray
    hit: np.ndarray
    quantiles: np.ndarray
    inputs: np.ndarray


def answers(
    trained: TrainedModel, data: ModelData, rows: range | None = None, device: str = "cpu"
) -> Answers:
    """Return the answers for some sessions (all where None), in one pass over their blocks.

    A row's answer depends on rows up to itself only, to the last bit: blocks begin every
    ``block`` sessions, counted from row 0, whatever rows are asked for, and the last one is
    filled up with sessions on which everything is absent, so that products keep their shape
    whatever comes after a row.
    """
    recipe = trained.recipe
    rows = range(len(data.sessions)) if rows is None else rows
    model = trained.module().to(device)
    whole = filled_up(data, recipe.block)
    blocks = Blocks(whole, trained.scaling, recipe, torch.device(device))
    aligned = range(rows.start - rows.start % recipe.block, rows.stop)
    parts = []
    with torch.inference_mode():
        for begin, _ in spans(aligned, recipe.block):
            end = begin + recipe.block
            opinion = model(blocks.block(begin, end), blocks.around(begin, end))
            parts.append(
                (opinion.embedding, opinion.returns, torch.sigmoid(opinion.hit), opinion.quantiles)
            )
    joined = [torch.cat(part, dim=1).float().cpu().numpy() for part in zip(*parts, strict=True)]
    silent = ~data.answerable[rows.start : rows.stop]
    first = rows.start - aligned.start
    out = [values.swapaxes(0, 1)[first : first + len(rows)].copy() for values in joined]
    out.append(trained.scaling.apply(data.observed[rows.start : rows.stop]))
    for values in out:
        values[silent] = np.nan
    return Answers(*out)


def filled_up(data: ModelData, block: int) -> ModelData:
    """Return the data with absent sessions appended up to a multiple of the block."""
    missing = -len(data.market_regime) % block
    if not missing:
        return data

    def fill(values: np.ndarray, with_: float) -> np.ndarray:
        shape = (missing, *values.shape[1:])
        return np.concatenate([values, np.full(shape, with_, dtype=values.dtype)])

    return replace(
        data,
        observed=fill(data.observed, np.nan),
        known=fill(data.known, np.nan),
        known_codes=fill(data.known_codes, 0),
        liquidity=fill(data.liquidity, LIQUIDITY.index(UNKNOWN)),
        market_regime=fill(data.market_regime, MARKET_REGIMES.index(UNKNOWN)),
        returns=fill(data.returns, np.nan),
        scale=fill(data.scale, np.nan),
        past=fill(data.past, np.nan),
    )
