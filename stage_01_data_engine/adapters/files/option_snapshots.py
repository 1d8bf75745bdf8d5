"""Option chains as they are quoted now, kept day by day so that they have a past.

A vendor's snapshot cannot be asked for as of an earlier day. Kept in a folder, one CSV file a
snapshot, it can be read back by ``TableSource`` like any other table: what was fetched before the
close of a session counts as known at that close, what was fetched later from the opening of the
session after.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

from foundation.kernel import NEW_YORK, OperatorError, WorldError
from foundation.market import close_of, is_session, session_on_or_before
from stage_01_data_engine.adapters.files.table_layout import TableLayout

if TYPE_CHECKING:
    import pandas as pd

QUOTED = (
    "contract", "underlying", "expiry", "strike", "right", "bid", "ask", "last", "volume",
    "open_interest", "implied_volatility", "spot", "delta", "gamma", "theta", "vega",
)  # fmt: skip
"""Columns of a kept file beside ``date``."""
KNOWN: dict[str, Literal["close", "next session"]] = {"day": "close", "evening": "next session"}
"""The ending of a file's name, and from when it is known."""


@runtime_checkable
class SnapshotSource(Protocol):
    """A source that quotes whole option chains."""

    @property
    def name(self) -> str: ...

    def option_snapshot(self, symbol: str) -> pd.DataFrame:
        """Return the chain of an underlying as it is quoted now.

        Returns
        -------
        DataFrame
            One row a contract: ``contract``, ``underlying``, ``expiry`` (datetime64[ns]),
            ``strike``, ``right`` (C, P, or empty for neither), ``bid``, ``ask``, ``last``,
            ``spot`` (US dollars), ``volume``, ``open_interest`` (contracts),
            ``implied_volatility`` (a fraction a year), ``delta``, ``gamma``, ``theta``, ``vega``,
            ``quoted_at`` and ``known_at`` (datetime64[ns, UTC]). NaN or NaT where not reported.
        """
        ...


class Kept(NamedTuple):
    """A kept snapshot: the file, its quotes, and rows left out for being no call and no put."""

    path: Path
    quotes: int
    left_out: int


def snapshot_source(source: object, name: str) -> SnapshotSource:
    """Return a source that quotes option chains as such.

    Raises
    ------
    OperatorError
        If it does not.
    """
    if not isinstance(source, SnapshotSource):
        raise OperatorError(
            "The source quotes option chains",
            value=name,
            remedy="choose one whose snapshots can be fetched, e.g. polygon",
        )
    return source


def keep_snapshot(snapshot: pd.DataFrame, folder: Path) -> Kept:
    """Write a snapshot of one underlying into a folder.

    Raises
    ------
    WorldError
        If the file cannot be written.
    """
    moment = snapshot["known_at"].iloc[0].to_pydatetime().astimezone(NEW_YORK)
    session, ending = _session_of(moment)
    quotes = snapshot[snapshot["right"] != ""]
    table = quotes[list(QUOTED)].assign(expiry=quotes["expiry"].dt.strftime("%Y-%m-%d"))
    table.insert(0, "date", session.isoformat())
    underlying = str(snapshot["underlying"].iloc[0])
    path = folder / f"options_{underlying.replace('/', '-')}_{session.isoformat()}_{ending}.csv"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        table.to_csv(path, index=False)
    except OSError as error:
        raise WorldError(
            f"The snapshot can be kept ({error.strerror or error})",
            value=str(path),
            remedy="choose another folder",
        ) from error
    return Kept(path, len(quotes), len(snapshot) - len(quotes))


def kept_layouts(folder: Path) -> list[TableLayout]:
    """Return the layouts of the snapshots that a folder holds."""
    columns = {name: name for name in ("date", *QUOTED)}
    return [
        TableLayout(file=f"options_*_{ending}.csv", kind="chain", columns=columns, known=known)
        for ending, known in KNOWN.items()
        if any(folder.glob(f"options_*_{ending}.csv"))
    ]


def _session_of(moment: datetime) -> tuple[date, str]:
    """Return the session that quotes of a moment belong to, and how its file ends."""
    day = moment.date()
    if is_session(day) and moment <= close_of(day):
        return day, "day"
    return session_on_or_before(day), "evening"
