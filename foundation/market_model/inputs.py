"""What the market model sees and what it learns to foresee, as arrays. NumPy only.

``ModelData`` holds nothing that was not known at its row's close; ``Labels`` look ahead and are
used in training and in judging, never as inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from foundation.contracts import MarketWindow
from foundation.kernel import OperatorError
from foundation.market import close_of, next_session
from foundation.market_model.recipe import MarketModelRecipe
from foundation.quant.characteristics.liquidity import liquidity_bucket
from foundation.quant.labels import (
    entry_prices,
    realised_volatility_ahead,
    returns_from_entry,
    target_before_stop,
)
from foundation.quant.quantiles import model_inputs, pooled_past
from foundation.quant.returns import log_returns
from foundation.quant.settings import QuantileSettings

SECTORS: tuple[str, ...] = (
    "communication services",
    "consumer discretionary",
    "consumer staples",
    "energy",
    "financials",
    "health care",
    "industrials",
    "information technology",
    "materials",
    "real estate",
    "utilities",
)
"""The eleven sectors of the Global Industry Classification Standard, and a twelfth code for
what is none of them or not known."""

KINDS: tuple[str, ...] = ("equity", "index", "etf", "future")
LIQUIDITY: tuple[str, ...] = ("low", "middle", "high", "not known")
MARKET_REGIMES: tuple[str, ...] = ("bear", "choppy", "bull", "not known")
KNOWN_CODES: tuple[str, ...] = ("weekday", "month")
KNOWN: tuple[str, ...] = ("days to horizon", "sessions left in month", "days to earnings")
"""What is known about the sessions ahead; of the next session for categories."""

LIQUIDITY_WINDOW = 60
REGIME_WINDOW = 120
REGIME_BORDER = 0.5
"""Drift of the mean return over the window, in its own standard errors, that makes a market a
bull's or a bear's: between minus and plus half a standard error lies what chance does in 38% of
windows of a market without drift."""

UNKNOWN = "not known"

PAST: tuple[str, ...] = ("mean return", "log-odds of a hit", "q10", "q50", "q90")
LEAST_PAST, LEAST_SESSIONS = 250, 20
"""Outcomes, over all symbols, from which the plain past is told; where symbols are so few that
these would take longer, outcomes of so many sessions."""


@dataclass(frozen=True)
class ModelData:
    """Inputs of every session and symbol; row ``t`` holds what was known at its close.

    Attributes
    ----------
    observed : float32 array (T, N, F)
        Free of price units, not yet standardised; NaN means absent.
    observed_names : tuple of str
    known : float32 array (T, N, 3), fields ``KNOWN``
    known_codes : int64 array (T, 2), fields ``KNOWN_CODES``
    statics : int64 array (N, 2)
        Sector and kind of instrument.
    liquidity : int64 array (T, N)
        Third of the past mean dollar volume among equities, by ``LIQUIDITY``.
    market_regime : int64 array (T,)
        By ``MARKET_REGIMES``.
    returns : float32 array (T, N)
        Log returns of each session, for the graph.
    scale : float64 array (T, N)
        Past-only forecast volatility of the return over the horizon: the unit of labels and
        answers. Where it is NaN no forecast is made.
    past : float32 array (T, 5), fields ``PAST``
        What the outcomes known at each close say without any input (``plain_past``): where the
        model's answers begin, and what they correct. Where it is NaN no forecast is made.
    """

    sessions: tuple[date, ...]
    symbols: tuple[str, ...]
    observed: np.ndarray
    observed_names: tuple[str, ...]
    known: np.ndarray
    known_codes: np.ndarray
    statics: np.ndarray
    liquidity: np.ndarray
    market_regime: np.ndarray
    returns: np.ndarray
    scale: np.ndarray
    past: np.ndarray

    @property
    def answerable(self) -> np.ndarray:
        """Where a forecast is made, bool (T, N)."""
        known: np.ndarray = ~np.isnan(self.scale) & np.isfinite(self.past).all(axis=1)[:, None]
        return known


@dataclass(frozen=True)
class Labels:
    """What happened over the horizon after each row, (T, N); NaN where it is not known.

    ``returns`` and ``volatility`` are in units of ``ModelData.scale``; ``hit`` is 1 where a target
    one scale above the entry was touched before a stop one below it.
    """

    returns: np.ndarray
    hit: np.ndarray
    volatility: np.ndarray


def model_data(window: MarketWindow, scale: np.ndarray, recipe: MarketModelRecipe) -> ModelData:
    """Return the inputs of a market window.

    Parameters
    ----------
    window : MarketWindow
    scale : float64 array, shape (T, N)
        Past-only forecast volatility over the horizon (GARCH, say).

    Raises
    ------
    OperatorError
        If the window lacks a feature or series that the recipe names.
    """
    if scale.shape != window.bars.values.shape[:2]:
        raise OperatorError(
            "The volatility scale covers the sessions and symbols of the window",
            value=f"{scale.shape} beside {window.bars.values.shape[:2]}",
            remedy="compute both from the same window",
        )
    inputs = QuantileSettings(
        features=recipe.features,
        market_series=recipe.market_series,
        price_unit_features=recipe.price_units,
        market_window=recipe.market_window,
    )
    sessions = window.bars.sessions
    return ModelData(
        sessions=sessions,
        symbols=window.bars.symbols,
        observed=model_inputs(window, scale, inputs).astype(np.float32),
        observed_names=(
            *recipe.features,
            "volatility scale",
            *recipe.market_series,
            *(f"{name}, change" for name in recipe.market_series),
        ),
        known=_known(window, recipe.horizon),
        known_codes=_codes_ahead(sessions),
        statics=np.array(
            [[sector_code(i.sector), KINDS.index(i.kind)] for i in window.instruments],
            dtype=np.int64,
        ).reshape(-1, 2),
        liquidity=_liquidity(window),
        market_regime=market_regime(log_returns(window.bars.field("close"))),
        returns=log_returns(window.bars.field("close")).astype(np.float32),
        scale=scale,
        past=plain_past(labels(window, scale, recipe), recipe.horizon),
    )


def plain_past(outcome: Labels, horizon: int) -> np.ndarray:
    """Return mean, log-odds of a hit and quantiles of what was known at each row, (T, 5).

    Pooled over symbols, in units of the scale; learnt anew every 21 rows. Hits are even where no
    symbol reports highs and lows, so that none is known: such odds are not judged either.
    """
    least = min(LEAST_PAST, LEAST_SESSIONS * outcome.returns.shape[1])
    past = pooled_past(outcome.returns, outcome.hit, horizon=horizon, least=least)
    hit = np.where(np.isnan(past.hit) & ~np.isnan(past.mean), 0.5, past.hit)
    odds = np.log(hit) - np.log1p(-hit)
    return np.column_stack([past.mean, odds, past.quantiles]).astype(np.float32)


def labels(window: MarketWindow, scale: np.ndarray, recipe: MarketModelRecipe) -> Labels:
    """Return what the model learns to foresee, from the entry that the recipe names."""
    opens, highs, lows, closes = (window.bars.field(f) for f in ("open", "high", "low", "close"))
    horizon = recipe.horizon
    entry = closes if recipe.entry == "close" else entry_prices(opens, closes)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Labels(
            returns=returns_from_entry(entry, closes, horizon) / scale,
            hit=target_before_stop(highs, lows, closes, scale, horizon, entry),
            volatility=realised_volatility_ahead(closes, horizon) / scale,
        )


def sector_code(sector: str | None) -> int:
    """Return the place of a sector in ``SECTORS``, or the code of an unknown one."""
    name = (sector or "").strip().lower()
    return SECTORS.index(name) if name in SECTORS else len(SECTORS)


def market_regime(returns: np.ndarray) -> np.ndarray:
    """Return the market's regime at each session, int64 (T,), by the drift of the mean return.

    The t-statistic of the equally weighted return over the past 120 sessions against half a
    standard error either way. Unknown before the window is full.
    """
    present = np.isfinite(returns)
    count = present.sum(axis=1)
    total = np.where(present, returns, 0.0).sum(axis=1)
    mean = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    code = np.full(len(mean), MARKET_REGIMES.index(UNKNOWN), dtype=np.int64)
    if len(mean) < REGIME_WINDOW:
        return code
    past = np.lib.stride_tricks.sliding_window_view(mean, REGIME_WINDOW)
    deviation = past.std(axis=1, ddof=1)
    usable = np.isfinite(deviation) & (deviation > 1e-12)
    drift = past.mean(axis=1) / np.where(usable, deviation, 1.0) * np.sqrt(REGIME_WINDOW)
    named = 1 + (drift > REGIME_BORDER).astype(np.int64) - (drift < -REGIME_BORDER)
    code[REGIME_WINDOW - 1 :] = np.where(usable, named, MARKET_REGIMES.index(UNKNOWN))
    return code


def _liquidity(window: MarketWindow) -> np.ndarray:
    """Return thirds of the mean dollar volume of the past 60 sessions among equities."""
    equities = np.array([i.kind == "equity" for i in window.instruments], dtype=bool)
    dollars = window.bars.field("close") * window.bars.field("volume")
    third = liquidity_bucket(dollars, equities, LIQUIDITY_WINDOW)
    return np.where(np.isnan(third), LIQUIDITY.index(UNKNOWN), np.nan_to_num(third)).astype(
        np.int64
    )


def _codes_ahead(sessions: tuple[date, ...]) -> np.ndarray:
    ahead = (*sessions[1:], next_session(sessions[-1]))
    return np.array([[day.weekday(), day.month - 1] for day in ahead], dtype=np.int64)


def _known(window: MarketWindow, horizon: int) -> np.ndarray:
    """Return what is known about the sessions ahead, shape (T, N, 3)."""
    sessions = list(window.bars.sessions)
    for _ in range(max(horizon, 25)):
        sessions.append(next_session(sessions[-1]))
    days = np.array(sessions, dtype="M8[D]")
    months = days.astype("M8[M]")
    count, symbols = len(window.bars.sessions), len(window.bars.symbols)
    rows = np.arange(count)
    last_of_month = np.searchsorted(months, months[1 : count + 1], side="right") - 1
    values = np.full((count, symbols, len(KNOWN)), np.nan, dtype=np.float32)
    values[:, :, 0] = ((days[rows + horizon] - days[rows]).astype(int) / horizon)[:, None]
    values[:, :, 1] = ((last_of_month - rows) / 21)[:, None]
    values[:, :, 2] = _days_to_earnings(window)
    return values


def _days_to_earnings(window: MarketWindow) -> np.ndarray:
    """Return ``days / 30`` to the next earnings that were announced by each close; else NaN."""
    sessions = window.bars.sessions
    closes = np.array([close_of(day).timestamp() for day in sessions])
    days = np.array(sessions, dtype="M8[D]")
    out = np.full((len(sessions), len(window.bars.symbols)), np.nan)
    place = {symbol: n for n, symbol in enumerate(window.bars.symbols)}
    for event in window.events:
        if event.kind != "earnings" or event.symbol not in place:
            continue
        begins = int(np.searchsorted(closes, event.known_at.timestamp()))
        ends = int(np.searchsorted(closes, event.event_time.timestamp()))
        column = out[begins:ends, place[event.symbol]]
        ahead = (np.datetime64(event.event_time.date()) - days[begins:ends]).astype(float) / 30
        np.fmin(column, ahead, out=column)
    return out
