"""What every vendor is asked alike: symbols by name, and bars of a window."""

from __future__ import annotations

from collections.abc import Iterable

from foundation.kernel import OperatorError, UpstreamDataError
from stage_01_data_engine.raw import MarketRequest


def named_symbols(request: MarketRequest, listing: str) -> tuple[str, ...]:
    """Return the symbols of a request that must name them.

    Parameters
    ----------
    listing : str
        Who lists how many, as a clause: ``"Yahoo lists hundreds of thousands"``.

    Raises
    ------
    OperatorError
        If the request is for all symbols.
    """
    if request.symbols is None:
        raise OperatorError(
            f"The symbols are named: {listing}",
            value="all symbols",
            remedy="name the symbols, e.g. AAPL,MSFT",
        )
    return request.symbols


def nothing_in_window(
    vendor: str, symbols: Iterable[str], request: MarketRequest, what: str = "a bar", more: str = ""
) -> UpstreamDataError:
    """Return the error for a vendor that has nothing of any symbol in the window.

    Parameters
    ----------
    more : str
        What the remedy adds, with its own punctuation in front.
    """
    return UpstreamDataError(
        f"{vendor} has {what} of the symbols in the window",
        value=f"{', '.join(symbols)}, {request.history_sessions} sessions to "
        f"{request.as_of.isoformat()}",
        remedy=f"choose a later as-of date, a longer history or other symbols{more}",
    )
