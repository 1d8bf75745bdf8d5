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
    Series,
)
from foundation.kernel import UpstreamDataError
from foundation.runtime import Stage
from foundation.timeseries import Panel
from stage_02_fuzzification import events, inference, membership, movement, patterns
from stage_02_fuzzification.sentiment import LexiconReader, NewsReader
from stage_02_fuzzification.settings import FuzzificationSettings


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
        values = {s.name: series_values(given, s) for s in SERIES.values()}
        degrees = {name: self._memberships(v) for name, v in values.items()}
        codes = {name: self._codes(given, SERIES[name], v) for name, v in values.items()}
        movements, strengths = zip(*(movement.classify(c) for c in codes.values()), strict=True)
        labels = {
            "sessions": given.bars.sessions,
            "symbols": given.bars.symbols,
            "fields": tuple(values),
        }
        return FuzzyWindow(
            as_of=given.as_of,
            produced_at=given.produced_at,
            session=given.session,
            target_session=given.target_session,
            memberships=Panel(
                **labels, layers=STATES, values=np.stack(list(degrees.values()), axis=2)
            ),
            movements=Panel(**labels, layers=HORIZONS, values=np.stack(movements, axis=2)),
            strengths=Panel(**labels, layers=HORIZONS, values=np.stack(strengths, axis=2)),
            patterns=self._patterns(given, codes["price"], degrees["band width"]),
            inference=Panel.from_fields(
                given.bars.sessions,
                given.bars.symbols,
                {
                    "risk appetite": inference.risk_appetite(degrees),
                    "story confidence": inference.story_confidence(degrees),
                },
            ),
            events=events.summarise_market(given, self.reader, self.settings),
            symbol_events=events.summarise_symbols(given, self.reader, self.settings),
        )

    def _memberships(self, values: np.ndarray) -> np.ndarray:
        placed = membership.position(values, self.settings.window, self.settings.minimum_valid)
        return membership.grade(placed)

    def _codes(self, given: MarketWindow, series: Series, values: np.ndarray) -> np.ndarray:
        """Return the movement codes of the session and the three segments, shape (T, N, 4)."""
        s = self.settings
        scale = (
            given.features.field("volatility_scale_20")
            if series.scale == "price"
            else movement.own_scale(values, s.scale_window)
        )
        horizons = [(1, 0)] + [(s.segment_sessions, s.segment_stride * k) for k in (2, 1, 0)]
        return np.stack(
            [
                movement.code(
                    values,
                    scale,
                    sessions,
                    ending=ending,
                    steady_multiple=s.steady_multiple,
                    sharp_multiple=s.sharp_multiple,
                )
                for sessions, ending in horizons
            ],
            axis=-1,
        )

    def _patterns(self, given: MarketWindow, price: np.ndarray, width: np.ndarray) -> Panel:
        found = patterns.recognise(
            codes=(price[..., 1], price[..., 2], price[..., 3]),
            bars={name: given.bars.field(name) for name in BAR_FIELDS[:4]},
            features={name: given.features.field(name) for name in patterns.FEATURES},
            width_low=width[..., 0],
        )
        return Panel.from_fields(given.bars.sessions, given.bars.symbols, found)


def series_values(window: MarketWindow, series: Series) -> np.ndarray:
    """Return a series' values, shape (T, N): absent series are NaN, market-wide ones repeated.

    Logarithmic series are taken in logs; a zero (no trade at all) has no logarithm and is
    absent.
    """
    shape = (len(window.bars.sessions), len(window.bars.symbols))
    panel: Panel = getattr(window, series.panel)
    if not panel.has(series.field):
        return np.full(shape, np.nan)
    values = np.broadcast_to(panel.field(series.field), shape)
    if series.logarithmic:
        positive = values > 0
        values = np.where(positive, np.log(np.where(positive, values, 1.0)), np.nan)
    return values
