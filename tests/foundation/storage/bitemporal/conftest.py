"""The engines that every rule is held against: a folder, and an S3 server on this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from foundation.storage.bitemporal import BitemporalStore

SERVER = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""
"""In a process of its own: ArcticDB holds the interpreter while it waits for an answer."""


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """The port of moto's S3 server, with an empty bucket named ``bucket``."""
    import boto3

    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        port = int(server.stdout.readline())
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            region_name="us-east-1",
        )
        client.create_bucket(Bucket="bucket")
        yield port
        server.stdin.close()
        server.wait(timeout=20)


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BitemporalStore:
    """An empty store on each engine."""
    if request.param == "folder":
        return BitemporalStore(tmp_path / "store")
    port = request.getfixturevalue("s3_port")
    return BitemporalStore(
        f"s3://127.0.0.1:bucket?port={port}&access=key&secret=secret&path_prefix={tmp_path.name}"
    )
