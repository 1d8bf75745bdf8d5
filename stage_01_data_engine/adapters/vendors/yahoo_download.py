"""Fetching one symbol by yfinance, whose errors are turned into those of this house.

yfinance logs errors and returns nothing; it is told to raise instead. Its session is one of ours,
which shows an overloaded server for what it is before the library takes the answer for data, and
can lead all requests to another address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from foundation.connect import TransientError, retry_after_seconds
from foundation.kernel import DependencyError, OperatorError, UpstreamDataError

if TYPE_CHECKING:
    import pandas as pd

CHART = "/v8/finance/chart/"
OVERLOADED = frozenset({408, 425, 429, 500, 502, 503, 504})
_SETTING = Lock()


class Download(NamedTuple):
    """What Yahoo has of a symbol.

    ``frame`` is indexed by midnight of New York and has ``Open``, ``High``, ``Low``, ``Close``,
    ``Volume``, ``Dividends`` (all in the terms of today's shares; US dollars) and ``Stock Splits``
    (shares for one; 0 where there is none). ``kind`` is Yahoo's: EQUITY, ETF, INDEX, ...
    """

    frame: pd.DataFrame
    name: str
    kind: str


class Downloader(Protocol):
    """Fetches a symbol's daily bars and actions from a date up to now."""

    def __call__(self, symbol: str, since: date) -> Download:
        """Return them.

        Raises
        ------
        OperatorError
            If the symbol is unknown.
        UpstreamDataError
            If the answer cannot be read.
        TransientError
            If the same request may well succeed a moment later.
        """
        ...


class YfinanceDownloader:
    """Downloads by the library yfinance.

    Parameters
    ----------
    timeout : float
        Seconds for one answer.
    base_url : str, optional
        In place of all of Yahoo's addresses.
    cache : str, optional
        Folder where the library keeps the time zones of symbols.

    Raises
    ------
    DependencyError
        If the library is not installed.
    """

    def __init__(
        self, *, timeout: float = 30.0, base_url: str | None = None, cache: str | None = None
    ) -> None:
        if find_spec("yfinance") is None or find_spec("curl_cffi") is None:
            raise DependencyError(
                "The source yahoo needs the library yfinance",
                value="not installed",
                remedy="install the optional extra: pip install 'financial-story-llm[live]'",
            )
        self._session = _new_session(timeout, base_url)
        self._timeout, self._cache = timeout, cache

    def __call__(self, symbol: str, since: date) -> Download:
        """Return what Yahoo has of a symbol; see ``Downloader``."""
        import yfinance

        if self._cache is not None:
            yfinance.set_tz_cache_location(self._cache)
        self._session.chart_status = None
        with _raising(yfinance):
            try:
                ticker = yfinance.Ticker(symbol, session=self._session)
                # Without an end, the library asks anew each time; with one it may answer from
                # a cache of its own, whose age nobody sees. And later splits are needed.
                frame = ticker.history(
                    start=since, auto_adjust=False, actions=True, timeout=self._timeout
                )
                told = ticker.history_metadata or {}
            except TransientError:
                raise
            except Exception as error:  # The library documents no list of its errors.
                raise self._failed(symbol, error) from error
        name = told.get("longName") or told.get("shortName") or ""
        return Download(frame, str(name), str(told.get("instrumentType", "")))

    def _failed(
        self, symbol: str, error: Exception
    ) -> OperatorError | UpstreamDataError | TransientError:
        """Return the error that one of the library's stands for."""
        from yfinance.exceptions import YFRateLimitError

        said = f"{type(error).__name__}: {error}"
        if self._session.chart_status == 404:
            return OperatorError(
                "Yahoo knows the symbol",
                value=f"{symbol}: {error}",
                remedy="check the spelling (Yahoo writes BRK-B, ^GSPC, ES=F)",
            )
        if isinstance(error, YFRateLimitError):
            return TransientError(
                f"Yahoo answers for {symbol}",
                value=said,
                remedy="wait some minutes; ask for fewer symbols, or lower the request rate",
                outage=False,
            )
        return UpstreamDataError(
            f"yfinance reads Yahoo's chart of {symbol}",
            value=said,
            remedy="check symbol and dates; update yfinance, since Yahoo changes its format",
        )


@contextmanager
def _raising(yfinance: Any) -> Iterator[None]:
    """Let the library raise its errors. One thread at a time: the setting is the process's."""
    with _SETTING:
        debug = yfinance.config.debug
        before = debug.hide_exceptions
        debug.hide_exceptions = False
        try:
            yield
        finally:
            debug.hide_exceptions = before


def _new_session(timeout: float, base_url: str | None) -> Any:
    """Return a session for the library: a browser's manners, our time-outs and addresses."""
    from curl_cffi import CurlOpt
    from curl_cffi import requests as curl

    class Session(curl.Session):
        chart_status: int | None = None

        def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> Any:
            asked = urlsplit(url)
            if base_url is not None:
                url = f"{base_url.rstrip('/')}{asked.path or '/'}"
            kwargs["timeout"] = min(timeout, kwargs.get("timeout") or timeout)
            try:
                answer = super().request(method, url, *args, **kwargs)
            except curl.exceptions.RequestException as error:
                if not asked.path.startswith(CHART):
                    raise
                raise TransientError(
                    f"Yahoo answers for {asked.path.removeprefix(CHART)}",
                    value=f"{type(error).__name__}: {error}",
                    remedy="check the network, then try again",
                ) from error
            if asked.path.startswith(CHART):
                self.chart_status = answer.status_code
                if answer.status_code in OVERLOADED:
                    raise _overloaded(asked.path.removeprefix(CHART), answer)
            return answer

    # Over a kept connection that died, libcurl would ask again at once and uncounted.
    manners: dict[str, Any] = {"curl_options": {CurlOpt.FORBID_REUSE: 1}}
    if base_url is None:
        manners["impersonate"] = "chrome"
    return Session(**manners)


def _overloaded(symbol: str, answer: Any) -> TransientError:
    asked = retry_after_seconds(answer.headers.get("Retry-After"), datetime.now(tz=UTC))
    return TransientError(
        f"Yahoo answers for {symbol}",
        value=f"status {answer.status_code}: {answer.text[:200]}",
        remedy="wait some minutes; ask for fewer symbols, or lower the request rate",
        retry_after=asked,
        outage=answer.status_code != 429,
    )
