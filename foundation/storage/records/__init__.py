"""Relational records through SQLAlchemy: what was ingested when, and what the gate found."""

from foundation.storage.records.database import open_database
from foundation.storage.records.ledger import Ingest, IngestLedger

__all__ = ["Ingest", "IngestLedger", "open_database"]
