"""The shared market model: a TFT encoder, graph attention over correlations, and shared heads.

PyTorch is imported by the rooms that compute with it (``network``, ``training`` and what uses
them), never by this front door.
"""

from foundation.market_model.inputs import Labels, ModelData, labels, model_data, plain_past
from foundation.market_model.recipe import (
    BackboneSizes,
    EncoderSizes,
    GraphSizes,
    MarketModelRecipe,
)

__all__ = [
    "BackboneSizes",
    "EncoderSizes",
    "GraphSizes",
    "Labels",
    "MarketModelRecipe",
    "ModelData",
    "labels",
    "model_data",
    "plain_past",
]
