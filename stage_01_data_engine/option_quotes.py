"""Option chains: quotes nobody could trade on, and snapshots that are older than they say.

One row per contract and snapshot. ``normalise`` is the caller's: the columns are the same for every
vendor, absent ones NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stage_01_data_engine.findings import Rule
from stage_01_data_engine.verdicts import Judged, Verdicts, rows_of

if TYPE_CHECKING:
    import pandas as pd

OPTION_COLUMNS: tuple[str, ...] = (
    "contract", "underlying", "expiry", "strike", "right", "snapshot",
    "bid", "ask", "last", "volume", "open_interest", "implied_volatility", "spot",
)  # fmt: skip
"""``contract`` is any unique name of the contract, ``right`` C or P, ``snapshot`` the moment of the
quote (datetime64), ``implied_volatility`` a fraction a year, ``spot`` the underlying's price."""

ONE_QUOTE = Rule(
    "A contract has one quote a snapshot",
    "keep the right row; none was used where they disagree",
    (),
    name="repeated-quote",
    why="open interest that counts twice moves every ratio made of it",
)
ALIVE = Rule(
    "A contract is quoted up to its expiry",
    "remove the row: the contract no longer exists",
    (),
    name="expired",
    why="an expired contract has no open interest",
)
SIGNS = Rule(
    "Strikes are above zero; bids, asks, volume and open interest are not negative",
    "correct or remove the row",
    (),
    name="impossible-quote",
    why="a negative count or price shows a corrupt row",
)
ASKED = Rule(
    "A quote has an ask above zero",
    "leave the contract out of what needs a mid price",
    (),
    "warning",
    "kept",
    name="zero-ask",
    why="half of a bid and a zero is no mid price; the vendor had no offer to show",
)
CROSSED = Rule(
    "A bid is not above its ask",
    "leave the contract out of what needs a mid price",
    (),
    "warning",
    "kept",
    name="crossed-quote",
    why="nobody buys for more than somebody sells; bid and ask are of different moments",
)
VOLATILE = Rule(
    "A quote's implied volatility lies between 1% and 1,000% a year",
    "compute it from the quote, or leave it absent",
    (),
    "warning",
    "kept",
    name="no-volatility",
    why="zero marks a failed solution, not a calm market",
)
REFRESHED = Rule(
    "A quote changes when its underlying moves",
    "do not use the chain of this snapshot for changes; fetch it again",
    (),
    "warning",
    "kept",
    name="repeated-snapshot",
    why="a chain resent under a new stamp shows no change where there was one",
)
MOVED_ON = Rule(
    "A contract's quote is of its snapshot",
    "nothing to do for thinly traded contracts; leave it out of what needs a fresh price",
    (),
    "info",
    "kept",
    name="stale-quote",
    why="an old quote beside a new underlying gives a wrong volatility",
)

LEAST_VOLATILITY, MOST_VOLATILITY = 0.01, 10.0
SNAPSHOT_SHARE = 0.5
"""Share of the live contracts common to two snapshots that must repeat in all quoted fields for the
snapshot to count as resent: of thousands of quotes more than half change within minutes."""
SNAPSHOT_LEAST = 20
"""Common contracts below which no snapshot is judged."""
STILL = 5e-4
"""Relative move of the underlying from which quotes must change: five basis points are several
ticks of any contract with some delta."""
QUOTED = ["bid", "ask", "last", "implied_volatility", "volume", "open_interest"]


