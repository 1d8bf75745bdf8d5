"""The market's regime at every session, by a model fitted to the sessions before.

One hidden regime drives all stocks: a Markov-switching autoregression of the panel (Hamilton
1989). Its parameters are fitted again as the past grows; what is told of a session are the
*filtered* probabilities, by parameters fitted on sessions up to the last refit. Nothing later is
used, neither for parameters nor for probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from foundation.contracts import REGIMES
from foundation.quant.regimes.emissions import Emissions, Parameters
from foundation.quant.regimes.fitting import Fit, fitted, told
from foundation.quant.regimes.naming import degrees_of_names
from foundation.quant.regimes.session_sums import SessionSums, effective_share, session_sums
from foundation.quant.settings import MarketRegimeSettings


@dataclass(frozen=True)
class Refit:
    """A fit as of the close of ``row``, and how much each state is each regime, (K, 4)."""

    row: int
    fit: Fit
    degrees: np.ndarray

    @property
    def names(self) -> tuple[str, ...]:
        """What each state is most of all."""
        return tuple(REGIMES[k] for k in self.degrees.argmax(axis=1))

    def by_name(self, chance: np.ndarray) -> np.ndarray:
        """Return probabilities of the four regimes, (T, 4), from those of states, (T, K).

        NaN where there is but one state: nothing is told apart.
        """
        if self.fit.states == 1:
            return np.full((len(chance), len(REGIMES)), np.nan)
        return chance @ self.degrees


@dataclass(frozen=True)
class MarketRegimes:
    """Regimes of a market's sessions.

    Attributes
    ----------
    probabilities : float64 array, shape (T, 4), in the order of ``REGIMES``
        Filtered: row ``t`` uses rows ``<= t``. They sum to one. NaN before the first refit, and
        from a refit on that found one state only.
    log_score : float64 array, shape (T,)
        Log density of the session's numbers as expected the session before (up to a constant
        that is the same for any number of states); NaN where nothing was expected.
    refits : tuple of Refit
    """

    probabilities: np.ndarray
    log_score: np.ndarray
    refits: tuple[Refit, ...]


def market_regimes(returns: np.ndarray, settings: MarketRegimeSettings) -> MarketRegimes:
    """Return the market's regime at every session, on past data only.

    Parameters
    ----------
    returns : float64 array, shape (T, N)
        Log returns (0.01 = 1%); NaN where absent.
    settings : MarketRegimeSettings
    """
    sums, deviations = session_sums(returns, settings.scale_half_life)
    probabilities = np.full((len(returns), len(REGIMES)), np.nan)
    log_score = np.full(len(returns), np.nan)
    refits: list[Refit] = []
    before: tuple[Parameters, ...] = ()
    rows = refit_rows(sums, settings)
    for row, end in pairwise([*rows, len(returns)]):
        share = effective_share(deviations[: row + 1], settings.share_window)
        fit, before = fitted(Emissions(sums.until(row), share), share, settings, before)
        refit = Refit(row, fit, degrees_of_names(fit, settings))
        refits.append(refit)
        # The next refit's own session is still foretold by this one.
        chance, score = told(Emissions(sums.until(end), share), fit)
        probabilities[row:end] = refit.by_name(chance)[row:end]
        log_score[row + 1 : end + 1] = score[row + 1 :]
    return MarketRegimes(probabilities, log_score, tuple(refits))


def refit_rows(sums: SessionSums, settings: MarketRegimeSettings) -> list[int]:
    """Return the rows at whose close the model is fitted: counted in sessions that show moves."""
    moved = (sums.count > 0) & (sums.square + sums.mean**2 > 0)
    seen = np.flatnonzero(moved)
    return [int(row) for row in seen[settings.minimum_sessions - 1 :: settings.refit_every]]
