"""Regimes of every stock and session, by whom the settings name, and who that was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from foundation.quant.regimes.market import MarketRegimes, market_regimes
from foundation.quant.regimes.own_window import own_window_probabilities
from foundation.quant.settings import RegimeSettings


@dataclass(frozen=True)
class NamedRegimes:
    """What regimes are named, and by whom.

    Attributes
    ----------
    probabilities : float64 array, shape (T, N, 4), in the order of ``REGIMES``
        They sum to one; NaN where none is named and where a stock's own return is absent. Row
        ``t`` uses rows ``<= t``. Named by the market, they are the same for all its stocks.
    model, version : str
        Who named them, and how that went.
    last_fit_row : int
        Last row that a fit had seen; -1 where nothing was fitted.
    """

    probabilities: np.ndarray
    model: str
    version: str
    last_fit_row: int


def named_regimes(returns: np.ndarray, settings: RegimeSettings) -> NamedRegimes:
    """Return the regimes of every session and stock.

    Parameters
    ----------
    returns : float64 array, shape (T, N)
        Log returns (0.01 = 1%); NaN where absent.
    settings : RegimeSettings
    """
    returns = np.asarray(returns, dtype=float)
    if settings.named_by == "own window":
        told = own_window_probabilities(returns, settings.own_window)
        return NamedRegimes(told, "regimes by rule", "1", -1)
    found = market_regimes(returns, settings.market)
    told = np.repeat(found.probabilities[:, None], returns.shape[1], axis=1)
    told[np.isnan(returns)] = np.nan
    last = found.refits[-1].row if found.refits else -1
    return NamedRegimes(told, "regimes of the market", _in_words(found), last)


def _in_words(found: MarketRegimes) -> str:
    """Say how many fits there were, and what the last one tells apart."""
    if not found.refits:
        return "1; too few sessions for a fit: no regime is named"
    last = found.refits[-1]
    fits = f"1; Markov-switching autoregression, {len(found.refits)} fits"
    if last.fit.states == 1:
        return f"{fits}; the last tells no regimes apart, so none is named"
    order = np.argsort(last.fit.spread)
    told = ", ".join(last.names[state] for state in order)
    return f"{fits}; the last tells apart {last.fit.states} states, calmest first: {told}"
