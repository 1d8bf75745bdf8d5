"""Reading one CSV or Parquet file into columns with known meanings.

A file is accepted or refused as a whole here; single rows are judged later. CSV is read twice
at most: by the fast parser where every row has as many fields as the header, else row by row,
with the same numbers either way (decimal text is rounded correctly in both).
"""

from __future__ import annotations

import csv
import gzip
import io
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stage_01_data_engine.findings import Rule

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES: tuple[str, ...] = (".csv", ".csv.gz", ".parquet")

MEANINGS: dict[str, tuple[str, ...]] = {
    "date": ("date", "session", "datetime", "timestamp", "time", "day", "tradedate"),
    "symbol": ("symbol", "ticker"),
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close", "closelast", "last", "price", "value"),
    "volume": ("volume", "vol"),
    "known_at": ("knownat", "releasedat"),
}
"""Column names by meaning, the preferred one first; letter case, blanks and ``_-./`` are
ignored. An adjusted close ("adj close") is none of these: it is left unread, because open, high
and low beside it are not adjusted."""

NUMBERS: tuple[str, ...] = ("open", "high", "low", "close", "volume")
ABSENT = frozenset({"", "na", "n/a", "nan", "null", "none"})

NOT_EMPTY = Rule("A file of bars holds text", "remove the empty file or download it again")
IS_TEXT = Rule("A CSV file is UTF-8 text", "save the file as UTF-8")
IS_PARQUET = Rule(
    "A Parquet file is complete and readable", "write or download the file again; it is cut off"
)
HAS_COLUMNS = Rule(
    "A file of bars has a column of dates and a column of closes",
    "name the columns date and close (and symbol, open, high, low, volume where there are any)",
)


class UnusableFileError(Exception):
    """A file that cannot be used as a whole: the rule it breaks and what was found instead."""

    def __init__(self, rule: Rule, value: str) -> None:
        super().__init__(rule.text, value)
        self.rule, self.value = rule, value


@dataclass(frozen=True)
class Table:
    """A file's rows: its columns by meaning, cells as they were written."""

    frame: pd.DataFrame
    is_csv: bool


def stem_of(path: Path) -> str:
    """Return the file name without its data suffixes, in capitals: the symbol it stands for."""
    name = path.name
    for suffix in (".gz", ".csv", ".parquet"):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name.strip().upper()


def has_symbols(path: Path) -> bool:
    """Say whether a file names a symbol in every row, looking at its header only."""
    try:
        if path.name.lower().endswith(".parquet"):
            import pyarrow.parquet

            names = pyarrow.parquet.read_schema(path).names
        else:
            names, _ = _header(_bytes(path))
    except (OSError, ValueError, UnusableFileError):
        return False
    return "symbol" in _columns(names)


def read_table(path: Path) -> Table:
    """Return the rows of a file.

    Raises
    ------
    UnusableFileError
        If the file is empty, no UTF-8 text, a cut-off Parquet file, or lacks dates or closes.
    """
    is_csv = not path.name.lower().endswith(".parquet")
    frame = _read_csv(path) if is_csv else read_parquet(path)
    columns = _columns([str(name) for name in frame.columns])
    if not {"date", "close"} <= set(columns):
        names = ", ".join(map(str, frame.columns))
        raise UnusableFileError(HAS_COLUMNS, f"columns {names}"[:200])
    chosen = frame.iloc[:, list(columns.values())]
    chosen.columns = list(columns)
    return Table(frame=chosen, is_csv=is_csv)


