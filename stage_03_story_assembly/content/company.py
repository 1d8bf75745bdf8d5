"""An instrument among others: beside the market, a sector by its members, and what options tell."""

from __future__ import annotations

import numpy as np

from foundation.contracts import Instrument, MarketWindow, Section, statement
from foundation.language.company_phrases import MEMBERS, OPTIONS, RELATIVE
from stage_03_story_assembly.content.columns import SILENT, Column
from stage_03_story_assembly.settings import StoryAssemblySettings

_MEMBER_BORDERS = (0.1, 0.4, 0.6, 0.9)


def is_sector(instrument: Instrument) -> bool:
    """Say whether an instrument stands for a sector: a fund with a sector of its own."""
    return instrument.kind == "etf" and instrument.sector is not None


def market_return(market: MarketWindow, settings: StoryAssemblySettings) -> np.ndarray:
    """Return the median simple return of each session over all instruments, (T,).

    NaN with fewer than ``market_instruments`` of them.
    """
    returns = daily_returns(market)
    enough = (~np.isnan(returns)).sum(axis=1) >= settings.market_instruments
    median = np.full(len(returns), np.nan)
    if enough.any():
        median[enough] = np.nanmedian(returns[enough], axis=1)
    return median


def daily_returns(market: MarketWindow) -> np.ndarray:
    """Return simple returns of each session, (T, N); NaN where a close is absent."""
    close = market.bars.field("close")
    returns = np.full(close.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        returns[1:] = close[1:] / close[:-1] - 1
    return returns


def relative_columns(market: MarketWindow, settings: StoryAssemblySettings) -> list[Column]:
    """Say how an instrument did beside the market, in its own volatility scale of the day before.

    Of a sector it is always said, of a stock or fund only where it stands out, of an index never:
    it is the market.
    """
    close, scale = market.bars.field("close"), market.features.field("volatility_scale_20")
    ahead = daily_returns(market) - market_return(market, settings)[:, None]
    multiple = np.full(close.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        multiple[1:] = ahead[1:] * close[:-1] / scale[:-1]
    multiple[~np.isfinite(multiple)] = np.nan
    sectors = np.array([is_sector(i) for i in market.instruments], dtype=bool)
    indices = np.array([i.kind == "index" for i in market.instruments], dtype=bool)
    near, far = settings.relative_near, settings.relative_far
    sector = np.searchsorted((-far, -near, near, far), np.nan_to_num(multiple))
    told = settings.relative_told
    own = np.searchsorted((-far, 0.0, far), np.nan_to_num(multiple))
    known = ~np.isnan(multiple)
    cells = (("bars", "close"),)
    return [
        Column(
            name="relative",
            section=Section.DIRECTION,
            options=tuple(statement("relative", "instrument", v) for v in RELATIVE["instrument"]),
            codes=np.where(known & ~sectors & ~indices & (np.abs(multiple) >= told), own, SILENT),
            degrees=np.ones(close.shape),
            cells=cells,
        ),
        Column(
            name="relative",
            section=Section.DIRECTION,
            options=tuple(statement("relative", "sector", v) for v in RELATIVE["sector"]),
            codes=np.where(known & sectors, sector, SILENT),
            degrees=np.ones(close.shape),
            cells=cells,
        ),
    ]


def member_share(market: MarketWindow, settings: StoryAssemblySettings) -> np.ndarray:
    """Return the share of a sector's members above their 50-day average, (T, N).

    NaN where the instrument is no sector, or fewer than ``sector_members`` of its members are
    among the instruments and have an average.
    """
    gap = market.features.field("sma_50_gap")
    share = np.full(gap.shape, np.nan)
    for n, instrument in enumerate(market.instruments):
        if not is_sector(instrument):
            continue
        members = [
            k
            for k, other in enumerate(market.instruments)
            if other.kind == "equity" and other.sector == instrument.sector
        ]
        known = (~np.isnan(gap[:, members])).sum(axis=1)
        above = (gap[:, members] > 0).sum(axis=1)
        enough = known >= settings.sector_members
        share[enough, n] = above[enough] / known[enough]
    return share


def member_column(market: MarketWindow, settings: StoryAssemblySettings) -> Column:
    """Say how many of a sector's members stand above their 50-day average."""
    share = member_share(market, settings)
    return Column(
        name="members",
        section=Section.PARTICIPATION,
        options=tuple(statement("members", "sector", value) for value in MEMBERS),
        codes=np.where(
            np.isnan(share), SILENT, np.searchsorted(_MEMBER_BORDERS, np.nan_to_num(share))
        ),
        degrees=np.ones(share.shape),
        cells=(("features", "sma_50_gap"),),
    )


def option_columns(market: MarketWindow, settings: StoryAssemblySettings) -> list[Column]:
    """Say what options tell where the window has them: only what is out of the ordinary.

    Put-call ratio and implied volatility at the ends of their own past, max pain away from the
    market while it is near enough to matter, and the sign of dealers' gamma.
    """
    if market.options is None:
        return []
    low, high = settings.option_extreme, 1 - settings.option_extreme
    pain, gamma = settings.max_pain_gap, settings.gamma_balance
    rules = (
        ("put-call ratio", "pcr_volume_percentile", ("low", None, "high"), (low, high)),
        ("implied volatility", "volatility_rank", ("low", None, "high"), (low, high)),
        ("max pain", "max_pain_gap", ("below", "near", "above"), (-pain, pain)),
        ("gamma", "gamma_balance", ("negative", None, "positive"), (-gamma, gamma)),
    )
    at = [market.bars.symbols.index(symbol) for symbol in market.options.symbols]
    columns = []
    for subject, field, words, borders in rules:
        values = np.full(market.bars.values.shape[:2], np.nan)
        values[:, at] = market.options.field(field)
        told = [word for word in words if word is not None]
        numbers = np.array([told.index(w) if w is not None else SILENT for w in words])
        band = np.searchsorted(borders, np.nan_to_num(values), side="right")
        columns.append(
            Column(
                name=subject,
                section=Section.QUANTITATIVE,
                options=tuple(statement("options", subject, word) for word in told),
                codes=np.where(np.isnan(values), SILENT, numbers[band]),
                degrees=np.ones(values.shape),
                cells=(("options", field),),
            )
        )
    assert {(c.name, o.value) for c in columns for o in c.options} == set(OPTIONS)
    return columns
