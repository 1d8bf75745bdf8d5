"""A model begins at the plain past and leaves it only as far as unseen sessions bear it out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from foundation.market_model.answers import answers
from foundation.market_model.blocking import Scaling, Targets, vocabulary
from foundation.market_model.checkpoint import TrainedModel
from foundation.market_model.network.model import MarketModel, moved_quantiles
from foundation.market_model.training.shrinkage import HEADS, borne_out, shrunk
from foundation.market_model.training.start import train
from tests.foundation.market_model.markets import SMALL, market

STOCKS, SESSIONS, WIDTH = 12, 63, SMALL.backbone.embedding
NORMAL = torch.tensor([0.0, 0.0, -1.2816, 0.0, 1.2816])
"""The plain past of standard normal outcomes, hits even."""


def untrained() -> MarketModel:
    torch.manual_seed(0)
    return MarketModel(SMALL, vocabulary(market(0.0)[0]))


def test_an_untrained_model_says_what_the_past_says() -> None:
    data, labels = market(0.0)
    model = TrainedModel(
        SMALL,
        vocabulary(data),
        Scaling.of(data, slice(0, 200)),
        untrained().state_dict(),
        (),
        data.sessions[200],
    )
    said = answers(model, data)
    # Told anew at rows 4, 25, 46, ...: at row 214, of the outcomes of rows 0 to 209.
    known = labels.returns[:210]
    np.testing.assert_allclose(said.returns[220], known.mean(), atol=1e-6)
    np.testing.assert_allclose(
        said.quantiles[220, 3], np.quantile(known, [0.1, 0.5, 0.9]), rtol=1e-5
    )
    hits = labels.hit[:210].sum()
    np.testing.assert_allclose(said.hit[220], (hits + 0.5) / (known.size + 1), rtol=1e-5)


def test_a_model_that_learnt_nothing_true_is_left_at_the_plain_past() -> None:
    data, labels = market(0.0)
    model = train(data, labels, recipe=SMALL, training=range(0, 160), validation=range(165, 200))
    assert set(model.shares) == set(HEADS)
    assert sum(model.shares.values()) < 1
    assert any(epoch["training"] < model.history[0]["training"] for epoch in model.history)


def test_what_is_true_is_kept() -> None:
    data, labels = market(1.0)
    model = train(data, labels, recipe=SMALL, training=range(0, 160), validation=range(165, 200))
    assert min(model.shares[head] for head in ("return", "hit", "median")) > 0.6


def asked(slope: float, seed: int = 0) -> tuple[MarketModel, Tensor, Tensor, Targets]:
    """Return a model whose heads say one deviation of the first embedding, and outcomes that
    follow it by ``slope``."""
    draw = torch.Generator().manual_seed(seed)
    embedding = torch.randn(STOCKS, SESSIONS, WIDTH, generator=draw)
    noise = torch.randn(STOCKS, SESSIONS, generator=draw)
    happened = slope * embedding[..., 0] + noise
    model = untrained()
    with torch.no_grad():
        model.return_head.weight[0, 0] = 1.0
        model.quantile_head.weight[1, 0] = 1.0
    past = NORMAL.expand(SESSIONS, 5)
    return model, embedding, past, Targets(happened, (happened > 0).float())


@pytest.mark.parametrize("slope", [0.3, 0.6, 1.0])
def test_a_correction_too_large_is_shrunk_to_its_size_and_no_further_than_chance_allows(
    slope: float,
) -> None:
    # Least squares of the outcome on the correction has its minimum at the slope itself.
    shares = borne_out(*asked(slope), seed=0)
    assert slope - 0.2 <= shares["return"] <= slope + 0.05
    assert slope - 0.25 <= shares["median"] <= slope + 0.15
    assert shares["hit"] == shares["spread"] == 0.0


def test_a_correction_with_nothing_in_it_is_dropped_whole() -> None:
    shares = [borne_out(*asked(0.0, seed), seed=0) for seed in range(5)]
    assert [s["return"] for s in shares] == [0.0] * 5
    assert [s["median"] for s in shares] == [0.0] * 5


def test_a_share_scales_the_head_and_nothing_else() -> None:
    model, embedding, _, _ = asked(1.0)
    state = shrunk(model.state_dict(), {"return": 0.5, "hit": 1.0, "median": 0.25, "spread": 0.0})
    other = untrained()
    other.load_state_dict(state)
    torch.testing.assert_close(other.return_head(embedding), 0.5 * model.return_head(embedding))
    torch.testing.assert_close(
        other.quantile_head(embedding)[..., 1], 0.25 * model.quantile_head(embedding)[..., 1]
    )
    untouched = {k for k, v in state.items() if torch.equal(v, model.state_dict()[k])}
    assert {k for k in state if "head" not in k} <= untouched


def test_moved_quantiles_do_not_cross_and_unmoved_ones_stay() -> None:
    start = torch.tensor([-1.3, 0.1, 1.1])
    torch.testing.assert_close(moved_quantiles(start, torch.zeros(3)), start)
    moved = moved_quantiles(start, torch.tensor([-50.0, 7.0, 3.0]))
    assert (moved.diff() > -1e-6).all()
    # By hand: softplus(x) is 1 at x = ln(e - 1); moved by 3 it is ln(1 + e^(x + 3)).
    by_hand = np.log1p((np.e - 1) * np.e**3)
    assert moved[2] - moved[1] == pytest.approx(by_hand, rel=1e-5)
