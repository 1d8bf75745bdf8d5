"""``story corpus``: a researcher's corpus from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from stage_04_tokenization.corpus import read_manifest, windows_of
from tests.stage_10_integration.test_story_command import story

ASKED = ("corpus", "corpus", "--profile", "test", "--shard", "2")


def test_a_corpus_is_written_counted_and_found_again(tmp_path: Path) -> None:
    tasks = ("--set", 'tokens.tasks=["next day", "weekly summary"]')
    done = story(*ASKED, *tasks, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    manifest = read_manifest(tmp_path / "corpus")
    assert told["corpus"]["corpus_hash"] == manifest.corpus_hash
    assert [step["step"] for step in told["steps"]][-1] == "03_weekly_stories"
    assert len(manifest.shards) == 2
    train = windows_of(tmp_path / "corpus", "train")
    assert len(train.labels) == sum(manifest.counts["train"].values()) > 100
    assert {label.task for label in train.labels} == {"next day", "weekly summary"}
    assert "train" in done.stderr
    again = json.loads(story(*ASKED, *tasks, "--json", cwd=tmp_path).stdout)
    assert again["corpus"] == told["corpus"]
    assert {step["state"] for step in again["steps"]} == {"reused"}
