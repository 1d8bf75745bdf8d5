"""Position sizing, risk measures, limits and P&L: pure functions over weights and returns."""

from foundation.trading.limits import Limits, check_limits, fill_under_limits, investable
from foundation.trading.pnl import profit_and_loss
from foundation.trading.risk import (
    TRADING_DAYS,
    TailRisk,
    drawdown,
    historical_tail_risk,
    normal_tail_risk,
    volatility,
)
from foundation.trading.sizing import kelly_stake

__all__ = [
    "TRADING_DAYS",
    "Limits",
    "TailRisk",
    "check_limits",
    "drawdown",
    "fill_under_limits",
    "historical_tail_risk",
    "investable",
    "kelly_stake",
    "normal_tail_risk",
    "profit_and_loss",
    "volatility",
]
