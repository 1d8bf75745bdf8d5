"""Where histories, records and the online side are kept. Defaults live here and nowhere else."""

from __future__ import annotations

from pydantic import Field

from foundation.kernel import Part


class StorageSettings(Part):
    """Places of the stores that ingests fill; below the house's own store unless named.

    Addresses may carry passwords, so they are left out of what is shown of the settings.
    """

    dataset: str = Field(
        default="main",
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="Under which name rows are ingested and read back. One source feeds it.",
    )
    history: str | None = Field(
        default=None,
        repr=False,
        description="ArcticDB address of the bitemporal store, e.g. s3://host:bucket?port=9000&"
        "access=...&secret=...; None: the folder `history` of the store.",
    )
    records: str | None = Field(
        default=None,
        repr=False,
        description="Database of records, e.g. postgresql://user:password@host/name; None: the "
        "SQLite file `records.sqlite` of the store.",
    )
    online: str | None = Field(
        default=None,
        repr=False,
        description="Redis server of the latest features, e.g. redis://host:6379/0; None: in this "
        "process, gone with it.",
    )
