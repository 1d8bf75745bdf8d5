"""The engines of the cache: in this process, and a real Redis server on a free port."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from foundation.storage.online import InProcessCache, LatestCache, RedisCache


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server made for this run and gone after it."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not installed: apt-get install redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    folder: Path = tmp_path_factory.mktemp("redis")
    with subprocess.Popen([program, *options], cwd=folder, stdout=subprocess.DEVNULL) as server:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(params=["in process", "redis"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> LatestCache:
    """An empty cache of each engine."""
    if request.param == "in process":
        return InProcessCache()
    return RedisCache(request.getfixturevalue("redis_url"), prefix=f"{tmp_path}:")
