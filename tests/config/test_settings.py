"""Settings come from the first that names them; whatever is wrong says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.profiles import PROFILES, profile_named
from config.settings import Settings, flatten, load
from foundation.kernel import OperatorError


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    path = tmp_path / "story.toml"
    path.write_text("[fuzzification]\nwindow = 70\nminimum_valid = 0.7\n")
    return path


def test_without_anything_the_profile_stands() -> None:
    assert load(Settings(), environ={}) == Settings()


def test_flags_beat_environment_beats_file_beats_profile(toml: Path) -> None:
    environ = {"STORY_FUZZIFICATION__WINDOW": "80"}
    flags = {"fuzzification": {"window": 90}}
    profile = Settings(fuzzification={"segment_sessions": 6, "window": 50})  # type: ignore[arg-type]

    assert load(profile, environ={}).fuzzification.window == 50
    assert load(profile, environ={}, config=toml).fuzzification.window == 70
    assert load(profile, environ=environ, config=toml).fuzzification.window == 80
    all_three = load(profile, environ=environ, config=toml, flags=flags).fuzzification
    assert all_three.window == 90
    # what a higher layer does not name is kept from the lower one
    assert all_three.minimum_valid == 0.7
    assert all_three.segment_sessions == 6


def test_environment_reads_nested_names_lists_and_paths() -> None:
    settings = load(
        Settings(),
        environ={
            "STORY_MARKET__SYMBOLS": '["SPX", "IXIC"]',
            "STORY_MARKET__AS_OF": "2016-06-24",
            "STORY_QUANT__GARCH__HORIZON": "7",
            "STORY_STORE": "/elsewhere",
            "PATH": "/bin",
        },
    )
    assert settings.market.symbols == ("SPX", "IXIC")
    assert str(settings.market.as_of) == "2016-06-24"
    assert settings.quant.garch.horizon == 7
    assert settings.store == Path("/elsewhere")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"STORY_FUZZIFICATION__WINDOW": "ninety"}, "fuzzification.window"),
        ({"STORY_FUZZIFICATION__WINDOW": "3"}, "greater than or equal to 10"),
        ({"STORY_FUZZIFICATION__WIDTH": "3"}, "minimum_valid"),
        ({"STORY_FUZZYNESS": "3"}, "STORY_FUZZIFICATION"),
        ({"STORY_MARKET__SOURCE": "bloomberg"}, "bundled, folder, tables"),
        ({"STORY_MARKET__SYMBOLS": "SPX,IXIC"}, "JSON"),
    ],
)
def test_a_wrong_environment_names_key_value_and_what_is_allowed(
    environ: dict[str, str], said: str
) -> None:
    with pytest.raises(OperatorError) as caught:
        load(Settings(), environ=environ)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_error_names_where_the_value_came_from(toml: Path) -> None:
    toml.write_text("[fuzzification]\nwindow = 1\n")
    with pytest.raises(OperatorError, match=r"from the file .*story\.toml"):
        load(Settings(), config=toml, environ={})
    with pytest.raises(OperatorError, match="from the environment"):
        load(Settings(), environ={"STORY_FUZZIFICATION__WINDOW": "1"})
    with pytest.raises(OperatorError, match="from the command line"):
        load(Settings(), environ={}, flags={"fuzzification": {"window": 1}})


@pytest.mark.parametrize("content", ["[fuzzification\n", "window == 3", b"\xff\xfe"])
def test_a_broken_file_is_an_error(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "story.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(OperatorError, match="valid TOML"):
        load(Settings(), config=path, environ={})


def test_an_absent_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="readable"):
        load(Settings(), config=tmp_path / "no.toml", environ={})


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_profile_is_valid_and_survives_loading(name: str) -> None:
    profile = profile_named(name)
    assert load(profile, environ={}) == profile


def test_an_unknown_profile_is_an_error() -> None:
    with pytest.raises(OperatorError, match="demo"):
        profile_named("production")


def test_settings_can_be_listed() -> None:
    listed = dict(flatten(Settings()))
    assert listed["fuzzification.window"] == Settings().fuzzification.window
    assert listed["quant.garch.horizon"] == Settings().quant.garch.horizon
