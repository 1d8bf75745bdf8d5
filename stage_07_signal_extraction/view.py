"""What is known about one symbol when its signal is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from foundation.contracts import (
    Claim,
    ForecastVerdict,
    Instrument,
    Levels,
    MarketWindow,
    Reconciliation,
    Statement,
    Story,
)
from foundation.contracts.signal import Direction
from foundation.language import phrasings


@dataclass(frozen=True)
class SymbolView:
    """One symbol's evidence, gathered.

    Attributes
    ----------
    price : array, shape (5,)
        Probabilities of tomorrow's price outcomes, lowest first.
    scale : float
        ``volatility_scale_20`` in price units; NaN with too little history.
    proven : bool
        Whether past odds were better than the past frequency alone.
    conviction : float
        Expected information ratio of the direction, 0 where it is neutral.
    """

    instrument: Instrument
    market: MarketWindow
    story: Story | None
    verdict: ForecastVerdict
    price: np.ndarray
    scale: float
    direction: Direction
    proven: bool
    conviction: float
    levels: Levels
    reconciliation: Reconciliation

    @property
    def sign(self) -> int:
        """Return +1, 0 or -1 for bullish, neutral, bearish."""
        return {"bullish": 1, "neutral": 0, "bearish": -1}[self.direction]

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Today's claims; none where there is no story of today."""
        return self.story.claims if self.story else ()

    @property
    def expected(self) -> tuple[Statement, ...]:
        """What the chosen continuation says of tomorrow."""
        return self.verdict.chosen.statements


_BY_PRONOUN = frozenset({"path", "relative", "tension"})
_IT = re.compile(r"\bit\b")


def clause(statement: Statement) -> str:
    """Return a statement in words that can stand alone, in the first of its phrasings.

    Where a story says "it", having named the price before, this says "the price".
    """
    words = phrasings(statement)[0]
    return _IT.sub("the price", words, count=1) if statement.kind in _BY_PRONOUN else words


def evidence_of(claim: Claim) -> str:
    """Return a claim in words with the cells of data that it rests on."""
    cells = ", ".join(
        f"{s.panel}.{s.field} of {s.symbol} on {s.session} = {s.value:.6g}" for s in claim.sources
    )
    return f"{clause(claim.statement)} [{cells}]" if cells else clause(claim.statement)
