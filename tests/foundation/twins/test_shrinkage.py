"""A twin is believed as far as its past forecasts bear it out, and stored as believed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from foundation.twins import TwinSizes
from foundation.twins.bank import TwinInputs, answer
from foundation.twins.layout import Layout
from foundation.twins.objective import TwinTargets
from foundation.twins.shrinkage import BEGIN, FACTORS, earned, shrunk
from tests.foundation.twins.banks import SIZES, WITH_OPTIONS, stocks


def bank(sizes: TwinSizes, twins: int) -> torch.Tensor:
    draw = torch.Generator().manual_seed(4)
    rows = Layout(sizes).untrained(twins, draw)
    return rows + 0.3 * torch.randn(rows.shape, generator=draw)


@pytest.mark.parametrize("sizes", [SIZES, WITH_OPTIONS], ids=["plain", "with options"])
def test_a_shrunk_twin_makes_the_same_corrections_times_its_factors(sizes: TwinSizes) -> None:
    given, _ = stocks([0.0] * 3, options=sizes.options)
    layout, rows = Layout(sizes), bank(sizes, 3)
    factors = torch.tensor([[0.5, 0.25, 0.0, 1.0], [0.0] * 4, [1.0] * 4])
    whole, said = answer(layout, rows, given), answer(layout, shrunk(layout, rows, factors), given)
    torch.testing.assert_close(
        said.returns - given.returns, factors[:, :1] * (whole.returns - given.returns)
    )
    torch.testing.assert_close(said.hit - given.hit, factors[:, 1:2] * (whole.hit - given.hit))
    torch.testing.assert_close(said.volatility[0], torch.ones_like(said.volatility[0]))
    torch.testing.assert_close(said.quantiles[0], whole.quantiles[0])
    assert torch.equal(said.returns[1], given.returns[1])
    assert torch.equal(said.hit[1], given.hit[1])
    torch.testing.assert_close(said.quantiles[1], given.quantiles[1], rtol=1e-5, atol=1e-6)
    assert torch.equal(shrunk(layout, rows, factors)[2], rows[2])
    assert torch.equal(said.regimes, whole.regimes)


def record(
    effect: float, error: float, *, sessions: int = 200, seed: int = 0
) -> tuple[TwinInputs, torch.Tensor, TwinTargets]:
    """Return a twin whose corrections of the return are the effect and an error of its own."""
    draw = np.random.default_rng(seed)
    known = effect * draw.normal(size=(1, sessions))
    outcome = known + draw.normal(size=(1, sessions))
    added = torch.zeros(1, sessions, 6)
    added[..., 0] = torch.from_numpy(known + error * draw.normal(size=(1, sessions)))
    given = TwinInputs(
        embedding=torch.zeros(1, sessions, 8),
        inputs=torch.zeros(1, sessions, 3),
        returns=torch.zeros(1, sessions),
        hit=torch.zeros(1, sessions),
        quantiles=torch.tensor([-1.3, 0.0, 1.3]).expand(1, sessions, 3),
    )
    truth = torch.from_numpy(outcome.astype(np.float32))
    return given, added, TwinTargets(truth, (truth > 1).float(), truth.abs(), truth.long())


def test_corrections_that_held_are_believed_and_noise_is_silenced() -> None:
    assert earned(*record(1.0, 0.0), horizon=1)[0, 0] > 0.9
    assert earned(*record(0.0, 1.0), horizon=1)[0, 0] < 0.05
    # The best factor of a correction that is half error is one half.
    assert earned(*record(1.0, 1.0, sessions=2000), horizon=1)[0, 0] == pytest.approx(0.5, abs=0.1)


def test_a_factor_is_weighted_by_the_exponential_of_its_losses() -> None:
    given, added, targets = record(0.4, 0.3, sessions=60)
    correction, outcome = added[0, :, 0].double().numpy(), targets.returns[0].double().numpy()
    losses = np.array([((outcome - f * correction) ** 2).sum() for f in FACTORS])
    deviation = np.sqrt((outcome**2).mean())
    chances = np.array(BEGIN) * np.exp(-losses / (2 * deviation**2) / 5)
    expected = (chances * np.array(FACTORS)).sum() / chances.sum()
    assert earned(given, added, targets, horizon=5)[0, 0] == pytest.approx(expected, rel=1e-4)


def test_a_head_that_corrected_nothing_and_outcomes_not_known_earn_nothing() -> None:
    given, added, targets = record(1.0, 0.0)
    found = earned(given, added, targets, horizon=1)
    assert found[0, 0] > 0
    assert torch.equal(found[0, 1:], torch.zeros(3))
    unknown = TwinTargets(*(torch.full_like(t.float(), torch.nan) for t in vars(targets).values()))
    assert torch.equal(earned(given, added, unknown, horizon=1), torch.zeros(1, 4))


def test_one_stocks_record_says_nothing_of_anothers_beyond_the_common_scale() -> None:
    right, wrong = record(1.0, 0.0), record(0.0, 1.0, seed=1)

    def both(name: str) -> torch.Tensor:
        return torch.cat([getattr(right[0], name), getattr(wrong[0], name)])

    given = replace(right[0], **{n: both(n) for n in ("returns", "hit", "quantiles")})
    targets = TwinTargets(
        *(torch.cat([a, b]) for a, b in zip(vars(right[2]).values(), vars(wrong[2]).values(),
                                            strict=True))
    )  # fmt: skip
    found = earned(given, torch.cat([right[1], wrong[1]]), targets, horizon=1)[:, 0]
    assert found[0] > 0.9
    assert found[1] < 0.05


@settings(max_examples=40, deadline=None)
@over(seed=st.integers(0, 10**6), size=st.floats(0.0, 1e3), horizon=st.integers(1, 20))
def test_factors_lie_between_nothing_and_all(seed: int, size: float, horizon: int) -> None:
    given, added, targets = record(1.0, 1.0, sessions=30, seed=seed)
    found = earned(given, size * added, targets, horizon)
    assert ((found >= 0) & (found <= 1)).all()
