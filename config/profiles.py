"""Profiles: named functions that each return the settings of a whole run.

They say only what differs from the stages' own defaults. Every function takes the class to
build, because the roof adds groups of its own to ``Settings``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.market import MarketSettings
from config.recipes import RECIPES, story_nano_test, story_tiny_cpu
from config.recipes.market_model import (
    market_model_cpu,
    market_model_demo,
    market_model_full,
    twins_cpu,
    twins_demo,
    twins_full,
)
from config.settings import AnySettings, Settings
from foundation.kernel import OperatorError
from foundation.market_model.recipe import MarketModelRecipe
from foundation.quant.settings import QuantileSettings, QuantSettings
from foundation.twins.recipe import TwinRecipe
from foundation.twins.settings import FoundationSettings
from stage_01_data_engine.adapters import SimulationSettings
from stage_01_data_engine.settings import DataEngineSettings
from stage_03_story_assembly.settings import StoryAssemblySettings
from stage_04_tokenization.settings import TokenizationSettings
from stage_05_llm_engine.recipe import Architecture, Checkpoint, Phase
from stage_05_llm_engine.settings import EngineSettings
from stage_06_validation.settings import ValidationSettings


def demo(kind: type[AnySettings]) -> AnySettings:
    """The bundled market at its last common Friday, in under 90 seconds on two cores."""
    return kind(
        foundation=FoundationSettings(
            market_model=market_model_demo(),
            twins=twins_demo(),
            first_refit=1250,
            refit_every=1000,
            twin_refit_every=21,
        )
    )


def research(kind: type[AnySettings]) -> AnySettings:
    """Ten years of data, more stories, a longer scored past and four times the training."""
    training = story_tiny_cpu()
    steps = tuple(p.model_copy(update={"steps": 4 * p.steps}) for p in training.phases)
    return kind(
        data=DataEngineSettings(history_sessions=3000),
        stories=StoryAssemblySettings(story_sessions=2000),
        tokens=TokenizationSettings(history_sessions=250),
        training=training.model_copy(update={"name": "story-tiny-cpu-long", "phases": steps}),
        foundation=FoundationSettings(
            market_model=market_model_demo(), twins=twins_demo(), first_refit=1000
        ),
    )


def cpu(kind: type[AnySettings]) -> AnySettings:
    """Many stocks with opens and volumes; a market model that two cores train in minutes."""
    return _with_models(kind, market_model_cpu(), twins_cpu())


def full(kind: type[AnySettings]) -> AnySettings:
    """As ``cpu``, with market model and twins of full size: for a GPU."""
    return _with_models(kind, market_model_full(), twins_full())


def _with_models(
    kind: type[AnySettings], model: MarketModelRecipe, twins: TwinRecipe
) -> AnySettings:
    return kind(
        quant=QuantSettings(quantiles=QuantileSettings(entry=model.entry)),
        foundation=FoundationSettings(market_model=model, twins=twins),
    )


def test(kind: type[AnySettings]) -> AnySettings:
    """Everything tiny: a simulated market of three symbols and a toy of a story model.

    One thread: tests share their machine, and two threads that wait for one another on a busy
    one are far slower than one.
    """
    start = Architecture(hidden=32, layers=1, heads=1, head_width=32, experts=2, intermediate=32)
    training = story_nano_test().model_copy(
        update={
            "name": "story-toy-test",
            "start": start,
            "phases": (Phase(steps=8, loss="every story"),),
            "batch_windows": 4,
            "evaluations": 1,
            "evaluation_windows": 4,
            "threads": 1,
        }
    )
    return kind(
        market=MarketSettings(source="simulated"),
        simulation=SimulationSettings(symbols=3, sessions=560),
        data=DataEngineSettings(history_sessions=560),
        stories=StoryAssemblySettings(story_sessions=120, full_sessions=5),
        tokens=TokenizationSettings(
            context_sessions=2,
            history_sessions=15,
            validation_sessions=5,
            stride=3,
            vocabulary_size=512,
            max_tokens=1024,
        ),
        training=training,
        engine=EngineSettings(threads=1, max_words=40),
        validation=ValidationSettings(max_attempts=2),
    )


PROFILES: dict[str, Callable[[Any], Any]] = {
    "demo": demo,
    "research": research,
    "cpu": cpu,
    "full": full,
    "test": test,
}


def profile_named(name: str, kind: type[AnySettings] = Settings) -> AnySettings:  # type: ignore[assignment]
    """Return a profile by name.

    Raises
    ------
    OperatorError
        If there is no such profile.
    """
    if name not in PROFILES:
        raise OperatorError(
            "There is no such profile", value=name, remedy=f"choose one of {', '.join(PROFILES)}"
        )
    profile: AnySettings = PROFILES[name](kind)
    return profile


def with_corpus(profile: AnySettings, folder: Path) -> AnySettings:
    """Return a profile whose story model learns from a corpus, with the corpus's own windows.

    Parameters
    ----------
    profile : Settings
        Where it names a base model's tokeniser, that one is kept: stage 04 holds it against the
        corpus's.
    folder : Path

    Raises
    ------
    ArtefactError
        If there is no complete corpus.
    """
    from stage_04_tokenization.corpus.manifest import glance

    tokens = glance(folder).settings
    if profile.tokens.base_tokenizer is not None:
        tokens = tokens.model_copy(update={"base_tokenizer": profile.tokens.base_tokenizer})
    return profile.model_copy(update={"corpus": folder, "tokens": tokens})


def with_recipe(profile: AnySettings, name: str | None, base: Path | None) -> AnySettings:
    """Return a profile whose story model is trained by another recipe.

    Parameters
    ----------
    profile : Settings
    name : str, optional
        A recipe of ``config.recipes``; None keeps the profile's own.
    base : Path, optional
        Folder of the pre-trained model, for recipes that adapt one. Its tokeniser is used too.

    Raises
    ------
    OperatorError
        If there is no such recipe, or a folder is given to one that starts from scratch.
    """
    if name is not None and name not in RECIPES:
        raise OperatorError(
            "There is no such recipe", value=name, remedy=f"choose one of {', '.join(RECIPES)}"
        )
    recipe = profile.training if name is None else RECIPES[name]()
    if not isinstance(recipe.start, Checkpoint):
        if base is not None:
            raise OperatorError(
                "A base model is named only for a recipe that adapts one",
                value=f"--base {base} with {recipe.name}",
                remedy="add --recipe gpt_oss_20b_lora, or leave --base out",
            )
        return profile.model_copy(update={"training": recipe})
    folder = recipe.start.folder if base is None else str(base)
    start = recipe.start.model_copy(update={"folder": folder})
    tokens = profile.tokens.model_copy(update={"base_tokenizer": folder})
    return profile.model_copy(
        update={"training": recipe.model_copy(update={"start": start}), "tokens": tokens}
    )
