"""Claims: stage 01 turns 27 symbols x 2,000 sessions into a window in under 6 s, imports included,
and 500 symbols x 5 years of files in under 15 s and 2 GB, on two cores; its features take a fifth
of the time of the same ones in a pandas groupby loop with TA-Lib; a new session of 500 symbols
takes under 1 s; cost grows linearly with the number of symbols. The correlation graphs of 1,259
sessions of 500 symbols take under 5 s, a session at a time, and no memory that grows with them.

Each case runs in a fresh process. Wall and processor seconds are given: on a busy machine only the
second compares. Run: ``python benchmarks/data_engine.py [--shared ../shared/data] [--only windows
peers increment growth relations]``. The dated result stands in ``stage_01_data_engine/README.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

from stage_01_data_engine.features import FEATURE_FIELDS

HERE = Path(__file__).parent
CASE = """
import time
begin = time.perf_counter()
import resource
from datetime import date
from pathlib import Path
from stage_01_data_engine import *
settings = DataEngineSettings()
source = {source}
made = DataEngineStage(settings).run(source.load(MarketRequest(date({as_of}), None, 2000)))
wall, busy = time.perf_counter() - begin, time.process_time()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(wall, busy, peak, *made.features.values.shape, made.counts.quarantined)
"""
WINDOW = """
import sys
sys.path.insert(0, {here!r})
import time
from datetime import date
from pathlib import Path
import numpy as np
import pandas as pd
from stage_01_data_engine import *
from stage_01_data_engine.alignment import bar_values
from stage_01_data_engine.features import FEATURE_FIELDS, feature_values, features_since
from stage_01_data_engine.quality import gate
settings = DataEngineSettings()
given = {source}.load(MarketRequest(date({as_of}), None, 2000))
made = DataEngineStage(settings).run(given)
def clock():
    return time.perf_counter(), time.process_time()
"""
PEERS = """
import feature_peers
series = {f: made.market.field(f)[:, 0] for f in made.market.fields}
spent = []
for _ in range(3):  # the first run also pays the machine for memory that it touches first
    ours = None
    begin = clock()
    ours = feature_values(made.bars.values, made.instruments, series, settings)
    spent.append([b - a for a, b in zip(begin, clock())])
ours_wall, ours_busy = sorted(spent, key=lambda one: one[1])[1]
rows = given.bars.rename(columns={"symbol": "ticker", "session": "date"}).dropna()
begin = clock()
theirs = feature_peers.by_groupby(rows)
loop_wall, loop_busy = (b - a for a, b in zip(begin, clock()))
wide = theirs.set_index(["date", "ticker"])
days = np.array(made.bars.sessions, "M8[ns]")
names = [f for f in FEATURE_FIELDS if f in wide]
cells = agree = 0
for name in names:
    table = wide[name].unstack().reindex(index=days, columns=list(made.bars.symbols)).to_numpy()
    own = ours[:, :, FEATURE_FIELDS.index(name)]
    both = np.isfinite(table) & np.isfinite(own)
    cells += int(both.sum())
    agree += int((np.abs(table - own)[both] <= 1e-6 * np.maximum(np.abs(own)[both], 1e-3)).sum())
