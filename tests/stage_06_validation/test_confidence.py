"""The parts of confidence against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from foundation.contracts import TAPE, CheckedContinuation, QualityFinding
from foundation.testing import samples
from stage_06_validation import confidence as c
from stage_06_validation.scoring import check
from stage_06_validation.settings import ValidationSettings
from tests.stage_06_validation.material import draft, facts, sound, tape

SETTINGS = ValidationSettings()


def checked(accepted: bool = True, **changed: object) -> CheckedContinuation:
    one = check(draft(*sound(), **changed), facts(), SETTINGS)  # type: ignore[arg-type]
    return one.model_copy(update={"accepted": accepted})


@pytest.mark.parametrize(
    ("price", "certainty"),
    [
        ([0.2] * 5, 0.0),
        ([0, 0, 1, 0, 0], 1.0),
        ([0, 0.5, 0.5, 0, 0], 1 - math.log(2) / math.log(5)),
    ],
)
def test_certainty_is_one_less_the_normalised_entropy(price: list[float], certainty: float) -> None:
    assert c.model_certainty(np.array(price, dtype=float)) == pytest.approx(certainty)


def test_without_a_distribution_there_is_no_certainty() -> None:
    assert c.model_certainty(None) == 0.0


@given(hnp.arrays(np.float64, 5, elements=st.floats(1e-6, 1)))
def test_certainty_lies_between_zero_and_one(weights: np.ndarray) -> None:
    assert -1e-9 <= c.model_certainty(weights / weights.sum()) <= 1.0


def test_precedent_is_the_geometric_mean_of_past_frequencies() -> None:
    # All series stand at medium: 600 of 1,000 sessions stayed, 200 went up (price "rises").
    # The symbol is alone, so pooled = own; half an observation is added to each pooled cell.
    stay = (600 + 20 * 600.5 / 1002.5) / 1020
    rise = (200 + 20 * 200.5 / 1002.5) / 1020
    expected = (stay ** (len(TAPE) - 1) * rise) ** (1 / len(TAPE))
    assert c.precedent(checked(), facts(), SETTINGS) == pytest.approx(expected)


def test_a_common_transition_has_more_precedent_than_a_rare_one() -> None:
    common = c.precedent(checked(given=tape(price="holds steady")), facts(), SETTINGS)
    rare = c.precedent(checked(given=tape(price="drops sharply")), facts(), SETTINGS)
    assert common > rare


def test_consensus_counts_steps_between_drafts_and_to_the_distribution() -> None:
    base = checked(given={"price": "rises"})
    other = checked(given={"price": "drops"}, scenario="alternative 1")
    # Only price differs, by two of four steps, over six series.
    among = 1 - 0.5 / 6
    # Expected distance under (0.05, 0.2, 0.5, 0.2, 0.05) is 0.6 from "medium" and, from "rises",
    # 0.05 x 3 + 0.2 x 2 + 0.5 x 1 + 0.05 x 1 = 1.1.
    against = (5 * (1 - 0.6 / 4) + (1 - 1.1 / 4)) / 6
    assert c.consensus(base, (base, other), facts()) == pytest.approx((among + against) / 2)


def test_the_risk_draft_does_not_disturb_consensus() -> None:
    base = checked()
    risk = checked(given=tape(price="drops sharply"), scenario="risk")
    assert c.consensus(base, (base, risk), facts()) == c.consensus(base, (base,), facts())


def test_a_refused_draft_halves_confidence() -> None:
    sure = c.assess(checked(), (checked(),), facts(), 1.0, 0.5, SETTINGS)
    unsure = c.assess(checked(accepted=False), (checked(),), facts(), 1.0, 0.5, SETTINGS)
    assert unsure.overall == pytest.approx(sure.overall / 2)


def test_overall_is_the_mean_of_its_parts_by_default() -> None:
    found = c.assess(checked(), (checked(),), facts(), 0.8, 0.3, SETTINGS)
    parts = (
        found.model_certainty,
        found.precedent,
        found.data_quality,
        found.consensus,
        found.story_basis,
    )
    assert found.data_quality == 0.8
    assert found.story_basis == 0.3
    assert found.overall == pytest.approx(sum(parts) / 5)


def test_the_basis_of_a_story_is_what_the_rules_conclude_of_todays_states() -> None:
    fuzzy = samples.fuzzy_window()
    values = fuzzy.inference.values.copy()
    k = fuzzy.inference.fields.index("story confidence")
    values[-1, :3, k] = (90.0, 25.0, np.nan)
    values[-2, :, k] = 100.0
    told = fuzzy.model_copy(
        update={"inference": fuzzy.inference.model_copy(update={"values": values})}
    )
    basis = c.story_basis(told)
    assert list(basis) == list(fuzzy.inference.symbols)
    assert list(basis.values())[:3] == [0.9, 0.25, 0.0]


def test_a_blurred_day_is_believed_less_than_a_clear_one_and_a_setting_says_how_much_less() -> None:
    def overall(basis: float, settings: ValidationSettings = SETTINGS) -> float:
        return c.assess(checked(), (checked(),), facts(), 1.0, basis, settings).overall

    assert overall(0.9) - overall(0.1) == pytest.approx(0.8 / 5)
    without = SETTINGS.model_copy(update={"basis_weight": 0.0})
    assert overall(0.9, without) == overall(0.1, without)


def test_what_a_source_never_reports_is_no_fault_of_the_data() -> None:
    market = samples.market_window().model_copy(update={"findings": ()})
    quality = c.data_quality(market, SETTINGS)
    kept = market.counts.kept / market.counts.received
    assert quality == {i.symbol: pytest.approx(kept) for i in market.instruments}


def test_gaps_and_faults_lower_data_quality() -> None:
    market = samples.market_window()
    values = market.bars.values.copy()
    values[-30:, 0] = np.nan
    fault = QualityFinding(
        rule="r", severity="error", action="repaired", symbol="IXIC", session=market.session, rows=6
    )
    holed = market.model_copy(
        update={
            "bars": market.bars.model_copy(update={"values": values}),
            "findings": (fault,),
            "counts": market.counts.model_copy(update={"received": 10, "kept": 10}),
        }
    )
    quality = c.data_quality(holed, SETTINGS)
    assert quality["SPX"] == pytest.approx(0.5)  # half of 60 sessions
    assert quality["IXIC"] == pytest.approx(0.9)  # six faulty rows in 60 sessions
    assert quality["AAPL"] == 1.0
