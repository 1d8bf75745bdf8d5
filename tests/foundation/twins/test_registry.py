"""Twins are kept one by one, come into use when they have earned it, and leave it again."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import torch

from foundation.kernel import ArtefactError, OperatorError
from foundation.twins.bank import answer
from foundation.twins.layout import Layout
from foundation.twins.promotion import Comparison, compare
from foundation.twins.registry import Characteristics, TwinCard, TwinRegistry
from tests.foundation.twins.banks import SIZES, stocks

BETTER = Comparison(gain=0.2, low=0.1, high=0.3, sessions=80)
UNCLEAR = Comparison(gain=0.2, low=-0.1, high=0.5, sessions=80)
MODEL = "a" * 64
DAY = date(2018, 6, 1)


def rows(twins: int, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(twins, Layout(SIZES).width, generator=draw)


def card(symbol: str, until: date = DAY) -> TwinCard:
    return TwinCard(
        symbol=symbol,
        version="",
        market_model=MODEL,
        sizes=SIZES,
        trained_until=until,
        epoch=3,
        loss_untrained=1.0,
        loss=0.9,
        factors=(1.0, 0.5, 0.0, 0.25),
        characteristics=Characteristics(sector="Energy", beta=1.2),
    )


def test_a_twin_comes_back_to_the_last_bit_and_keeping_it_twice_changes_nothing(
    tmp_path: Path,
) -> None:
    registry, row = TwinRegistry(tmp_path), rows(1)[0]
    kept = registry.add(row, card("BRK.B/x"))
    assert registry.add(row, card("BRK.B/x")) == kept
    assert registry.symbols() == ("BRK.B/x",)
    assert registry.versions("BRK.B/x") == (kept,)
    assert torch.equal(registry.row("BRK.B/x", kept.version), row)


def test_replacing_one_twin_leaves_the_others(tmp_path: Path) -> None:
    registry, bank = TwinRegistry(tmp_path), rows(3)
    names = ("A", "B", "C")
    for name, row in zip(names, bank, strict=True):
        kept = registry.add(row, card(name))
        registry.decide(name, kept.version, BETTER, DAY)
    other = rows(1, seed=5)[0]
    newer = registry.add(other, card("B", date(2018, 7, 1)))
    registry.decide("B", newer.version, BETTER, date(2018, 7, 1))
    found, answering = registry.bank(names, SIZES, MODEL)
    assert answering.all()
    assert torch.equal(found[0], bank[0])
    assert torch.equal(found[1], other)
    assert torch.equal(found[2], bank[2])


def test_only_a_twin_that_has_earned_it_answers(tmp_path: Path) -> None:
    registry = TwinRegistry(tmp_path)
    for name, found in (("A", BETTER), ("B", UNCLEAR)):
        kept = registry.add(rows(1)[0], card(name))
        registry.decide(name, kept.version, found, DAY)
    bank, answering = registry.bank(("A", "B", "C"), SIZES, MODEL)
    assert answering.tolist() == [True, False, False]
    given, _ = stocks([0.0] * 3)
    said = answer(Layout(SIZES), bank, given)
    assert torch.equal(said.returns[1:], given.returns[1:])
    assert not torch.equal(said.returns[0], given.returns[0])


def test_a_twin_of_another_market_model_does_not_answer(tmp_path: Path) -> None:
    registry = TwinRegistry(tmp_path)
    kept = registry.add(rows(1)[0], card("A"))
    registry.decide("A", kept.version, BETTER, DAY)
    assert not registry.bank(("A",), SIZES, "b" * 64)[1].any()


def test_a_decision_can_be_rolled_back_and_its_history_stays(tmp_path: Path) -> None:
    registry = TwinRegistry(tmp_path)
    first = registry.add(rows(1)[0], card("A"))
    second = registry.add(rows(1, seed=2)[0], card("A", date(2018, 7, 1)))
    registry.decide("A", first.version, BETTER, DAY)
    registry.decide("A", second.version, BETTER, date(2018, 7, 1))
    back = registry.roll_back("A", date(2018, 7, 2), "drift")
    assert back.version == first.version
    assert [d.version for d in registry.decisions("A")] == [
        first.version,
        second.version,
        first.version,
    ]


def test_a_damaged_twin_is_refused_and_named(tmp_path: Path) -> None:
    registry = TwinRegistry(tmp_path)
    kept = registry.add(rows(1)[0], card("A"))
    path = tmp_path / "A" / f"{kept.version}.safetensors"
    content = bytearray(path.read_bytes())
    content[-2] ^= 0x11
    path.write_bytes(bytes(content))
    with pytest.raises(ArtefactError, match=f"A, {kept.version}"):
        registry.row("A", kept.version)


def test_a_twin_of_an_earlier_form_is_refused_by_name(tmp_path: Path) -> None:
    registry = TwinRegistry(tmp_path)
    kept = registry.add(rows(1)[0], card("A"))
    path = tmp_path / "A" / f"{kept.version}.json"
    old = json.loads(path.read_text())
    del old["form"], old["factors"], old["sizes"]["inputs"]
    path.write_text(json.dumps(old))
    with pytest.raises(OperatorError, match=f"A, {kept.version}: form 1"):
        registry.versions("A")
    with pytest.raises(OperatorError, match="story train twins"):
        registry.row("A", kept.version)


def test_weights_of_other_sizes_and_unknown_versions_are_refused(tmp_path: Path) -> None:
    registry = TwinRegistry(tmp_path)
    with pytest.raises(OperatorError, match="parameters"):
        registry.add(torch.zeros(7), card("A"))
    with pytest.raises(OperatorError, match="such a version"):
        registry.decide("A", "nothing", BETTER, DAY)


def test_an_interrupted_save_leaves_no_version(tmp_path: Path) -> None:
    registry = TwinRegistry(tmp_path)
    kept = registry.add(rows(1)[0], card("A"))
    (tmp_path / "A" / f"{kept.version}.json").unlink()
    assert registry.versions("A") == ()
    assert registry.add(rows(1)[0], card("A")) == kept


def test_a_clear_gain_promotes_and_luck_does_not() -> None:
    draw = np.random.default_rng(0)
    shared = draw.normal(1.0, 0.3, (120, 40))
    twins = shared + draw.normal(0.0, 0.3, shared.shape)
    twins[:, 0] = shared[:, 0] - 0.3 + draw.normal(0.0, 0.3, 120)
    found = compare(shared, twins, least=60, seed=1)
    assert found[0].promotes
    assert found[0].gain == pytest.approx((shared - twins)[:, 0].mean())
    # One-sided 2.5% each: of 39 without an edge, more than four would be a rare accident.
    assert sum(c.promotes for c in found[1:]) <= 4


def test_too_few_sessions_conclude_nothing() -> None:
    shared, twins = np.ones((30, 1)), np.zeros((30, 1))
    assert not compare(shared, twins, least=60, seed=1)[0].promotes
    assert compare(shared, twins, least=20, seed=1)[0].promotes
