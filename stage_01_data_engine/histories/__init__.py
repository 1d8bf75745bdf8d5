"""What a symbol's bars say about one another: steps, misprints, standstills, gaps and copies.

Each function takes one ``History`` (all symbols' good bars in symbol and session order) and
returns arrays over its rows. What a function finds is a likelihood, no contradiction: a step of a
half can be a split or a crash, and only a corporate-action record can tell for sure. Each uses only
rows of the window, hence nothing later than the as-of close; what needs the sessions that follow (a
misprint, a split) is decided as soon as they are there and on fewer of them at the end of the
window.
"""

from stage_01_data_engine.histories.copies import filled_sessions, transplanted
from stage_01_data_engine.histories.gaps import long_gaps
from stage_01_data_engine.histories.history import History
from stage_01_data_engine.histories.misprints import bad_prints
from stage_01_data_engine.histories.splits import split_steps
from stage_01_data_engine.histories.standstills import stale_runs
from stage_01_data_engine.histories.twins import twins

__all__ = [
    "History",
    "bad_prints",
    "filled_sessions",
    "long_gaps",
    "split_steps",
    "stale_runs",
    "transplanted",
    "twins",
]
