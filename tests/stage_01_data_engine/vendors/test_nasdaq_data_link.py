"""Nasdaq Data Link's particulars: its error codes, dividends taken out, bad payloads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import numpy as np
import pytest
from pydantic import ValidationError

from foundation.connect import Connection, Credentials, RetryPolicy, TransientError
from foundation.kernel import DependencyError, FinancialStoryError, OperatorError, UpstreamDataError
from foundation.testing.vendors import (
    Fault,
    ManualTime,
    NasdaqDataLinkEmulator,
    Reply,
    call_limit,
    fault,
    vendor_market,
)
from stage_01_data_engine import MarketRequest
from stage_01_data_engine.adapters.vendors.nasdaq_data_link import (
    NasdaqDataLinkSettings,
    NasdaqDataLinkSource,
)

WORLD = vendor_market()


@contextmanager
def source_of(*faults: Fault, **changes: object) -> Iterator[NasdaqDataLinkSource]:
    with NasdaqDataLinkEmulator(WORLD, *faults) as server:
        connection = Connection(
            credentials=Credentials({"QUANDL_API_KEY": NasdaqDataLinkEmulator.key}),
            timekeeper=ManualTime(),
            jitter=lambda: 0.5,
        )
        told = {"base_url": f"{server.url}/api/v3", "rates": (), "retry": RetryPolicy(attempts=2)}
        yield NasdaqDataLinkSource(
            connection, NasdaqDataLinkSettings.model_validate(told | changes)
        )


def request(*symbols: str) -> MarketRequest:
    return MarketRequest(date(2018, 12, 28), symbols or ("AAA",), 110)


def said(status: int, code: str) -> Fault:
    body = {"quandl_error": {"code": code, "message": "told by the vendor"}}
    return fault(lambda asked, reply: Reply(body, status)).always()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "QEAx01", DependencyError),
        (403, "QEPx04", DependencyError),
        (404, "QECx02", OperatorError),
        (422, "QESx04", UpstreamDataError),
    ],
)
def test_an_error_code_says_who_has_to_act(
    status: int, code: str, kind: type[FinancialStoryError]
) -> None:
    with source_of(said(status, code)) as source, pytest.raises(kind, match=code):
        source.load(request())


def test_a_used_up_limit_is_told_with_the_vendors_words() -> None:
    with source_of(call_limit().always()) as source, pytest.raises(TransientError, match="QELx04"):
        source.load(request())


def test_table_and_time_series_tell_the_same() -> None:
    with source_of() as table, source_of(bars="EOD/{symbol}") as series:
        one, other = table.load(request("AAA", "CCC")), series.load(request("AAA", "CCC"))
    np.testing.assert_array_equal(
        one.bars.drop(columns="location").to_numpy(), other.bars.drop(columns="location").to_numpy()
    )
    assert one.events == other.events


def test_a_dividend_is_taken_out_of_earlier_closes() -> None:
    with source_of() as plain, source_of(adjustment="splits and dividends") as adjusted:
        before, after = (s.load(request("CCC")).bars for s in (plain, adjusted))
    paid = [d.ex_date for d in WORLD.dividends if d.symbol == "CCC" and d.ex_date.month == 11]
    at = int(np.flatnonzero(before["session"].dt.date == paid[0])[0])
    close = before["close"].to_numpy()
    ratio = after["close"].to_numpy()[at - 1] / close[at - 1]
    assert ratio == pytest.approx(1 - 0.42 / close[at - 1])
    assert (after["close"].to_numpy()[at:] == close[at:]).all()


def test_a_code_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValidationError, match="bars"):
        NasdaqDataLinkSettings(bars="QUOTEMEDIA PRICES")


def test_a_symbol_that_would_change_the_address_is_refused() -> None:
    with source_of(bars="EOD/{symbol}") as source, pytest.raises(OperatorError, match="letters"):
        source.load(request("AAPL.json?x=1"))
