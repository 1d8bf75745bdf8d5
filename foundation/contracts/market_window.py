"""01 -> 02: what was known about the market at the as-of moment."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from foundation.kernel.model import Contract, Moment, Part
from foundation.timeseries import Panel

MARKET = "MARKET"
"""The symbol under which market-wide series and events stand."""

BAR_FIELDS: tuple[str, ...] = ("open", "high", "low", "close", "volume")


class Instrument(Part):
    """An instrument and which bar fields its source reports."""

    symbol: str
    name: str
    kind: Literal["equity", "index", "etf", "future"]
    fields: tuple[str, ...]
    sector: str | None = None

    @property
    def close_only(self) -> bool:
        """Whether ranges and volume are absent."""
        return self.fields == ("close",)


class MarketEvent(Part):
    """A discrete event. ``known_at`` is when a trader could first have read it.

    ``expected`` is what the source names as consensus; None where there is none. Values are
    in the unit of ``unit``.
    """

    kind: Literal["economic release", "news", "corporate action", "earnings", "halt"]
    name: str
    symbol: str = MARKET
    event_time: Moment
    known_at: Moment
    actual: float | None = None
    expected: float | None = None
    previous: float | None = None
    unit: str = ""
    text: str = ""


class QualityFinding(Part):
    """One broken rule, where it was found, and what was done about it.

    ``action`` says whether the rows were kept (and only reported), repaired or quarantined.
    ``location`` names file and row where the source has them. ``rows`` counts input rows.
    """

    rule: str
    severity: Literal["info", "warning", "error"]
    action: Literal["kept", "repaired", "quarantined"]
    symbol: str
    session: date | None = None
    field: str | None = None
    location: str = ""
    value: str = ""
    remedy: str = ""
    rows: int = 1


Dimension = Literal["completeness", "staleness", "outlier", "inconsistency", "schema", "duplicate"]
"""What kind of quality a rule is about: bars that are missing, old, unlikely, in contradiction with
themselves or others, not what their field holds, or there more than once."""


class VerdictRule(Part):
    """A rule that single rows broke: its short name, what it says, why, and what to do."""

    name: str
    text: str
    why: str = ""
    remedy: str = ""
    dimension: Dimension | None = None
    severity: Literal["info", "warning", "error"]
    action: Literal["kept", "repaired", "quarantined"]


class RowVerdict(Part):
    """One row of the source and a rule that it broke.

    ``rule`` is the short name. ``session`` is None where the row's date could not be read,
    ``location`` names file and row where the source has them.
    """

    rule: str
    symbol: str
    session: date | None
    location: str = ""


class RowVerdicts(Part):
    """The complete list of rows that broke a rule, one line a row and rule.

    Lines are in the order of the source. A row set aside stands in exactly one line whose rule
    quarantines, so those lines add up to ``RowCounts.quarantined``.
    """

    rules: tuple[VerdictRule, ...] = ()
    rows: tuple[RowVerdict, ...] = ()


class RowCounts(Part):
    """Conservation of rows: ``received == kept + quarantined`` (later rows left unread apart)."""

    received: int
    kept: int
    quarantined: int


class SourceInfo(Part):
    """Where the rows came from, with a fingerprint of exactly what was read."""

    name: str
    fingerprint: str
    licence: str = ""
    survivor_biased: bool = False
    note: str = ""


class ContinuousSeries(Part):
    """A named series that a source observes beside bars: what it is and where it lands.

    Attributes
    ----------
    name : str
        Its field in the panel, e.g. ``treasury_10y`` or a name of the user's own.
    unit : str
        E.g. "percent a year".
    panel : "market" or "features"
        Market-wide, or one value for each instrument.
    stale_after_sessions : int
        Sessions a value stays valid after the one on which it became known; absent beyond.
    """

    name: str
    unit: str
    panel: Literal["market", "features"]
    stale_after_sessions: int = Field(ge=0)


class MarketWindow(Contract):
    """Bars, features and market-wide series as panels; events; what the quality gate found.

    Attributes
    ----------
    bars : Panel (T, N, 5)
        Open, high, low, close (price) and volume (shares); NaN where the source reports none.
    features : Panel (T, N, F)
        Indicators of stage 01; each docstring there states formula, window and NaN rule.
        Always has ``volatility_scale_20`` (ATR(20), or its close-only equivalent, in price
        units). Series of a source's own that have a value for each instrument stand behind them.
    market : Panel (T, 1, M)
        Market-wide series, last value known at each session's close. Always has VIX, WTI, credit
        spread, core inflation and breadth (NaN where nobody reports them); further ones where a
        source has them.
    series : tuple of ContinuousSeries
        What a source has observed, with units: fields of ``market`` and ``features``.
    verdicts : RowVerdicts, or None
        Every row that broke a rule, file by file and row by row; those set aside add up to
        ``counts.quarantined``. None in windows stored before version 3.
    event_verdicts, event_counts : RowVerdicts, RowCounts, or None
        The same for events; ``events`` are those that were kept.
    options : Panel (T, M, 40), or None
        Option features (``foundation.quant.options.OPTION_FIELDS``) of those instruments that
        have option quotes, in the order of the window, over the same sessions. NaN on sessions
        without a usable chain. None where the source has no option quotes at all.
    """

    schema_version: int = Field(
        default=3,
        ge=1,
        description="2: ``series`` and ``options`` joined; 3: ``verdicts``; earlier ones are read "
        "as before.",
    )

    session: date
    target_session: date
    instruments: tuple[Instrument, ...]
    bars: Panel
    features: Panel
    market: Panel
    events: tuple[MarketEvent, ...]
    findings: tuple[QualityFinding, ...]
    counts: RowCounts
    source: SourceInfo
    series: tuple[ContinuousSeries, ...] = ()
    options: Panel | None = None
    verdicts: RowVerdicts | None = None
    event_verdicts: RowVerdicts | None = None
    event_counts: RowCounts | None = None

    def instrument(self, symbol: str) -> Instrument:
        """Return the instrument with this symbol; ``KeyError`` if there is none."""
        return {i.symbol: i for i in self.instruments}[symbol]
