"""A corpus of the S&P 500's members over five years, from bars to a dataset on disk.

Claims measured, on ``../shared/data/ohlcv_sp500_2013_2018`` (505 symbols, 1,259 sessions) by the
product's own command, ``story corpus``:

1. wall and processor seconds and peak memory of every step (the command and its processes
   together, shared pages divided among them);
2. windows and tokens per split, and how evenly over symbols;
3. a run that is killed (SIGKILL) while stories are told and again while shards are written goes on
   where it stood, to the same hashes;
4. what it costs to learn from it: time of a step and memory, of 25, 100 and 505 symbols, mapped
   from disk and held in memory (``corpus_reading.py``).

Run: ``python benchmarks/corpus.py [--part build|reading] [--symbols 505] [--workers 2]``. With
``--folder`` what ``reading`` builds is kept there and found again. The dated result stands in
``docs/evidence/story_model.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
from corpus_reading import compare
from story_worlds import AS_OF, MEMBERS, SHARED, note, say

STORIES, SHARDS = "03_story_assembly", "corpus"
CLOCK_TICK = os.sysconf("SC_CLK_TCK")


class Watched:
    """One run of the command, looked at several times a second from outside.

    Attributes
    ----------
    wall, cpu, peak : dict of str to float
        Seconds, processor seconds and peak GiB by step, in running order.
    """

    def __init__(self, command: list[str], store: Path) -> None:
        self.journal = store / "journal.jsonl"
        self.seen = len(self.journal.read_text().splitlines()) if self.journal.exists() else 0
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self.peak: dict[str, float] = {}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def run(self, kill: Callable[[str], bool] = lambda step: False) -> str:
        """Look on until the end, or until ``kill`` says so; return what was printed."""
        before, spent = time.perf_counter(), 0.0
        while self.process.poll() is None:
            step, now = self._step(), time.perf_counter()
            memory, used = _memory_and_cpu(self.process.pid)
            self.wall[step] = self.wall.get(step, 0.0) + now - before
            self.cpu[step] = self.cpu.get(step, 0.0) + max(0.0, used - spent)
            self.peak[step] = max(self.peak.get(step, 0.0), memory)
            before, spent = now, max(spent, used)
            if kill(step):
                self.process.kill()
                self.process.wait()
                return f"killed in {step}"
            time.sleep(0.1)
        out, _ = self.process.communicate()
        if self.process.returncode:
            raise SystemExit(f"story corpus ended with {self.process.returncode}: {out.decode()}")
        return out.decode()

    def _step(self) -> str:
        """Return the step under way: by the journal, and behind the last one the corpus."""
        lines = self.journal.read_text().splitlines()[self.seen :] if self.journal.exists() else []
        if not lines:
            return "start"
        last = json.loads(lines[-1])
        told = last["event"] != "StageStarted" and last["step"] == STORIES
        return SHARDS if told else last["step"]


def _memory_and_cpu(pid: int) -> tuple[float, float]:
    """Return GiB held now and processor seconds spent so far by a process and its children."""
    kilobytes, ticks, waiting = 0, 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
            told = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            waiting += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except (OSError, ProcessLookupError):
            continue
        kilobytes += next(int(x.split()[1]) for x in rollup.splitlines() if x.startswith("Pss:"))
        # Own time, and that of children that ended.
        ticks += sum(int(n) for n in told[11:15])
    return kilobytes / 2**20, ticks / CLOCK_TICK


def command(folder: Path, store: Path, symbols: list[str] | None, workers: int) -> list[str]:
    """Return the command that a researcher would type."""
    settings = {
        "data.history_sessions": 1259,
        "stories.story_sessions": 1260,
        "foundation.first_refit": 5000,  # GARCH and trees answer; no market model is trained
    }
    words = [sys.executable, "-m", "stage_10_integration.commands", "corpus", str(folder)]
    words += ["--path", str(SHARED / MEMBERS), "--as-of", AS_OF.isoformat(), "--store", str(store)]
    words += [w for key, value in settings.items() for w in ("--set", f"{key}={value}")]
    words += ["--symbols", ",".join(symbols)] if symbols else []
    return [*words, "--workers", str(workers), "--json"]


def everyone() -> list[str]:
    """Return all members."""
    bars = pd.read_parquet(SHARED / MEMBERS / "bars.parquet", columns=["ticker"])
    return sorted(bars.ticker.unique())


def reading(symbols: int, workers: int, place: Path) -> None:
    """Build corpora of several sizes and print what reading them costs."""
    corpora, members = {}, everyone()
    for count in sorted({25, 100, symbols}):
        note(f"a corpus of {count} symbols")
        corpora[count], store = place / f"corpus-{count}", place / f"store-{count}"
        asked = None if count >= len(members) else members[:count]
        Watched(command(corpora[count], store, asked, workers), store).run()
    compare(corpora)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=("build", "reading"), default="build")
    parser.add_argument("--symbols", type=int, default=505)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="Where corpora to read are kept.")
    asked = parser.parse_args()
    say(f"{date.today()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f} before\n")
    with tempfile.TemporaryDirectory() as root:
        if asked.part == "reading":
            reading(asked.symbols, asked.workers, asked.folder or Path(root))
        else:
            build(asked.symbols, asked.workers, Path(root))


def build(count: int, workers: int, place: Path) -> None:
    """Build one corpus whole and once more killed twice, and print what it took."""
    members = everyone()
    symbols = None if count >= len(members) else members[:count]
    note("an uninterrupted run")
    whole = Watched(command(place / "whole", place / "a", symbols, workers), place / "a")
    made = json.loads(whole.run())["corpus"]
    say("| step | seconds | processor seconds | peak memory, GiB |\n|---|---:|---:|---:|")
    for step, seconds in whole.wall.items():
        say(f"| {step} | {seconds:.1f} | {whole.cpu[step]:.1f} | {whole.peak[step]:.2f} |")
    say(f"| all | {sum(whole.wall.values()):.0f} | {sum(whole.cpu.values()):.0f} "
        f"| {max(whole.peak.values()):.2f} |")  # fmt: skip
    say("\n| split | symbols | windows | per symbol | tokens |\n|---|---:|---:|---:|---:|")
    for split, counts in made["counts"].items():
        say(f"| {split} | {len(counts)} | {sum(counts.values()):,} | {min(counts.values())} to "
            f"{max(counts.values())} | {made['tokens'][split]:,} |")  # fmt: skip
    size = sum(p.stat().st_size for p in (place / "whole").rglob("*") if p.is_file())
    say(f"\n{len(made['shards'])} shards, {size / 2**20:,.0f} MiB, {made['corpus_hash']}")
    note("the same, killed twice")
    torn, store = place / "torn", place / "b"
    again = command(torn, store, symbols, workers)
    first = Watched(again, store)
    say(f"\n{first.run(lambda step: step == STORIES and first.wall.get(step, 0) > 5)}")
    half = len(made["shards"]) // 2
    second = Watched(again, store)
    say(second.run(lambda step: len(list(torn.glob("shard-????"))) >= half))
    kept = len(list(torn.glob("shard-????")))
    last = Watched(again, store)
    resumed = json.loads(last.run())
    states = [step["state"] for step in resumed["steps"]]
    say(f"then {states.count('reused')} of {len(states)} steps and {kept} shards were there; "
        f"{sum(last.wall.values()):.0f} s to the end; same corpus to the byte: "
        f"{resumed['corpus'] == made}")  # fmt: skip


if __name__ == "__main__":
    main()
