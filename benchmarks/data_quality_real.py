"""What the gate says of real sets: findings, known splits, two sources side by side, minutes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import shared_sets as sets

from foundation.market import sessions
from stage_01_data_engine.factor_files import actions_of_factor_file
from stage_01_data_engine.intraday import place, resample
from stage_01_data_engine.reconciliation import CLASSES, reconcile

JUDGEMENT = ("split-suspected", "bad-print", "stale-run", "reused-symbol", "shared-series", "jump")
"""Rules that can be wrong: they weigh likelihoods. The others state a contradiction."""
KNOWN = {
    ("EBAY", "2015-07-20"), ("BAX", "2015-07-01"), ("NI", "2015-07-02"), ("DISCA", "2014-08-07"),
    ("DISCK", "2014-08-07"), ("KDP", "2018-07-10"),
}  # fmt: skip
"""Spin-offs and special dividends that the set's provenance names as not adjusted."""


def clean(shared: Path) -> None:
    print("## Alarms on real data taken as clean\n")
    print(
        "Bars that contradict themselves or another bar (impossible range, missing field, all "
        "five fields of\nanother session) prove their own case. The rest is judgement: what "
        "neither such a contradiction on the same bar\nnor the set's provenance backs counts as "
        "a false alarm, true crashes included.\n"
    )
    print("| set | bars | proved by contradiction | judged | of these backed | false per 10,000 |")
    print("|---|---|---|---|---|---|")
    unproved = []
    for name, file in (
        ("ohlcv_sp500_2013_2018", "bars.parquet"),
        ("ohlcv_sp500_2018_2023", "bars.parquet"),
        ("etf_daily", "etf_adj_1995_2023.parquet"),
    ):
        bars = sets.daily(shared / name / file)
        verdicts = sets.judged(bars).verdicts
        by_rule = verdicts["rule"].isin(JUDGEMENT)
        proof = verdicts[~by_rule & (verdicts["rule"] != "long-gap")]
        alarms = verdicts[by_rule].drop_duplicates("row")
        known = [
            (s, str(d)) in KNOWN
            for s, d in zip(alarms["symbol"], alarms["session"].dt.date, strict=True)
        ]
        backed = alarms["row"].isin(proof["row"]).to_numpy() | np.array(known, dtype=bool)
        false = alarms[~backed]
        unproved.append((name, false))
        print(
            f"| {name} | {len(bars):,} | {proof['row'].nunique():,} | {len(alarms)} | "
            f"{int(backed.sum())} | {1e4 * len(false) / len(bars):.2f} |"
        )
    print("\nThe unbacked ones:\n")
    for name, false in unproved:
        said = [
            f"{s} {d:%Y-%m-%d} ({r})"
            for s, d, r in zip(false["symbol"], false["session"], false["rule"], strict=True)
        ]
        print(f"- {name}: {'; '.join(said)}")
    print()


def everything(shared: Path) -> None:
    print("## Every set\n")
    print("| set | rows | clean | reported | repaired | set aside | rules broken (rows) |")
    print("|---|---|---|---|---|---|---|")
    for folder, file in sets.DAILY.items():
        bars = sets.daily(shared / folder.strip() / file)
        found = sets.judged(bars)
        _row(f"{folder.strip()} {file.split('.')[0]}", found, len(bars), 0)
    for name, found, rows, unseen in (*sets.other_sets(shared), *sets.event_sets(shared)):
        _row(name, found, rows, unseen)
    print()


def _row(name: str, found: object, rows: int, unseen: int) -> None:
    tally, verdicts = found.tally, found.verdicts  # type: ignore[attr-defined]
    assert tally.received + unseen == rows, name
    assert (verdicts["action"] == "quarantined").sum() == tally.quarantined, name
    broken = verdicts["rule"].value_counts()
    said = ", ".join(f"{rule} {n:,}" for rule, n in broken.items())
    said += f"; {unseen:,} not yet known" if unseen else ""
    print(
        f"| {name} | {rows:,} | {tally.clean:,} | {tally.reported:,} | {tally.repaired:,} | "
        f"{tally.quarantined:,} | {said} |"
    )


