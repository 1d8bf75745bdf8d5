"""A bank of twins is so many plain twins, computed at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from foundation.twins import TwinSizes
from foundation.twins.bank import TwinInputs, TwinOpinion, answer
from foundation.twins.layout import Layout
from tests.foundation.twins.banks import SIZES, WITH_OPTIONS, stocks
from tests.foundation.twins.plain import PlainTwin, joined

FIELDS = ("returns", "hit", "volatility", "quantiles", "regimes")


def rows(sizes: TwinSizes, twins: int, *, trained: bool) -> torch.Tensor:
    draw = torch.Generator().manual_seed(4)
    out = Layout(sizes).untrained(twins, draw)
    return out + 0.3 * torch.randn(out.shape, generator=draw) if trained else out


def doubled(given: TwinInputs) -> TwinInputs:
    return given.each(torch.Tensor.double)


def alone(
    sizes: TwinSizes, row: torch.Tensor, given: TwinInputs, n: int
) -> dict[str, torch.Tensor]:
    twin = PlainTwin(sizes).double()
    twin.take({name: part[0] for name, part in Layout(sizes).views(row[None]).items()})
    out: dict[str, torch.Tensor] = twin(given, n)
    return out


@pytest.mark.parametrize("sizes", [SIZES, WITH_OPTIONS], ids=["plain", "with options"])
def test_a_bank_answers_as_each_plain_twin_does(sizes: TwinSizes) -> None:
    given = doubled(stocks([0.0] * 5, options=sizes.options)[0])
    bank = rows(sizes, 5, trained=True).double()
    said = answer(Layout(sizes), bank, given)
    for n in range(5):
        expected = alone(sizes, bank[n], given, n)
        for name in FIELDS:
            torch.testing.assert_close(
                getattr(said, name)[n], expected[name], rtol=1e-11, atol=1e-12
            )


@pytest.mark.parametrize("sizes", [SIZES, WITH_OPTIONS], ids=["plain", "with options"])
def test_gradients_are_those_of_each_plain_twin(sizes: TwinSizes) -> None:
    given = doubled(stocks([0.0] * 3, options=sizes.options)[0])
    bank = rows(sizes, 3, trained=True).double().requires_grad_()
    said = answer(Layout(sizes), bank, given)
    total = sum((getattr(said, name) ** 2).sum() for name in FIELDS)
    (gradient,) = torch.autograd.grad(total, bank)
    for n in range(3):
        twin = PlainTwin(sizes).double()
        row = bank.detach()[n]
        twin.take({k: v[0] for k, v in Layout(sizes).views(row[None]).items()})
        out = twin(given, n)
        sum((v**2).sum() for v in out.values()).backward()
        views = joined({k: v[0] for k, v in Layout(sizes).views(gradient[n][None]).items()})
        assert twin.stock.grad is not None
        torch.testing.assert_close(views["stock"], twin.stock.grad, rtol=1e-9, atol=1e-10)
        for i, layer in enumerate(twin.correction):
            torch.testing.assert_close(
                views[f"correction.{i}.weight"].mT, layer.weight.grad, rtol=1e-9, atol=1e-10
            )
        torch.testing.assert_close(
            views["adapter.down"].mT, twin.down.weight.grad, rtol=1e-9, atol=1e-10
        )


@pytest.mark.parametrize("sizes", [SIZES, WITH_OPTIONS], ids=["plain", "with options"])
def test_an_untrained_twin_answers_as_the_shared_model_does(sizes: TwinSizes) -> None:
    given, _ = stocks([0.0] * 4, options=sizes.options)
    said = answer(Layout(sizes), rows(sizes, 4, trained=False), given)
    assert torch.equal(said.returns, given.returns)
    assert torch.equal(said.hit, given.hit)
    torch.testing.assert_close(said.quantiles, given.quantiles, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(said.volatility, torch.ones_like(said.volatility))


def test_a_twin_of_full_size_has_about_fifty_thousand_parameters() -> None:
    assert 45_000 < Layout(TwinSizes()).width < 70_000
    assert 65_000 < Layout(TwinSizes(options=40)).width < 85_000


def test_an_absent_input_counts_as_its_mean() -> None:
    given, _ = stocks([0.0] * 2)
    bank = rows(SIZES, 2, trained=True)
    filled = replace(given, inputs=torch.where(given.inputs.isnan(), 0.0, given.inputs))
    said, expected = (answer(Layout(SIZES), bank, x) for x in (given, filled))
    for one, other in zip(fields(said), fields(expected), strict=True):
        assert torch.equal(one, other)
    moved = answer(Layout(SIZES), bank, replace(given, inputs=given.inputs + 1))
    assert not torch.equal(said.returns, moved.returns)


def test_a_session_without_option_quotes_is_answered_as_if_there_were_no_options() -> None:
    given, _ = stocks([0.0] * 2, options=7)
    assert given.options is not None
    bank = rows(WITH_OPTIONS, 2, trained=True)
    with_quotes = answer(Layout(WITH_OPTIONS), bank, given)
    none = replace(given, options=torch.full_like(given.options, torch.nan))
    without = answer(Layout(WITH_OPTIONS), bank, none)
    silent = given.options.isnan().all(-1)
    assert silent.any()
    assert torch.equal(with_quotes.returns[silent], without.returns[silent])
    assert not torch.equal(with_quotes.returns[~silent], without.returns[~silent])


@settings(max_examples=40, deadline=None)
@over(
    seed=st.integers(0, 10**6),
    size=st.floats(0.01, 30),
    distances=st.tuples(st.floats(1e-6, 50), st.floats(1e-6, 50)),
)
def test_quantiles_never_cross_whatever_the_weights(
    seed: int, size: float, distances: tuple[float, float]
) -> None:
    draw = torch.Generator().manual_seed(seed)
    bank = size * torch.randn(2, Layout(SIZES).width, generator=draw)
    given, _ = stocks([0.0, 0.0], seed=seed)
    shared = torch.tensor([-distances[0], 0.0, distances[1]]).expand(2, 120, 3)
    said = answer(Layout(SIZES), bank, replace(given, quantiles=shared))
    assert torch.isfinite(said.quantiles).all()
    assert (said.quantiles.diff(dim=-1) >= 0).all()
    assert (said.volatility >= 0).all()


def test_a_layout_covers_every_column_once() -> None:
    layout = Layout(WITH_OPTIONS)
    taken = torch.zeros(layout.width)
    for begin, end in layout.places.values():
        taken[begin:end] += 1
    assert (taken == 1).all()


def fields(said: TwinOpinion) -> list[torch.Tensor]:
    return [getattr(said, name) for name in FIELDS]


def test_a_twin_answers_the_same_in_any_company() -> None:
    given, _ = stocks([0.0] * 6)
    bank = rows(SIZES, 6, trained=True)
    some = torch.tensor([4, 1])
    together = answer(Layout(SIZES), bank, given)
    apart = answer(Layout(SIZES), bank[some], given.of(some))
    for all_, few in zip(fields(together), fields(apart), strict=True):
        torch.testing.assert_close(all_[some], few, rtol=1e-5, atol=1e-6)
