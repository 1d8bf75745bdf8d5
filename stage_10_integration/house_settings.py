"""Settings of the whole house: those of every floor below, and the roof's own."""

from __future__ import annotations

from config.settings import Settings
from stage_10_integration.settings import IntelligenceSettings, PortfolioSettings


class HouseSettings(Settings):
    """``config.settings.Settings`` with the groups of stage 10, which stands above it."""

    portfolio: PortfolioSettings = PortfolioSettings()
    intelligence: IntelligenceSettings = IntelligenceSettings()
