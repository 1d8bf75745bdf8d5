"""Opening a database by URL: a SQLite file by default, PostgreSQL where one is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundation.kernel import OperatorError, WorldError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


def open_database(where: Path | str) -> Engine:
    """Return an engine whose tables exist.

    Parameters
    ----------
    where : Path or str
        A file (SQLite), or a URL: ``sqlite:///...``, ``postgresql://user:password@host/name``.

    Raises
    ------
    OperatorError
        If the URL names no engine we know, or the database has another version of the tables.
    WorldError
        If the database does not answer.
    """
    from sqlalchemy import create_engine, event
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(where if isinstance(where, str) else f"sqlite:///{Path(where).resolve()}")
    except ArgumentError:
        raise _unknown("no URL") from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise _unknown(url.drivername)
    if url.drivername == "sqlite" and url.database:
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _silent(url, error.strerror or str(error)) from error
    engine = create_engine(url, pool_pre_ping=True)
    if url.drivername == "sqlite":
        event.listen(engine, "connect", _sqlite_manners)
    _create(engine)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Hold a transaction while the block runs; all of it is kept, or nothing.

    Raises
    ------
    WorldError
        If the database fails.
    """
    from sqlalchemy.exc import DBAPIError

    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise _silent(engine.url, _first_line(error)) from None  # its chain shows the password


def _create(engine: Engine) -> None:
    from sqlalchemy import insert, select

    from foundation.storage.records.schema import METADATA, SCHEMA_VERSION, VERSION

    with transaction(engine) as connection:
        METADATA.create_all(connection)
        found = connection.execute(select(VERSION.c.version)).scalars().all()
        if not found:
            connection.execute(insert(VERSION).values(version=SCHEMA_VERSION))
        elif found != [SCHEMA_VERSION]:
            raise OperatorError(
                f"The database of records has version {SCHEMA_VERSION} of the tables",
                value=f"version {found}",
                remedy="name another database, or use the release of the software that made it",
            )


def _sqlite_manners(connection: Any, record: object) -> None:
    """Let SQLite keep its promises about references, and read while another process writes."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.close()


def _unknown(what: str) -> OperatorError:
    return OperatorError(
        "Records are kept in SQLite or PostgreSQL",
        value=what,
        remedy="name a file, sqlite:///FILE or postgresql://user:password@host/name",
    )


def _silent(url: Any, why: str) -> WorldError:
    return WorldError(
        f"The database of records must answer ({why})",
        value=url.render_as_string(hide_password=True),
        remedy="check that it runs, that the URL is right and that the disk has room",
    )


def _first_line(error: Exception) -> str:
    said = str(getattr(error, "orig", None) or error)
    return (said.splitlines() or [type(error).__name__])[0][:160]
