"""Opinions weighed: against a loop in plain Python, and against what theory promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.quant.mixture import FLOOR, mix


def drawn(seed: int, rows: int = 30, symbols: int = 3, opinions: int = 3) -> tuple:
    """Return opinions and outcomes without any law, some of them missing."""
    rng = np.random.default_rng(seed)
    said = rng.dirichlet(np.full(5, 0.7), size=(opinions, rows, symbols, 2))
    happened = rng.integers(0, 5, (rows, symbols, 2)).astype(float)
    happened[rng.random(happened.shape) < 0.2] = np.nan
    said[0][rng.random(happened.shape) < 0.2] = np.nan
    return list(said), happened


@given(st.integers(0, 10_000))
def test_every_row_is_what_a_loop_over_sessions_makes_of_it(seed):
    said, happened = drawn(seed)
    mixed = mix(said, happened)
    rows, symbols, series = happened.shape
    for s in range(series):
        weights = [1 / 3] * 3
        for t in range(rows):
            assert mixed.weights[t, s] == pytest.approx(weights)
            nats, count = [0.0] * 3, 0
            for n in range(symbols):
                chances = [one[t, n, s] for one in said]
                if np.isnan(chances[0]).any():
                    assert np.isnan(mixed.chances[t, n, s]).all()
                    continue
                expected = sum(w * c for w, c in zip(weights, chances, strict=True))
                assert mixed.chances[t, n, s] == pytest.approx(expected)
                if not math.isnan(happened[t, n, s]):
                    count += 1
                    for k in range(3):
                        nats[k] -= math.log(max(chances[k][int(happened[t, n, s])], FLOOR))
            if count:
                grown = [w * math.exp(-x / count) for w, x in zip(weights, nats, strict=True)]
                weights = [w / sum(grown) for w in grown]


@given(st.integers(0, 10_000))
def test_the_mean_loss_exceeds_the_best_opinions_by_no_more_than_theory_allows(seed):
    said, happened = drawn(seed)
    mixed = mix(said, happened)

    def loss(chances: np.ndarray) -> np.ndarray:
        """Sum over sessions of the mean over symbols, by series."""
        known = ~np.isnan(happened) & ~np.isnan(said[0]).any(axis=-1)
        codes = np.where(known, happened, 0).astype(int)[..., None]
        given_to_it = np.take_along_axis(chances, codes, axis=-1)[..., 0]
        nats = np.where(known, -np.log(np.maximum(given_to_it, FLOOR)), 0.0).sum(axis=1)
        return (nats / np.maximum(known.sum(axis=1), 1)).sum(axis=0)

    best = np.min([loss(one) for one in said], axis=0)
    assert (loss(mixed.chances) <= best + math.log(3) + 1e-9).all()


def test_who_knows_the_law_is_believed_and_symbols_that_move_together_count_once():
    rng = np.random.default_rng(2)
    law = rng.dirichlet(np.ones(5), size=80)
    outcome = np.array([rng.choice(5, p=p) for p in law]).astype(float)
    right = law[:, None, None]
    wrong = np.roll(right, 1, axis=-1)
    alone = mix([wrong, right], outcome[:, None, None])
    assert alone.weights[-1, 0, 1] > 0.99
    together = mix(
        [wrong.repeat(40, axis=1), right.repeat(40, axis=1)], outcome[:, None, None].repeat(40, 1)
    )
    np.testing.assert_allclose(together.weights, alone.weights)


def test_an_outcome_changes_no_row_up_to_its_own_session():
    said, happened = drawn(7)
    rewritten = happened.copy()
    rewritten[12:] = 4.0 - rewritten[12:]
    before, after = mix(said, happened), mix(said, rewritten)
    assert before.weights[:13].tobytes() == after.weights[:13].tobytes()
    assert before.chances[:13].tobytes() == after.chances[:13].tobytes()
    assert not np.array_equal(before.weights[13:], after.weights[13:])


def test_an_opinion_that_called_what_happened_impossible_can_come_back():
    sure = np.zeros((60, 1, 1, 2))
    sure[..., 0] = 1.0
    even = np.full((60, 1, 1, 2), 0.5)
    happened = np.zeros((60, 1, 1))
    happened[5] = 1.0
    weights = mix([sure, even], happened).weights[:, 0, 0]
    assert weights[6] < 1e-3
    assert weights[-1] > 0.99