print(ours_wall, ours_busy, loop_wall, loop_busy, len(names), agree / cells)
"""
INCREMENT = """
since = made.bars.sessions[-2]
days = made.bars.sessions[-2:]
rows = given.bars[given.bars["session"] >= pd.Timestamp(since)].reset_index(drop=True)
begin = clock()
gated = gate(rows, made.instruments, days, settings)
bars = made.bars.values.copy()
bars[-2:] = bar_values(gated.bars, days, made.bars.symbols)
panel = made.bars.model_copy(update={"values": bars})
new = features_since(since, panel, made.market, made.instruments, settings)
wall, busy = (b - a for a, b in zip(begin, clock()))
full = made.features.values[-1]
gap = np.abs(new.values[0] - full) / np.maximum(np.abs(full), 1e-3)
print(wall, busy, len(made.bars.symbols), np.nanmax(gap))
"""
GROWTH = """
import time
import numpy as np
from foundation.contracts import BAR_FIELDS, Instrument
from stage_01_data_engine import DataEngineSettings
from stage_01_data_engine.features import feature_values
symbols, sessions = {symbols}, 300
draw = np.random.default_rng(0)
close = 50 * np.exp(draw.normal(0, 0.02, (sessions, symbols)).cumsum(axis=0))
opened = close * np.exp(draw.normal(0, 0.01, close.shape))
high, low = np.maximum(opened, close) * 1.01, np.minimum(opened, close) * 0.99
volume = draw.integers(1_000, 9_000, close.shape)
bars = np.stack([opened, high, low, close, volume], axis=-1)
given = [
    Instrument(symbol=str(n), name="", kind="equity", fields=BAR_FIELDS, sector=str(n % 11))
    for n in range(symbols)
]
names = ("vix", "wti", "credit_spread")
series = {{k: np.exp(draw.normal(0, 0.02, sessions).cumsum()) for k in names}}
feature_values(bars[:, :8], given[:8], series, DataEngineSettings())
begin, busy = time.perf_counter(), time.process_time()
feature_values(bars, given, series, DataEngineSettings())
print(time.perf_counter() - begin, time.process_time() - busy)
"""
RELATIONS = """
import resource
from foundation.quant.characteristics import CharacteristicSettings, hurst_exponent
from foundation.quant.characteristics import liquidity_bucket
from foundation.quant.correlation_graph import CorrelationSettings, correlation_graphs
from foundation.quant.returns import log_returns
close, volume = made.bars.field("close"), made.bars.field("volume")
returns = log_returns(close)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begin = clock()
edges = sum(len(graph) for graph in correlation_graphs(returns, CorrelationSettings()))
graph = [b - a for a, b in zip(begin, clock())]
more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
begin = clock()
for row in returns[-30:]:
    np.corrcoef(returns[-60:], rowvar=False)
