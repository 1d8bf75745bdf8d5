"""Where a signal would be entered, where it is wrong, and where it has done its work."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from foundation.contracts import Levels, MarketWindow
from foundation.contracts.signal import Direction
from foundation.kernel import UpstreamDataError
from stage_07_signal_extraction.settings import SignalSettings


@dataclass(frozen=True)
class Ground:
    """What levels are placed on.

    Attributes
    ----------
    entry : float
        The as-of close.
    scale : float
        ``volatility_scale_20`` in price units; NaN with too little history.
    support, resistance : float or None
        Nearest past extreme below and above the entry.
    """

    entry: float
    scale: float
    support: float | None
    resistance: float | None


def ground_of(market: MarketWindow, symbol: str, settings: SignalSettings) -> Ground:
    """Return close, scale and nearest past extremes of a symbol at the as-of session.

    Support is sought in ``support_20`` first, then in the lows of the longer look-backs, and
    is the first that lies below the close (resistance mirrored). Where no lows are reported,
    closes stand in for them, as in stage 01.

    Raises
    ------
    UpstreamDataError
        If there is no positive close at the as-of session.
    """
    bars = market.bars
    column = bars.index_of("symbols", symbol)
    entry = float(bars.field("close")[-1, column]) if bars.sessions else float("nan")
    if bars.sessions[-1:] != (market.session,) or not (math.isfinite(entry) and entry > 0):
        raise UpstreamDataError(
            "A signal needs a positive close at the as-of session",
            value=f"{symbol} on {market.session}: {entry}",
            remedy="leave the symbol out, or choose an as-of session on which it traded",
        )
    lows, highs = (
        [_feature(market, "support_20", symbol)],
        [_feature(market, "resistance_20", symbol)],
    )
    for sessions in settings.extreme_sessions:
        low, high = _extremes(market, column, sessions)
        lows.append(low)
        highs.append(high)
    return Ground(
        entry=entry,
        scale=_feature(market, "volatility_scale_20", symbol),
        support=next((x for x in lows if x < entry), None),
        resistance=next((x for x in highs if x > entry), None),
    )


def _feature(market: MarketWindow, name: str, symbol: str) -> float:
    features = market.features
    if not features.has(name):
        return float("nan")
    return float(features.field(name)[-1, features.index_of("symbols", symbol)])


def _extremes(market: MarketWindow, column: int, sessions: int) -> tuple[float, float]:
    close = market.bars.field("close")[-sessions:, column]
    low = market.bars.field("low")[-sessions:, column]
    high = market.bars.field("high")[-sessions:, column]
    low, high = np.where(np.isnan(low), close, low), np.where(np.isnan(high), close, high)
    if np.isnan(low).all():
        return float("nan"), float("nan")
    return float(np.nanmin(low)), float(np.nanmax(high))


def place_levels(ground: Ground, direction: Direction, settings: SignalSettings) -> Levels:
    """Return the levels of a direction; target and stop are None when neutral or unknown.

    The stop stands ``stop_multiple`` scales from the entry, or ``level_margin`` beyond the past
    extreme where that is neither too near nor too far; the target stands ``target_multiple``
    scales away, or at the opposite extreme where that comes first and is not too near.

    For a bullish signal ``stop < entry < target`` and for a bearish one the reverse, always.
    """
    sign = {"bullish": 1.0, "bearish": -1.0, "neutral": 0.0}[direction]
    target, stop = _target_and_stop(ground, sign, settings)
    ordered = (
        target is not None
        and stop is not None
        and stop > 0
        and target > 0
        and sign * stop < sign * ground.entry < sign * target
    )
    if not ordered:
        target, stop = None, None
    ahead = ground.resistance if sign > 0 else ground.support
    return Levels(
        entry=ground.entry,
        support=ground.support,
        resistance=ground.resistance,
        breakout=ahead if sign else None,
        target=target,
        stop=stop,
        risk_reward=None
        if target is None or stop is None
        else abs(target - ground.entry) / abs(ground.entry - stop),
    )


def _target_and_stop(
    ground: Ground, sign: float, settings: SignalSettings
) -> tuple[float | None, float | None]:
    if not sign or not (math.isfinite(ground.scale) and ground.scale > 0):
        return None, None
    ahead, behind = (
        (ground.resistance, ground.support) if sign > 0 else (ground.support, ground.resistance)
    )
    reach, room = settings.target_multiple, settings.stop_multiple
    if ahead is not None:
        distance = abs(ahead - ground.entry) / ground.scale
        if settings.nearest_multiple <= distance < reach:
            reach = distance
    if behind is not None:
        distance = abs(behind - ground.entry) / ground.scale + settings.level_margin
        if settings.nearest_multiple <= distance <= settings.farthest_stop_multiple:
            room = distance
    return ground.entry + sign * reach * ground.scale, ground.entry - sign * room * ground.scale
