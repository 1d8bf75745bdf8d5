"""Stage 01: rows of a source become one window of the market, judged and aligned."""

from __future__ import annotations

import numpy as np

from foundation.contracts import (
    BAR_FIELDS,
    MARKET,
    MarketWindow,
    QualityFinding,
    RowCounts,
)
from foundation.kernel import UpstreamDataError
from foundation.market import close_of, next_session
from foundation.runtime.stage import Stage
from foundation.timeseries import Panel
from stage_01_data_engine.alignment import bar_values, last_known
from stage_01_data_engine.features import FEATURE_FIELDS, breadth, feature_values
from stage_01_data_engine.quality import Gated, gate
from stage_01_data_engine.raw import MARKET_SERIES, RawMarket
from stage_01_data_engine.settings import DataEngineSettings


class DataEngineStage(Stage[RawMarket, MarketWindow]):
    """From raw rows to bars, features and market-wide series over exchange sessions."""

    name = "01_data_engine"

    def __init__(self, settings: DataEngineSettings) -> None:
        self.settings = settings

    def run(self, given: RawMarket) -> MarketWindow:
        """Return the market as it was known at the as-of close.

        Raises
        ------
        UpstreamDataError
            If no instrument has a usable bar on the as-of session.
        """
        sessions = given.request.sessions
        gated = gate(given.bars, given.instruments, sessions, self.settings)
        if not gated.instruments:
            raise _nothing_left(given, gated)
        begins = int(
            np.searchsorted(
                np.array(sessions, dtype="M8[D]"), gated.bars["session"].min().to_datetime64()
            )
        )
        sessions = sessions[begins:]
        symbols = tuple(i.symbol for i in gated.instruments)
        bars = bar_values(gated.bars, sessions, symbols)
        market, notes = self._market_wide(given, sessions)
        features = feature_values(bars, gated.instruments, market, self.settings)
        market["breadth"] = breadth(
            bars[:, :, BAR_FIELDS.index("close")],
            features[:, :, FEATURE_FIELDS.index("sma_50_gap")],
        )
        received = len(given.bars) + given.quarantined
        as_of = close_of(given.request.as_of)
        return MarketWindow(
            as_of=as_of,
            produced_at=as_of,
            session=given.request.as_of,
            target_session=next_session(given.request.as_of),
            instruments=gated.instruments,
            bars=Panel(sessions=sessions, symbols=symbols, fields=BAR_FIELDS, values=bars),
            features=Panel(
                sessions=sessions, symbols=symbols, fields=FEATURE_FIELDS, values=features
            ),
            market=Panel.from_fields(
                sessions, (MARKET,), {f: v[:, None] for f, v in market.items()}
            ),
            events=given.events,
            findings=(*given.findings, *gated.findings, *notes),
            counts=RowCounts(
                received=received,
                kept=len(gated.bars),
                quarantined=gated.quarantined + given.quarantined,
            ),
            source=given.source,
        )

    def _market_wide(
        self, given: RawMarket, sessions: tuple
    ) -> tuple[dict[str, np.ndarray], list[QualityFinding]]:
        """Align every market-wide series; say which are absent, begin late or went stale."""
        values, notes = {}, []
        for series in MARKET_SERIES:
            rows = given.observations[given.observations["series"] == series]
            cap = self.settings.stale_after_sessions[series]
            values[series], age = last_known(rows, sessions, cap)
            if said := _coverage(values[series], age, sessions, cap):
                notes.append(
                    QualityFinding(
                        rule="A market-wide series is known on every session of the window",
                        severity="info" if rows.empty or age[-1] <= cap else "warning",
                        action="kept",
                        symbol=MARKET,
                        field=series,
                        value=said,
                        remedy="use a source that carries it; until then it is absent",
                        rows=0,
                    )
                )
        return values, notes


def _coverage(values: np.ndarray, age: np.ndarray, sessions: tuple, cap: int) -> str:
    """Say in words on how many sessions a series is absent, and why; empty where it never is."""
    absent = int(np.isnan(values).sum())
    if absent == 0:
        return ""
    if (age < 0).all():
        return "not reported by this source"
    stale = int((age > cap).sum())
    begins = sessions[int(np.argmax(age >= 0))].isoformat()
    parts = [f"absent on {absent} of {len(values)} sessions"]
    if (age < 0).any():
        parts.append(f"known from {begins}")
    if stale:
        parts.append(f"older than {cap} sessions on {stale}")
    return ", ".join(parts)


def _nothing_left(given: RawMarket, gated: Gated) -> UpstreamDataError:
    findings = (*given.findings, *gated.findings)
    first = next((f for f in findings if f.action == "quarantined"), None)
    reason = f"{first.symbol}: {first.rule} ({first.value})" if first else "no rows"
    return UpstreamDataError(
        f"The source {given.source.name!r} has a usable bar on the as-of session "
        f"{given.request.as_of.isoformat()}",
        value=reason,
        remedy=first.remedy if first else "choose another as-of date or source",
    )