def to_numbers(cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return cells as numbers.

    Returns
    -------
    values : float64 array
        NaN where the cell is blank or unreadable.
    unreadable : bool array
        Where a cell holds something that is neither a number nor blank.
    """
    if cells.dtype.kind in "fiu":
        return cells.to_numpy(dtype=float), np.zeros(len(cells), dtype=bool)
    values, unreadable = np.full(len(cells), np.nan), np.zeros(len(cells), dtype=bool)
    for at, cell in enumerate(cells):
        text = "" if cell is None else str(cell).strip()
        if text.lower() in ABSENT or text in ("<NA>", "NaT"):
            continue
        with suppress(ValueError):
            values[at] = float(text) if "_" not in text else np.nan
        unreadable[at] = np.isnan(values[at])
    return values, unreadable


def _columns(names: list[str]) -> dict[str, int]:
    """Return the position of each meaning among column names."""
    plain = ["".join(c for c in name.lower() if c.isalnum()) for name in names]
    found = {}
    for meaning, synonyms in MEANINGS.items():
        for synonym in synonyms:
            if synonym in plain:
                found[meaning] = plain.index(synonym)
                break
    if "date" not in found and plain[:1] in ([""], ["unnamed0"], ["index"]):
        found["date"] = 0  # An index written without a name.
    return found


def _bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if path.name.lower().endswith(".gz") else raw
    except (gzip.BadGzipFile, EOFError) as error:
        raise UnusableFileError(IS_TEXT, f"not gzip: {error}") from error
    if not raw.strip():
        raise UnusableFileError(NOT_EMPTY, f"{len(raw)} bytes")
    return raw


def _header(raw: bytes) -> tuple[list[str], str]:
    """Return the column names and the delimiter of a CSV file."""
    line = raw.splitlines()[0]  # At a lone carriage return too, as the fast parser.
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableFileError(IS_TEXT, f"header {line[:40]!r}") from error
    if "\0" in text:
        raise UnusableFileError(IS_TEXT, f"header {line[:40]!r}")
    if not text.strip():
        raise UnusableFileError(HAS_COLUMNS, "an empty first line")
    delimiter = max(",;\t", key=text.count)
    try:
        return next(csv.reader([text], delimiter=delimiter), []), delimiter
    except csv.Error as error:
        raise UnusableFileError(IS_TEXT, f"header {line[:40]!r}: {error}") from error


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    raw = _bytes(path)
    names, delimiter = _header(raw)
    columns = _columns(names)
    numbers = {columns[meaning] for meaning in NUMBERS if meaning in columns}
    labels = list(range(len(names)))
    blanks = sorted(ABSENT | {word.upper() for word in ABSENT} | {"NaN"})
    if b"\0" in raw:  # The fast parser would end the field there.
        return _read_row_by_row(raw, delimiter, names)
    read_csv: Any = pd.read_csv  # the overloads of its stubs do not know all that it takes
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = read_csv(
                io.BytesIO(raw),
                sep=delimiter,
                header=None,
                skiprows=1,
                names=labels,
                index_col=False,
                dtype={at: str for at in labels if at not in numbers},
                na_values=dict.fromkeys(numbers, blanks),
                keep_default_na=False,
                skip_blank_lines=False,
                encoding_errors="replace",
                float_precision="round_trip",
                low_memory=False,
            )
    except pd.errors.EmptyDataError:
        frame = pd.DataFrame(columns=labels, dtype=object)
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError):
        return _read_row_by_row(raw, delimiter, names)
    frame.columns = pd.Index(names)
    return frame


def _read_row_by_row(raw: bytes, delimiter: str, names: list[str]) -> pd.DataFrame:
    """Read rows of any length, as the fast parser would where it can.

    A short row lacks its last fields. A long one keeps its first; its others become the text
    ``"... fields"``, which is no number, so that the row is quarantined and not read out of step.
    """
    import pandas as pd

    text = raw.decode("utf-8-sig", errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    # A lone carriage return ends a line for the fast parser too.
    rows = csv.reader(io.StringIO(text, newline=None), delimiter=delimiter)
    width, cells = len(names), []
    try:
        next(rows, None)
        for row in rows:
            if len(row) <= width:
                cells.append(row + [""] * (width - len(row)))
            else:
                cells.append([*row[:1], *[f"{len(row)} fields"] * (width - 1)])
    except csv.Error as error:
        raise UnusableFileError(IS_TEXT, str(error)) from error
    return pd.DataFrame(cells, columns=names, dtype=object)


def read_parquet(path: Path) -> pd.DataFrame:
    """Return the rows of a Parquet file, its index as columns.

    Raises
    ------
    UnusableFileError
        If it is empty or cut off.
    """
    import pandas as pd
    import pyarrow

    if path.stat().st_size == 0:
        raise UnusableFileError(NOT_EMPTY, "0 bytes")
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise UnusableFileError(IS_PARQUET, str(error).splitlines()[0][:160]) from error
    if isinstance(frame.index, pd.DatetimeIndex) or any(frame.index.names):
        frame = frame.reset_index()
    return frame
