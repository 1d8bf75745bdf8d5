"""The gate against defects planted at known places: what it finds, and what it leaves alone."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from foundation.contracts import BAR_FIELDS, Instrument
from foundation.testing.defects import Planted, plant
from foundation.testing.simulated_market import simulated_market
from stage_01_data_engine import DataEngineSettings
from stage_01_data_engine.quality import Gated, gate


@pytest.fixture(scope="module")
def clean() -> pd.DataFrame:
    return simulated_market("martingale", symbols=60, sessions=500, seed=9).bar_rows()


@pytest.fixture(scope="module")
def planted(clean: pd.DataFrame) -> Planted:
    return plant(clean, each=8, seed=4)


def judged(frame: pd.DataFrame, clean: pd.DataFrame) -> Gated:
    """Return the gate's answer over the sessions of the clean market."""
    instruments = tuple(
        Instrument(symbol=s, name=s, kind="equity", fields=BAR_FIELDS)
        for s in sorted(set(frame["symbol"]))
    )
    days = tuple(sorted(set(clean["session"].dt.date)))
    return gate(frame, instruments, days, DataEngineSettings())


CONTRADICTIONS = {
    "outside range": "outside-range",
    "low above high": "low-above-high",
    "price not positive": "price-not-positive",
    "no close": "no-close",
    "not finite": "not-finite",
    "negative volume": "negative-volume",
    "zero volume": "zero-volume-moved",
    "field missing": "field-missing",
    "repeated key": "repeated-key",
    "conflicting key": "conflicting-key",
    "phantom session": "phantom-session",
    "off session": "off-session",
    "shared series": "shared-series",
}
LIKELIHOODS = {
    "stale run": "stale-run",
    "bad print": "bad-print",
    "split": "split-suspected",
    "reused symbol": "reused-symbol",
}


def test_the_gate_finds_what_was_planted(clean: pd.DataFrame, planted: Planted) -> None:
    """Contradictions without exception; likelihoods nearly so (the evidence page has the rates)."""
    made = judged(planted.bars, clean)
    assert made.tally.received == len(planted.bars)

    def found(rule: str) -> set[tuple[str, date]]:
        rows = made.verdicts[made.verdicts["rule"] == rule]
        return set(zip(rows["symbol"], rows["session"].dt.date, strict=True))

    for kind, rule in CONTRADICTIONS.items():
        assert found(rule) == planted.truth[kind], kind
    for kind, rule in LIKELIHOODS.items():
        truth, said = planted.truth[kind], found(rule)
        assert len(truth & said) >= 0.85 * len(truth), kind
        assert len(truth & said) >= 0.85 * len(said), kind


def test_a_copy_of_another_session_never_passes(clean: pd.DataFrame) -> None:
    planted = plant(clean, kinds=("transplanted bar",), each=100, seed=4)
    made = judged(planted.bars, clean)
    truth = planted.truth["transplanted bar"]
    told = made.verdicts[made.verdicts["rule"] == "transplanted-bar"]
    assert len(told) >= 0.7 * len(truth), "most can be told from the bar they copy"
    said = set(zip(told["symbol"], told["session"].dt.date, strict=True))
    assert len(said & truth) >= 0.95 * len(said)
    kept = set(zip(made.bars["symbol"], made.bars["session"].dt.date, strict=True))
    assert len(truth & kept) <= 0.02 * len(truth)
    assert made.tally.quarantined <= 1.4 * len(truth), "both are set aside in few cases"


def test_the_gate_finds_nothing_in_the_clean_market(clean: pd.DataFrame) -> None:
    assert judged(clean, clean).verdicts.empty
