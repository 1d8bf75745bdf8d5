"""The rules of the quality gate, in the words that findings use."""

from __future__ import annotations

from foundation.contracts import BAR_FIELDS
from stage_01_data_engine.findings import Rule

ON_SESSION = Rule(
    "A bar stands on a session of the exchange",
    "remove the row, or check the time zone of its date",
    ("close",),
)
PHANTOM = Rule(
    "A bar stands on a session of the exchange, and is no copy of the bar before it",
    "remove the row: a holiday was filled with the previous bar",
    ("close", "volume"),
)
CLOSE_REPORTED = Rule("A bar reports a close", "supply the close or remove the row", ("close",))
FINITE = Rule("Prices and volume are finite numbers", "correct or remove the row", BAR_FIELDS)
POSITIVE = Rule("Prices are above zero", "correct the price or remove the row", BAR_FIELDS[:4])
VOLUME_SIGN = Rule("Volume is not negative", "correct the volume or remove the row", ("volume",))
LOW_HIGH = Rule(
    "A bar's low is not above its high", "swap or correct low and high", ("low", "high")
)
IN_RANGE = Rule(
    "Open and close lie between low and high",
    "compare the row with another source and correct it",
    ("open", "high", "low", "close"),
)
SAME_TWICE = Rule(
    "A symbol has one bar a session", "remove the repeated row; its first copy was kept", ("close",)
)
CONFLICT = Rule(
    "A symbol has one bar a session, not several that disagree",
    "keep the right row; none was used, since none can be told to be right",
    ("close",),
)
ASCENDING = Rule("A symbol's rows ascend by date", "sort the file by date", (), "info", "repaired")
FIELDS_REPORTED = Rule(
    "A bar reports every field its source has",
    "supply the missing fields; until then what needs them is absent on that session",
    ("open", "high", "low", "volume"),
    "warning",
    "kept",
)
TRADED = Rule(
    "Shares were traded",
    "check whether trading was halted or volume is missing",
    ("volume",),
    "info",
    "kept",
)
VOLUME_WITH_MOVEMENT = Rule(
    "A bar whose price moved had shares traded",
    "supply the volume; a zero beside a moving price was taken as not reported",
    ("volume",),
    "warning",
    "repaired",
)
JUMP = Rule(
    "A session's return is ordinary",
    "check for an unadjusted split, spin-off or bad print",
    ("close",),
    "warning",
    "kept",
)
COPIED = Rule(
    "A bar is no copy of the bar before it",
    "check whether the row was filled in by the vendor",
    ("close", "volume"),
    "info",
    "kept",
)
COMPLETE = Rule(
    "An instrument has a bar on every session since its first",
    "supply the missing bars",
    (),
    "warning",
    "kept",
)
CURRENT = Rule(
    "An instrument has a bar on the as-of session",
    "choose an earlier as-of date or refresh the data; without today there is no story of tomorrow",
    (),
)
REPORTS_RANGES = Rule(
    "An instrument reports ranges and volume",
    "nothing to do; what needs them is absent for these instruments",
    (),
    "info",
    "kept",
)
