"""How long ``story demo`` takes, cold and warm, step by step.

Claim measured: on two cores, ``story demo`` goes from market data to a brief in under 90 s,
training included, and in under 15 s when nothing has changed; and both write the same
artefacts.

Each repetition starts in an empty temporary folder: the first run computes everything (cold),
the second finds every step in the store (warm), in a new process each time, so that imports
count. Wall-clock seconds are those of the whole process; step seconds are the runner's own.
With several repetitions medians are shown, and artefact hashes are compared between all runs.

Run: ``python benchmarks/story_demo.py [--repetitions 3] [--as-of 2018-12-28]``. The table goes to
stdout as Markdown, progress to stderr; the exit code is 1 where a limit or a hash does not hold.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from foundation.kernel import NEW_YORK

COLD_LIMIT, WARM_LIMIT = 90.0, 15.0
STORY = Path(sys.executable).with_name("story")


@dataclass(frozen=True)
class Timed:
    """One run: seconds of the whole process, and what it said about its steps."""

    seconds: float
    steps: dict[str, dict[str, Any]]

    @property
    def hashes(self) -> dict[str, str]:
        return {name: step["content_hash"] for name, step in self.steps.items()}


def main() -> int:
    """Measure, print, and say whether the claim holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--as-of", help="another as-of date than the demo's own")
    parser.add_argument("--profile", help="another profile; the limits are meant for the demo's")
    chosen = parser.parse_args()
    command = ["demo", "--json"]
    command += ["--as-of", chosen.as_of] if chosen.as_of else []
    command += ["--profile", chosen.profile] if chosen.profile else []
    cold: list[Timed] = []
    warm: list[Timed] = []
    for number in range(1, chosen.repetitions + 1):
        with tempfile.TemporaryDirectory(prefix="story-demo-") as folder:
            for name, runs in (("cold", cold), ("warm", warm)):
                runs.append(timed(command, Path(folder)))
                print(f"{name} run {number}: {runs[-1].seconds:.1f} s", file=sys.stderr)
    same = all(run.hashes == cold[0].hashes for run in (*cold, *warm))
    recomputed = sorted({n for run in warm for n, s in run.steps.items() if s["state"] == "run"})
    print(report(command, cold, warm, same=same, recomputed=recomputed))
    fast = seconds(cold) < COLD_LIMIT and seconds(warm) < WARM_LIMIT
    return 0 if fast and same and not recomputed else 1


def timed(command: list[str], folder: Path) -> Timed:
    """Run the command once in ``folder``, which holds its store and its output."""
    began = time.perf_counter()
    done = subprocess.run(
        [STORY, *command], cwd=folder, capture_output=True, text=True, check=False
    )
    elapsed = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"story {' '.join(command)} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return Timed(elapsed, {step["step"]: step for step in json.loads(done.stdout)["steps"]})


def seconds(runs: list[Timed]) -> float:
    """Return the median wall-clock seconds."""
    return statistics.median(run.seconds for run in runs)


def report(
    command: list[str], cold: list[Timed], warm: list[Timed], *, same: bool, recomputed: list[str]
) -> str:
    """Return the table as Markdown."""
    lines = [
        f"`story {' '.join(command)}`, {datetime.now(tz=NEW_YORK):%Y-%m-%d}, {machine()}; "
        + (f"medians of {len(cold)} runs." if len(cold) > 1 else "one run each."),
        "",
        "| step | cold, s | warm, s |",
        "|---|---:|---:|",
    ]
    for name in cold[0].steps:
        lines.append(f"| {name} | {of_step(cold, name)} | {of_step(warm, name)} |")
    lines += [
        f"| start, store, rendering | {beside_steps(cold):.1f} | {beside_steps(warm):.1f} |",
        f"| **whole command** | **{seconds(cold):.1f}** | **{seconds(warm):.1f}** |",
        "",
        f"Limits: {COLD_LIMIT:.0f} s cold, {WARM_LIMIT:.0f} s warm. "
        + ("All runs wrote the same artefacts. " if same else "**Artefacts differ.** ")
        + (f"**Run again when warm: {', '.join(recomputed)}.**" if recomputed else ""),
    ]
    return "\n".join(lines)


def beside_steps(runs: list[Timed]) -> float:
    """Return the median seconds that the process spent outside its steps."""
    return statistics.median(
        run.seconds - sum(step["seconds"] or 0.0 for step in run.steps.values()) for run in runs
    )


def of_step(runs: list[Timed], name: str) -> str:
    """Return a step's median seconds, or that it was reused."""
    taken = [run.steps[name]["seconds"] for run in runs]
    ran = [value for value in taken if value is not None]
    return f"{statistics.median(ran):.1f}" if ran else "reused"


def machine() -> str:
    """Return processor, cores, memory, load and the versions that matter, in one line."""
    model = platform.processor() or platform.machine()
    details = Path("/proc/cpuinfo")
    if details.exists():
        named = [x for x in details.read_text().splitlines() if x.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{len(os.sched_getaffinity(0))} cores of {model}, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, torch {version('torch')}, "
        f"load average {os.getloadavg()[0]:.1f} at the end"
    )


if __name__ == "__main__":
    sys.exit(main())
