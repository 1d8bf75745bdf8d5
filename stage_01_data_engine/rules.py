"""The rules of the quality gate, in the words that findings use.

Each rule has a short name for lists of rows, and says why it stands. How a rule is decided, and
why at that threshold, is told where it is computed: ``quality`` (single bars), ``histories``
(runs, jumps, gaps), ``release_clock``, ``periods``, ``option_quotes``, ``bitemporal``.
"""

from __future__ import annotations

from foundation.contracts import BAR_FIELDS
from stage_01_data_engine.findings import Rule

ON_SESSION = Rule(
    "A bar stands on a session of the exchange",
    "remove the row, or check the time zone of its date",
    ("close",),
    name="off-session",
    dimension="schema",
    why="a bar of a holiday or weekend shifts every window that counts sessions",
)
PHANTOM = Rule(
    "A bar stands on a session of the exchange, and is no copy of the bar before it",
    "remove the row: a holiday was filled with the previous bar",
    ("close", "volume"),
    name="phantom-session",
    dimension="duplicate",
    why="a copied holiday adds a return of zero and doubles a session's volume",
)
CLOSE_REPORTED = Rule(
    "A bar reports a close",
    "supply the close or remove the row",
    ("close",),
    name="no-close",
    dimension="completeness",
    why="without a close there is no return",
)
FINITE = Rule(
    "Prices and volume are finite numbers",
    "correct or remove the row",
    BAR_FIELDS,
    name="not-finite",
    dimension="schema",
    why="infinity spreads through every mean that touches it",
)
POSITIVE = Rule(
    "Prices are above zero",
    "correct the price or remove the row",
    BAR_FIELDS[:4],
    name="price-not-positive",
    dimension="schema",
    why="a price of zero or less has no logarithm; vendors write zero for missing",
)
VOLUME_SIGN = Rule(
    "Volume is not negative",
    "correct the volume or remove the row",
    ("volume",),
    name="negative-volume",
    dimension="schema",
    why="a count of shares below zero shows a corrupt row",
)
LOW_HIGH = Rule(
    "A bar's low is not above its high",
    "swap or correct low and high",
    ("low", "high"),
    name="low-above-high",
    dimension="inconsistency",
    why="true range would be negative; which of the two is wrong cannot be told",
)
IN_RANGE = Rule(
    "Open and close lie between low and high",
    "compare the row with another source and correct it",
    ("open", "high", "low", "close"),
    name="outside-range",
    dimension="inconsistency",
    why="one of four prices is wrong and it cannot be told which",
)
SAME_TWICE = Rule(
    "A symbol has one bar a session",
    "remove the repeated row; its first copy was kept",
    ("close",),
    name="repeated-key",
    dimension="duplicate",
    why="a bar that counts twice doubles volume and adds a return of zero",
)
CONFLICT = Rule(
    "A symbol has one bar a session, not several that disagree",
    "keep the right row; none was used, since none can be told to be right",
    ("close",),
    name="conflicting-key",
    dimension="duplicate",
    why="picking the first or the last would be a guess",
)
ASCENDING = Rule(
    "A symbol's rows ascend by date",
    "sort the file by date",
    (),
    "info",
    "repaired",
    name="out-of-order",
    dimension="schema",
    why="returns follow dates; rows were sorted",
)
FIELDS_REPORTED = Rule(
    "A bar reports every field its source has",
    "supply the missing fields; until then what needs them is absent on that session",
    ("open", "high", "low", "volume"),
    "warning",
    "kept",
    name="field-missing",
    dimension="completeness",
    why="a filled-in field would be made up",
)
TRADED = Rule(
    "Shares were traded",
    "check whether trading was halted or volume is missing",
    ("volume",),
    "info",
    "kept",
    name="no-volume",
    dimension="staleness",
    why="a close without trade repeats an older price",
)
VOLUME_WITH_MOVEMENT = Rule(
    "A bar whose price moved had shares traded",
    "supply the volume; a zero beside a moving price was taken as not reported",
    ("volume",),
    "warning",
    "repaired",
    name="zero-volume-moved",
    dimension="inconsistency",
    why="prices move by trading, so the zero means not reported",
)
JUMP = Rule(
    "A session's return is ordinary",
    "check for an unadjusted split, spin-off or bad print",
    ("close",),
    "warning",
    "kept",
    name="jump",
    dimension="outlier",
    why="a return this large is news, a corporate action or an error",
)
SPLIT = Rule(
    "Prices before and after are on one basis: no step that looks like an unadjusted split",
    "look the instrument's splits, class dividends and spin-offs up, and adjust the bars before",
    ("close",),
    "warning",
    "kept",
    name="split-suspected",
    dimension="outlier",
    why="an unadjusted split reads as a crash of a half or more that never was",
)
BAD_PRINT = Rule(
    "A price that leaves its level for one session does not come back as if nothing was",
    "compare the bar with another source; it looks like a misprint",
    ("open", "high", "low", "close"),
    "warning",
    "kept",
    name="bad-print",
    dimension="outlier",
    why="one misprint makes two extreme returns and spoils volatility for weeks",
)
COPIED = Rule(
    "A bar is no copy of the bar before it",
    "check whether the row was filled in by the vendor",
    ("close", "volume"),
    "info",
    "kept",
    name="copied-bar",
    dimension="staleness",
    why="prices and volume that all repeat are seldom trading",
)
FILLED = Rule(
    "A session's bars are its own, not those of the session before for many symbols at once",
    "compare the session with another source and replace the copied bars",
    ("close", "volume"),
    "warning",
    "kept",
    name="filled-session",
    dimension="staleness",
    why="a filled session hides a real one: its returns show up a day late",
)
TRANSPLANTED = Rule(
    "A bar stands on its own session, not on another one of the symbol too",
    "take the session's own bar from another source; this one is a copy",
    ("close", "volume"),
    name="transplanted-bar",
    dimension="duplicate",
    why="a later bar on an earlier session is the future standing in the past",
)
ON_TWO_SESSIONS = Rule(
    "A bar stands on one session of a symbol only",
    "keep the right one; neither was used, since neither can be told to be the copy",
    ("close", "volume"),
    name="on-two-sessions",
    dimension="duplicate",
    why="one of the two may be a later bar on an earlier session",
)
STALE = Rule(
    "Prices do not stand still for longer than the instrument's own trading explains",
    "check whether the vendor carried the last price forward, or trading was halted",
    ("close",),
    "warning",
    "kept",
    name="stale-run",
    dimension="staleness",
    why="carried-forward prices show no risk, and a jump when they end",
)
REUSED = Rule(
    "A symbol means one instrument throughout",
    "look the symbol's history up; if it was given to another company, drop the bars before",
    ("close",),
    "warning",
    "kept",
    name="reused-symbol",
    dimension="inconsistency",
    why="two companies under one symbol give returns that nobody ever earned",
)
LONG_GAP = Rule(
    "An instrument trades at least once a month",
    "supply the missing bars; what spans the gap is not to be trusted",
    ("close",),
    "info",
    "kept",
    name="long-gap",
    dimension="completeness",
    why="windows across a long gap mix two times",
)
SHARED = Rule(
    "Two symbols do not share one and the same price series",
    "keep one of the two; which of them owns the series must be looked up",
    ("close",),
    "warning",
    "kept",
    name="shared-series",
    dimension="duplicate",
    why="a series that counts twice fakes correlation, breadth and diversification",
)
COMPLETE = Rule(
    "An instrument has a bar on every session since its first",
    "supply the missing bars",
    (),
    "warning",
    "kept",
    name="sessions-missing",
    dimension="completeness",
    why="returns over a hole cover more than one session",
)
CURRENT = Rule(
    "An instrument has a bar on the as-of session",
    "choose an earlier as-of date or refresh the data; without today there is no story of tomorrow",
    (),
    name="not-current",
    dimension="staleness",
    why="a story of tomorrow starts from today",
)
REPORTS_RANGES = Rule(
    "An instrument reports ranges and volume",
    "nothing to do; what needs them is absent for these instruments",
    (),
    "info",
    "kept",
    name="close-only",
    dimension="completeness",
    why="what needs ranges or volume is absent, not guessed",
)

BAR_RULES: tuple[Rule, ...] = (
    PHANTOM,
    ON_SESSION,
    FINITE,
    CLOSE_REPORTED,
    POSITIVE,
    VOLUME_SIGN,
    LOW_HIGH,
    IN_RANGE,
    CONFLICT,
    SAME_TWICE,
    ASCENDING,
    FIELDS_REPORTED,
    VOLUME_WITH_MOVEMENT,
    TRADED,
    TRANSPLANTED,
    ON_TWO_SESSIONS,
    STALE,
    FILLED,
    COPIED,
    BAD_PRINT,
    REUSED,
    LONG_GAP,
    SPLIT,
    JUMP,
    SHARED,
    COMPLETE,
    REPORTS_RANGES,
    CURRENT,
)
"""Every rule of the gate for bars, in the order of judgement."""
