"""The ledger of ingests: one entry per completed ingest, with what the gate found in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from foundation.contracts import QualityFinding
from foundation.kernel.model import Moment, Part
from foundation.storage.records.database import transaction

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Ingest(Part):
    """One completed ingest: which sessions of which source, and what became of its rows.

    ``given == added + corrected + withdrawn + repeated``, counted over all tables; ``quarantined``
    are rows that the source itself could not read. ``versions`` says which version of which table
    (``bars/main``) it left behind.
    """

    dataset: str
    source: str
    first_session: date
    as_of: date
    recorded_at: Moment
    given: int = Field(ge=0)
    added: int = Field(ge=0)
    corrected: int = Field(ge=0)
    withdrawn: int = Field(ge=0)
    repeated: int = Field(ge=0)
    quarantined: int = Field(ge=0)
    licence: str = ""
    survivor_biased: bool = False
    note: str = ""
    versions: dict[str, int] = Field(default_factory=dict)


class IngestLedger:
    """Entries and findings in a relational database.

    Parameters
    ----------
    engine : Engine
        Made by ``open_database``.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, ingest: Ingest, findings: Sequence[QualityFinding] = ()) -> None:
        """Enter an ingest with its findings: all of it or nothing."""
        from sqlalchemy import insert

        from foundation.storage.records.schema import FINDINGS, INGESTS

        entry = ingest.model_dump() | {"survivor_biased": int(ingest.survivor_biased)}
        entry["recorded_at"] = ingest.recorded_at.astimezone(UTC)
        with transaction(self._engine) as connection:
            made = connection.execute(insert(INGESTS).values(**entry))
            key = made.inserted_primary_key
            if findings and key is not None:
                rows = [{"ingest": key[0], **finding.model_dump()} for finding in findings]
                connection.execute(insert(FINDINGS), rows)

    def ingests(self, dataset: str | None = None) -> tuple[Ingest, ...]:
        """Return the entries of a dataset (of all when None), oldest first."""
        from sqlalchemy import select

        from foundation.storage.records.schema import INGESTS

        asked = select(INGESTS).order_by(INGESTS.c.id)
        if dataset is not None:
            asked = asked.where(INGESTS.c.dataset == dataset)
        with transaction(self._engine) as connection:
            return tuple(_ingest(row) for row in connection.execute(asked).mappings())

    def last(self, dataset: str) -> Ingest | None:
        """Return the entry that reaches furthest, the later one of equals; None without any."""
        entries = self.ingests(dataset)
        return max(enumerate(entries), key=lambda e: (e[1].as_of, e[0]))[1] if entries else None

    def findings(self, dataset: str, until: date) -> tuple[QualityFinding, ...]:
        """Return what the ingests of a dataset found up to an as-of date, in order.

        Of several ingests as of one date the first counts: what a later one found was not known.
        """
        from sqlalchemy import func, select

        from foundation.storage.records.schema import FINDINGS, INGESTS

        first = (
            select(func.min(INGESTS.c.id))
            .where(INGESTS.c.dataset == dataset, INGESTS.c.as_of <= until)
            .group_by(INGESTS.c.as_of)
        )
        asked = select(FINDINGS).where(FINDINGS.c.ingest.in_(first)).order_by(FINDINGS.c.id)
        names = tuple(QualityFinding.model_fields)
        with transaction(self._engine) as connection:
            return tuple(
                QualityFinding(**{name: row[name] for name in names})
                for row in connection.execute(asked).mappings()
            )


def _ingest(row: Any) -> Ingest:
    told = {name: row[name] for name in Ingest.model_fields}
    moment: datetime = told["recorded_at"]
    if moment.tzinfo is None:  # SQLite keeps no zone; what was written is UTC.
        moment = moment.replace(tzinfo=UTC)
    return Ingest(**told | {"recorded_at": moment, "survivor_biased": bool(row["survivor_biased"])})
