"""Models that outlive a run: the market model in use, its embeddings, and every stock's twins.

``story train market-model`` trains as of the as-of date and puts the model on the shelf; ``story
train twins`` corrects it for every stock, judges the twins by the sessions since that model was
trained, and promotes those that have earned it. Nothing here reads later than the as-of close.
"""

from stage_10_integration.model_shelf.inputs import volatility_scale
from stage_10_integration.model_shelf.shelf import LATEST, LatestShelf, ModelShelf
from stage_10_integration.model_shelf.training import train_market_model, train_twins

__all__ = [
    "LATEST",
    "LatestShelf",
    "ModelShelf",
    "train_market_model",
    "train_twins",
    "volatility_scale",
]
