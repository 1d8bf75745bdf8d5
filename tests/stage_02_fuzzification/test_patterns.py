"""Patterns are found where they are planted and nowhere else."""

import numpy as np

from stage_02_fuzzification.patterns import SEQUENCES, conditions, sequences


def test_each_sequence_is_recognised_best_by_its_own_name() -> None:
    for name, wanted in SEQUENCES.items():
        codes = [np.array([[float(w)]]) for w in wanted]
        found = {k: v[0, 0] for k, v in sequences(*codes).items()}
        assert found[name] == 1.0
        assert max(found, key=found.get) == name  # type: ignore[arg-type]


def test_a_sequence_matches_as_well_as_its_weakest_movement() -> None:
    early, middle, late = (np.array([[v]]) for v in (-2.0, 0.4, 1.9))
    assert np.isclose(sequences(early, middle, late)["bullish reversal"][0, 0], 0.6)


def _market(close: np.ndarray, **changed: np.ndarray) -> dict[str, np.ndarray]:
    flat = np.zeros(close.shape)
    given = {
        "close": close,
        "scale": np.ones(close.shape),
        "support": np.minimum.accumulate(close),
        "resistance": np.maximum.accumulate(close),
        "high_gap": flat,
        "low_gap": flat,
        "cross": flat,
        "width_low": flat,
    }
    return conditions(**(given | changed))


def test_a_breakout_is_measured_against_yesterdays_ceiling() -> None:
    close = np.array([[10.0], [10.0], [10.25], [12.0], [12.0]])
    found = _market(close)["breakout"][:, 0]
    assert np.isnan(found[0])
    np.testing.assert_allclose(found[1:], [0.0, 0.5, 1.0, 0.0])


def test_a_golden_cross_is_news_for_a_week() -> None:
    cross = np.array([-0.1, -0.05, 0.01, 0.02, 0.03, 0.03, 0.03, 0.03])[:, None]
    found = _market(np.full(cross.shape, 10.0), cross=cross)
    np.testing.assert_allclose(found["golden cross"][:, 0], [0, 0, 1, 0.8, 0.6, 0.4, 0.2, 0])
    assert (found["death cross"] == 0).all()


def test_what_is_unknown_matches_nothing() -> None:
    cross = np.array([[np.nan], [np.nan], [0.1]])
    found = _market(np.full((3, 1), 10.0), cross=cross)["golden cross"][:, 0]
    assert np.isnan(found[:2]).all()
    assert found[2] == 0.0
