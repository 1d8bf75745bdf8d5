"""Which market is looked at, through which sources, and how their servers are asked."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from foundation.connect import ResourceLimits
from foundation.kernel import Part
from stage_01_data_engine.adapters import SOURCES


def _known(name: str) -> str:
    if name not in SOURCES:
        raise ValueError(f"there is no such source; choose one of {', '.join(SOURCES)}")
    return name


SourceName = Annotated[str, AfterValidator(_known)]
"""A name of ``stage_01_data_engine.SOURCES``."""


class MarketSettings(Part):
    """Which market is looked at, and when.

    Attributes
    ----------
    source : str
        Where bars come from: a name of ``story data sources``, e.g. ``bundled`` (real data that
        comes with libraries), ``folder``, ``simulated``, ``polygon``.
    otherwise : tuple of str
        Sources that are asked in turn where ``source`` does not answer. Which one answered, and
        why those before it did not, stands in the findings.
    join : tuple of str
        Sources that add market-wide series, events and option quotes to the bars, e.g. ``fred``,
        ``finnhub``. Each must answer.
    path : Path, optional
        The folder of sources made of files (``folder``, ``tables``, ``cboe``) that name none of
        their own in ``sources``.
    intraday : Path, optional
        CSV or Parquet of minute or hour bars (symbol, stamp, open, high, low, close, volume; New
        York time, the beginning of the bar). From them the updates are told that
        ``tokens.tasks`` with "intraday update" learns from.
    update_at : time
        Time of day of those updates, New York's clock.
    symbols : tuple of str, optional
        Instruments in the order wanted; None takes all that the source has. Vendors list too
        many for that: for them symbols are named.
    as_of : date, optional
        Last session that may be seen. None means 2018-12-28 for the bundled data, the last
        simulated session for the simulated market, and an error for every other source.
    """

    source: SourceName = "bundled"
    otherwise: tuple[SourceName, ...] = ()
    join: tuple[SourceName, ...] = ()
    path: Path | None = None
    intraday: Path | None = None
    update_at: time = time(11, 0)
    symbols: tuple[str, ...] | None = None
    as_of: date | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """Every source that is named, in the order they are asked."""
        return (self.source, *self.otherwise, *self.join)


class ConnectionSettings(Part):
    """How vendors' servers are asked."""

    cache: Path | None = Field(
        default=None,
        description="Folder where answers are kept; None: `answers` in the store.",
    )
    cache_max_age: float = Field(
        default=43_200,
        ge=0,
        description="Seconds for which a kept answer is used again; 0 asks anew every time.",
    )
    stale_on_error: bool = Field(
        default=False,
        description="Whether an older answer stands in, with a warning, for a vendor that cannot "
        "be reached.",
    )
    limits: ResourceLimits = ResourceLimits()
