"""Numbers for the reading rendering: what a trader wants to see in parentheses.

Every column that has a figure gets a maker, bound to its arrays when it is first asked for, so
that telling ten thousand stories looks each field up once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from foundation.contracts import FuzzyWindow, MarketEvent, MarketWindow, QuantContext
from foundation.quant.regimes import told_regimes
from stage_03_story_assembly.content.columns import chance_of
from stage_03_story_assembly.content.company import daily_returns, market_return, member_share
from stage_03_story_assembly.content.weeks import Weeks
from stage_03_story_assembly.settings import StoryAssemblySettings

Maker = Callable[[int, int], str]
"""Makes the figure of one kind of clause from session and symbol."""
MINUS = "\u2212"


def signed(value: float, form: str) -> str:
    """Return a number with its sign; one that rounds to nothing has none.

    ``form`` is a format without sign, such as ``.1%``.
    """
    text = format(abs(value), form)
    nothing = not text.strip("0.,%")
    return text if nothing else f"{MINUS if value < 0 else '+'}{text}"


def plain(value: float, form: str) -> str:
    """Return a number with a minus where it is negative."""
    return f"{MINUS}{format(-value, form)}" if value < 0 else format(value, form)


@dataclass(frozen=True)
class Figures:
    """Looks up the number behind a clause.

    A figure is an empty string where a number would say nothing that the clause does not.
    """

    market: MarketWindow
    fuzzy: FuzzyWindow
    quant: QuantContext
    settings: StoryAssemblySettings = field(default_factory=StoryAssemblySettings)
    _makers: dict[str, Maker | None] = field(default_factory=dict)

    def of(self, column: str, t: int, n: int) -> str:
        """Return the figure of a column's clause at session ``t`` and symbol ``n``."""
        if column not in self._makers:
            build = _BUILDERS.get(column)
            self._makers[column] = build(self) if build else None
        maker = self._makers[column]
        return maker(t, n) if maker else ""

    def values(self, panel: str, name: str) -> np.ndarray:
        """Return a field for every session and symbol, (T, N); NaN where there is none."""
        shape = self.market.bars.values.shape[:2]
        if panel == "options":
            values = np.full(shape, np.nan)
            options = self.market.options
            if options is not None:
                at = [self.market.bars.symbols.index(symbol) for symbol in options.symbols]
                values[:, at] = options.field(name)
            return values
        source = {
            "quant": self.quant.values,
            "symbol_events": self.fuzzy.symbol_events,
            "fuzzy events": self.fuzzy.events,
        }.get(panel) or getattr(self.market, panel)
        if not source.has(name):
            return np.full(shape, np.nan)
        return np.broadcast_to(source.field(name), shape)

    @cached_property
    def weeks(self) -> Weeks:
        """The weeks of the window."""
        return Weeks.of(self.market.bars.sessions)

    @cached_property
    def told_events(self) -> dict[tuple[str, str], list[MarketEvent]]:
        """Events with an actual value by symbol and name, in order of becoming known."""
        found: dict[tuple[str, str], list[MarketEvent]] = {}
        for event in sorted(self.market.events, key=lambda e: e.known_at):
            if event.actual is not None:
                found.setdefault((event.symbol, event.name), []).append(event)
        return found


Builder = Callable[[Figures], Maker]


def _number(panel: str, name: str, show: Callable[[float], str]) -> Builder:
    def build(f: Figures) -> Maker:
        values = f.values(panel, name)

        def figure(t: int, n: int) -> str:
            value = float(values[t, n])
            return show(value) if value == value else ""

        return figure

    return build


def _price_move(f: Figures) -> Maker:
    close = f.values("bars", "close")
    return lambda t, n: f"{signed(close[t, n] / close[t - 1, n] - 1, '.1%')} to {close[t, n]:,.2f}"


