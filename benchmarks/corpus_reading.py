"""What it costs to learn from a corpus on disk: time of a step, and memory by its size.

Each way is a process of its own, which reads the same windows in the same order: mapped from the
corpus, or held in memory as a ``TokenBatch``. ``read`` takes the windows of a step and nothing
else, without torch; ``train`` learns by the demo's recipe for some steps. Told are the memory that
is the process's own (RssAnon, at its peak) and the pages of mapped files that it has touched
(RssFile at the end), which the kernel takes back when it needs them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
from story_worlds import note, say

from config.recipes import story_tiny_cpu
from foundation.contracts import TokenBatch
from foundation.storage.folders import FolderStore
from stage_04_tokenization.corpus import Corpus, open_corpus
from stage_05_llm_engine import Phase, Report, TrainingStage, Watch
from stage_05_llm_engine.learning.material import HeldMaterial, Material
from stage_05_llm_engine.learning.steps import steps

READ, TRAINED = 2000, 60
"""Steps that are read, and that are learnt from."""
Way = Literal["mapped", "held"]


def compare(corpora: dict[int, Path]) -> None:
    """Print a row per corpus and way.

    Parameters
    ----------
    corpora : dict of int to Path
        Folder of a corpus by its number of symbols.
    """
    say(
        "| symbols | train windows | tokens, million | windows are "
        "| reading: ms a step | own MiB | mapped MiB "
        "| training: ms a step | own MiB | mapped MiB |\n"
        "|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|"
    )
    for symbols, folder in corpora.items():
        for way in ("mapped", "held"):
            note(f"{symbols} symbols, {way}")
            read, train = (_alone(folder, way, part) for part in ("read", "train"))
            say(f"| {symbols} | {read['windows']:,} | {read['tokens'] / 1e6:.1f} | {way} | "
                f"{read['milliseconds']:.2f} | {read['own']:,.0f} | {read['mapped']:,.0f} | "
                f"{train['milliseconds']:.0f} | {train['own']:,.0f} | "
                f"{train['mapped']:,.0f} |")  # fmt: skip


def _alone(folder: Path, way: str, part: str) -> dict[str, float]:
    """Measure in a process of its own."""
    asked = [sys.executable, __file__, str(folder), way, part]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(folder: Path, way: Way, part: str) -> dict[str, float]:
    corpus = open_corpus(folder)
    material: Material = corpus if way == "mapped" else HeldMaterial(_held(corpus))
    recipe = story_tiny_cpu()
    lengths = material.windows("train").lengths
    with _own_memory() as peak:
        took = (_read if part == "read" else _train)(recipe, material)
    return {
        "windows": len(lengths),
        "tokens": float(lengths.sum()),
        "milliseconds": 1000 * took,
        "own": peak[0],
        "mapped": _mebibytes("RssFile"),
    }


def _read(recipe: Any, material: Material) -> float:
    """Return processor seconds a step, in the median over tens of steps."""
    recipe = recipe.model_copy(update={"phases": (Phase(steps=READ, loss="every story"),)})
    batches, spent = steps(recipe, material), []
    for _ in range(READ // 10):
        before = time.process_time()
        for _ in islice(batches, 10):
            pass
        spent.append((time.process_time() - before) / 10)
    return float(np.median(spent))


class _Enough(BaseException):
    """Ends a training before its last validation, which is no part of a step."""


def _train(recipe: Any, material: Material) -> float:
    """Return processor seconds a step, behind the first ten."""
    phases = (Phase(steps=2 * TRAINED, loss="every story"),)
    recipe = recipe.model_copy(update={"phases": phases, "evaluations": 1, "threads": 1})
    clock: dict[int, float] = {}

    def tell(now: Report) -> None:
        clock[now.step] = time.process_time()
        if now.step == TRAINED:
            raise _Enough

    with tempfile.TemporaryDirectory() as place, suppress(_Enough):
        TrainingStage(recipe, FolderStore(Path(place)), Watch(tell)).run(material)
    return (clock[TRAINED] - clock[10]) / (TRAINED - 10)


def _held(corpus: Corpus) -> TokenBatch:
    """Return the windows of a corpus in memory, as stage 04 makes them for a run of its own."""
    splits = []
    for split in ("train", "validation"):
        windows = corpus.windows(split)
        splits.append(windows.rows(range(len(windows.lengths))))
    manifest = corpus.manifest
    return TokenBatch(
        as_of=corpus.as_of, produced_at=corpus.produced_at, session=corpus.as_of.date(),
        target_session=corpus.as_of.date(), tokenizer=corpus.tokenizer,
        tokenizer_hash=corpus.tokenizer_hash, tokenizer_json=corpus.tokenizer_json,
        vocabulary_size=corpus.vocabulary_size, codes=corpus.codes, tasks=manifest.settings.tasks,
        splits=tuple(splits),
    )  # fmt: skip


@contextmanager
def _own_memory() -> Iterator[list[float]]:
    """Look at the process's own memory several times a second; its peak stands in the list."""
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], _mebibytes("RssAnon"))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _mebibytes(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


if __name__ == "__main__":
    place, how, which = sys.argv[1:]
    print(json.dumps(_measure(Path(place), "mapped" if how == "mapped" else "held", which)))
