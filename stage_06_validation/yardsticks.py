"""The scales on which numbers in a draft are graded: those of the instrument's own past."""

from __future__ import annotations

import numpy as np

from foundation.contracts import SERIES, MarketWindow
from foundation.language import Yardstick
from stage_06_validation.settings import ValidationSettings


def yardsticks(
    market: MarketWindow, symbol: str, settings: ValidationSettings
) -> dict[str, Yardstick]:
    """Return a yardstick for every series of a symbol whose past is known.

    Levels are graded against mean and spread of the last ``yardstick_sessions`` sessions, which
    are the ones before the target session. Moves of the price are graded in per cent, by the
    volatility scale of the as-of session.
    """
    found: dict[str, Yardstick] = {}
    for name, series in SERIES.items():
        panel = getattr(market, series.panel).until(market.session)
        if not panel.has(series.field):
            continue
        values = panel.field(series.field)
        column = 0 if values.shape[1] == 1 else panel.index_of("symbols", symbol)
        past = values[-settings.yardstick_sessions :, column]
        past = past[~np.isnan(past) & (past > 0 if series.logarithmic else True)]
        if len(past) < settings.yardstick_sessions // 2:
            continue
        past = np.log(past) if series.logarithmic else past
        steady, sharp = _price_moves(market, symbol, settings) if name == "price" else (np.nan,) * 2
        found[name] = Yardstick(
            mean=float(past.mean()),
            spread=float(past.std()),
            steady=float(steady),
            sharp=float(sharp),
        )
    return found


def _price_moves(
    market: MarketWindow, symbol: str, settings: ValidationSettings
) -> tuple[float, float]:
    """Return the moves of one session, in per cent, that are steady and sharp at the border."""
    if not market.features.has("volatility_scale_20"):
        return float("nan"), float("nan")
    row = market.bars.index_of("symbols", symbol)
    today = market.bars.index_of("sessions", market.session)
    scale = market.features.field("volatility_scale_20")[today, row]
    percent = 100.0 * float(scale / market.bars.field("close")[today, row])
    return settings.steady_scales * percent, settings.sharp_scales * percent
