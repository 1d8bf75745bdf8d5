"""Reference forecasts against counts made one by one in plain Python."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.quant.evaluation import climatology, first_order_markov, persistence

codes = st.lists(st.sampled_from([0.0, 1.0, 2.0, float("nan")]), min_size=1, max_size=25)


def counted_by_hand(past, kind):
    """Distribution over three categories after the list ``past``, counted in a loop."""
    seen = [int(c) for c in past if c == c]
    if kind == "climatology":
        return [(seen.count(k) + 0.5) / (len(seen) + 1.5) for k in range(3)]
    if not seen:
        return [1 / 3] * 3
    today = seen[-1]
    pairs = [(int(a), int(b)) for a, b in itertools.pairwise(past) if a == a and b == b]
    if kind == "markov":
        left = [b for a, b in pairs if a == today]
        return [(left.count(k) + 0.5) / (len(left) + 1.5) for k in range(3)]
    stay = (sum(a == b for a, b in pairs) + 0.5) / (len(pairs) + 1)
    base = counted_by_hand(past, "climatology")
    rest = sum(b for k, b in enumerate(base) if k != today)
    return [stay if k == today else (1 - stay) * base[k] / rest for k in range(3)]


REFERENCES = {
    "climatology": climatology,
    "persistence": persistence,
    "markov": first_order_markov,
}


@pytest.mark.parametrize("kind", REFERENCES)
@given(codes)
def test_every_row_equals_counts_made_one_by_one(kind, series):
    got = REFERENCES[kind](np.array(series), 3)
    expected = [counted_by_hand(series[: t + 1], kind) for t in range(len(series))]
    assert got == pytest.approx(np.array(expected))


@pytest.mark.parametrize("kind", ["climatology", "markov"])
@given(st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, 2.0, float("nan")])] * 3), min_size=1))
def test_pooled_counts_are_those_of_all_symbols_together(kind, rows):
    seen = np.array(rows)
    got = REFERENCES[kind](seen, 3, pooled=True)
    for t, row in enumerate(rows):
        columns = [[r[n] for r in rows[: t + 1]] for n in range(3)]
        known = [c for column in columns for c in column if c == c]
        pairs = [
            (a, b) for column in columns for a, b in itertools.pairwise(column) if a == a and b == b
        ]
        for n in range(len(row)):
            own = [c for c in columns[n] if c == c]
            if kind == "markov":
                left = [b for a, b in pairs if own and a == own[-1]]
                expected = [(left.count(k) + 0.5) / (len(left) + 1.5) for k in range(3)]
            else:
                expected = [(known.count(k) + 0.5) / (len(known) + 1.5) for k in range(3)]
            assert got[t, n] == pytest.approx(expected)


@pytest.mark.parametrize("kind", REFERENCES)
def test_rewriting_the_future_changes_no_earlier_row(kind):
    generator = np.random.default_rng(4)
    seen = generator.integers(0, 5, (60, 3, 2)).astype(float)
    rewritten = seen.copy()
    rewritten[40:] = generator.integers(0, 5, (20, 3, 2))
    before, after = (REFERENCES[kind](a, 5)[:40] for a in (seen, rewritten))
    assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize("kind", REFERENCES)
def test_no_outcome_is_ever_called_impossible_and_rows_sum_to_one(kind):
    p = REFERENCES[kind](np.zeros((500, 2)), 5)
    assert (p > 0).all()
    assert p.sum(axis=-1) == pytest.approx(np.ones((500, 2)))


def test_on_a_chain_that_mostly_stays_persistence_beats_climatology():
    generator = np.random.default_rng(6)
    chain = [0]
    for _ in range(1500):
        chain.append(chain[-1] if generator.uniform() < 0.9 else int(generator.integers(0, 3)))
    x = np.array(chain, dtype=float)
    target = x[201:].astype(int)
    rows = np.arange(len(target))
    loss = {
        kind: -np.log(REFERENCES[kind](x, 3)[200:-1][rows, target]).mean() for kind in REFERENCES
    }
    assert loss["persistence"] < loss["climatology"] - 0.3
    assert abs(loss["markov"] - loss["persistence"]) < 0.02
