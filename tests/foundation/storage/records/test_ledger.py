"""The ledger of ingests, on every engine."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from foundation.contracts import QualityFinding
from foundation.kernel import NEW_YORK, OperatorError, WorldError
from foundation.storage.records import Ingest, IngestLedger, open_database
from foundation.storage.records.database import transaction


def ingest(day: int, dataset: str = "main", **more: object) -> Ingest:
    return Ingest(
        dataset=dataset,
        source="folder",
        first_session=date(2018, 1, 2),
        as_of=date(2018, 1, day),
        recorded_at=datetime(2026, 7, 1, 8, 30, 15, 250, tzinfo=NEW_YORK),
        **{"given": 5, "added": 3, "corrected": 1, "withdrawn": 0, "repeated": 1,
           "quarantined": 2, "licence": "CC0", "note": "äöü", "versions": {"bars/main": day}}
        | more,
    )  # fmt: skip


FINDING = QualityFinding(
    rule="Low is not above high",
    severity="error",
    action="quarantined",
    symbol="AAA",
    session=date(2018, 1, 3),
    location="AAA.csv:17",
    value="low 3, high 2",
    remedy="ask the vendor",
)
OTHER = QualityFinding(rule="Complete", severity="info", action="kept", symbol="BBB", rows=0)


def test_entries_and_findings_come_back_as_they_were_made(database: Path | str) -> None:
    ledger = IngestLedger(open_database(database))
    ledger.record(ingest(5), [FINDING, OTHER])
    ledger.record(ingest(8, survivor_biased=True))
    again = IngestLedger(open_database(database))
    assert again.ingests("main") == (ingest(5), ingest(8, survivor_biased=True))
    assert again.findings("main", date(2018, 1, 8)) == (FINDING, OTHER)


def test_the_last_entry_is_the_one_that_reaches_furthest(database: Path | str) -> None:
    ledger = IngestLedger(open_database(database))
    assert ledger.last("main") is None
    for day, more in ((8, {}), (5, {}), (8, {"added": 4}), (3, {})):
        ledger.record(ingest(day, **more))
    assert ledger.last("main") == ingest(8, added=4)


def test_datasets_do_not_mix(database: Path | str) -> None:
    ledger = IngestLedger(open_database(database))
    ledger.record(ingest(5), [FINDING])
    ledger.record(ingest(8, "other"), [OTHER])
    assert ledger.last("main") == ingest(5)
    assert ledger.findings("other", date(2018, 1, 31)) == (OTHER,)
    assert len(ledger.ingests()) == 2


def test_findings_of_later_ingests_are_not_told_of_earlier_days(database: Path | str) -> None:
    ledger = IngestLedger(open_database(database))
    ledger.record(ingest(5), [FINDING])
    ledger.record(ingest(8), [OTHER])
    assert ledger.findings("main", date(2018, 1, 5)) == (FINDING,)


def test_an_entry_whose_findings_do_not_fit_is_not_there_at_all(database: Path | str) -> None:
    ledger = IngestLedger(open_database(database))
    broken = FINDING.model_copy(update={"rule": None})
    with pytest.raises(WorldError, match="must answer"):
        ledger.record(ingest(5), [FINDING, broken])
    assert ledger.ingests() == ()


def test_a_database_of_another_version_is_refused(database: Path | str) -> None:
    engine = open_database(database)
    with transaction(engine) as connection:
        connection.execute(text("UPDATE schema_version SET version = 99"))
    with pytest.raises(OperatorError, match="version 1 of the tables"):
        open_database(database)


def test_a_database_that_does_not_answer_is_the_worlds_fault_and_shows_no_password() -> None:
    with pytest.raises(WorldError, match="must answer") as told:
        open_database("postgresql://story:secret-word@127.0.0.1:1/none?connect_timeout=2")
    assert "secret-word" not in str(told.value)


def test_a_place_that_is_no_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="SQLite or PostgreSQL"):
        open_database("mysql://host/name")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorldError, match="must answer"):
        open_database(tmp_path / "file" / "records.sqlite")
