"""Rules that every kind of event shares, and the columns they are decided on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np

from stage_01_data_engine.findings import Rule
from stage_01_data_engine.verdicts import Judged, Verdicts, rows_of

if TYPE_CHECKING:
    import pandas as pd

UNDATED = Rule(
    "An event has a date",
    "supply the date or remove the row",
    name="undated-event",
    why="what cannot be placed in time cannot be kept from the past",
)
FUTURE = Rule(
    "What has happened is not dated after it was collected",
    "check the date's order of day and month and its zone, or collect again later",
    name="future-stamped",
    why="an outcome with a date to come was known to nobody, or its date is wrong",
)
KNOWN_BEFORE = Rule(
    "An event is known when it happens, or later",
    "correct the moment it became known",
    name="known-before-event",
    why="a forecast that reads it knows what had not happened",
)
STRANGER = Rule(
    "An event is about a symbol of the universe",
    "correct the symbol, or add the instrument",
    severity="warning",
    name="unknown-symbol",
    why="an event of nobody is lost, and one of a misspelt symbol is somebody's",
)


class Events:
    """A table of events under judgement.

    Parameters
    ----------
    table : DataFrame
    day : M8 array
        Date of each event; NaT where it cannot be read.
    location : str
        Name of the set, for places (``location:n``, from 1).
    """

    def __init__(
        self, table: pd.DataFrame, day: np.ndarray, location: str, listed_rows: int
    ) -> None:
        self.table = table.reset_index(drop=True)
        symbol = self.table["symbol"].fillna("").astype(str).to_numpy(dtype=object)
        self.symbol, self.day = symbol, day.astype("M8[D]")
        self.verdicts = Verdicts(rows_of(symbol, self.day, location), listed_rows)

    def apply(self, rule: Rule, broken: np.ndarray, show: Callable[[int], str]) -> None:
        """Report the rows that break a rule and were not set aside before."""
        self.verdicts.apply(rule, np.asarray(broken, dtype=bool), show)

    def of_nobody(self, universe: Collection[str] | None, show: Callable[[int], str]) -> None:
        """Report symbols outside the universe; blank ones too. None: every name is known."""
        blank = self.symbol == ""
        strange = blank if universe is None else blank | ~np.isin(self.symbol, sorted(universe))
        self.apply(STRANGER, strange, show)

    def copies(self, columns: list[str]) -> np.ndarray:
        """Say which good rows repeat an earlier good one in these columns."""
        return self._over_good(lambda rows: rows.duplicated(columns, keep="first"))

    def conflicts(self, key: list[str], values: list[str]) -> np.ndarray:
        """Say which good rows share a key with one that has other values."""

        def disagree(rows: pd.DataFrame) -> pd.Series:
            different = rows.drop_duplicates([*key, *values])
            many = different[different.duplicated(key, keep=False)][key].drop_duplicates()
            return rows[key].merge(many, how="left", indicator="_")["_"].eq("both")

        return self._over_good(disagree)

    def _over_good(self, judge: Callable[[pd.DataFrame], pd.Series]) -> np.ndarray:
        good = self.verdicts.good
        found = np.zeros(len(good), dtype=bool)
        if good.any():
            found[good] = judge(self.table[good]).to_numpy(dtype=bool)
        return found

    def judged(self) -> Judged:
        """Return what is left and what was found."""
        return Judged(
            kept=self.table[self.verdicts.good],
            findings=tuple(self.verdicts.findings),
            verdicts=self.verdicts.table(),
            found=self.verdicts,
            tally=self.verdicts.tally(),
        )