peer = [b - a for a, b in zip(begin, clock())]
kept = CharacteristicSettings()
begin = clock()
hurst_exponent(close, kept.hurst_window, kept.hurst_lags, kept.coverage)
hurst = [b - a for a, b in zip(begin, clock())]
begin = clock()
liquidity_bucket(close * volume, np.ones(close.shape[1], dtype=bool), kept.liquidity_window)
bucket = [b - a for a, b in zip(begin, clock())]
print(*graph, more, edges / len(returns), peer[1] / 30 * len(returns), *hurst, *bucket)
"""
FOLDER = "FolderSource(Path({path!r}), settings)"
FOLDERS = (("ohlcv_sp500_2013_2018", "2018, 2, 7"), ("ohlcv_sp500_2018_2023", "2023, 6, 29"))


def main() -> None:
    """Run every case asked for and print its table."""
    tables: dict[str, Callable[[argparse.Namespace], None]] = {
        "windows": windows,
        "peers": peers,
        "increment": increment,
        "growth": growth,
        "relations": relations,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=tables, default=list(tables))
    asked = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}"
    print(f"{date.today()}, {machine},")
    print(f"pandas {version('pandas')}, TA-Lib {version('TA-Lib')}, median of {asked.runs}")
    for name in asked.only:
        print()
        tables[name](asked)


def windows(asked: argparse.Namespace) -> None:
    """Time whole windows: load, gate, align, all features."""
    cases = [("bundled", "BundledSource()", "2018, 12, 28")]
    for name, as_of in FOLDERS:
        if (asked.shared / name).is_dir():
            cases.append((name, FOLDER.format(path=str(asked.shared / name)), as_of))
        else:
            print(f"{name}: not at {asked.shared}, left out", file=sys.stderr)
    print(
        "| source | symbols x sessions x features | wall s | processor s | peak GiB | quarantined |"
    )
    print("|---|---|---|---|---|---|")
    for name, source, as_of in cases:
        runs = [_run(CASE.format(source=source, as_of=as_of)) for _ in range(asked.runs)]
        wall, busy, peak = (median(float(run[i]) for run in runs) for i in range(3))
        _, _, _, sessions, symbols, fields, quarantined = runs[0]
        shape = f"{symbols} x {sessions} x {fields}"
        print(f"| {name} | {shape} | {wall:.1f} | {busy:.1f} | {peak:.2f} | {quarantined} |")


def peers(asked: argparse.Namespace) -> None:
    """Time the features against a pandas groupby loop with TA-Lib on the same bars."""
    runs = _of_folder(asked, PEERS)
    if not runs:
        return
    ours, ours_busy, loop, loop_busy = (median(float(run[i]) for run in runs) for i in range(4))
    print("| features of 505 x 1,259 | how many | wall s | processor s |")
    print("|---|---|---|---|")
    print(f"| stage 01 | {len(FEATURE_FIELDS)} | {ours:.1f} | {ours_busy:.1f} |")
    print(f"| pandas groupby loop with TA-Lib | {runs[0][4]} | {loop:.1f} | {loop_busy:.1f} |")
    ratios = [float(run[3]) / float(run[1]) for run in runs]
    print(
        f"\nThe loop takes {median(ratios):.1f} times as long ({min(ratios):.1f} to "
        f"{max(ratios):.1f}). Cells on which the two agree to 1e-6: {float(runs[0][5]):.1%}."
    )


def increment(asked: argparse.Namespace) -> None:
    """Time one new session: gate, align, features of that session alone."""
    runs = _of_folder(asked, INCREMENT)
    if not runs:
        return
    wall, busy = (median(float(run[i]) for run in runs) for i in range(2))
    print(
        f"One new session of {runs[0][2]} symbols: {wall:.2f} s wall, {busy:.2f} s processor. "
        f"Largest difference to the full recomputation, relative above 0.001 and absolute "
        f"below: {float(runs[0][3]):.0e} of the value."
    )


def growth(asked: argparse.Namespace) -> None:
    """Time features of ever more simulated symbols, and fit the slope on log-log axes."""
    import numpy as np

    sizes = (50, 500, 5_000)
    print("| simulated symbols x 300 sessions | wall s | processor s |")
    print("|---|---|---|")
    spent = []
    for size in sizes:
        runs = [_run(GROWTH.format(symbols=size)) for _ in range(asked.runs)]
        wall, busy = (median(float(run[i]) for run in runs) for i in range(2))
        spent.append(busy)
        print(f"| {size:,} | {wall:.2f} | {busy:.2f} |")
    slope = np.polyfit(np.log(sizes), np.log(spent), 1)[0]
    print(f"\nFitted slope of log processor seconds on log symbols: {slope:.2f} (1 is linear).")


def relations(asked: argparse.Namespace) -> None:
    """Time the correlation graphs of all sessions, and two characteristics."""
    runs = _of_folder(asked, RELATIONS)
    if not runs:
        return
    found = [median(float(run[i]) for run in runs) for i in range(9)]
    wall, busy, more, edges, peer, *rest = found
    print("| of 505 x 1,259 | wall s | processor s |")
    print("|---|---|---|")
    print(f"| correlation graphs, 60 sessions, edges from 0.3 | {wall:.1f} | {busy:.1f} |")
    print(f"| numpy.corrcoef of the same windows alone, no edges | | {peer:.1f} |")
    print(f"| Hurst exponents, 252 sessions | {rest[0]:.1f} | {rest[1]:.1f} |")
    print(f"| liquidity buckets, 60 sessions | {rest[2]:.1f} | {rest[3]:.1f} |")
    print(f"\nEdges a session: {edges:,.0f}. Memory beyond the window's own: {more:.0f} MiB.")


def _of_folder(asked: argparse.Namespace, code: str) -> list[list[str]]:
    name, as_of = FOLDERS[0]
    folder = asked.shared / name
    if not folder.is_dir():
        print(f"{name}: not at {asked.shared}, left out", file=sys.stderr)
        return []
    source = FOLDER.format(path=str(folder))
    begin = WINDOW.format(source=source, as_of=as_of, here=str(HERE))
    return [_run(begin + code) for _ in range(asked.runs)]


def _run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.split()


if __name__ == "__main__":
    main()
