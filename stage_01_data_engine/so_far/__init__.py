"""A session while it lasts, from a file of intraday bars: read, judged, summed up to an hour."""

from stage_01_data_engine.so_far.bar_file import read_intraday
from stage_01_data_engine.so_far.running_bar import session_so_far, sessions_so_far

__all__ = ["read_intraday", "session_so_far", "sessions_so_far"]
