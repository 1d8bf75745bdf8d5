"""The settings of a whole run, and the one place where they are read from files and environment.

A value is taken from the first that names it: command line flag, environment variable,
TOML file (``--config``), profile. Keys are no settings: ``config.environment`` reads them, and they
never stand in a file. A profile starts from the defaults of each stage's own
settings model, which live there and nowhere else. Unknown names and impossible values are
errors, never ignored.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

from config.market import ConnectionSettings, MarketSettings
from config.recipes import story_tiny_cpu
from foundation.kernel import OperatorError, Part
from foundation.quant.characteristics import CharacteristicSettings
from foundation.quant.settings import QuantSettings
from foundation.storage.settings import StorageSettings
from foundation.twins.settings import FoundationSettings
from stage_01_data_engine.adapters import SimulationSettings, SourceSettings
from stage_01_data_engine.settings import DataEngineSettings
from stage_02_fuzzification.settings import FuzzificationSettings
from stage_03_story_assembly.settings import StoryAssemblySettings
from stage_04_tokenization.settings import TokenizationSettings
from stage_05_llm_engine.recipe import TrainingRecipe
from stage_05_llm_engine.settings import EngineSettings
from stage_06_validation.settings import ValidationSettings
from stage_07_signal_extraction.settings import SignalSettings
from stage_08_decision_support.settings import DecisionSupportSettings
from stage_09_feedback.settings import FeedbackSettings

PREFIX = "STORY_"
DELIMITER = "__"
NOT_SETTINGS = frozenset({"STORY_CONFIG", "STORY_SHARED_DATA"})
"""Variables with our prefix that name things other than settings."""


class Settings(Part):
    """Everything that can be set, one group per stage.

    Attributes
    ----------
    store : Path
        Folder of artefacts and journal; relative to the current directory.
    output : Path
        Folder below which briefs are written, one folder per as-of date.
    corpus : Path or None
        Folder of a corpus (``story corpus``) from which the story model learns, instead of from
        the stories of the run itself. Windows to forecast from are then written in its tokeniser,
        and ``tokens`` must give them its form.
    """

    store: Path = Path(".story")
    output: Path = Path("story-output")
    corpus: Path | None = None
    market: MarketSettings = MarketSettings()
    simulation: SimulationSettings = SimulationSettings()
    sources: SourceSettings = SourceSettings()
    connection: ConnectionSettings = ConnectionSettings()
    storage: StorageSettings = StorageSettings()
    data: DataEngineSettings = DataEngineSettings()
    fuzzification: FuzzificationSettings = FuzzificationSettings()
    quant: QuantSettings = QuantSettings()
    foundation: FoundationSettings = FoundationSettings()
    characteristics: CharacteristicSettings = CharacteristicSettings()
    stories: StoryAssemblySettings = StoryAssemblySettings()
    tokens: TokenizationSettings = TokenizationSettings()
    training: TrainingRecipe = Field(default_factory=story_tiny_cpu)
    engine: EngineSettings = EngineSettings()
    validation: ValidationSettings = ValidationSettings()
    signals: SignalSettings = SignalSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    brief: DecisionSupportSettings = DecisionSupportSettings()
    attempts: int = Field(default=3, ge=1, description="Tries of a step when the world fails.")


AnySettings = TypeVar("AnySettings", bound=Settings)


def load(
    profile: AnySettings,
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> AnySettings:
    """Return the profile with file, environment and flags laid over it, in rising precedence.

    Parameters
    ----------
    profile : Settings
        See ``config.profiles``. Its class says which groups there are.
    config : Path, optional
        TOML file with tables named as the groups of ``Settings``.
    environ : mapping, optional
        Environment variables; the process's own when None. ``STORY_FUZZIFICATION__WINDOW=90``
        sets ``fuzzification.window``; lists and tables are written as JSON.
    flags : mapping, optional
        Nested values given on the command line.

    Raises
    ------
    OperatorError
        If a name is unknown or a value impossible: names key, origin, value and what is allowed.
    """
    kind = type(profile)
    layers = {
        "the command line": dict(flags or {}),
        "the environment": _from_environment(kind, os.environ if environ is None else environ),
        f"the file {config}": _from_file(config),
    }
    merged: dict[str, Any] = profile.model_dump()
    for layer in reversed(layers.values()):
        merged = _over(merged, layer)
    try:
        return kind.model_validate(merged)
    except ValidationError as error:
        raise _explain(kind, error, layers) from error


def _from_file(config: Path | None) -> dict[str, Any]:
    if config is None:
        return {}
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise OperatorError(
            f"The settings file must be readable ({error.strerror})",
            value=str(config),
            remedy="name an existing TOML file with --config",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OperatorError(
            f"The settings file must be valid TOML ({error})",
            value=str(config),
            remedy="write e.g. [fuzzification] and window = 60 on lines of their own",
        ) from error


def _from_environment(kind: type[Settings], environ: Mapping[str, str]) -> dict[str, Any]:
    known = {name.upper() for name in kind.model_fields}
    for variable in sorted(environ):
        if not variable.upper().startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        group = variable.upper().removeprefix(PREFIX).split(DELIMITER)[0]
        if group not in known:
            raise OperatorError(
                f"Environment variables that begin with {PREFIX} name a setting",
                value=variable,
                remedy="unset it, or use one of "
                + ", ".join(PREFIX + name for name in sorted(known)),
            )
    fields: Any = {name: (f.annotation, ...) for name, f in kind.model_fields.items()}
    shape = create_model("Environment", __base__=BaseSettings, **fields)
    source = EnvSettingsSource(
        shape, env_prefix=PREFIX, env_nested_delimiter=DELIMITER, case_sensitive=False
    )
    source.env_vars = {k.lower(): v for k, v in environ.items()}
    try:
        return source()
    except SettingsError as error:
        raise OperatorError(
            f"Lists and tables in environment variables are JSON ({error})",
            remedy=f'write e.g. {PREFIX}MARKET__SYMBOLS=\'["SPX", "IXIC"]\'',
        ) from error


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = _over(merged[name], value) if both else value
    return merged


def _explain(
    kind: type[Settings], error: ValidationError, layers: Mapping[str, Mapping[str, Any]]
) -> OperatorError:
    problems = error.errors(include_url=False)
    first = problems[0]
    key = ".".join(str(part) for part in first["loc"])
    origin = next((name for name, layer in layers.items() if _names(layer, first["loc"])), None)
    rule = f"The setting {key}" + (f" from {origin}" if origin else "") + f": {first['msg']}"
    if first["type"] == "extra_forbidden":
        rule = f"There is no setting {key}" + (f" (from {origin})" if origin else "")
    more = f" ({len(problems) - 1} more settings are wrong as well)" if len(problems) > 1 else ""
    return OperatorError(rule, value=first["input"], remedy=_remedy(kind, first) + more)


def _names(layer: Mapping[str, Any], where: tuple[int | str, ...]) -> bool:
    here: Any = layer
    for part in where:
        if not isinstance(here, Mapping) or part not in here:
            return not isinstance(here, Mapping)
        here = here[part]
    return True


def _remedy(kind: type[Settings], problem: Any) -> str:
    where = problem["loc"]
    if problem["type"] == "extra_forbidden":
        model: type[BaseModel] | None = kind
        for part in where[:-1]:
            found = model.model_fields.get(str(part)) if model else None
            inner = found.annotation if found else None
            model = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None
        if model is not None:
            return "choose one of " + ", ".join(sorted(model.model_fields))
    if problem["type"] in ("tuple_type", "list_type"):
        return 'write a list, e.g. ["SPX", "IXIC"] (in an environment variable as JSON)'
    return "give a value that the rule allows, or leave it out for the default"


def flatten(settings: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every setting as ``(dotted name, value)``, for people who ask what is in force."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
