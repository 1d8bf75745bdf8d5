"""A writer that is killed leaves the version before, whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.storage.bitemporal import BitemporalStore

ROWS = 40_000
WRITER = """
import sys
from pathlib import Path
from tests.foundation.storage.bitemporal.test_interruption import day
from foundation.storage.bitemporal import BitemporalStore
store = BitemporalStore(Path(sys.argv[1]))
for n in range(int(sys.argv[2]), 10_000):
    store.append("bars", "main", day(n))
    print(n, flush=True)
"""


def day(n: int) -> pd.DataFrame:
    """Return one session of many entities, whose values all say which session it is."""
    moment = pd.Timestamp(2000, 1, 1) + pd.Timedelta(days=n)
    return pd.DataFrame(
        {
            "entity": [f"E{i:05}" for i in range(ROWS)],
            "event_time": moment,
            "known_at": moment + pd.Timedelta(hours=21),
            "close": float(n),
        }
    )


def test_a_killed_writer_leaves_whole_sessions_and_the_next_one_goes_on(tmp_path: Path) -> None:
    store = BitemporalStore(tmp_path)
    store.append("bars", "main", day(0))
    pause = np.random.default_rng(0)
    last = 1
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(last)],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[4],
        ) as writer:  # fmt: skip
            assert writer.stdout is not None
            seen = [int(writer.stdout.readline()) for _ in range(2)]
            time.sleep(float(pause.uniform(0, 0.05)))
            os.kill(writer.pid, signal.SIGKILL)
            seen += map(int, writer.stdout.read().split())
        frame = store.read("bars", "main")
        by_day = frame.groupby("event_time")["close"].agg(["size", "min", "max"])
        assert (by_day["size"] == ROWS).all(), "no session is torn"
        assert (
            by_day["min"].tolist() == by_day["max"].tolist() == list(map(float, range(len(by_day))))
        )
        assert len(by_day) - 1 in (seen[-1], seen[-1] + 1), (
            "what was told is there, at most one more"
        )
        last = len(by_day)
    assert store.append("bars", "main", day(last)).added == ROWS
