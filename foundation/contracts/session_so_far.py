"""01 -> 03: a session while it lasts, as known at one moment."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from foundation.contracts.market_window import QualityFinding
from foundation.kernel.model import Contract
from foundation.timeseries import Panel

SO_FAR_FIELDS: tuple[str, ...] = (
    "previous close",
    "open",
    "high",
    "low",
    "last",
    "volume",
    "usual volume",
)


class SessionSoFar(Contract):
    """The running bar of every instrument at ``as_of``, and what is usual by that hour.

    Attributes
    ----------
    session : date
        The session that lasts.
    elapsed : float
        Share of its trading hours that have passed, in (0, 1].
    values : Panel (1, N, 7), fields ``SO_FAR_FIELDS``
        Prices and shares of regular trading, from bars that had ended by ``as_of``, all in shares
        of this session (earlier bars are adjusted for splits in between) and in prices as the bars
        have them, which need not be those of the daily bars. ``previous close`` is that of the
        session right before; ``usual volume`` the mean over the past sessions by the same hour.
        NaN where no bar had ended, or nothing is reported.
    findings : tuple of QualityFinding
        Why there is no running bar of a symbol, or nothing to compare it with.
    """

    schema_version: int = Field(
        default=2, ge=1, description="2: ``findings`` joined; earlier ones are read as before."
    )
    session: date
    elapsed: float
    values: Panel
    findings: tuple[QualityFinding, ...] = ()
