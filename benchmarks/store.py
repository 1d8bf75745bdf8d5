"""Claims: a bitemporal read of 505 symbols x 1,259 daily bars, as of any moment, takes less than
twice the time of reading a raw Parquet file by pyarrow into the same block; appending the next
session takes under 0.1 s; its bars are judged and have features within 1 s, stored and online.

Parquet has no versions, no corrections and no second time: it is the floor, not a peer. Each run
is a fresh process; medians and the spread are given. Run: ``python benchmarks/store.py [--shared
../shared/data] [--runs 5] [--only panel increment ingest]``. The dated result stands in
``docs/evidence/store.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

SET, AS_OF, BEFORE, MIDDLE = "ohlcv_sp500_2013_2018", "2018, 2, 7", "2018, 2, 6", "2016, 8, 1"
PREPARE = """
import json, sys, tempfile, time
from datetime import date
from pathlib import Path
import numpy as np
import pandas as pd
from foundation.market import close_of
from foundation.storage.bitemporal import BitemporalStore
from stage_01_data_engine import *
from stage_01_data_engine.ingest import delivered
settings = DataEngineSettings()
source = FolderSource(Path({path!r}), settings)
spent = {{}}
def timed(name, work):
    begin = time.perf_counter(), time.process_time()
    made = work()
    spent[name] = [time.perf_counter() - begin[0], time.process_time() - begin[1]]
    return made
room = tempfile.TemporaryDirectory()
place = Path(room.name)
"""
PANEL = """
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from foundation.contracts import BAR_FIELDS
raw = source.load(MarketRequest(date({as_of}), None, 2000))
rows = delivered(raw).bars.drop(columns=["location", "copy"])
rows = rows.sort_values(["event_time", "entity"], kind="stable").reset_index(drop=True)
days = np.sort(rows["event_time"].unique())
last, early = rows["event_time"] == days[-1], rows["event_time"] < days[-1]
store = BitemporalStore(place / "store")
store.tables("bars")  # the library is imported and the store open, as in a running program
timed("write, store", lambda: store.append("bars", "x", rows[early]))
timed("append, store", lambda: store.append("bars", "x", rows[last]))
schema = pa.Schema.from_pandas(rows, preserve_index=False)
file, folder = place / "bars.parquet", place / "dataset"
timed("write, Parquet", lambda: pq.write_table(pa.Table.from_pandas(rows[early], schema), file))
folder.mkdir()
pq.write_table(pa.Table.from_pandas(rows[early], schema), folder / "0.parquet")
timed("append, Parquet", lambda: pq.write_table(
    pa.Table.from_pandas(rows[last], schema), folder / "1.parquet"))
pq.write_table(pa.Table.from_pandas(rows, schema), file)

def from_parquet(until=None):
    wanted = None if until is None else pc.field("known_at") <= pa.scalar(until, pa.timestamp("ns"))
    table = pq.read_table(file, filters=wanted, memory_map=True)
    at, sessions = pd.factorize(table["event_time"].to_numpy(), sort=True)
    coded = table["entity"].combine_chunks().dictionary_encode()
    names = np.array(coded.dictionary.to_pylist())
    place = np.argsort(np.argsort(names))[coded.indices.to_numpy()]
    block = np.full((len(sessions) * len(names), len(BAR_FIELDS)), np.nan)
    block[at * len(names) + place] = np.column_stack([table[f].to_numpy() for f in BAR_FIELDS])
    return block.reshape(len(sessions), len(names), len(BAR_FIELDS))

moment = close_of(date({middle}))
utc = pd.Timestamp(moment).tz_convert("UTC").tz_localize(None)
for _ in range(2):  # the first of each also touches fresh memory; the second is kept
    ours = timed("read, store", lambda: store.panel("bars", "x"))
    floor = timed("read, Parquet", from_parquet)
    past = timed("read as of, store", lambda: store.panel("bars", "x", known_at=moment))
    past_floor = timed("read as of, Parquet", lambda: from_parquet(utc))
assert np.array_equal(ours.values, floor, equal_nan=True)
assert np.array_equal(past.values, past_floor, equal_nan=True)
some = rows[early].sample(2_000, random_state=0)
revised = some.assign(close=some["close"] * 1.001, known_at=rows["known_at"].max())
store.append("bars", "x", revised)
timed("read, store, 2,000 corrected", lambda: store.panel("bars", "x"))
for day in range(1, 101):  # daily appends: one segment each
    one = rows[last].assign(**{{k: rows[last][k] + pd.Timedelta(days=day)
                              for k in ("event_time", "known_at")}})
    store.append("bars", "x", one)
timed("read, store, after 100 appends", lambda: store.panel("bars", "x"))
timed("append, store, after 100 appends", lambda: store.append("bars", "x", rows[last].assign(
    event_time=rows["event_time"].max() + pd.Timedelta(days=300),
    known_at=rows["known_at"].max() + pd.Timedelta(days=300))))
