"""The quantitative context behind one contract, whichever model holds the opinion."""

from __future__ import annotations

from importlib.metadata import version
from typing import Protocol

import numpy as np

from foundation.contracts import QUANT_FIELDS, MarketWindow, ModelVersion, QuantContext
from foundation.kernel import UpstreamDataError
from foundation.quant.quantiles import walk_forward_quantiles
from foundation.quant.regimes import named_regimes
from foundation.quant.returns import log_returns
from foundation.quant.settings import QuantSettings
from foundation.quant.volatility import garch_volatility
from foundation.timeseries import Panel


class Forecaster(Protocol):
    """Anything that can hold a quantitative opinion about every session and symbol.

    Each row of the answer uses only what the window knew at that row's session's close.
    """

    def context(self, window: MarketWindow) -> QuantContext:
        """Return the opinion on every (session, symbol) of the window; NaN where it has none."""
        ...


class QuantForecaster:
    """GARCH(1,1) volatility, regimes of the market, LightGBM quantiles and odds; no alpha yet.

    Needs about two years of sessions before it says anything and two more before it is
    trained well: NaN before.
    """

    def __init__(self, settings: QuantSettings) -> None:
        self._settings = settings

    def context(self, window: MarketWindow) -> QuantContext:
        """Return the quantitative context of every session and symbol of the window.

        Raises
        ------
        UpstreamDataError
            If the window has no session, or its panels do not share sessions.
        """
        sessions = window.bars.sessions
        if not sessions or not sessions == window.features.sessions == window.market.sessions:
            raise UpstreamDataError(
                "Bars, features and market series must share the same, non-empty sessions",
                value=[len(p.sessions) for p in (window.bars, window.features, window.market)],
                remedy="run the data engine again over a range with trading sessions",
            )
        returns = log_returns(window.bars.field("close"))
        garch = garch_volatility(returns, self._settings.garch)
        regimes = named_regimes(returns, self._settings.regimes)
        forecast = walk_forward_quantiles(window, garch.volatility, self._settings.quantiles)

        fields = {name: regimes.probabilities[..., i] for i, name in enumerate(QUANT_FIELDS[:4])}
        fields |= {f"q{q}": forecast.quantiles[..., i] for i, q in enumerate((10, 50, 90))}
        fields["expected_return_5d"] = forecast.expected_return
        fields["hit_probability"] = forecast.hit_probability
        fields["volatility_5d"] = garch.volatility
        fields["idiosyncratic_alpha"] = np.full(returns.shape, np.nan)
        values = Panel.from_fields(
            sessions, window.bars.symbols, {name: fields[name] for name in QUANT_FIELDS}
        )
        fitted = sessions[garch.last_fit_row] if garch.last_fit_row >= 0 else None
        idle = sum(rounds == 0 for refit in forecast.rounds for rounds in refit)
        trained = sessions[forecast.refit_rows[-1]] if forecast.refit_rows else None
        return QuantContext(
            as_of=window.as_of,
            produced_at=window.produced_at,
            values=values,
            entry=self._settings.quantiles.entry,
            models=(
                ModelVersion(
                    name=regimes.model,
                    version=regimes.version,
                    fields=QUANT_FIELDS[:4],
                    trained_until=sessions[regimes.last_fit_row]
                    if regimes.last_fit_row >= 0
                    else None,
                ),
                ModelVersion(
                    name="GJR-GARCH(1,1)" if self._settings.garch.leverage else "GARCH(1,1)",
                    version=f"2; {garch.fits} fits, {garch.refused} refused "
                    "(a refused fit keeps the symbol's last accepted parameters)",
                    fields=("volatility_5d",),
                    trained_until=fitted,
                ),
                ModelVersion(
                    name="LightGBM quantiles and odds",
                    version=f"lightgbm {version('lightgbm')}; "
                    f"{len(forecast.refit_rows)} walk-forward refits, {idle} of "
                    f"{4 * len(forecast.refit_rows)} models without trees (the plain past "
                    "answers where features earned nothing)",
                    fields=("expected_return_5d", "hit_probability", "q10", "q50", "q90"),
                    trained_until=trained,
                ),
            ),
        )