def judge_chain(chain: pd.DataFrame, *, location: str, listed_rows: int = 25) -> Judged:
    """Judge every row of a chain (``OPTION_COLUMNS``, any order, NaN for what is not reported)."""
    at = rows_of(chain["underlying"].to_numpy(), _days(chain["snapshot"]), location)
    verdicts = Verdicts(at, listed_rows)
    number = {c: chain[c].to_numpy(dtype=float) for c in (*QUOTED, "strike", "spot")}

    def show(row: int) -> str:
        cells = ", ".join(
            f"{c.replace('_', ' ')} {number[c][row]:.6g}"
            for c in QUOTED
            if not np.isnan(number[c][row])
        )
        return f"{chain['contract'].iloc[row]}: {cells}"

    bid, ask, vol = number["bid"], number["ask"], number["implied_volatility"]
    counts = np.column_stack([bid, ask, number["volume"], number["open_interest"]])
    verdicts.apply(SIGNS, (counts < 0).any(axis=1) | ~(number["strike"] > 0), show)
    verdicts.apply(ALIVE, _days(chain["expiry"]) < at.day, show)
    key = ["contract", "snapshot"]
    live = chain[verdicts.good]
    same = live.duplicated([*key, *QUOTED], keep="first")
    many = live.duplicated(key, keep=False)
    disagree = many & ~live.duplicated([*key, *QUOTED], keep=False)
    wrong = (same | disagree).reindex(chain.index, fill_value=False).to_numpy()
    verdicts.apply(ONE_QUOTE, wrong, show)
    verdicts.apply(ASKED, ask == 0, show)
    verdicts.apply(CROSSED, (bid > ask) & (ask > 0), show)
    verdicts.apply(VOLATILE, (vol < LEAST_VOLATILITY) | (vol > MOST_VOLATILITY), show)
    resent, old = _repeats(chain, number, verdicts.good)
    verdicts.apply(REFRESHED, resent, show)
    verdicts.apply(MOVED_ON, old & ~resent, show)
    return Judged(
        kept=chain[verdicts.good],
        findings=tuple(verdicts.findings),
        verdicts=verdicts.table(),
        found=verdicts,
        tally=verdicts.tally(),
    )


def _repeats(
    chain: pd.DataFrame, number: dict[str, np.ndarray], good: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Say which quotes repeat the contract's quote of the snapshot before.

    Returns
    -------
    resent : bool array
        Rows of snapshots of which more than half repeat, whether the underlying moved or not.
    old : bool array
        Other rows that repeat although the underlying moved, with a price above zero.
    """
    import pandas as pd

    resent, old = np.zeros((2, len(chain)), dtype=bool)
    rows = np.flatnonzero(good)
    contract = pd.factorize(chain["contract"].to_numpy()[rows])[0]
    moment = chain["snapshot"].to_numpy().astype("M8[ns]").astype(np.int64)
    rows = rows[np.lexsort((moment[rows], contract))]
    code = pd.factorize(chain["contract"].to_numpy()[rows])[0]
    now, before = rows[1:], rows[:-1]
    pair = (code[1:] == code[:-1]) & (moment[now] > moment[before])
    now, before = now[pair], before[pair]
    if not len(now):  # One snapshot repeats nothing.
        return resent, old
    values = np.column_stack([number[c] for c in QUOTED])
    alike = (
        (values[now] == values[before]) | np.isnan(values[now]) & np.isnan(values[before])
    ).all(axis=1)
    priced = (np.nan_to_num(values[now, :3]) > 0).any(axis=1)
    group = chain["underlying"].astype(str).to_numpy()[now].astype(object)
    label = pd.factorize(pd.MultiIndex.from_arrays([group, moment[now], moment[before]]))[0]
    total = np.bincount(label[priced], minlength=int(label.max(initial=-1)) + 1)
    repeated = np.bincount(label[priced & alike], minlength=len(total))
    sent_again = (total >= SNAPSHOT_LEAST) & (repeated > SNAPSHOT_SHARE * total)
    resent[now[alike & priced & sent_again[label]]] = True
    spot = number["spot"]
    moved = np.abs(spot[now] / spot[before] - 1) > STILL
    old[now[alike & priced & moved]] = True
    return resent, old


def _days(column: pd.Series) -> np.ndarray:
    return np.asarray(column.to_numpy().astype("M8[D]"))
