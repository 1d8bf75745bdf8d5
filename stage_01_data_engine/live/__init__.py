"""The session that is going on: quotes become its bars, its bars become its features."""

from stage_01_data_engine.live.next_session import Increment, NextSession
from stage_01_data_engine.live.running_bars import RunningBars
from stage_01_data_engine.live.stream import live_features

__all__ = ["Increment", "NextSession", "RunningBars", "live_features"]
