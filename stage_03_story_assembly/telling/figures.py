"""Numbers for the reading rendering: what a trader wants to see in parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from foundation.contracts import FuzzyWindow, MarketWindow, QuantContext
from foundation.timeseries import Panel

_NOTHING = re.compile(r"[+-](0(?:\.0+)?%)")
"""A change that rounds to nothing has no sign."""
_HYPHEN_MINUS = re.compile(r"-(?=[\d.])")


Maker = Callable[["Figures", int, int], str]
"""Makes the figure of one kind of clause from session and symbol."""


@dataclass(frozen=True)
class Figures:
    """Looks up the number behind a clause.

    A figure is an empty string where a number would say nothing that the clause does not.
    """

    market: MarketWindow
    fuzzy: FuzzyWindow
    quant: QuantContext

    def of(self, column: str, t: int, n: int) -> str:
        """Return the figure of a column's clause at session ``t`` and symbol ``n``."""
        maker = _MAKERS.get(column)
        text = maker(self, t, n) if maker else ""
        return _HYPHEN_MINUS.sub("\u2212", _NOTHING.sub(r"\1", text))

    def cell(self, panel: str, field: str, t: int, n: int) -> float:
        """Return one cell; NaN where the panel has no such field."""
        source: Panel = self.quant.values if panel == "quant" else getattr(self.market, panel)
        if not source.has(field):
            return float("nan")
        values = source.field(field)
        return float(values[t, 0 if values.shape[1] == 1 else n])

    def event(self, field: str, t: int, n: int) -> float:
        """Return one cell of the symbol's events."""
        return float(self.fuzzy.symbol_events.field(field)[t, n])


def _price_move(f: Figures, t: int, n: int) -> str:
    close = f.market.bars.field("close")
    return f"{close[t, n] / close[t - 1, n] - 1:+.1%} to {_price(close[t, n])}"


def _from_mean(f: Figures, t: int, n: int) -> str:
    close = f.market.bars.field("close")[:, n]
    return f"{close[t] / np.nanmean(close[max(0, t - 60) : t]) - 1:+.1%}"


def _credit(f: Figures, t: int, n: int) -> str:
    return f"{f.cell('market', 'credit_spread', t, n):.2f} points"


def _range(f: Figures, t: int, n: int) -> str:
    low, high = (f.cell("quant", q, t, n) for q in ("q10", "q90"))
    return f"{np.expm1(low):+.1%} to {np.expm1(high):+.1%}, four chances in five"


def _pattern(f: Figures, t: int, n: int) -> str:
    return f"match {np.nanmax(f.fuzzy.patterns.values[t, n]):.2f}"


def _appetite(f: Figures, t: int, n: int) -> str:
    return f"{f.fuzzy.inference.field('risk appetite')[t, n]:.0f} of 100"


def _regime(f: Figures, t: int, n: int) -> str:
    names = ("p_trending", "p_mean_reverting", "p_choppy", "p_volatile")
    return f"{max(f.cell('quant', name, t, n) for name in names):.0%}"


def _weekdays(kind: str) -> Maker:
    def ahead(f: Figures, t: int, n: int) -> str:
        days = f.event(f"{kind}|weekdays until", t, n)
        return f"in {days:.0f} weekdays" if days > 1 else ""

    return ahead


def _earnings_surprise(f: Figures, t: int, n: int) -> str:
    return f"{f.event('earnings|surprise', t, n):+.1f} standard deviations of past surprises"


def _reaction(f: Figures, t: int, n: int) -> str:
    mean, count = (f.event(f"earnings|{a}", t, n) for a in ("reaction", "reactions"))
    return f"{mean:.1f} daily ranges on average over {count:.0f} reports"


def _headlines(f: Figures, t: int, n: int) -> str:
    good, bad, count = (
        f.event(f"news|{a}", t, n)
        for a in ("favourable", "unfavourable", "headlines in two sessions")
    )
    return f"{good:.0f} favourable, {bad:.0f} unfavourable of {count:.0f}"


def _price(value: float) -> str:
    return f"{value:,.2f}"


_MAKERS: dict[str, Maker] = {
    "price movement": _price_move,
    "price": _from_mean,
    "trend": lambda f, t, n: f"{f.cell('features', 'sma_50_gap', t, n):+.1%} to the 50-day average",
    "volume": lambda f, t, n: (
        f"{f.cell('features', 'volume_ratio_20', t, n):.1f} times the monthly mean"
    ),
    "breadth": lambda f, t, n: (
        f"{f.cell('market', 'breadth', t, n):.0%} of instruments above their 50-day average"
    ),
    "momentum": lambda f, t, n: f"RSI {f.cell('features', 'rsi_14', t, n):.0f}",
    "trend strength": lambda f, t, n: f"ADX {f.cell('features', 'adx_14', t, n):.0f}",
    "band width": lambda f, t, n: f"{f.cell('features', 'bollinger_width', t, n):.1%} of the price",
    "volatility": lambda f, t, n: (
        f"{f.cell('features', 'realised_volatility_20', t, n):.0%} a year"
    ),
    "market volatility": lambda f, t, n: f"VIX {f.cell('market', 'vix', t, n):.1f}",
    "credit spread": _credit,
    "oil": lambda f, t, n: f"WTI {f.cell('market', 'wti', t, n):.2f}",
    "risk appetite": _appetite,
    "pattern": _pattern,
    "earnings until": _weekdays("earnings"),
    "earnings surprise": _earnings_surprise,
    "earnings reaction": _reaction,
    "stock split until": _weekdays("stock split"),
    "cash dividend until": _weekdays("cash dividend"),
    "news flow": _headlines,
    "support": lambda f, t, n: _price(f.cell("features", "support_20", t, n)),
    "resistance": lambda f, t, n: _price(f.cell("features", "resistance_20", t, n)),
    "regime": _regime,
    "range": _range,
    "tilt": lambda f, t, n: f"{np.expm1(f.cell('quant', 'expected_return_5d', t, n)):+.1%}",
    "odds": lambda f, t, n: f"{f.cell('quant', 'hit_probability', t, n):.0%}",
}
