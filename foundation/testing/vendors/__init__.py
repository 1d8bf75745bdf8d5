"""Vendors on this machine: local servers that speak the real formats, for work without keys.

>>> from foundation.testing.vendors import PolygonEmulator, vendor_market
>>> with PolygonEmulator(vendor_market()) as server:  # doctest: +SKIP
...     print(server.url)

All emulators tell of one ``VendorMarket`` whose truth is known. ``fault`` makes a server
misbehave the way real ones do. What is emulated is format and manners, not the vendors' data.
"""

from foundation.testing.vendors.finnhub import FinnhubEmulator, finnhub_limit
from foundation.testing.vendors.fred import FredEmulator
from foundation.testing.vendors.iqfeed import IqfeedLevelOne, IqfeedLookup
from foundation.testing.vendors.line_server import LineEmulator
from foundation.testing.vendors.market import (
    Article,
    Dividend,
    Earnings,
    Split,
    VendorMarket,
    Vintage,
    vendor_market,
)
from foundation.testing.vendors.nasdaq_data_link import NasdaqDataLinkEmulator, call_limit
from foundation.testing.vendors.polygon import PolygonEmulator
from foundation.testing.vendors.server import (
    Emulator,
    Fault,
    Reply,
    Request,
    cut_off,
    fault,
    half_closed,
    hung_up,
    not_json,
    rate_limited,
    reshaped,
    server_error,
    silent,
    stalled,
)
from foundation.testing.vendors.waiting import ManualTime
from foundation.testing.vendors.yahoo import YahooEmulator

__all__ = [
    "Article",
    "Dividend",
    "Earnings",
    "Emulator",
    "Fault",
    "FinnhubEmulator",
    "FredEmulator",
    "IqfeedLevelOne",
    "IqfeedLookup",
    "LineEmulator",
    "ManualTime",
    "NasdaqDataLinkEmulator",
    "PolygonEmulator",
    "Reply",
    "Request",
    "Split",
    "VendorMarket",
    "Vintage",
    "YahooEmulator",
    "call_limit",
    "cut_off",
    "fault",
    "finnhub_limit",
    "half_closed",
    "hung_up",
    "not_json",
    "rate_limited",
    "reshaped",
    "server_error",
    "silent",
    "stalled",
    "vendor_market",
]
