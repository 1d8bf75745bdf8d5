"""Folders of bars made up for a test: a random walk on real exchange sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from foundation.contracts import MarketWindow, QualityFinding
from foundation.market import sessions_until
from stage_01_data_engine import (
    DataEngineSettings,
    DataEngineStage,
    FolderSource,
    MarketRequest,
    RawMarket,
)

AS_OF = date(2018, 12, 28)


def walk(seed: int = 0, count: int = 40, last: date = AS_OF) -> pd.DataFrame:
    """Return daily bars, dates as ISO text, rounded as a vendor would."""
    draw = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(draw.normal(0, 0.02, count)))
    opens = close * np.exp(draw.normal(0, 0.005, count))
    frame = pd.DataFrame(
        {
            "date": [d.isoformat() for d in sessions_until(last, count)],
            "open": opens,
            "high": np.maximum(opens, close) * 1.01,
            "low": np.minimum(opens, close) * 0.99,
            "close": close,
        }
    ).round(4)
    return frame.assign(volume=draw.integers(1_000, 9_000, count))


def lines(frame: pd.DataFrame) -> list[str]:
    """Return the frame as CSV lines, header first."""
    text: str = frame.to_csv(index=False)
    return text.splitlines()


def write(folder: Path, name: str, rows: Sequence[str]) -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def load(
    folder: Path,
    *,
    as_of: date = AS_OF,
    symbols: tuple[str, ...] | None = None,
    history: int = 60,
    listed_rows: int = 25,
) -> RawMarket:
    settings = DataEngineSettings(listed_rows=listed_rows)
    return FolderSource(folder, settings).load(MarketRequest(as_of, symbols, history))


def window(folder: Path, **asked: object) -> MarketWindow:
    return DataEngineStage(DataEngineSettings()).run(load(folder, **asked))  # type: ignore[arg-type]


def only(findings: Sequence[QualityFinding], text: str) -> QualityFinding:
    """Return the one finding whose rule contains the text."""
    found = [f for f in findings if text in f.rule]
    assert len(found) == 1, [f.rule for f in findings]
    return found[0]
