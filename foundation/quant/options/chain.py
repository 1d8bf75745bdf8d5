"""An option chain: every contract on one underlying at one moment, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime

import numpy as np

from foundation.kernel import UpstreamDataError

CONTRACT_SIZE = 100
"""Shares behind one contract."""

CLOSE_HOUR, OPEN_HOUR = 16.0, 9.5
"""New York hours at which contracts that settle at the close and at the open expire."""


@dataclass(frozen=True)
class OptionChain:
    """Contracts of one underlying as they stood at one moment.

    Attributes
    ----------
    underlying : str
    moment : datetime
        When the chain was taken; aware, New York.
    spot : float
        The underlying's price at that moment, on the scale of the strikes.
    rate : float
        Continuously compounded interest per year.
    contract : object array of str, shape (K,)
        What names a contract: a re-listed one has another name.
    expiry : datetime64[D] array, shape (K,)
    settles_at_open : bool array, shape (K,)
        Whether it expires with the opening prices of that day instead of the closing ones.
    strike, bid, ask, last, volume, open_interest : float64 arrays, shape (K,)
        NaN where not reported. Open interest is as published before the session: of the day
        before. Volume and open interest count contracts.
    price : float64 array, shape (K,)
        What is used as the contract's worth: the middle of bid and ask, or the last price where
        a source has no quotes. NaN where neither is usable.
    call : bool array, shape (K,)
    source_volatility, source_delta, source_gamma : float64 arrays, shape (K,)
        What the source says; never used for features, only compared with.
    last_trade : datetime64[s] array, shape (K,)
        UTC; NaT where not reported.
    stated_days : float64 array, shape (K,)
        Days to expiry as the source states them; NaN where it does not.
    """

    underlying: str
    moment: datetime
    spot: float
    rate: float
    contract: np.ndarray
    expiry: np.ndarray
    settles_at_open: np.ndarray
    strike: np.ndarray
    call: np.ndarray
    bid: np.ndarray
    ask: np.ndarray
    last: np.ndarray
    price: np.ndarray
    volume: np.ndarray
    open_interest: np.ndarray
    source_volatility: np.ndarray
    source_delta: np.ndarray
    source_gamma: np.ndarray
    last_trade: np.ndarray
    stated_days: np.ndarray

    def __post_init__(self) -> None:
        if not (np.isfinite(self.spot) and self.spot > 0 and np.isfinite(self.rate)):
            raise UpstreamDataError(
                "A chain has the price of its underlying and an interest rate",
                value=(self.underlying, self.spot, self.rate),
                remedy="supply the underlying's close on the scale of the strikes",
            )
        if self.moment.tzinfo is None:
            raise UpstreamDataError(
                "A chain's moment has a time zone", value=self.moment, remedy="use New York time"
            )
        lengths = {
            f.name: len(a)
            for f in fields(self)
            if isinstance(a := getattr(self, f.name), np.ndarray)
        }
        if len(set(lengths.values())) > 1:
            raise UpstreamDataError(
                "A chain's arrays have one entry a contract", value=lengths, remedy="align them"
            )

    def __len__(self) -> int:
        return len(self.strike)

    @property
    def session(self) -> date:
        """The New York date of the moment."""
        return self.moment.date()

    @property
    def years(self) -> np.ndarray:
        """Years of 365 days from the moment to expiry, shape (K,); zero or less once expired."""
        hour = self.moment.hour + self.moment.minute / 60 + self.moment.second / 3600
        ends = np.where(self.settles_at_open, OPEN_HOUR, CLOSE_HOUR)
        days = (self.expiry - np.datetime64(self.session, "D")).astype(float)
        return np.asarray((days + (ends - hour) / 24) / 365)

    def only(self, rows: np.ndarray) -> OptionChain:
        """Return the chain of the contracts chosen by a mask or by positions."""
        return replace(
            self,
            **{
                f.name: a[rows]
                for f in fields(self)
                if isinstance(a := getattr(self, f.name), np.ndarray)
            },
        )
