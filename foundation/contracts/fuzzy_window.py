"""02 -> 03: graded states, movements, patterns and summarised events."""

from __future__ import annotations

from datetime import date

import numpy as np
from pydantic import Field

from foundation.contracts.states import Shape, grade
from foundation.kernel import OperatorError
from foundation.kernel.model import Contract
from foundation.timeseries import Panel

HORIZONS: tuple[str, ...] = ("session", "early", "middle", "late")
"""Movement horizons: the session itself, then three overlapping segments, oldest first."""


class FuzzyWindow(Contract):
    """What stage 02 saw, over every session and symbol. NaN means: absent or not enough history.

    Attributes
    ----------
    positions : Panel (T, N, F), fields = ``panel|field`` of the market window
        Where every continuous series of an instrument (``bars|close``, ``features|rsi_14``)
        lies among the states of its own past: 0 is the centre of "very low", 2 the past mean,
        4 the centre of "very high"; beyond both ends the outer states hold fully. The degrees
        of the five states are an exact function of it (``grade``), so one number is kept for
        five. NaN where the value is absent or its past holds too little.
    market_positions : Panel (T, 1, M), fields = ``market|field``
        The same for market-wide series, once for all symbols.
    option_positions : Panel (T, K, 40), fields = ``options|field``, or None
        The same for the option features of the symbols that have option quotes.
    shape : "triangular" or "gaussian"
        How degrees fall off from a state's centre.
    memberships : Panel (T, N, S, 5), fields = series names, layers = STATES
        Degrees in [0, 1] that sum to one, of the series that stories speak of. Market-wide
        series are repeated for every symbol.
    movements : Panel (T, N, S, 4), layers = HORIZONS
        Movement codes -2..2 of the session and of three overlapping segments.
    strengths : Panel (T, N, S, 4), layers = HORIZONS
        How far into its class each movement lies, in [0, 1].
    patterns : Panel (T, N, P), fields = pattern names
        Fuzzy match strength in [0, 1] of each library pattern at that session.
    inference : Panel (T, N, 2), fields = "risk appetite", "story confidence"
        What rule tables conclude, in [0, 100]. The appetite for risk is market-wide (repeated for
        every symbol; NaN where one of its inputs is absent); 50 is ordinary. Confidence says how
        far the session's states carry a story.
    events : Panel (T, 1, E)
        Market-wide. Per release ``k``: ``k|sessions since``, ``k|weekdays until`` and
        ``k|surprise`` (in past standard deviations), as known at that session's close. Flags of
        the exchange calendar stand under ``structure|``, headlines that concern the whole market
        under ``news|``.
    symbol_events : Panel (T, N, E)
        Per symbol, as known at that session's close, with the same fields whatever happened:
        ``news|`` (counts, tone, topic), ``earnings|``, ``halt|`` and one group per corporate
        action (sessions since, weekdays until, surprise), ``structure|`` (flags of the bars).
        ``k|reaction`` is the mean absolute move of the sessions on which earlier such events
        counted, in volatility scales, and ``k|reactions`` their number; releases have both too.
        Stage 02's ``events/`` states every formula.
    """

    schema_version: int = Field(
        default=3,
        ge=1,
        description="2: ``symbol_events`` and ``inference`` joined. "
        "3: positions of every continuous series and ``shape`` joined.",
    )

    session: date
    target_session: date
    positions: Panel
    market_positions: Panel
    option_positions: Panel | None = None
    shape: Shape = "triangular"
    memberships: Panel
    movements: Panel
    strengths: Panel
    patterns: Panel
    inference: Panel
    events: Panel
    symbol_events: Panel

    def degrees(self, panel: str, field: str) -> np.ndarray:
        """Return the degrees of the five states of any continuous series of the market window.

        Parameters
        ----------
        panel, field : str
            Where the market window keeps it: "bars", "features", "market" or "options", and
            the field there.

        Returns
        -------
        array, shape (T, N, 5), (T, 1, 5) or (T, K, 5)
            With the symbols of ``positions``, ``market_positions`` or ``option_positions``.

        Raises
        ------
        OperatorError
            If that series is not graded: a code or flag, or not part of the window.
        """
        held = {"market": self.market_positions, "options": self.option_positions}
        positions = held.get(panel, self.positions)
        where = f"{panel}|{field}"
        if positions is None:
            raise OperatorError(
                "Only a window with option quotes has states of option features",
                value=where,
                remedy="choose a source that has option quotes",
            )
        return grade(positions.field(where), self.shape)
