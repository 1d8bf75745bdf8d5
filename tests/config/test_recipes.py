"""Recipes are chosen by name, and a wrong name or folder says what is right."""

from pathlib import Path

import pytest

from config.profiles import demo, with_recipe
from config.settings import Settings
from foundation.kernel import OperatorError


def test_a_recipe_that_adapts_a_model_brings_its_tokeniser() -> None:
    settings = with_recipe(demo(Settings), "gpt_oss_20b_lora", Path("weights"))
    assert settings.training.start.folder == "weights"  # type: ignore[union-attr]
    assert settings.tokens.base_tokenizer == "weights"
    assert settings.training.adapter is not None
    assert (settings.training.adapter.rank, settings.training.adapter.alpha) == (16, 32)


def test_the_profile_keeps_its_recipe_where_none_is_named() -> None:
    assert with_recipe(demo(Settings), None, None) == demo(Settings)


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(OperatorError, match="story_tiny_cpu"):
        with_recipe(demo(Settings), "gpt_oss_200b", None)


def test_a_base_without_a_recipe_that_adapts_it_is_refused() -> None:
    with pytest.raises(OperatorError, match="only for a recipe that adapts"):
        with_recipe(demo(Settings), "story_tiny_cpu", Path("weights"))
