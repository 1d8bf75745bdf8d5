"""The engines of the records: a SQLite file, and a real PostgreSQL where it is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest


def _programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs, the newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    return found[0].parent if found else Path(on_path).parent if on_path else None


def _unprivileged(command: Sequence[str]) -> list[str]:
    """Return a command that runs as ``postgres`` where we are root, whom initdb refuses."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else [*command]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server on a free port, made for this run and gone after it."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="story-postgres-") as folder:
        if os.geteuid() == 0:
            try:
                user = pwd.getpwnam("postgres")
            except KeyError:
                pytest.skip("PostgreSQL refuses root and there is no user postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = f"{folder}/data"
        made = subprocess.run(
            _unprivileged(
                [f"{programs}/initdb", "-D", data, "-U", "story", "-A", "trust", "--no-sync"]
            ),
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -F"
        start = ["-w", "-t", "60", "-l", f"{folder}/log", "-o", options, "start"]
        started = subprocess.run(
            _unprivileged([f"{programs}/pg_ctl", "-D", data, *start]),
            cwd=folder, stdout=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert started.returncode == 0, Path(f"{folder}/log").read_text()
        try:
            yield f"postgresql://story:secret-word@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run(
                _unprivileged([f"{programs}/pg_ctl", "-D", data, "-m", "immediate", "stop"]),
                cwd=folder, stdout=subprocess.DEVNULL, check=True,
            )  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where an empty database of each engine is."""
    if request.param == "sqlite":
        return tmp_path / "deep" / "records.sqlite"
    from sqlalchemy import create_engine, text

    url: str = request.getfixturevalue("postgres_url")
    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.removesuffix("postgres") + name