timed("prune and compact", store.prune)
timed("read, store, after that", lambda: store.panel("bars", "x"))
kept = [f.stat().st_blocks * 512 for f in (place / "store").rglob("*") if f.is_file()]
sizes = {{"store": sum(kept),
         "Parquet": file.stat().st_size, "rows": len(rows)}}
print(json.dumps([spent, sizes]))
"""
INCREMENT = """
from foundation.storage.online import LatestFeatures, open_cache
from stage_01_data_engine.live import NextSession
before = DataEngineStage(settings).run(source.load(MarketRequest(date({before}), None, 2000)))
given = source.load(MarketRequest(date({as_of}), None, 2000))
rows = given.bars[given.bars["session"] == pd.Timestamp(date({as_of}))].reset_index(drop=True)
market = {{f: float(before.market.field(f)[-1, 0]) for f in before.market.fields}}
store = BitemporalStore(place / "store")
def feature_rows(panel):
    return pd.DataFrame(panel.values[-1], columns=list(panel.fields)).assign(
        entity=panel.symbols, event_time=pd.Timestamp(panel.sessions[-1]),
        known_at=pd.Timestamp(close_of(panel.sessions[-1])))
store.append("features", "x", feature_rows(before.features))
online = LatestFeatures(open_cache({redis!r}), "x")
online.write(before.features)
ahead = timed("make ready (once a day)", lambda: NextSession(before, settings))
made = timed("gate, align, features", lambda: ahead.increment(rows, market))
timed("features into the store", lambda: store.append("features", "x", feature_rows(made.features)))
timed("features online", lambda: online.write(made.features))
timed("505 symbols read online", lambda: online.read(
    made.features.symbols, now=close_of(made.session), max_age=pd.Timedelta(hours=1)))
print(json.dumps([spent, {{"symbols": int(np.isfinite(made.bars.values[0, :, 3]).sum())}}]))
"""
INGEST = """
from foundation.kernel import SystemClock
from foundation.storage.records import IngestLedger, open_database
from stage_01_data_engine.adapters.stored import StoredSource
from stage_01_data_engine.ingest import Ingestor
ledger = IngestLedger(open_database(place / "records.sqlite"))
store = BitemporalStore(place / "store")
writer = Ingestor(store, ledger, "x", SystemClock().now)
first, second = (MarketRequest(d, None, 2000) for d in (date({before}), date({as_of})))
timed("source, whole", lambda: source.load(first))
one = timed("first ingest", lambda: writer.ingest(source, first))
two = timed("next session's ingest", lambda: writer.ingest(source, second))
raw = timed("read back as of the first", lambda: StoredSource(store, ledger, "x").load(first))
print(json.dumps([spent, {{"added at first": one.added, "added next": two.added,
                          "corrected next": two.corrected, "read back": len(raw.bars)}}]))
"""


def main() -> None:
    """Run every case asked for and print its table."""
    cases: dict[str, str] = {"panel": PANEL, "increment": INCREMENT, "ingest": INGEST}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--redis", default=None, help="URL; default: the cache in this process.")
    parser.add_argument("--only", nargs="*", choices=cases, default=list(cases))
    asked = parser.parse_args()
    folder = asked.shared / SET
    if not folder.is_dir():
        raise SystemExit(f"{SET} is needed and not at {asked.shared}: name its place by --shared")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}"
    print(f"{date.today()}, {machine}, median of {asked.runs} (least to most);")
    print(", ".join(f"{n} {version(n)}" for n in ("arcticdb", "pyarrow", "pandas", "redis")))
    shape = {"path": str(folder), "as_of": AS_OF, "before": BEFORE, "middle": MIDDLE,
             "redis": asked.redis}  # fmt: skip
    for name in asked.only:
        runs = [_run((PREPARE + cases[name]).format(**shape)) for _ in range(asked.runs)]
        print(f"\n| {name} | wall s | processor s |\n|---|---|---|")
        for step in runs[0][0]:
            walls = [run[0][step][0] for run in runs]
            busy = median(run[0][step][1] for run in runs)
            spread = f"({min(walls):.3f} to {max(walls):.3f})"
            print(f"| {step} | {median(walls):.3f} {spread} | {busy:.3f} |")
        print(f"\n{json.dumps(runs[0][1])}")
        if name == "panel":
            _ratios(runs)


def _ratios(runs: list) -> None:
    """Print how much longer the store takes than the floor, run by run."""
    for step in ("write", "append", "read", "read as of"):
        ratios = [run[0][f"{step}, store"][0] / run[0][f"{step}, Parquet"][0] for run in runs]
        print(f"{step}: {median(ratios):.1f} x Parquet ({min(ratios):.1f} to {max(ratios):.1f})")


def _run(code: str) -> list:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    answer: list = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
