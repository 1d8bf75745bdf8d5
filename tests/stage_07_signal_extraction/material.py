"""A signal's inputs, with the one thing a test is about changed."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from scipy.stats import norm

from foundation.contracts import (
    TAPE,
    Claim,
    Section,
    Sentence,
    SourceRow,
    Statement,
    StorySection,
)
from foundation.language import phrasings
from foundation.testing import samples
from stage_07_signal_extraction import SignalInput


@lru_cache(maxsize=1)
def given() -> SignalInput:
    """Sample inputs: SPX and IXIC with full bars, AAPL and MTUM with closes only."""
    run = samples.sample_run()
    return SignalInput(run.validated, run.stories, run.market, run.quant)


def with_price(inputs: SignalInput, price: list[float], symbol: str = "SPX") -> SignalInput:
    """The inputs with another distribution of tomorrow's price."""
    panel = inputs.validated.distributions
    values = panel.values.copy()
    values[-1, panel.symbols.index(symbol), TAPE.index("price")] = price
    distributions = panel.model_copy(update={"values": values})
    return replace(
        inputs, validated=inputs.validated.model_copy(update={"distributions": distributions})
    )


def with_quant(inputs: SignalInput, symbol: str = "SPX", **fields: float) -> SignalInput:
    """The inputs with other quantitative values on the last session."""
    panel = inputs.quant.values
    values = panel.values.copy()
    for name, value in fields.items():
        values[-1, panel.symbols.index(symbol), panel.fields.index(name)] = value
    quant = inputs.quant.model_copy(update={"values": panel.model_copy(update={"values": values})})
    return replace(inputs, quant=quant)


def with_foresight(inputs: SignalInput, **last: float) -> SignalInput:
    """The inputs with a market model that was right nine times in ten, whatever happened.

    Its quantiles of past rows are a normal's with a chance of 90% on the side that came; on the
    last rows those of the symbols named in ``last`` have the chance of a rise given there.
    """
    panel = inputs.quant.values
    values = panel.values.copy()
    close = inputs.market.bars.select(symbols=panel.symbols).field("close")
    days = {day: t for t, day in enumerate(inputs.market.bars.sessions)}
    rows = [days[day] for day in panel.sessions]
    chance = np.full(values.shape[:2], 0.5)
    for row, t in enumerate(rows):
        if t + 5 < len(close):
            chance[row] = np.where(close[t + 5] > close[t], 0.9, 0.1)
    for symbol, odds in last.items():
        chance[-5:, panel.symbols.index(symbol)] = odds
    middle = 0.03 * norm.ppf(chance)
    for name, step in (("q10", -1), ("q50", 0), ("q90", 1)):
        values[..., panel.fields.index(name)] = middle + step * 0.03 * norm.ppf(0.9)
    values[..., panel.fields.index("volatility_5d")] = 0.03
    quant = inputs.quant.model_copy(update={"values": panel.model_copy(update={"values": values})})
    return replace(inputs, quant=quant)


def silent_quant(inputs: SignalInput) -> SignalInput:
    """The inputs without any quantitative opinion."""
    panel = inputs.quant.values
    empty = panel.model_copy(update={"values": np.full(panel.values.shape, np.nan)})
    return replace(inputs, quant=inputs.quant.model_copy(update={"values": empty}))


def with_claims(inputs: SignalInput, *said: Statement, symbol: str = "SPX") -> SignalInput:
    """The inputs with today's story of one symbol telling exactly these statements."""
    cell = SourceRow(
        panel="features", field="x", symbol=symbol, session=inputs.market.session, value=1.5
    )
    sentences = tuple(
        Sentence(
            learning=phrasings(s)[0],
            reading=phrasings(s)[0],
            claims=(Claim(statement=s, degree=1.0, sources=(cell,)),),
        )
        for s in said
    )
    recent = tuple(
        s.model_copy(
            update={"sections": (StorySection(name=Section.DIRECTION, sentences=sentences),)}
        )
        if (s.symbol, s.session) == (symbol, inputs.market.session)
        else s
        for s in inputs.stories.recent
    )
    return replace(inputs, stories=inputs.stories.model_copy(update={"recent": recent}))
