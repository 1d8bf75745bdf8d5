"""Settings of stage 03. Defaults live here and nowhere else."""

from __future__ import annotations

from pydantic import Field

from foundation.kernel import Part


class StoryAssemblySettings(Part):
    """What gets told, and how far back.

    Attributes
    ----------
    story_sessions : int
        Number of past sessions that get a learning text (the corpus).
    full_sessions : int
        Number of recent sessions that get a full story, with figures, claims and source rows.
    clear_degree, leaning_degree : float
        Membership from which a state is told plainly, and from which it only shades into its
        neighbour; below it lies between the two.
    pattern_partial, pattern_clear, pattern_textbook : float
        Match strengths from which a pattern is mentioned, and called clear or textbook.
    near_event_sessions : int
        A release this close is told with its surprise.
    earnings_horizon : int
        Weekdays ahead from which a coming earnings report is told.
    minimum_reactions : int
        Earlier reports needed before it is told how they moved the price.
    reaction_usual, reaction_large : float
        Mean absolute moves on such days, in volatility scales, from which they count as more than
        an ordinary day (about 0.5) and as sharp.
    news_crowded : float
        Headlines over the usual, in standard deviations of a Poisson count, that get a clause.
    news_trend : float
        Change of the news' tone (which runs from -1 to 1) that gets a clause.
    level_at, level_near, level_reach : float
        Distances to support and resistance, in volatility scales, that bound the four bands.
    tilt_threshold : float
        Expected return over expected volatility beyond which the quantitative view tilts.
    odds_unlikely, odds_likely : float
        Hit probabilities below the one are unlikely, above the other likely. (With target and
        stop one expected standard deviation away, a driftless path hits the target first within
        the week about three times in ten.)
    regime_clear : float
        Probability from which a regime is told plainly.
    range_window : int
        Past sessions against which the expected range is called narrow or wide (by terciles).
    """

    story_sessions: int = Field(default=900, ge=10)
    full_sessions: int = Field(default=10, ge=1)
    clear_degree: float = Field(default=0.85, gt=0.5, le=1)
    leaning_degree: float = Field(default=0.65, gt=0.5, le=1)
    pattern_partial: float = Field(default=0.4, gt=0, le=1)
    pattern_clear: float = Field(default=0.65, gt=0, le=1)
    pattern_textbook: float = Field(default=0.9, gt=0, le=1)
    near_event_sessions: int = Field(default=5, ge=0)
    earnings_horizon: int = Field(default=15, ge=1)
    minimum_reactions: int = Field(default=4, ge=1)
    reaction_usual: float = Field(default=0.75, gt=0)
    reaction_large: float = Field(default=1.5, gt=0)
    news_crowded: float = Field(default=3.0, gt=0)
    news_trend: float = Field(default=0.25, gt=0)
    level_at: float = Field(default=0.25, ge=0)
    level_near: float = Field(default=1.0, ge=0)
    level_reach: float = Field(default=3.0, ge=0)
    tilt_threshold: float = Field(default=0.1, ge=0)
    odds_unlikely: float = Field(default=0.25, ge=0, le=1)
    odds_likely: float = Field(default=0.5, ge=0, le=1)
    regime_clear: float = Field(default=0.6, ge=0, le=1)
    range_window: int = Field(default=250, ge=30)
