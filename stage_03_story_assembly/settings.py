"""Settings of stage 03. Defaults live here and nowhere else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from foundation.kernel import Part


class StoryAssemblySettings(Part):
    """What gets told, and how far back.

    Attributes
    ----------
    story_sessions : int
        Number of past sessions that get a learning text (the corpus).
    learn_from : "every session" or "sessions with context"
        Whether a session gets a learning text before the quantitative model has an opinion on it.
        Where a corpus begins at the beginning of a data set, that model's silence tells the year:
        leave such sessions out.
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
    regime_false_change : float
        What telling a change of regime that was none costs, in sessions that go by the wrong name:
        two, for it is told and taken back.
    range_window : int
        Past sessions against which the expected range is called narrow or wide (by terciles).
    span_steady, span_sharp : float
        A week's move up to so many volatility scales is steady, beyond so many sharp (as stage
        02 grades segments of five sessions).
    market_instruments : int
        Instruments that make a market to compare with (their median return).
    relative_told, relative_near, relative_far : float
        Distances from the market, in volatility scales of a day: from which a stock's is told,
        up to which a sector keeps pace, and from which either is far.
    sector_members : int
        Stocks of a sector without which nothing is said of its members.
    option_extreme : float
        Share at either end of their past at which option ratios and ranks are told.
    max_pain_gap, gamma_balance : float
        Distance of max pain from the market (0.02: 2%), and balance of dealers' gamma (-1 to 1),
        beyond which a side is named.
    occasion_gap, occasion_move : float
        Opening gap and move of a day, in volatility scales (an ordinary day moves about 0.5), from
        which they are an event with a story of their own.
    overnight_share : float
        Share of a day's variance that falls between close and opening; the rest falls into the
        session, most of it early. It sets what gap and what move by an hour is sharp.
    pace_fast : float
        Volume so far over the usual by the hour from which trade is fast (its inverse: slow).
    lean_threshold : float
        Mean tone of a story from which it leaned one way.
    response_smaller, response_larger : float
        Today's move over the mean of earlier occasions of the kind, between which it is usual.
    """

    story_sessions: int = Field(default=900, ge=10)
    learn_from: Literal["every session", "sessions with context"] = "every session"
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
    regime_false_change: float = Field(default=2.0, ge=0)
    range_window: int = Field(default=250, ge=30)
    span_steady: float = Field(default=0.5, gt=0)
    span_sharp: float = Field(default=2.0, gt=0)
    market_instruments: int = Field(default=8, ge=3)
    relative_told: float = Field(default=0.75, gt=0)
    relative_near: float = Field(default=0.25, gt=0)
    relative_far: float = Field(default=1.25, gt=0)
    sector_members: int = Field(default=3, ge=1)
    option_extreme: float = Field(default=0.1, gt=0, lt=0.5)
    max_pain_gap: float = Field(default=0.02, gt=0)
    gamma_balance: float = Field(default=0.1, gt=0)
    occasion_gap: float = Field(default=1.5, gt=0)
    occasion_move: float = Field(default=2.5, gt=0)
    response_smaller: float = Field(default=0.5, gt=0)
    response_larger: float = Field(default=1.5, gt=0)
    overnight_share: float = Field(default=0.3, gt=0, lt=1)
    pace_fast: float = Field(default=1.33, gt=1)
    lean_threshold: float = Field(default=0.1, gt=0)
