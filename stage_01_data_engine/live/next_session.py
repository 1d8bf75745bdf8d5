"""From a new session's bars to its features, on top of a window that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import BAR_FIELDS, Instrument, MarketWindow, QualityFinding
from foundation.kernel import UpstreamDataError
from foundation.market import next_session
from foundation.timeseries import Panel
from stage_01_data_engine.alignment import bar_values
from stage_01_data_engine.features import features_since
from stage_01_data_engine.features.compute import LONGEST_WINDOW
from stage_01_data_engine.quality import gate
from stage_01_data_engine.settings import DataEngineSettings

if TYPE_CHECKING:
    import pandas as pd

JUDGED_WITH = 22
"""Sessions that are judged together with the new one: the gate's rules look back a month."""


@dataclass(frozen=True)
class Increment:
    """A new session, judged, with its features.

    Attributes
    ----------
    session : date
    bars : Panel (1, N, 5)
    features : Panel (1, N, F)
        NaN for instruments without a bar.
    findings : tuple of QualityFinding
        About rows of the new session only.
    quarantined : int
    """

    session: date
    bars: Panel
    features: Panel
    findings: tuple[QualityFinding, ...]
    quarantined: int


class NextSession:
    """The session after a window's last, as often as its bars change.

    Parameters
    ----------
    window : MarketWindow
        Up to the session before; reaches back ``warm_up_bars`` bars, or to each first bar.
    settings : DataEngineSettings
    """

    def __init__(self, window: MarketWindow, settings: DataEngineSettings) -> None:
        self.session = next_session(window.session)
        self._settings = settings
        self._instruments: tuple[Instrument, ...] = window.instruments
        back = _depth(window.bars, max(settings.warm_up_bars, LONGEST_WINDOW))
        bars, market = window.bars.last(back), window.market.last(back)
        sessions = (*bars.sessions, self.session)
        # One block that is written anew at its end: no copy of the past for every quote.
        self._bars = np.concatenate([bars.values, np.full((1, *bars.values.shape[1:]), np.nan)])
        self._market = np.concatenate(
            [market.values, np.full((1, *market.values.shape[1:]), np.nan)]
        )
        self._sessions, self._fields = sessions, market.fields
        self._recent = _rows(bars.last(JUDGED_WITH))

    def increment(self, rows: pd.DataFrame, market: Mapping[str, float]) -> Increment:
        """Return the new session as its rows tell it.

        Parameters
        ----------
        rows : DataFrame
            Its bars, as in ``RawMarket.bars``; those of instruments that the window lacks are
            left to the next full window.
        market : mapping of str to float
            Market-wide series as last known; absent ones are absent.

        Raises
        ------
        UpstreamDataError
            If no instrument has a usable bar.
        """
        import pandas as pd

        known = {i.symbol for i in self._instruments}
        own = rows.loc[rows["symbol"].isin(known), list(self._recent.columns)]
        days = self._sessions[-JUDGED_WITH - 1 :]
        judged = gate(
            pd.concat([self._recent, own], ignore_index=True),
            self._instruments, days, self._settings,
        )  # fmt: skip
        new = judged.bars[judged.bars["session"] == pd.Timestamp(self.session)]
        if new.empty:
            raise UpstreamDataError(
                f"The new session {self.session} has a usable bar",
                value=f"{len(own)} rows",
                remedy="see the findings of the source, or wait for its first trade",
            )
        symbols = tuple(i.symbol for i in self._instruments)
        self._bars[-1] = bar_values(new, (self.session,), symbols)[0]
        self._market[-1, 0] = [market.get(name, np.nan) for name in self._fields]
        features = features_since(
            self._sessions[-2],
            self._panel(symbols, BAR_FIELDS, self._bars),
            self._panel(("MARKET",), self._fields, self._market),
            self._instruments,
            self._settings,
        )
        mine = judged.verdicts["session"] == pd.Timestamp(self.session)
        return Increment(
            session=self.session,
            bars=self._panel(symbols, BAR_FIELDS, self._bars).last(1),
            features=features,
            findings=tuple(f for f in judged.findings if f.session == self.session),
            quarantined=int(judged.verdicts.loc[mine, "action"].eq("quarantined").sum()),
        )

    def _panel(
        self, symbols: tuple[str, ...], fields: tuple[str, ...], values: np.ndarray
    ) -> Panel:
        return Panel(sessions=self._sessions, symbols=symbols, fields=fields, values=values)


def _depth(bars: Panel, wanted: int) -> int:
    """Return in how many of the last sessions every instrument has the bars wanted, or all its."""
    reported = np.isfinite(bars.field("close"))[::-1]
    count = reported.cumsum(axis=0)
    reached = np.where(
        count[-1] >= wanted,
        (count >= wanted).argmax(axis=0) + 1,
        len(count) - reported[::-1].argmax(axis=0),
    )
    return max(int(reached.max()), LONGEST_WINDOW)


def _rows(bars: Panel) -> pd.DataFrame:
    """Return a panel's bars as rows, those without a close left out."""
    import pandas as pd

    sessions, symbols, _ = bars.values.shape
    days = np.array(bars.sessions, dtype="M8[ns]")
    frame = pd.DataFrame(bars.values.reshape(-1, len(BAR_FIELDS)), columns=list(BAR_FIELDS))
    frame.insert(0, "symbol", np.tile(np.array(bars.symbols, dtype=object), sessions))
    frame.insert(1, "session", np.repeat(days, symbols))
    frame["location"] = "window"
    return frame[np.isfinite(frame["close"])].reset_index(drop=True)
