"""The encoder over a block: causal, banded, and the plain window form where the two are one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from foundation.market_model.network.encoder import Block, TemporalFusionEncoder, band
from foundation.market_model.recipe import EncoderSizes
from tests.foundation.market_model.network import plain

CONTEXT, OBSERVED, KNOWN = 6, 3, 2


def encoder(
    dropout: float = 0.0, *, layers: int = 1, context: int = CONTEXT
) -> TemporalFusionEncoder:
    torch.manual_seed(5)
    return (
        TemporalFusionEncoder(
            EncoderSizes(hidden=8, heads=2, lstm_layers=layers, dropout=dropout),
            observed=OBSERVED,
            known=KNOWN,
            known_codes=(5, 12),
            statics=(12, 4),
            context=context,
        )
        .double()
        .eval()
    )


def block(sessions: int, symbols: int = 3, seed: int = 0) -> Block:
    draw = np.random.default_rng(seed)
    observed = draw.normal(size=(symbols, sessions, OBSERVED))
    observed[draw.random(observed.shape) < 0.1] = np.nan
    return Block(
        observed=torch.from_numpy(observed),
        known=torch.from_numpy(draw.normal(size=(symbols, sessions, KNOWN))),
        known_codes=torch.from_numpy(
            np.stack([draw.integers(0, 5, sessions), draw.integers(0, 12, sessions)], 1)
        ),
        statics=torch.from_numpy(np.stack([draw.integers(0, 12, symbols), [0] * symbols], 1)),
    )


def cut(whole: Block, begin: int, end: int) -> Block:
    return Block(
        whole.observed[:, begin:end],
        whole.known[:, begin:end],
        whole.known_codes[begin:end],
        whole.statics,
    )


def plain_encoding(module: TemporalFusionEncoder, given: Block, symbol: int) -> np.ndarray:
    """Encode the last session of a window by the paper's steps, one at a time."""
    p = plain.parameters(module)

    def reals(prefix: str, values: np.ndarray) -> np.ndarray:
        q = plain.part(p, prefix)
        return np.array(
            [
                q["absent"][j, 0] if np.isnan(v) else v * q["weight"][j, 0] + q["bias"][j, 0]
                for j, v in enumerate(values)
            ]
        )

    def codes(prefix: str, values: np.ndarray) -> np.ndarray:
        return np.array([p[f"{prefix}.tables.{j}.weight"][v] for j, v in enumerate(values)])

    static = plain.variable_selection(
        plain.part(p, "select_statics"), codes("embed_statics", given.statics[symbol].numpy()), None
    )[0]
    context = {
        name: plain.gated_residual(plain.part(p, f"contexts.{name}"), static)
        for name in ("selection", "enrichment", "state", "cell")
    }
    chosen = np.array(
        [
            plain.variable_selection(
                plain.part(p, "select_observed"),
                reals("embed_observed", row),
                context["selection"],
            )[0]
            for row in given.observed[symbol].numpy()
        ]
    )
    hidden = plain.lstm(plain.part(p, "recurrent"), chosen, context["state"], context["cell"])
    gated = plain.part(p, "after_recurrent")
    recurrent = np.array(
        [plain.gate_add_norm(gated, h, c) for h, c in zip(hidden, chosen, strict=True)]
    )
    ahead = plain.variable_selection(
        plain.part(p, "select_known"),
        np.concatenate(
            [
                codes("embed_codes", given.known_codes[-1].numpy()),
                reals("embed_known", given.known[symbol, -1].numpy()),
            ]
        ),
        context["selection"],
    )[0]
    decoded = plain.gated_residual(plain.part(p, "ahead"), recurrent[-1], ahead)
    enrich = plain.part(p, "enrich")
    memory = np.array([plain.gated_residual(enrich, r, context["enrichment"]) for r in recurrent])
    query = plain.gated_residual(enrich, decoded, context["enrichment"])
    seen = np.ones((1, len(memory)), dtype=bool)
    mixed = plain.attention(plain.part(p, "attend"), query[None], memory, seen, heads=2)[0][0]
    attended = plain.gate_add_norm(plain.part(p, "after_attention"), mixed, query)
    last = plain.gated_residual(plain.part(p, "feed_forward"), attended)
    return plain.gate_add_norm(plain.part(p, "last"), last, decoded)


