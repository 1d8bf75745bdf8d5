"""``story data``: the quality report and the catalogue as a shell user meets them."""

import json
from pathlib import Path

import pytest

from stage_10_integration.commands.application import run_application


def story(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        run_application(words)
    return int(left.value.code or 0)


def test_the_quality_report_is_written_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "deep" / "quality.html"
    code = story(
        "data",
        "quality",
        "--profile",
        "test",
        "--store",
        str(tmp_path / "store"),
        "--output",
        str(path),
        "--json",
    )
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert told["counts"]["received"] == told["counts"]["kept"] + told["counts"]["quarantined"]
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_place_that_cannot_be_written_is_an_error_of_the_world(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    code = story(
        "data",
        "quality",
        "--profile",
        "test",
        "--store",
        str(tmp_path / "store"),
        "--output",
        str(blocked / "quality.html"),
    )
    assert code == 4
    assert "--output" in capsys.readouterr().err


def test_the_catalogue_names_every_feature_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert story("data", "features", "--json") == 0
    names = [f["name"] for f in json.loads(capsys.readouterr().out)]
    assert len(set(names)) == len(names)
    assert {"rsi_14", "volatility_scale_20", "resistance_20"} <= set(names)
