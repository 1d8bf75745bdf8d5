"""Layouts of files that Cboe hands out, for ``TableSource``.

=========================== =====================================================================
``VIX_HISTORY``             ``VIX_History.csv`` of the index page: the close becomes ``vix``
``PUT_CALL_RATIO``          the put/call archives (total, equity, index): two lines of terms, then
                            ``DATE,CALL,PUT,TOTAL,P/C Ratio``; ``put_call_series`` makes the
                            ratio of one of them a series of the window
``OPTION_EOD_SUMMARY``      DataShop's end-of-day option summary, one file a day
``DELAYED_CHAIN``           a chain of delayed quotes as collected daily, one file a day
=========================== =====================================================================

Files made after the close count as known from the opening of the session after their date. A
layout of your own is a copy with other columns: ``VIX_HISTORY.model_copy(update={...})``.
"""

from __future__ import annotations

from typing import Literal

from foundation.contracts import ContinuousSeries
from stage_01_data_engine.adapters.files.table_layout import TableLayout

VIX_HISTORY = TableLayout(
    file="VIX_History.csv",
    kind="series",
    columns={"date": "DATE", "value": "CLOSE"},
    constants={"series": "vix"},
    date_format="%m/%d/%Y",
    known="close",
)
PUT_CALL_RATIO = TableLayout(
    file="*pc.csv",
    kind="flow",
    header_row=3,
    columns={
        "date": "DATE",
        "calls": "CALL",
        "puts": "PUT",
        "total": "TOTAL",
        "put_call_ratio": "P/C Ratio",
    },
    date_format="%m/%d/%Y",
)


def put_call_series(of: Literal["total", "equity", "index"]) -> TableLayout:
    """Return the layout of one put/call archive whose ratio becomes a series of the window."""
    ratio = ContinuousSeries(
        name=f"{of}_put_call_ratio",
        unit="puts traded for one call",
        panel="market",
        stale_after_sessions=1,
    )
    return PUT_CALL_RATIO.model_copy(
        update={"file": f"{of}pc.csv", "series": {"put_call_ratio": ratio}}
    )


OPTION_EOD_SUMMARY = TableLayout(
    file="UnderlyingOptionsEODCalcs_*.csv",
    kind="chain",
    columns={
        "date": "quote_date",
        "underlying": "underlying_symbol",
        "expiry": "expiration",
        "strike": "strike",
        "right": "option_type",
        "last": "close",
        "volume": "trade_volume",
        "bid": "bid_eod",
        "ask": "ask_eod",
        "spot": "underlying_bid_eod",
        "implied_volatility": "implied_volatility_1545",
        "delta": "delta_1545",
        "gamma": "gamma_1545",
        "theta": "theta_1545",
        "vega": "vega_1545",
        "rho": "rho_1545",
        "open_interest": "open_interest",
    },
)
DELAYED_CHAIN = TableLayout(
    file="*chain*.csv",
    kind="chain",
    columns={
        "date": "quotedate",
        "underlying": "underlying",
        "contract": "optionroot",
        "expiry": "expiration",
        "strike": "strike",
        "right": "type",
        "last": "last",
        "bid": "bid",
        "ask": "ask",
        "volume": "volume",
        "open_interest": "openinterest",
        "implied_volatility": "impliedvol",
        "delta": "delta",
        "gamma": "gamma",
        "spot": "underlying_last",
    },
    date_format="%m/%d/%Y",
)
