"""New sessions alone, as panels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from foundation.kernel import OperatorError
from stage_01_data_engine import DataEngineSettings
from stage_01_data_engine.features import FEATURES, features_since
from tests.stage_01_data_engine.market_files import lines, walk, window, write


def test_the_increment_equals_the_last_rows_of_the_window(tmp_path: Path) -> None:
    for seed, name in enumerate(("AAA", "BBB", "CCC")):
        write(tmp_path, f"{name}.csv", lines(walk(seed, 700)))
    write(tmp_path, "VIX.csv", lines(walk(9, 700)[["date", "close"]]))
    made = window(tmp_path, history=700)
    since = made.bars.sessions[-3]
    new = features_since(since, made.bars, made.market, made.instruments, DataEngineSettings())
    assert new.sessions == made.bars.sessions[-2:]
    assert new.fields == made.features.fields
    for i, feature in enumerate(FEATURES):
        np.testing.assert_allclose(
            new.values[..., i],
            made.features.values[-2:, :, i],
            rtol=1e-8 if feature.smoothed else 1e-9,
            atol=1e-9,
            err_msg=feature.name,
        )
    with pytest.raises(OperatorError, match="after the last one"):
        features_since(made.session, made.bars, made.market, made.instruments, DataEngineSettings())
    with pytest.raises(OperatorError, match="share sessions"):
        features_since(
            since, made.bars, made.market.last(5), made.instruments, DataEngineSettings()
        )
