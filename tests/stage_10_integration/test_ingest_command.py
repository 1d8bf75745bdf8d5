"""``story data ingest`` and ``--source store`` as a shell user meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from foundation.storage.bitemporal import BitemporalStore
from stage_10_integration.commands.application import run_application

SMALL = ("--profile", "test", "--json")
AS_OF = "2012-01-20"


@pytest.fixture
def story(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command on one store; return what it wrote to stdout, parsed."""

    def run(*words: str, code: int = 0) -> Any:
        with pytest.raises(SystemExit) as left:
            run_application([*words, *SMALL, "--store", str(tmp_path / "store")])
        told = capsys.readouterr()
        assert int(left.value.code or 0) == code, told.err
        return json.loads(told.out)

    return run


def step_hash(told: Any) -> str:
    [step] = [s for s in told["steps"] if s["step"] == "01_data_engine"]
    return str(step["content_hash"])


def test_what_was_ingested_is_run_on_and_an_earlier_day_reads_as_it_did(
    story: Any, tmp_path: Path
) -> None:
    first = story("data", "ingest", "--as-of", AS_OF)
    assert first["ingested"]["added"] == first["ingested"]["given"] > 0
    assert first["counts"]["received"] == first["counts"]["kept"] + first["counts"]["quarantined"]
    early = story("run", "--to", "1", "--source", "store", "--as-of", AS_OF)
    assert step_hash(early) == step_hash(first)

    later = story("data", "ingest", "--daily", "--as-of", "2012-01-25")
    assert later["ingested"]["ingests"] == 3
    assert later["ingested"]["added"] > 0
    assert later["ingested"]["corrected"] == 0
    again = story("run", "--to", "1", "--source", "store", "--as-of", AS_OF)
    assert step_hash(again) == step_hash(first)
    newest = story("run", "--to", "1", "--source", "store")
    assert newest["as_of"] == "2012-01-25"

    store = BitemporalStore(tmp_path / "store" / "history")
    features = store.panel("features", "main")
    assert [d.isoformat() for d in features.sessions] == [AS_OF, "2012-01-25"]
    assert first["features"] == {"added": 3, "corrected": 0}
    held = story("data", "status")["dataset"]
    assert (held["source"], held["as_of"]) == ("simulated", "2012-01-25")


def test_what_was_not_ingested_is_refused_with_what_to_do(story: Any) -> None:
    nothing = story("run", "--source", "store", code=2)
    assert "story data ingest" in nothing["error"]["remedy"]
    story("data", "ingest", "--as-of", AS_OF)
    late = story("run", "--source", "store", "--as-of", "2012-01-25", code=2)
    assert AS_OF in late["error"]["value"]
    other = story("data", "ingest", "--source", "bundled", code=2)
    assert "One source feeds" in other["error"]["rule"]
    own = story("data", "ingest", "--source", "store", "--as-of", AS_OF, code=2)
    assert "outside of the store" in own["error"]["rule"]


def test_an_ingest_that_the_machine_has_no_room_for_names_the_limit(story: Any) -> None:
    limits = ("--set", "connection.limits.process_memory_mb=1",
              "--set", "connection.limits.patience=0")  # fmt: skip
    told = story("data", "ingest", "--as-of", AS_OF, *limits, code=4)
    assert told["error"]["rule"].startswith("This process uses 1 MiB at most")
    assert "MiB" in told["error"]["value"]


def test_a_live_session_stands_on_the_session_before_it(story: Any) -> None:
    story("data", "ingest", "--as-of", AS_OF)
    told = story("data", "live", "--source", "store", "--as-of", AS_OF, code=2)
    assert told["error"]["rule"].startswith("The window ends with the session before today")
    assert AS_OF in told["error"]["value"]


def test_two_runs_on_a_stored_dataset_write_the_same_bytes(story: Any) -> None:
    story("data", "ingest", "--as-of", AS_OF)
    told = story("verify", "replay", "--source", "store", "--until", "01_data_engine")
    assert told["held"]
    (compared,) = told["comparisons"]
    assert compared["steps"] == ["01_data_engine"]


def test_a_replay_of_a_store_that_holds_nothing_says_what_to_do(story: Any) -> None:
    told = story("verify", "replay", "--source", "store", code=2)
    assert "story data ingest" in told["error"]["remedy"]
