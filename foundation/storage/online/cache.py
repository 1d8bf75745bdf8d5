"""A cache that keeps the newest value of every key: in this process, or in Redis.

A value carries the moment since when it is known. An older one never takes the place of a newer
one, whatever the order in which writers get there, so that a late replay does no harm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, NamedTuple, Protocol

from foundation.kernel import OperatorError, WorldError

PER_CALL = 5_000
"""Keys that go to the server in one call."""


class Stamped(NamedTuple):
    """Bytes and the moment since when they are known, in microseconds since 1970 UTC."""

    known_at: int
    content: bytes


class LatestCache(Protocol):
    """The newest value of every key."""

    def put(self, values: Mapping[str, Stamped]) -> int:
        """Keep values that are newer than what is there; return how many were."""
        ...

    def get(self, keys: Sequence[str]) -> dict[str, Stamped]:
        """Return what is there; keys that are not are absent."""
        ...

    def drop(self, keys: Sequence[str]) -> int:
        """Remove keys; return how many were there."""
        ...


class InProcessCache:
    """A dictionary behind a lock. It ends with the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: dict[str, Stamped] = {}

    def put(self, values: Mapping[str, Stamped]) -> int:
        with self._lock:
            newer = {
                key: value
                for key, value in values.items()
                if key not in self._values or value.known_at > self._values[key].known_at
            }
            self._values.update(newer)
            return len(newer)

    def get(self, keys: Sequence[str]) -> dict[str, Stamped]:
        with self._lock:
            return {key: self._values[key] for key in keys if key in self._values}

    def drop(self, keys: Sequence[str]) -> int:
        with self._lock:
            return sum(self._values.pop(key, None) is not None for key in keys)


PUT_NEWER = """
local kept = 0
for i, key in ipairs(KEYS) do
  local old = redis.call('HGET', key, 'known_at')
  if not old or tonumber(ARGV[2 * i - 1]) > tonumber(old) then
    redis.call('HSET', key, 'known_at', ARGV[2 * i - 1], 'content', ARGV[2 * i])
    kept = kept + 1
  end
end
return kept
"""
"""Runs in the server, where nothing comes between comparing and writing. Microseconds since 1970
fit into the 53 bits of Lua's numbers until the year 2255."""


class RedisCache:
    """Hashes in a Redis server, shared by processes and machines.

    Parameters
    ----------
    url : str
        ``redis://[user:password@]host:port/number``; ``rediss://`` for TLS.
    prefix : str
        Stands before every key.
    timeout : float
        Seconds to wait for the server.
    """

    def __init__(self, url: str, *, prefix: str = "story:", timeout: float = 5.0) -> None:
        import redis

        self._prefix = prefix
        try:
            self._redis = redis.Redis.from_url(
                url, socket_timeout=timeout, socket_connect_timeout=timeout
            )
        except ValueError as error:
            raise OperatorError(
                f"A Redis server is named by its URL ({error})",
                value=url.partition("@")[2] or url,
                remedy="write redis://host:port/0",
            ) from None
        self._put = self._redis.register_script(PUT_NEWER)

    def put(self, values: Mapping[str, Stamped]) -> int:
        kept = 0
        with self._answering():
            for keys in _calls(tuple(values)):
                arguments: list[Any] = []
                for key in keys:
                    arguments += [values[key].known_at, values[key].content]
                kept += int(self._put(keys=[self._prefix + key for key in keys], args=arguments))
        return kept

    def get(self, keys: Sequence[str]) -> dict[str, Stamped]:
        found: dict[str, Stamped] = {}
        with self._answering():
            for some in _calls(keys):
                pipeline = self._redis.pipeline(transaction=False)
                for key in some:
                    pipeline.hmget(self._prefix + key, "known_at", "content")
                for key, (known_at, content) in zip(some, pipeline.execute(), strict=True):
                    if known_at is not None:
                        found[key] = Stamped(int(known_at), content)
        return found

    def drop(self, keys: Sequence[str]) -> int:
        with self._answering():
            return sum(
                int(self._redis.delete(*(self._prefix + key for key in some)))
                for some in _calls(keys)
            )

    @contextmanager
    def _answering(self) -> Iterator[None]:
        from redis.exceptions import RedisError

        try:
            yield
        except RedisError as error:
            where = self._redis.connection_pool.connection_kwargs
            raise WorldError(
                f"The Redis server must answer ({error})",
                value=f"{where.get('host')}:{where.get('port')}",
                remedy="start it, correct storage.online, or leave it out",
            ) from error


def open_cache(url: str | None) -> LatestCache:
    """Return the cache that a URL names; one in this process for None."""
    return InProcessCache() if url is None else RedisCache(url)


def _calls(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(keys), PER_CALL):
        yield keys[begin : begin + PER_CALL]
