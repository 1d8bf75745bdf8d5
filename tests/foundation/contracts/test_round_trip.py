"""JSON loses nothing, and the content hash says exactly whether two contracts are the same."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.contracts import content_hash
from foundation.kernel import Contract, Part
from foundation.testing.samples import sample_run
from foundation.testing.strategies import instances, panels
from foundation.timeseries import Panel
from tests.foundation.contracts.registry import CONTRACTS, MESSAGES

RUN = sample_run(160)


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda k: k.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_json_brings_back_the_same_model(kind: type[Part], data: st.DataObject) -> None:
    made = data.draw(instances(kind))
    document = made.model_dump_json()
    again = kind.model_validate_json(document)
    assert again.model_dump_json() == document
    if isinstance(made, Contract) and isinstance(again, Contract):
        assert content_hash(again) == content_hash(made)


@given(panel=panels())
def test_panels_keep_every_bit_and_every_nan(panel: Panel) -> None:
    again = Panel.model_validate_json(panel.model_dump_json())
    assert again == panel
    assert again.values.tobytes() == panel.values.tobytes()
    assert not again.values.flags.writeable


@pytest.mark.parametrize("kind", CONTRACTS, ids=lambda k: k.__name__)
@settings(max_examples=10)
@given(data=st.data())
def test_hashes_agree_exactly_when_documents_do(kind: type[Contract], data: st.DataObject) -> None:
    one, other = (_without_payload_noise(data.draw(instances(kind))) for _ in range(2))
    same = one.model_dump_json() == other.model_dump_json()
    assert (content_hash(one) == content_hash(other)) == same


def _without_payload_noise(made: Contract) -> Contract:
    """Make every NaN the same NaN and every zero positive, as the hash does."""
    changed = {
        name: value.model_copy(update={"values": np.where(np.isnan(value.values), np.nan,
                                                          value.values + 0.0)})
        for name, value in made
        if isinstance(value, Panel)
    }  # fmt: skip
    return made.model_copy(update=changed)


def _nudged(value: Any) -> Any:
    """Return the smallest change of a field's value, or None where there is nothing to change."""
    if isinstance(value, Panel):
        cells = value.values.copy()
        at = np.argwhere(np.isfinite(cells))[-1]
        cells[tuple(at)] = np.nextafter(cells[tuple(at)], np.inf)
        return value.model_copy(update={"values": cells})
    if isinstance(value, tuple) and value:
        return value[:-1]
    if isinstance(value, str):
        return value + " "
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, date):  # moments too
        return value + timedelta(days=1)
    return None


@pytest.mark.parametrize("made", RUN.contracts(), ids=lambda c: type(c).__name__)
def test_the_hash_feels_the_smallest_change_of_any_field(made: Contract) -> None:
    before = content_hash(made)
    felt = 0
    for name, value in made:
        nudged = _nudged(value)
        if nudged is not None:
            assert content_hash(made.model_copy(update={name: nudged})) != before, name
            felt += 1
    assert felt >= 4


def test_the_hash_feels_one_token() -> None:
    train = RUN.tokens.split("train")
    ids = train.ids.copy()
    ids[0, 0] += 1
    changed = train.model_copy(update={"ids": ids})
    tokens = RUN.tokens.model_copy(update={"splits": (changed, *RUN.tokens.splits[1:])})
    assert content_hash(tokens) != content_hash(RUN.tokens)


def test_the_hash_is_sha256_over_the_name_and_the_canonical_document() -> None:
    plan = RUN.portfolio
    digest = hashlib.sha256()
    for chunk in (b"PortfolioPlan", plan.model_dump_json().encode()):
        digest.update(len(chunk).to_bytes(8, "little") + chunk)
    assert content_hash(plan) == digest.hexdigest()


def test_another_process_computes_the_same_hash(repository_root: Path) -> None:
    script = (
        "from foundation.contracts import content_hash;"
        "from foundation.testing.samples import sample_run;"
        "print(*map(content_hash, sample_run(160).contracts()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=repository_root,
        env={**os.environ, "PYTHONHASHSEED": "12345"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [content_hash(c) for c in RUN.contracts()]
