"""Claim: stage 01 turns 27 symbols x 2,000 sessions into a window in under 6 s, imports included,
and 500 symbols x 5 years of files in under 15 s, on two cores.

Each case runs in a fresh process. Wall and processor seconds are given: on a busy machine only the
second compares. Run: ``python benchmarks/data_engine.py [--shared ../shared/data]``. The dated
result stands in ``stage_01_data_engine/README.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

CASE = """
import time
begin = time.perf_counter()
from datetime import date
from pathlib import Path
from stage_01_data_engine import *
settings = DataEngineSettings()
source = {source}
made = DataEngineStage(settings).run(source.load(MarketRequest(date({as_of}), None, 2000)))
wall, busy = time.perf_counter() - begin, time.process_time()
print(wall, busy, *made.features.values.shape, made.counts.quarantined)
"""
FOLDER = "FolderSource(Path({path!r}), settings)"
FOLDERS = (("ohlcv_sp500_2013_2018", "2018, 2, 7"), ("ohlcv_sp500_2018_2023", "2023, 6, 29"))


def main() -> None:
    """Run every case and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    cases = [("bundled", "BundledSource()", "2018, 12, 28")]
    for name, as_of in FOLDERS:
        if (asked.shared / name).is_dir():
            cases.append((name, FOLDER.format(path=str(asked.shared / name)), as_of))
        else:
            print(f"{name}: not at {asked.shared}, left out", file=sys.stderr)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}"
    print(f"{date.today()}, {machine},")
    print(f"pandas {version('pandas')}, TA-Lib {version('TA-Lib')}, median of {asked.runs}\n")
    print("| source | symbols x sessions x features | wall s | processor s | quarantined |")
    print("|---|---|---|---|---|")
    for name, source, as_of in cases:
        runs = [_run(CASE.format(source=source, as_of=as_of)) for _ in range(asked.runs)]
        wall, busy = (median(float(run[i]) for run in runs) for i in (0, 1))
        _, _, sessions, symbols, fields, quarantined = runs[0]
        shape = f"{symbols} x {sessions} x {fields}"
        print(f"| {name} | {shape} | {wall:.1f} | {busy:.1f} | {quarantined} |")


def _run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


if __name__ == "__main__":
    main()
