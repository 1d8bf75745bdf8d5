"""How the last reading of every source went, kept in the store for `story data status`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from foundation.kernel import WorldError
from foundation.storage.atomic import write_file
from stage_01_data_engine import Reading


class SourceLog:
    """A folder with one file a source: its last reading, failed or not.

    Parameters
    ----------
    folder : Path
        Made when the first reading is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, readings: Iterable[Reading]) -> None:
        """Keep each source's last reading in place of the one before.

        Of several readings, as of one day after another, that of the latest day counts.
        """
        last = {r.source: r for r in sorted(readings, key=lambda r: r.as_of)}
        for reading in last.values():
            write_file(self._path(reading.source), reading.model_dump_json(indent=1).encode())

    def last(self) -> dict[str, Reading]:
        """Return the last reading of every source, by its name.

        Raises
        ------
        WorldError
            If a file of the log cannot be read.
        """
        if not self.folder.is_dir():
            return {}
        found = (self._read(path) for path in sorted(self.folder.glob("*.json")))
        return {reading.source: reading for reading in found}

    def _read(self, path: Path) -> Reading:
        try:
            return Reading.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise WorldError(
                "The log of sources can be read",
                value=f"{path.name}: {str(error).splitlines()[0]}",
                remedy="remove the file; the next run writes it anew",
            ) from error

    def _path(self, source: str) -> Path:
        return self.folder / f"{source.replace(' ', '-')}.json"
