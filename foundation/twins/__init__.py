"""One twin per stock: small corrections of the market model, trained and asked as one program.

PyTorch is imported by the modules that compute with it, never by this front door.
"""

from foundation.twins.recipe import TwinRecipe, TwinSizes, TwinWeights

__all__ = ["TwinRecipe", "TwinSizes", "TwinWeights"]