def known_splits(shared: Path) -> None:
    """Hold suspected splits against the split records that come with two sets."""
    print("## Suspected splits against records of splits\n")
    path = shared / "corporate_actions" / "prices_raw_with_splits.parquet"
    bars = sets.daily(path)
    recorded = pd.read_parquet(path)["split_coefficient"].to_numpy() != 1
    rows = [(bars, {(s, d) for s, d in bars.loc[recorded, ["symbol", "session"]].to_numpy()})]
    lean, actions = _lean(shared)
    splits = actions[(actions["kind"] == "split") & (np.abs(np.log(actions["value"])) > 0.1)]
    have = set(zip(lean["symbol"], lean["session"], strict=True))
    dated = set(zip(splits["symbol"], splits["ex_date"], strict=True))
    rows.append((lean, dated & have))
    print("| set | recorded | found | not found | suspected beside them |\n|---|---|---|---|---|")
    for name, (frame, truth) in zip(
        ("prices_raw_with_splits", "lean_us_daily_raw"), rows, strict=True
    ):
        verdicts = sets.judged(frame).verdicts
        mine = verdicts[verdicts["rule"] == "split-suspected"]
        found = set(zip(mine["symbol"], mine["session"], strict=True))
        truth = {(s, pd.Timestamp(d)) for s, d in truth}
        print(
            f"| {name} | {len(truth)} | {len(truth & found)} | {_named(truth - found)} | "
            f"{_named(found - truth)} |"
        )
    print()


def _named(pairs: set[tuple[str, pd.Timestamp]]) -> str:
    return ", ".join(f"{s} {d:%Y-%m-%d}" for s, d in sorted(pairs)) or "none"


def _lean(shared: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    bars = sets.daily(shared / "lean_us_daily_raw" / "bars_raw.parquet")
    factors = pd.read_csv(shared / "lean_us_daily_raw" / "factor_files.csv.gz").rename(
        columns={"ticker": "symbol"}
    )
    factors["date"] = pd.to_datetime(factors["date"].astype(str))
    return bars, actions_of_factor_file(factors, sessions(date(1998, 1, 1), date(2021, 12, 31)))


def reconciled(shared: Path) -> None:
    lean, actions = _lean(shared)
    stocks = sets.daily(shared / "ohlcv_sp500_2013_2018" / "bars.parquet")
    funds = sets.daily(shared / "etf_daily" / "etf_adj_1995_2023.parquet")
    print("## Lean raw bars and factor files against adjusted bars of another vendor\n")
    print(f"| symbol | basis of the other | constant | sessions | {' | '.join(CLASSES)} |")
    print("|---" * (4 + len(CLASSES)) + "|")
    for symbol in ("AAPL", "AIG", "BAC", "FB", "IBM", "WM", "SPY", "QQQ", "IWM", "USO"):
        other, as_of = (funds, date(2021, 3, 31)) if symbol in set(funds["symbol"]) else (
            stocks, date(2018, 2, 7),
        )  # fmt: skip
        other = other[other["symbol"] == symbol]
        mine = lean[(lean["symbol"] == symbol) & (lean["session"] >= other["session"].min())]
        found = reconcile(mine, other, actions, as_of)
        basis, constant = found.bases[symbol]
        counts = " | ".join(f"{found.counts[name]:,}" for name in CLASSES)
        assert sum(found.counts.values()) == len(found.table)
        print(f"| {symbol} | {basis} | {constant:.5f} | {len(found.table):,} | {counts} |")
    print()


def intraday(shared: Path) -> None:
    lean, _ = _lean(shared)
    print("## Longer bars made of shorter ones, against the vendor's own\n")
    print("| made | periods | open | high | low | close | volume |\n|---|---|---|---|---|---|---|")
    minute, hour = (
        place(sets.intraday(shared, sets.INTRADAY[length]), length, location=length).kept
        for length in ("minute", "hour")
    )
    for name, made, other, key in (
        ("minute to hour", resample(minute, "hour"), hour, ["symbol", "stamp"]),
        ("minute to daily", resample(minute, "daily"), lean, ["symbol", "session"]),
        ("hour to daily", resample(hour, "daily"), lean, ["symbol", "session"]),
    ):
        both = made.merge(other, on=key)
        shares = [
            _percent(both[f"{f}_x"], both[f"{f}_y"])
            for f in ("open", "high", "low", "close", "volume")
        ]
        print(f"| {name} | {len(both):,} | {' | '.join(shares)} |")


def _percent(made: pd.Series, other: pd.Series) -> str:
    same = float((made == other).mean())
    near = float((np.abs(made / other - 1) <= 1e-3).mean())
    return f"{same:.1%} equal, {near:.1%} within 0.1%"
