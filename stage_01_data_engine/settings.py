"""What can be set about the data engine. Defaults live here and nowhere else."""

from __future__ import annotations

from pydantic import Field

from foundation.kernel.model import Part
from foundation.quant.options import OptionSettings


class DataEngineSettings(Part):
    """Window length, the limits of the quality gate and how long a value stays valid."""

    history_sessions: int = Field(
        default=2000, ge=30, description="Sessions asked of a source, the as-of session included."
    )
    range_tolerance: float = Field(
        default=1e-6,
        ge=0,
        lt=0.01,
        description="Relative slack when a price is held against its low and high: rounding.",
    )
    jump_limit: float = Field(
        default=0.4,
        gt=0,
        description="Absolute log return of one session above which a bar is reported (kept).",
    )
    gap_sessions: int = Field(
        default=5,
        ge=1,
        description="Indicators bridge at most this many sessions between two bars; after a "
        "longer gap their windows start afresh.",
    )
    warm_up_bars: int = Field(
        default=500,
        ge=272,
        description="Bars read before a new session when only that session's features are made: "
        "no less than the longest window; smoothed ones have forgotten all but 1e-11 by then.",
    )
    benchmarks: tuple[str, ...] = Field(
        default=("SPX", "SPY"),
        description="Instruments that stand for the market; the first one present counts, and the "
        "mean of all instruments where there is none.",
    )
    least_peers: int = Field(
        default=3, ge=2, description="Instruments that a rank or a sector's mean needs."
    )
    listed_rows: int = Field(
        default=25,
        ge=1,
        description="A rule broken by more rows than this is reported in groups, counts exact.",
    )
    stale_after_sessions: dict[str, int] = Field(
        default_factory=dict,
        description="By series: sessions after which its last known value counts as absent, in "
        "place of what the series itself says (5 for daily, 25 for monthly ones).",
    )
    options: OptionSettings = Field(
        default=OptionSettings(), description="Limits and windows of option chains and features."
    )
    option_rate: float = Field(
        default=0.0,
        gt=-0.1,
        lt=0.5,
        description="Interest a year, continuously compounded, at which chains are valued on "
        "sessions without a three-month Treasury yield.",
    )
