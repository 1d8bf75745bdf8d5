"""How vendors lay out option chains, and how their tables become chains.

A layout names columns; it reads no file. A vendor of one's own is a ``Layout`` of one's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from foundation.kernel import UpstreamDataError
from foundation.quant.options.chain import OptionChain

if TYPE_CHECKING:
    import pandas as pd

NEW_YORK = ZoneInfo("America/New_York")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Layout:
    """Which column holds what; an empty name means that the vendor does not report it.

    Attributes
    ----------
    calls : str
        The word for calls in column ``right``, compared in lower case.
    price : "mid" or "last"
        What a contract is worth: the middle of its quotes, or its last price.
    at_open : callable
        From contract names to whether they settle at the open.
    """

    name: str
    underlying: str
    quote_date: str
    expiry: str
    strike: str
    right: str
    calls: str
    price: str
    volume: str
    open_interest: str
    contract: str = ""
    bid: str = ""
    ask: str = ""
    last: str = ""
    source_volatility: str = ""
    source_delta: str = ""
    source_gamma: str = ""
    last_trade: str = ""
    stated_days: str = ""
    at_open: Callable[[np.ndarray], np.ndarray] | None = None

    def chain(
        self, rows: pd.DataFrame, *, spot: float, rate: float, at: time = time(16)
    ) -> OptionChain:
        """Return the rows of one underlying and one quote date as a chain.

        Parameters
        ----------
        rows : DataFrame
            In the vendor's columns.
        spot : float
            The underlying's price, on the scale of the strikes.
        rate : float
            Continuously compounded interest per year.
        at : time
            New York time of day at which the chain was taken.

        Raises
        ------
        UpstreamDataError
            If a column is missing, or the rows are of several days or underlyings, or of none.
        """
        import pandas as pd

        needed = {c for c in vars(self).values() if isinstance(c, str)} - {
            "", self.name, self.calls, self.price,
        }  # fmt: skip
        if missing := sorted(needed - set(rows.columns)):
            raise UpstreamDataError(
                f"A chain of {self.name} has the columns of its layout",
                value=missing,
                remedy="check the file, or write a layout for it",
            )
        days = pd.to_datetime(rows[self.quote_date]).dt.date.unique()
        names = rows[self.underlying].unique()
        if len(days) != 1 or len(names) != 1:
            raise UpstreamDataError(
                "A chain is of one underlying on one day",
                value=([str(d) for d in days[:3]], list(names[:3])),
                remedy="hand in one group at a time",
            )
        call = rows[self.right].astype(str).str.lower().to_numpy() == self.calls
        expiry = pd.to_datetime(rows[self.expiry]).to_numpy().astype("M8[D]")
        strike = _numbers(rows, self.strike)
        contract = (
            rows[self.contract].astype(str).to_numpy(dtype=object)
            if self.contract
            else np.array(
                [
                    f"{e}{'C' if c else 'P'}{k:g}"
                    for e, c, k in zip(expiry, call, strike, strict=True)
                ],
                dtype=object,
            )
        )
        bid, ask, last = (_numbers(rows, c) for c in (self.bid, self.ask, self.last))
        return OptionChain(
            underlying=str(names[0]),
            moment=datetime.combine(days[0], at, tzinfo=NEW_YORK),
            spot=float(spot),
            rate=float(rate),
            contract=contract,
            expiry=expiry,
            settles_at_open=(
                self.at_open(contract) if self.at_open else np.zeros(len(rows), dtype=bool)
            ),
            strike=strike,
            call=call,
            bid=bid,
            ask=ask,
            last=last,
            price=(bid + ask) / 2 if self.price == "mid" else last.copy(),
            volume=_numbers(rows, self.volume),
            open_interest=_numbers(rows, self.open_interest),
            source_volatility=_numbers(rows, self.source_volatility),
            source_delta=_numbers(rows, self.source_delta),
            source_gamma=_numbers(rows, self.source_gamma),
            last_trade=_moments(rows, self.last_trade),
            stated_days=_numbers(rows, self.stated_days),
        )


def _numbers(rows: pd.DataFrame, column: str) -> np.ndarray:
    if not column:
        return np.full(len(rows), np.nan)
    return np.asarray(rows[column].to_numpy(dtype=float, copy=True))


def _moments(rows: pd.DataFrame, column: str) -> np.ndarray:
    import pandas as pd

    if not column:
        return np.full(len(rows), "NaT", dtype="M8[s]")
    stamps = pd.to_datetime(rows[column], utc=True).dt.tz_convert(None)
    return np.asarray(stamps.to_numpy().astype("M8[s]"))


AT_OPEN_ROOTS = frozenset({"SPX", "NDX", "RUT", "DJX", "MNX", "VIX"})
"""Roots of index options that expire with the opening prices of their last day. Weekly and
month-end ones have roots of their own (SPXW, NDXP, RUTW) and expire at the close, as options on
shares do (Cboe, contract specifications)."""


def settles_at_open(contract: np.ndarray) -> np.ndarray:
    """Say of contract names which expire at the open: by the letters that they begin with."""
    roots = [name[: len(name) - len(name.lstrip(LETTERS))] for name in contract]
    return np.array([root in AT_OPEN_ROOTS for root in roots], dtype=bool)


CBOE_SPX = Layout(
    name="Cboe delayed quotes (SPX)",
    underlying="underlying",
    quote_date="quotedate",
    expiry="expiration",
    strike="strike",
    right="type",
    calls="call",
    price="mid",
    volume="volume",
    open_interest="openinterest",
    contract="optionroot",
    bid="bid",
    ask="ask",
    last="last",
    source_volatility="impliedvol",
    source_delta="delta",
    source_gamma="gamma",
    at_open=settles_at_open,
)

YAHOO = Layout(
    name="Yahoo",
    underlying="ticker",
    quote_date="snapshot_date",
    expiry="expirationDate",
    strike="strike",
    right="optionType",
    calls="call",
    price="mid",
    volume="volume",
    open_interest="openInterest",
    contract="contractSymbol",
    bid="bid",
    ask="ask",
    last="lastPrice",
    source_volatility="impliedVolatility",
    last_trade="lastTradeDate",
    stated_days="days_to_expire",
)

LEAN = Layout(
    name="Lean universe",
    underlying="underlying",
    quote_date="quote_date",
    expiry="expiry",
    strike="strike",
    right="right",
    calls="c",
    price="last",
    volume="volume",
    open_interest="open_interest",
    last="close",
    source_volatility="implied_volatility",
    source_delta="delta",
    source_gamma="gamma",
)
