"""Settings of the quantitative foundation as a forecaster. Defaults live here and nowhere else."""

from __future__ import annotations

from pydantic import Field

from foundation.kernel import Part
from foundation.market_model.recipe import MarketModelRecipe
from foundation.quant.settings import RecalibrationSettings
from foundation.twins.recipe import TwinRecipe


class FoundationSettings(Part):
    """Who has a say in the quantitative opinion, and how they earn it.

    Attributes
    ----------
    market_model : MarketModelRecipe, optional
        None leaves the opinion to GARCH and LightGBM, as where there is too little past.
    twins : TwinRecipe, optional
        None leaves every stock to the shared heads.
    first_refit : int
        Sessions with a volatility scale before the market model is trained for the first time.
    refit_every : int
        Sessions between two trainings of the market model.
    held_back : int
        Sessions of known outcome on which its training is stopped.
    twin_refit_every : int
        Sessions between two trainings of the twins (5: weekly).
    trial, least : int
        Sessions of past forecasts with known outcome by which a twin is judged, and by which
        opinions are shown against what was published, at most and at least.
    """

    market_model: MarketModelRecipe | None = None
    twins: TwinRecipe | None = None
    first_refit: int = Field(default=500, ge=60)
    refit_every: int = Field(default=252, ge=1)
    held_back: int = Field(default=63, ge=1)
    twin_refit_every: int = Field(default=5, ge=1)
    trial: int = Field(default=252, ge=1)
    least: int = Field(default=63, ge=1)
    recalibration: RecalibrationSettings | None = None
