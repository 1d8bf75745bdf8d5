"""The table of the design's features names fields that there are."""

from __future__ import annotations

import re
from pathlib import Path

from foundation.contracts import CHARACTERISTICS
from stage_01_data_engine.features import FEATURE_FIELDS
from stage_01_data_engine.series import KNOWN_SERIES
from stage_02_fuzzification.events import SYMBOL_EVENT_FIELDS

HEADING = "## Features that the design names, and where they are"


def test_every_field_of_the_table_is_a_field_of_the_house(repository_root: Path) -> None:
    text = (repository_root / "docs" / "data.md").read_text(encoding="utf-8")
    table = [line for line in text.split(HEADING)[1].splitlines() if line.startswith("| ")][1:]
    assert len(table) > 30
    known = {*FEATURE_FIELDS, *CHARACTERISTICS, *KNOWN_SERIES, *SYMBOL_EVENT_FIELDS}
    for line in table:
        fields = re.split(r"(?<!\\)\|", line)[2]
        named = [name.replace("\\|", "|") for name in re.findall(r"`([^`]+)`", fields)]
        assert set(named) <= known, line
