"""Continuous series beside bars: those every source names alike, and those of a user's own.

``KNOWN_SERIES`` are market-wide. The first four are always in a window (absent where nobody reports
them), the others where a source has them. Whatever else a source observes it declares itself, with
a ``ContinuousSeries``.

A daily value stays valid for a week, a monthly one for a month and two days after the session on
which it became known, the internals of a session on that session alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from foundation.contracts import ContinuousSeries
from foundation.kernel import OperatorError

DAILY, MONTHLY, THE_SESSION = 5, 25, 0
"""Sessions that values stay valid."""


def _market(name: str, unit: str, stale_after_sessions: int) -> tuple[str, ContinuousSeries]:
    return name, ContinuousSeries(
        name=name, unit=unit, panel="market", stale_after_sessions=stale_after_sessions
    )


KNOWN_SERIES: dict[str, ContinuousSeries] = dict(
    (
        _market("vix", "index points (annualised percent)", DAILY),
        _market("wti", "US dollars a barrel", DAILY),
        _market("credit_spread", "percentage points (Moody's BAA less AAA)", MONTHLY),
        _market("core_cpi_yoy", "percent over twelve months", MONTHLY),
        _market("vvix", "index points (annualised percent)", DAILY),
        _market("treasury_10y", "percent a year, constant maturity", DAILY),
        _market("treasury_2y", "percent a year, constant maturity", DAILY),
        _market("treasury_3m", "percent a year, constant maturity", DAILY),
        _market("dollar_index", "index points", DAILY),
        _market("tick", "issues on an uptick less those on a downtick, at the close", THE_SESSION),
        _market("trin", "advancing over declining issues, over the same of volume", THE_SESSION),
        _market("advance_decline", "advancing less declining issues", THE_SESSION),
        _market("volume_difference", "shares of advancing less declining issues", THE_SESSION),
    )
)
"""Market-wide series by the name that every source uses. The last four are the internals known as
TICK, TRIN (the Arms index), ADD and VOLD."""

TRADED_SERIES: tuple[str, ...] = (
    "vix", "vvix", "wti", "dollar_index", "tick", "trin", "advance_decline", "volume_difference",
)  # fmt: skip
"""Those that an exchange or a market shows while it is open: known at the close of their date where
a source does not say otherwise. Yields and figures of offices come out later."""

CORE_SERIES: tuple[str, ...] = ("vix", "wti", "credit_spread", "core_cpi_yoy")
"""Those that every window has."""


def declared(names: Iterable[str], own: Iterable[ContinuousSeries]) -> tuple[ContinuousSeries, ...]:
    """Return every series of a source: the core, the known ones it observed, and its own.

    Raises
    ------
    OperatorError
        If a name is neither known nor declared, is declared twice, is declared although known,
        or cannot be the name of a field.
    """
    mine: dict[str, ContinuousSeries] = {}
    for series in own:
        if not series.name.isidentifier():
            raise OperatorError(
                "A series is named by letters, digits and underscores",
                value=series.name,
                remedy="choose a name such as short_interest",
            )
        if series.name in mine or series.name in KNOWN_SERIES:
            raise OperatorError(
                "A series of one's own is declared once, under a name of its own",
                value=series.name,
                remedy=f"choose a name other than {', '.join(KNOWN_SERIES)}",
            )
        mine[series.name] = series
    names = set(names)
    if strange := sorted(names - set(KNOWN_SERIES) - set(mine)):
        raise OperatorError(
            "An observed series is known or declared",
            value=strange[0],
            remedy="declare a ContinuousSeries with its name, unit and panel",
        )
    known = (s for name, s in KNOWN_SERIES.items() if name in CORE_SERIES or name in names)
    return (*known, *mine.values())
