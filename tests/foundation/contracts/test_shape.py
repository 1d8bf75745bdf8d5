"""Contracts are frozen, strict, versioned, and their schemas change only on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import foundation.contracts
from foundation.contracts import StageEvent
from foundation.kernel import Contract, Part
from foundation.testing.samples import sample_run
from tests.foundation.contracts.registry import CONTRACTS, MESSAGES, PARTS

GOLDEN = Path("tests") / "golden" / "contracts"

HOW_TO_VERSION = """The shape of {name} is not the one in {path}.
Somebody holds artefacts of the old shape. So:
 1. if the old ones can no longer be read (a field removed, renamed, retyped or made required),
    raise the default of schema_version in the contract;
 2. run: python -m pytest tests/foundation/contracts/test_shape.py --update-golden
 3. read the difference, and commit it with a line in CHANGELOG.md that says what readers do.
"""


def schema(kind: type[Part]) -> str:
    """Return the shape alone: wording of docstrings and derived titles is not part of it."""
    shape = _unworded(kind.model_json_schema())
    return json.dumps(shape, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _unworded(node: Any) -> Any:
    if isinstance(node, list):
        return [_unworded(item) for item in node]
    if not isinstance(node, dict):
        return node
    named = {"properties", "$defs"}  # keys below these are names of fields and models
    return {
        key: {name: _unworded(sub) for name, sub in value.items()}
        if key in named
        else _unworded(value)
        for key, value in node.items()
        if not (key in ("title", "description") and isinstance(value, str))
    }


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda k: k.__name__)
def test_schema_is_the_golden_one(
    kind: type[Part], repository_root: Path, update_golden: bool
) -> None:
    path = repository_root / GOLDEN / f"{kind.__name__}.json"
    if update_golden:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(schema(kind), encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.is_file() else ""
    if kept != schema(kind):
        path = path.relative_to(repository_root)
        pytest.fail(HOW_TO_VERSION.format(name=kind.__name__, path=path), pytrace=False)


def test_no_golden_schema_outlives_its_contract(repository_root: Path) -> None:
    kept = {path.stem for path in (repository_root / GOLDEN).glob("*.json")}
    assert kept == {kind.__name__ for kind in MESSAGES}


@pytest.mark.parametrize("kind", PARTS, ids=lambda k: k.__name__)
def test_models_are_frozen_and_forbid_unknown_keys(kind: type[Part]) -> None:
    assert kind.model_config["frozen"] is True
    assert kind.model_config["extra"] == "forbid"


@pytest.mark.parametrize("kind", [*CONTRACTS, StageEvent], ids=lambda k: k.__name__)
def test_what_is_written_down_carries_its_version(kind: type[Part]) -> None:
    assert kind.model_fields["schema_version"].default >= 1


@pytest.mark.parametrize("made", sample_run().contracts(), ids=lambda c: type(c).__name__)
def test_a_contract_takes_no_change_and_no_unknown_key(made: Contract) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        made.as_of = made.produced_at  # type: ignore[misc]
    with pytest.raises(ValidationError, match="surprise"):
        type(made).model_validate({**dict(made), "surprise": 1})


def test_samples_cover_every_contract() -> None:
    assert {type(c) for c in sample_run().contracts()} == set(CONTRACTS)


def test_every_model_is_exported_by_name() -> None:
    assert {kind.__name__ for kind in PARTS} <= set(foundation.contracts.__all__)


def test_a_naive_moment_is_refused() -> None:
    made = sample_run().portfolio
    with pytest.raises(ValidationError, match="timezone"):
        type(made).model_validate({**dict(made), "as_of": made.as_of.replace(tzinfo=None)})
