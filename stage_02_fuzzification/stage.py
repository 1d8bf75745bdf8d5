"""Stage 02: from rows of numbers to graded states, movements and named patterns."""

from __future__ import annotations

import numpy as np

from foundation.contracts import (
    BAR_FIELDS,
    HORIZONS,
    SERIES,
    STATES,
    FuzzyWindow,
    MarketWindow,
    grade,
)
from foundation.kernel import UpstreamDataError
from foundation.runtime import Stage
from foundation.timeseries import Panel
from stage_02_fuzzification import events, inference, movement, patterns, series
from stage_02_fuzzification.sentiment import LexiconReader, NewsReader
from stage_02_fuzzification.settings import FuzzificationSettings

PRICE = list(SERIES).index("price")
MEASURED_IN_ATR = [k for k, s in enumerate(SERIES.values()) if s.scale == "price"]


class FuzzificationStage(Stage[MarketWindow, FuzzyWindow]):
    """Grade every continuous series of every symbol, all sessions in one array pass.

    Parameters
    ----------
    settings : FuzzificationSettings
    reader : NewsReader, optional
        Who reads headlines; the lexicon where nobody else is named.
    """

    name = "02_fuzzification"

    def __init__(self, settings: FuzzificationSettings, reader: NewsReader | None = None) -> None:
        self.settings = settings
        self.reader: NewsReader = LexiconReader() if reader is None else reader

    def run(self, given: MarketWindow) -> FuzzyWindow:
        """Return memberships, movements, patterns and event summaries of a market window.

        Raises
        ------
        UpstreamDataError
            If the window holds no session or no symbol.
        """
        if not given.bars.sessions or not given.bars.symbols:
            raise UpstreamDataError(
                "Fuzzification needs at least one session of one symbol",
                value=f"{len(given.bars.sessions)} sessions, {len(given.bars.symbols)} symbols",
                remedy="check the findings of stage 01: every row may have been quarantined",
            )
        settings = self.settings
        everything = series.positions({"bars": given.bars, "features": given.features}, settings)
        market = series.positions({"market": given.market}, settings)
        shape = (len(given.bars.sessions), len(given.bars.symbols))
        told = {"bars": everything, "features": everything, "market": market}
        degrees = grade(series.told_positions(told, shape), settings.shape)
        session, segment = self._codes(given, series.told_values(given))
        movements, strengths = (
            movement.by_horizon(one, other, settings.segment_stride)
            for one, other in zip(
                movement.classify(session), movement.classify(segment), strict=True
            )
        )
        by_name = dict(zip(SERIES, np.moveaxis(degrees, 2, 0), strict=True))
        labels = {
            "sessions": given.bars.sessions,
            "symbols": given.bars.symbols,
            "fields": tuple(SERIES),
        }
        return FuzzyWindow(
            as_of=given.as_of,
            produced_at=given.produced_at,
            session=given.session,
            target_session=given.target_session,
            positions=everything,
            market_positions=market,
            option_positions=(
                None
                if given.options is None
                else series.positions({"options": given.options}, settings)
            ),
            shape=settings.shape,
            memberships=Panel(**labels, layers=STATES, values=degrees),
            movements=Panel(**labels, layers=HORIZONS, values=movements),
            strengths=Panel(**labels, layers=HORIZONS, values=strengths),
            patterns=self._patterns(given, segment[..., PRICE], by_name["band width"]),
            inference=Panel.from_fields(
                given.bars.sessions,
                given.bars.symbols,
                {
                    "risk appetite": inference.risk_appetite(by_name),
                    "story confidence": inference.story_confidence(by_name),
                },
            ),
            events=events.summarise_market(given, self.reader, settings),
            symbol_events=events.summarise_symbols(given, self.reader, settings),
        )

    def _codes(self, given: MarketWindow, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the movement codes of sessions and of the segments that end there, (T, N, S)."""
        s = self.settings
        scales = movement.own_scale(values, s.scale_window)
        scales[..., MEASURED_IN_ATR] = given.features.field("volatility_scale_20")[..., None]
        borders = {"steady_multiple": s.steady_multiple, "sharp_multiple": s.sharp_multiple}
        return (
            movement.code(values, scales, 1, **borders),
            movement.code(values, scales, s.segment_sessions, **borders),
        )

    def _patterns(self, given: MarketWindow, price: np.ndarray, width: np.ndarray) -> Panel:
        path = movement.by_horizon(price, price, self.settings.segment_stride)
        found = patterns.recognise(
            codes=(path[..., 1], path[..., 2], path[..., 3]),
            bars={name: given.bars.field(name) for name in BAR_FIELDS[:4]},
            features={name: given.features.field(name) for name in patterns.FEATURES},
            width_low=width[..., 0],
        )
        return Panel.from_fields(given.bars.sessions, given.bars.symbols, found)
