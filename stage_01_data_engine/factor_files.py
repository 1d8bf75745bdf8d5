"""Files of cumulative adjustment factors, as LEAN hands them out, read back as actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stage_01_data_engine.corporate_actions import ACTION_COLUMNS

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd


def actions_of_factor_file(
    factors: pd.DataFrame, sessions: tuple[date, ...], *, smallest: float = 1e-9
) -> pd.DataFrame:
    """Read splits and dividends back from a file of cumulative factors.

    Parameters
    ----------
    factors : DataFrame
        ``symbol``, ``date`` (last session a row is valid for), ``price_factor``,
        ``split_factor`` (both relative to the file's end), ``ref_price`` (unadjusted close of
        ``date``).
    sessions : tuple of date
        Sessions that cover the file; an action is effective on the one after ``date``.

    Returns
    -------
    DataFrame
        ``ACTION_COLUMNS``. ``known_on`` is the ex-date: factor files do not tell the day of the
        announcement, so actions count as late as they can.
    """
    import pandas as pd

    days = np.array(sessions, dtype="M8[D]")
    found = []
    for symbol, rows in factors.groupby("symbol"):
        rows = rows.sort_values("date", kind="stable")
        day = rows["date"].to_numpy().astype("M8[D]")[:-1]
        at = np.searchsorted(days, day, side="right")
        inside = at < len(days)
        ex = days[np.minimum(at, len(days) - 1)]
        split = rows["split_factor"].to_numpy(dtype=float)
        price = rows["price_factor"].to_numpy(dtype=float)
        ratio = split[1:] / split[:-1]
        cash = rows["ref_price"].to_numpy(dtype=float)[:-1] * (1 - price[:-1] / price[1:])
        for kind, value, changed in (
            ("split", ratio, np.abs(ratio - 1) > smallest),
            ("dividend", cash / ratio, np.abs(price[:-1] / price[1:] - 1) > smallest),
        ):
            keep = changed & inside
            found.append(
                pd.DataFrame(
                    {
                        "symbol": symbol,
                        "ex_date": ex[keep].astype("M8[ns]"),
                        "kind": kind,
                        "value": value[keep],
                        "known_on": ex[keep].astype("M8[ns]"),
                    }
                )
            )
    if not found:
        return pd.DataFrame(columns=list(ACTION_COLUMNS))
    return pd.concat(found, ignore_index=True).sort_values(
        ["symbol", "ex_date", "kind"], kind="stable", ignore_index=True
    )