def _week_move(f: Figures) -> Maker:
    close, before = f.values("bars", "close"), f.weeks.before
    return lambda t, n: (
        f"{signed(close[t, n] / close[before[t], n] - 1, '.1%')} to {close[t, n]:,.2f}"
    )


def _from_mean(f: Figures) -> Maker:
    close = f.values("bars", "close")
    return lambda t, n: signed(close[t, n] / np.nanmean(close[max(0, t - 60) : t, n]) - 1, ".1%")


def _range(f: Figures) -> Maker:
    low, high = f.values("quant", "q10"), f.values("quant", "q90")
    return lambda t, n: (
        f"{signed(np.expm1(low[t, n]), '.1%')} to {signed(np.expm1(high[t, n]), '.1%')}, "
        "four chances in five"
    )


def _pattern(f: Figures) -> Maker:
    strengths = f.fuzzy.patterns.values
    return lambda t, n: f"match {np.nanmax(strengths[t, n]):.2f}"


def _appetite(f: Figures) -> Maker:
    points = f.fuzzy.inference.field("risk appetite")
    return lambda t, n: f"{points[t, n]:.0f} of 100"


def _regime(f: Figures) -> Maker:
    names = ("p_trending", "p_mean_reverting", "p_choppy", "p_volatile")
    regimes = np.stack([f.values("quant", name) for name in names], axis=-1)
    chances = chance_of(regimes, told_regimes(regimes, f.settings.regime_false_change))
    return lambda t, n: f"probability {chances[t, n]:.0%}"


def _earnings(f: Figures) -> Maker:
    """The report itself: what came against what was expected."""
    symbols, sessions = f.market.bars.symbols, f.market.bars.sessions
    since = f.values("symbol_events", "earnings|sessions since")

    def figure(t: int, n: int) -> str:
        if since[t, n] != 0:
            return ""
        own = [
            event
            for (symbol, _), events in f.told_events.items()
            for event in events
            if symbol == symbols[n]
            and event.kind == "earnings"
            and event.known_at.date() <= sessions[t]
        ]
        if not own or own[-1].expected is None:
            return ""
        last = own[-1]
        return f"{last.actual:.2f} a share against {last.expected:.2f} expected"

    return figure


def _surprise(f: Figures) -> Maker:
    values = f.values("symbol_events", "earnings|surprise")
    return lambda t, n: f"{signed(values[t, n], '.1f')} standard deviations of past surprises"


def _reaction(f: Figures) -> Maker:
    mean, count = (
        f.values("symbol_events", f"earnings|{aspect}") for aspect in ("reaction", "reactions")
    )
    return lambda t, n: f"{mean[t, n]:.1f} daily ranges on average over {count[t, n]:.0f} reports"


def _headlines(f: Figures) -> Maker:
    good, bad, count = (
        f.values("symbol_events", f"news|{aspect}")
        for aspect in ("favourable", "unfavourable", "headlines in two sessions")
    )
    return lambda t, n: (
        f"{good[t, n]:.0f} favourable, {bad[t, n]:.0f} unfavourable of {count[t, n]:.0f}"
    )


def _relative(f: Figures) -> Maker:
    own, median = daily_returns(f.market), market_return(f.market, f.settings)
    sectors = [i.sector if i.kind == "etf" else None for i in f.market.instruments]

    def figure(t: int, n: int) -> str:
        beside = f"the median instrument {signed(median[t], '.1%')}"
        return f"{sectors[n]} {signed(own[t, n], '.1%')}, {beside}" if sectors[n] else beside

    return figure


def _members(f: Figures) -> Maker:
    share = member_share(f.market, f.settings)
    return lambda t, n: f"{share[t, n]:.0%} above their 50-day average"


def _shift(panel: str, name: str, show: Callable[[float], str]) -> Builder:
    def build(f: Figures) -> Maker:
        values, before = f.values(panel, name), f.weeks.before
        return lambda t, n: f"{show(values[before[t], n])} to {show(values[t, n])}"

    return build


