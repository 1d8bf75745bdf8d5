"""The file of intraday bars from which updates of past sessions are told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from config.market import MarketSettings
from foundation.contracts import MarketWindow, SessionSoFar, StoryBook
from foundation.kernel import OperatorError, UpstreamDataError, hash_text


@dataclass(frozen=True)
class IntradayFile:
    """Intraday bars in a file, and the time of day of the updates; an external of the plan."""

    path: Path
    at: time

    def fingerprint(self) -> str:
        """Return the hash of the file's bytes and of the time of day."""
        try:
            with self.path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise UpstreamDataError(
                f"The file of intraday bars must be readable ({error.strerror})",
                value=str(self.path),
                remedy="name a CSV or Parquet file with market.intraday",
            ) from error
        return hash_text(digest, self.at.isoformat())

    def load(self) -> IntradayFile:
        """Return this: bars are read once it is known up to when."""
        return self

    def so_far(self, market: MarketWindow, book: StoryBook) -> Iterator[SessionSoFar]:
        """Yield the running bars of a book's sessions; nothing after its close is looked at."""
        from stage_01_data_engine.so_far import read_intraday, sessions_so_far

        bars = read_intraday(self.path, book.as_of).kept
        yield from sessions_so_far(bars, book.symbols, book.sessions, self.at, market.events)


def intraday_file(market: MarketSettings) -> IntradayFile:
    """Return the file that the settings name.

    Raises
    ------
    OperatorError
        If they name none.
    """
    if market.intraday is None:
        raise OperatorError(
            "The task intraday update needs intraday bars",
            value="market.intraday is not set",
            remedy="--set market.intraday=FILE, or leave the task out of tokens.tasks",
        )
    return IntradayFile(market.intraday, market.update_at)
