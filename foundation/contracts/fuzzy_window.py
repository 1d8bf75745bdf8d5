"""02 -> 03: graded states, movements, patterns and summarised events."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from foundation.kernel.model import Contract
from foundation.timeseries import Panel

HORIZONS: tuple[str, ...] = ("session", "early", "middle", "late")
"""Movement horizons: the session itself, then three overlapping segments, oldest first."""


class FuzzyWindow(Contract):
    """What stage 02 saw, over every session and symbol. NaN means: absent or not enough history.

    Attributes
    ----------
    memberships : Panel (T, N, S, 5), fields = series names, layers = STATES
        Degrees in [0, 1] that sum to one. Market-wide series are repeated for every symbol.
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
        default=2, ge=1, description="2: ``symbol_events`` and ``inference`` joined."
    )

    session: date
    target_session: date
    memberships: Panel
    movements: Panel
    strengths: Panel
    patterns: Panel
    inference: Panel
    events: Panel
    symbol_events: Panel