def _gap(f: Figures) -> Maker:
    opened, close = f.values("bars", "open"), f.values("bars", "close")
    return lambda t, n: f"{signed(opened[t, n] / close[t - 1, n] - 1, '.1%')} at the open"


def _weekdays(kind: str) -> Builder:
    def show(days: float) -> str:
        return f"in {days:.0f} weekdays" if days > 1 else ""

    return _number("symbol_events", f"{kind}|weekdays until", show)


def _of_average(value: float) -> str:
    return f"{signed(value, '.1%')} to the 50-day average"


_SERIES: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "trend": ("features", "sma_50_gap", _of_average),
    "volume": ("features", "volume_ratio_20", lambda v: f"{v:.1f} times the monthly mean"),
    "breadth": (
        "market",
        "breadth",
        lambda v: f"{v:.0%} of instruments above their 50-day average",
    ),
    "momentum": ("features", "rsi_14", lambda v: f"RSI {v:.0f}"),
    "trend strength": ("features", "adx_14", lambda v: f"ADX {v:.0f}"),
    "band width": ("features", "bollinger_width", lambda v: f"{v:.1%} of the price"),
    "volatility": ("features", "realised_volatility_20", lambda v: f"{v:.0%} a year"),
    "market volatility": ("market", "vix", lambda v: f"VIX {v:.1f}"),
    "credit spread": ("market", "credit_spread", lambda v: f"{v:.2f} points"),
    "oil": ("market", "wti", lambda v: f"WTI {plain(v, '.2f')}"),
}
_SHORT: dict[str, Callable[[float], str]] = {
    "trend": lambda v: signed(v, ".1%"),
    "volume": lambda v: f"{v:.1f}",
    "breadth": lambda v: f"{v:.0%}",
    "band width": lambda v: f"{v:.1%}",
    "volatility": lambda v: f"{v:.0%}",
    "credit spread": lambda v: f"{v:.2f}",
    "oil": lambda v: plain(v, ".2f"),
    "momentum": lambda v: f"{v:.0f}",
    "trend strength": lambda v: f"{v:.0f}",
    "market volatility": lambda v: f"{v:.1f}",
}
"""How a series' figures look where two of them stand side by side."""


def _expected(value: float) -> str:
    return f"expected {signed(np.expm1(value), '.1%')}"


_BUILDERS: dict[str, Builder] = {
    "price movement": _price_move,
    "week": _week_move,
    "price": _from_mean,
    **{name: _number(*series) for name, series in _SERIES.items()},
    **{
        f"{name} shift": _shift(panel, place, _SHORT[name])
        for name, (panel, place, _) in _SERIES.items()
    },
    "risk appetite": _appetite,
    "pattern": _pattern,
    "relative": _relative,
    "members": _members,
    "occasion gap": _gap,
    "earnings since": _earnings,
    "earnings until": _weekdays("earnings"),
    "earnings surprise": _surprise,
    "earnings reaction": _reaction,
    "stock split until": _weekdays("stock split"),
    "cash dividend until": _weekdays("cash dividend"),
    "news flow": _headlines,
    "support": _number("features", "support_20", lambda v: f"{v:,.2f}"),
    "resistance": _number("features", "resistance_20", lambda v: f"{v:,.2f}"),
    "regime": _regime,
    "range": _range,
    "tilt": _number("quant", "expected_return_5d", _expected),
    "odds": _number("quant", "hit_probability", lambda v: f"{v:.0%}"),
    "put-call ratio": _number("options", "pcr_volume", lambda v: f"put-call ratio {v:.2f}"),
    "implied volatility": _number("options", "volatility_rank", lambda v: f"rank {v:.0%}"),
    "max pain": _number("options", "max_pain_gap", lambda v: f"{signed(v, '.1%')}"),
    "gamma": _number("options", "gamma_balance", lambda v: f"balance {signed(v, '.2f')}"),
}
