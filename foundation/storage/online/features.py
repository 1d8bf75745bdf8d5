"""The latest features of every symbol, with their age in plain sight."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from foundation.kernel import NEW_YORK, OperatorError, UpstreamDataError
from foundation.market import close_of
from foundation.storage.online.cache import LatestCache, Stamped
from foundation.timeseries import Panel

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Moments are subtracted in UTC: New York's own clock repeats an hour every autumn."""


@dataclass(frozen=True)
class OnlineFeatures:
    """The features of one symbol as of their session.

    Attributes
    ----------
    session : date
    known_at : datetime
        The session's close, or the moment of the last quote that went into a running session.
    fields : tuple of str, length F
    values : float64 array, shape (F,)
        NaN means absent.
    age : timedelta
        From ``known_at`` to the moment asked at.
    stale : bool
        Whether that is more than was asked for.
    """

    symbol: str
    session: date
    known_at: datetime
    fields: tuple[str, ...]
    values: np.ndarray
    age: timedelta
    stale: bool


class LatestFeatures:
    """The newest row of features per symbol of a dataset.

    Parameters
    ----------
    cache : LatestCache
    dataset : str
    """

    def __init__(self, cache: LatestCache, dataset: str) -> None:
        self._cache, self._dataset = cache, dataset

    def write(self, features: Panel, *, known_at: datetime | None = None) -> int:
        """Keep the last session of a panel; return the number of symbols it was news for.

        Parameters
        ----------
        features : Panel (T, N, F)
        known_at : datetime, optional
            Aware; None: the session's close.
        """
        if not features.sessions:
            raise OperatorError(
                "A panel of features has a session", value=0, remedy="compute one first"
            )
        session = features.sessions[-1]
        moment = known_at or close_of(session)
        head = json.dumps({"session": session.isoformat(), "fields": features.fields}).encode()
        stamp = _microseconds(moment)
        row = np.ascontiguousarray(features.values[-1], dtype="<f8")
        return self._cache.put(
            {
                self._key(symbol): Stamped(stamp, head + b"\n" + row[n].tobytes())
                for n, symbol in enumerate(features.symbols)
            }
        )

    def read(
        self, symbols: Sequence[str], *, now: datetime, max_age: timedelta
    ) -> dict[str, OnlineFeatures]:
        """Return what is there about some symbols; those nobody has written are absent.

        Parameters
        ----------
        now : datetime
            Aware. What became known after it is an error: a reader in the past asks the store.
        max_age : timedelta
            Older ones are marked ``stale``.
        """
        keys = {self._key(symbol): symbol for symbol in symbols}
        found = self._cache.get(tuple(keys))
        return {keys[key]: _read(keys[key], told, now, max_age) for key, told in found.items()}

    def _key(self, symbol: str) -> str:
        return f"features:{self._dataset}:{symbol}"


def _read(symbol: str, told: Stamped, now: datetime, max_age: timedelta) -> OnlineFeatures:
    head, _, body = told.content.partition(b"\n")
    try:
        about = json.loads(head)
        session = date.fromisoformat(about["session"])
        fields = tuple(map(str, about["fields"]))
        values = np.frombuffer(body, dtype="<f8").astype(float)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(symbol, str(error)) from error
    if len(values) != len(fields):
        raise _damaged(symbol, f"{len(fields)} fields, {len(values)} values")
    known_at = EPOCH + timedelta(microseconds=told.known_at)
    age = now.astimezone(UTC) - known_at
    if age < timedelta(0):
        raise OperatorError(
            "The online side is asked about the present",
            value=f"{symbol}: asked at {now.isoformat()}, known at {known_at.isoformat()}",
            remedy="read the past from the store, as of its moment",
        )
    moment = known_at.astimezone(NEW_YORK)
    return OnlineFeatures(symbol, session, moment, fields, values, age, age > max_age)


def _damaged(symbol: str, why: str) -> UpstreamDataError:
    return UpstreamDataError(
        f"What is cached of {symbol} is a row of features",
        value=why,
        remedy="drop the key; the next session writes it anew",
    )


def _microseconds(moment: datetime) -> int:
    return round((moment - EPOCH) / timedelta(microseconds=1))