def test_a_block_that_is_one_window_gives_the_plain_window_form() -> None:
    module, given = encoder(), block(CONTEXT)
    out = module(given, 1)[:, 0].detach().numpy()
    for symbol in range(3):
        np.testing.assert_allclose(out[symbol], plain_encoding(module, given, symbol), rtol=1e-9)


def test_every_session_of_a_block_is_the_last_of_a_block_that_ends_there() -> None:
    module, given = encoder(), block(20)
    together = module(given, 8).detach()
    for k in range(8):
        alone = module(cut(given, 0, 13 + k), 1)[:, 0].detach()
        torch.testing.assert_close(together[:, k], alone, rtol=1e-12, atol=1e-12)


def test_rewriting_later_sessions_changes_no_bit_of_earlier_ones() -> None:
    module, given, other = encoder(), block(20), block(20, seed=1)
    mixed = Block(
        torch.cat([given.observed[:, :15], other.observed[:, 15:]], 1),
        torch.cat([given.known[:, :15], other.known[:, 15:]], 1),
        torch.cat([given.known_codes[:15], other.known_codes[15:]]),
        given.statics,
    )
    before, after = module(given, 8).detach(), module(mixed, 8).detach()
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.equal(before[:, 3:], after[:, 3:])


def test_without_memory_a_session_is_read_by_itself() -> None:
    whole = block(10)
    for layers, context, remembers in ((0, 1, False), (1, 1, True), (0, 3, True)):
        module = encoder(layers=layers, context=context)
        made = module(whole, 4)
        earlier = whole.observed.clone()
        earlier[:, :9] = 7.0
        other = module(Block(earlier, whole.known, whole.known_codes, whole.statics), 4)
        assert torch.equal(made[:, -1], other[:, -1]) != remembers


@pytest.mark.parametrize("layers", [0, 1])
def test_sessions_given_day_by_day_say_what_they_say_together(layers: int) -> None:
    module, whole = encoder(layers=layers), block(17)
    together = module(whole, 17)
    said, carried = module.advance(cut(whole, 0, 9), None)
    parts = [said]
    for day in range(9, 17):
        said, carried = module.advance(cut(whole, day, day + 1), carried)
        parts.append(said)
        assert carried.memory.shape[1] == CONTEXT - 1
    torch.testing.assert_close(torch.cat(parts, dim=1), together, rtol=1e-10, atol=1e-12)


def test_attention_reaches_back_the_context_and_never_ahead() -> None:
    seen = band(10, 4, 3, torch.device("cpu")).numpy()
    for row, session in zip(seen, range(6, 10), strict=True):
        assert np.flatnonzero(row).tolist() == [session - 2, session - 1, session]


def test_explanations_are_shares_and_attend_within_the_band() -> None:
    module, given = encoder(), block(20)
    why = module.explain(given, 8)
    for weights in (why.observed, why.known, why.statics, why.attention):
        np.testing.assert_allclose(weights.sum(-1).detach().numpy(), 1.0, rtol=1e-12)
    assert why.observed.shape == (3, 8, OBSERVED)
    assert why.known.shape == (3, 8, 2 + KNOWN)
    outside = ~band(20, 8, CONTEXT, torch.device("cpu"))
    assert (why.attention[:, outside] == 0).all()


def test_a_symbol_does_not_feel_its_neighbours() -> None:
    module, given = encoder(), block(12)
    alone = Block(given.observed[1:2], given.known[1:2], given.known_codes, given.statics[1:2])
    torch.testing.assert_close(
        module(given, 4)[1:2].detach(), module(alone, 4).detach(), rtol=1e-12, atol=1e-12
    )


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="heads must divide hidden"):
        EncoderSizes(hidden=10, heads=4)
