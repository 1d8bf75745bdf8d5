"""Whatever is wrong with a file or a line, a parser ends in rows or in a documented error."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.stage_01_data_engine.files.parser_fuzz import PARSERS


@pytest.fixture(params=PARSERS)
def parser(request: pytest.FixtureRequest) -> str:
    if "workbook" in request.param:
        pytest.importorskip("openpyxl", reason="the optional extra 'excel' is not installed")
    return str(request.param)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_no_input_whatever_breaks_a_parser_or_is_lost(
    parser: str, seed: int, tmp_path: Path
) -> None:
    PARSERS[parser](Random(seed), tmp_path)


def test_the_fuzzing_reaches_both_ends(parser: str, tmp_path: Path) -> None:
    assert {PARSERS[parser](Random(seed), tmp_path) for seed in range(60)} == {True, False}
