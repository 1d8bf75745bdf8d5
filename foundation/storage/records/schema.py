"""The tables, for SQLite and PostgreSQL alike. SQLAlchemy is imported with this module."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

SCHEMA_VERSION = 1
"""Raised when a table changes; a database of another version is refused, never altered."""

METADATA = MetaData()

VERSION = Table("schema_version", METADATA, Column("version", Integer, primary_key=True))

INGESTS = Table(
    "ingests",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("dataset", String(200), nullable=False),
    Column("source", String(200), nullable=False),
    Column("first_session", Date, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("given", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("corrected", Integer, nullable=False),
    Column("withdrawn", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("licence", Text, nullable=False),
    Column("survivor_biased", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("versions", JSON, nullable=False),
    Index("ingests_by_dataset", "dataset", "as_of"),
)

FINDINGS = Table(
    "findings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("ingest", ForeignKey("ingests.id", ondelete="CASCADE"), nullable=False),
    Column("rule", Text, nullable=False),
    Column("severity", String(20), nullable=False),
    Column("action", String(20), nullable=False),
    Column("symbol", String(200), nullable=False),
    Column("session", Date),
    Column("field", String(200)),
    Column("location", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Index("findings_by_ingest", "ingest"),
    Index("findings_by_symbol", "symbol"),
)
