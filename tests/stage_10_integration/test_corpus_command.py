"""``story corpus``: a researcher's corpus of several tasks from the command line."""

from __future__ import annotations

import json
from datetime import datetime, time
from pathlib import Path

import pandas as pd

from config.profiles import profile_named
from foundation.contracts import BAR_FIELDS
from stage_01_data_engine.adapters.simulated import SimulatedSource
from stage_04_tokenization.corpus import open_corpus, read_manifest
from tests.stage_10_integration.test_story_command import story

TASKS = ("next day", "weekly summary", "intraday update")
ASKED = ("corpus", "corpus", "--profile", "test", "--shard", "2")


def hour_bars(where: Path) -> Path:
    """Write hour bars of the simulated market: each day moves in a straight line."""
    market = SimulatedSource(profile_named("test").simulation).market()
    close, hours, rows = market.bars["close"], range(10, 16), []
    for t, day in enumerate(market.sessions[1:], 1):
        for n, symbol in enumerate(market.symbols):
            before, after = close[t - 1, n], close[t, n]
            for k, hour in enumerate(hours, 1):
                last = before + k / len(hours) * (after - before)
                bar = (before, max(before, after), min(before, after), last, 1e5)
                rows.append((symbol, datetime.combine(day, time(hour)), *bar))
    path = where / "hours.parquet"
    pd.DataFrame(rows, columns=["symbol", "stamp", *BAR_FIELDS]).to_parquet(path)
    return path


def test_a_corpus_is_written_counted_and_found_again(tmp_path: Path) -> None:
    tasks = (
        "--set", f"tokens.tasks={json.dumps(TASKS)}",
        "--set", f"market.intraday={hour_bars(tmp_path)}", "--set", "market.update_at=12:00:00",
    )  # fmt: skip
    done = story(*ASKED, *tasks, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    manifest = read_manifest(tmp_path / "corpus")
    assert told["corpus"]["corpus_hash"] == manifest.corpus_hash
    assert {step["step"] for step in told["steps"]} >= {"03_weekly_stories", "03_past_updates"}
    assert len(manifest.shards) == 2
    windows = open_corpus(tmp_path / "corpus").windows("train")
    train = windows.rows(range(len(windows.lengths)))
    assert len(train.labels) == sum(manifest.counts["train"].values()) > 100
    assert {label.task for label in train.labels} == set(TASKS)
    assert "train" in done.stderr
    again = json.loads(story(*ASKED, *tasks, "--json", cwd=tmp_path).stdout)
    assert again["corpus"] == told["corpus"]
    assert {step["state"] for step in again["steps"]} == {"reused"}


def test_updates_without_bars_are_refused_before_anything_runs(tmp_path: Path) -> None:
    asked = 'tokens.tasks=["next day", "intraday update"]'
    done = story(*ASKED, "--set", asked, cwd=tmp_path)
    assert done.returncode == 2
    assert "market.intraday" in done.stderr
    assert not (tmp_path / "corpus").exists()
