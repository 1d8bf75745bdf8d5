"""The numbered matrix: every source passes every rule that concerns what it claims to do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from foundation.contracts import BAR_FIELDS
from foundation.kernel import DependencyError, OperatorError, UpstreamDataError, WorldError
from foundation.market import close_of
from foundation.testing.vendors import Fault, ManualTime, VendorMarket, vendor_market
from stage_01_data_engine import DataEngineSettings, RawMarket
from stage_01_data_engine.quality import gate
from stage_01_data_engine.raw import OBSERVATION_COLUMNS, QUOTE_COLUMNS
from stage_01_data_engine.series import CORE_SERIES
from tests.stage_01_data_engine.conformance.case import AS_OF, Setup, SourceCase
from tests.stage_01_data_engine.conformance.cases import CASES

WORLD = vendor_market()
CLOSE = close_of(AS_OF)


@dataclass(frozen=True)
class Matrix:
    """A source and a folder, with what most rules do with them."""

    case: SourceCase
    folder: Path

    def setup(self, name: str = "world", world: VendorMarket = WORLD, **changes: object) -> Setup:
        folder = self.folder / name / "data"  # Its own name may be told by the source.
        folder.mkdir(parents=True)
        return replace(Setup(world, folder), **changes)  # type: ignore[arg-type]

    def load(self, setup: Setup) -> RawMarket:
        with self.case.opened(setup) as source:
            return source.load(self.case.request())


Check = Callable[[Matrix], None]
RULES: dict[str, tuple[str, frozenset[str], Check]] = {}


def rule(number: str, sentence: str, *traits: str) -> Callable[[Check], Check]:
    """Register a rule for the sources that have all these traits."""

    def register(check: Check) -> Check:
        assert number not in RULES
        RULES[number] = (sentence, frozenset(traits), check)
        return check

    return register


def same(one: RawMarket, other: RawMarket) -> None:
    """Assert that two answers agree to the byte."""
    pd.testing.assert_frame_equal(one.bars, other.bars, check_exact=True)
    pd.testing.assert_frame_equal(one.observations, other.observations, check_exact=True)
    assert one.events == other.events
    assert one.findings == other.findings
    assert (one.instruments, one.quarantined) == (other.instruments, other.quarantined)
    assert one.source == other.source


@rule("C01", "Nothing that was not known at the as-of close is returned.")
def _(matrix: Matrix) -> None:
    raw = matrix.load(matrix.setup())
    assert len(raw.bars) + len(raw.observations) + len(raw.events) > 0
    assert not (raw.bars["session"] > pd.Timestamp(AS_OF)).any()
    assert not (raw.observations["known_at"] > CLOSE).any()
    assert all(event.known_at <= CLOSE for event in raw.events)


@rule("C02", "Rewriting or deleting what comes later changes no byte.", "world")
def _(matrix: Matrix) -> None:
    told = matrix.load(matrix.setup())
    other_future, no_future = WORLD.rewritten_after(AS_OF), WORLD.cut_after(AS_OF)
    assert not np.array_equal(other_future.bars["AAA"][-1], WORLD.bars["AAA"][-1])
    same(told, matrix.load(matrix.setup("other", other_future)))
    same(told, matrix.load(matrix.setup("none", no_future)))


@rule("C03", "Loading twice gives the same bytes and the same fingerprint.")
def _(matrix: Matrix) -> None:
    same(matrix.load(matrix.setup()), matrix.load(matrix.setup("again")))


@rule("C04", "Another past gives another fingerprint.", "world")
def _(matrix: Matrix) -> None:
    before = AS_OF - timedelta(days=30)
    one, other = (
        matrix.load(matrix.setup()),
        matrix.load(matrix.setup("other", WORLD.rewritten_after(before))),
    )
    assert one.source.fingerprint != other.source.fingerprint


@rule("C05", "Rows have the columns, types and order that RawMarket promises.")
def _(matrix: Matrix) -> None:
    raw = matrix.load(matrix.setup())
    assert set(raw.bars.columns) == {"symbol", "session", *BAR_FIELDS, "location"}
    assert (raw.bars["session"] == raw.bars["session"].dt.normalize()).all()
    assert all(raw.bars[name].dtype == float for name in BAR_FIELDS)
    assert tuple(raw.observations) == OBSERVATION_COLUMNS
    assert tuple(raw.option_quotes) == QUOTE_COLUMNS
    for moment in ("event_time", "known_at"):
        assert str(raw.observations[moment].dtype) == "datetime64[ns, UTC]"
    assert set(raw.observations["series"]) <= {series.name for series in raw.series}
    assert set(CORE_SERIES) <= {series.name for series in raw.series}
    assert (raw.bars["location"] != "").all()
    assert {i.symbol for i in raw.instruments} == set(raw.bars["symbol"])
    for instrument in raw.instruments:
        mine = raw.bars[raw.bars["symbol"] == instrument.symbol]
        assert not set(BAR_FIELDS) - set(instrument.fields) & {
            name for name in BAR_FIELDS if mine[name].notna().any()
        }


@rule("C06", "Bars are the truth, on the session they belong to, over changes of daylight saving.",
      "world", "bars")  # fmt: skip
def _(matrix: Matrix) -> None:
    raw = matrix.load(matrix.setup())
    sessions = matrix.case.request().sessions
    assert len(sessions) == 110
    days = np.array([day for day in WORLD.sessions if day <= AS_OF])
    for symbol in matrix.case.symbols or WORLD.symbols:
        mine = raw.bars[raw.bars["symbol"] == symbol]
        truth = matrix.case.expected_bars(WORLD, symbol)[days >= sessions[0]]
        assert mine["session"].dt.date.tolist() == list(sessions)
        np.testing.assert_allclose(mine[list(BAR_FIELDS)].to_numpy(), truth, rtol=1e-12)


@rule("C07", "Moments are aware and kept in New York time.", "events")
def _(matrix: Matrix) -> None:
    raw = matrix.load(matrix.setup())
    assert raw.events
    for event in raw.events:
        assert event.known_at.tzinfo == event.event_time.tzinfo == ZoneInfo("America/New_York")


@rule("C08", "Every row that came in is kept or quarantined, and the gate's counts add up.", "bars")
def _(matrix: Matrix) -> None:
    raw = matrix.load(matrix.setup())
    judged = gate(raw.bars, raw.instruments, raw.request.sessions, DataEngineSettings())
    assert len(judged.bars) + judged.quarantined == len(raw.bars)
    told = sum(f.rows for f in raw.findings if f.action == "quarantined")
    assert told == raw.quarantined


@rule("C09", "A symbol the source does not have is an error that names it.", "bars")
def _(matrix: Matrix) -> None:
    with (
        matrix.case.opened(matrix.setup()) as source,
        pytest.raises(OperatorError, match=matrix.case.unknown),
    ):
        source.load(matrix.case.request((matrix.case.unknown,)))


@rule("C10", "Without a key the error names the variable and where to get one.", "key")
def _(matrix: Matrix) -> None:
    with pytest.raises(DependencyError, match=matrix.case.variable) as caught:
        matrix.load(matrix.setup(key="absent"))
    assert "http" in caught.value.remedy


@rule("C11", "A key the vendor refuses is an error that names the variable.", "key")
def _(matrix: Matrix) -> None:
    with pytest.raises(DependencyError, match=matrix.case.variable):
        matrix.load(matrix.setup(key="wrong"))


@rule("C12", "The key is in no error, no log and no row.", "key")
def _(matrix: Matrix) -> None:
    records: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    root, names = logging.getLogger(), ("", "httpx", "httpcore", "foundation.connect")
    levels = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.DEBUG)
        raw = matrix.load(matrix.setup())
        fault = matrix.case.lasting_faults()["503"]
        with pytest.raises(WorldError) as caught:
            matrix.load(matrix.setup("broken", faults=(fault,)))
    finally:
        root.removeHandler(handler)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    key = matrix.case.key
    assert len(records) > 5
    assert not [text for text in records if key in text]
    assert key not in str(caught.value)
    assert key not in repr(caught.value.__cause__) + repr(caught.value.__context__)
    assert not raw.bars["location"].str.contains(key, regex=False).any()
    assert key not in raw.source.model_dump_json()


def _getting_over(name: str) -> Check:
    def check(matrix: Matrix) -> None:
        fault = matrix.case.passing_faults().get(name)
        if fault is None:
            pytest.skip(f"{matrix.case.name} has no such failure")
        undisturbed = matrix.load(matrix.setup())
        setup = matrix.setup("disturbed", faults=(fault,))
        same(undisturbed, matrix.load(setup))
        _waited_as_asked(name, setup.time)

    return check


def _waited_as_asked(name: str, time: ManualTime) -> None:
    """Assert the longest wait: what the server asked for, else the first back-off."""
    asked = {"429, seconds": 3.0, "429, date": 7.0}.get(name)
    waits = [seconds for seconds in time.waits if seconds > 0]
    assert waits, "the server was asked again at once"
    if asked is not None:
        assert max(waits) == pytest.approx(asked, abs=0.01)


for _number, _name, _sentence in (
    ("C13", "429, seconds", "A 429 is waited out for the seconds asked, then the data are whole."),
    ("C14", "429, date", "A 429 is waited out until the date asked, then the data are whole."),
    ("C15", "429, no word how long", "A 429 without Retry-After is waited out by back-off."),
    ("C16", "503", "An overloaded server is asked again, then the data are whole."),
    ("C17", "hung up", "A connection closed without a word is tried again."),
    ("C18", "half closed", "A connection closed in mid-answer is tried again; no half is used."),
    ("C19", "silent", "A server that says nothing runs into the time-out and is asked again."),
):
    rule(_number, _sentence, "remote", "world")(_getting_over(_name))


@rule("C20", "A failure that lasts is a WorldError that names the vendor.", "remote")
def _(matrix: Matrix) -> None:
    faults = matrix.case.lasting_faults()
    for at, (name, fault) in enumerate(faults.items()):
        with pytest.raises(WorldError) as caught:
            matrix.load(matrix.setup(str(at), faults=(fault,)))
        assert caught.value.remedy, name


@rule("C21", "An answer that cannot be read is an UpstreamDataError that says which.", "remote")
def _(matrix: Matrix) -> None:
    for at, (name, fault) in enumerate(matrix.case.broken_payloads().items()):
        with pytest.raises(UpstreamDataError) as caught:
            matrix.load(matrix.setup(str(at), faults=(fault,)))
        assert caught.value.value is not None, name
        assert caught.value.remedy, name


@rule("C22", "A change of format is an UpstreamDataError that names the field.", "remote")
def _(matrix: Matrix) -> None:
    changes = matrix.case.schema_changes()
    assert changes, "a remote source says how its format could change"
    for at, (name, (fault, word)) in enumerate(changes.items()):
        with pytest.raises(UpstreamDataError, match=word) as caught:
            matrix.load(matrix.setup(str(at), faults=(fault,)))
        assert caught.value.remedy, name


@rule("C23", "All pages are read: small ones give what one large one gives.", "paged")
def _(matrix: Matrix) -> None:
    large, small = matrix.setup(), matrix.setup("small", page_size=30)
    same(matrix.load(large), matrix.load(small))
    assert len(small.server.requests) >= len(large.server.requests) + 4


@rule("C24", "Rows that two pages share are used once, and told of.", "paged")
def _(matrix: Matrix) -> None:
    fault = matrix.case.repeated_rows()
    assert fault is not None
    whole = matrix.load(matrix.setup())
    twice = matrix.load(matrix.setup("twice", page_size=30, faults=(fault,)))
    assert twice.events == whole.events
    values = ["series", "event_time", "known_at", "value"]
    pd.testing.assert_frame_equal(twice.observations[values], whole.observations[values])
    if "bars" in matrix.case.traits:
        kept = [
            gate(raw.bars, raw.instruments, raw.request.sessions, DataEngineSettings())
            for raw in (whole, twice)
        ]
        rows = ["symbol", "session", *BAR_FIELDS]
        pd.testing.assert_frame_equal(kept[0].bars[rows], kept[1].bars[rows])
        assert kept[1].quarantined + twice.quarantined > 0


@rule("C25", "A vendor that has nothing is an UpstreamDataError, not an empty market.", "remote")
def _(matrix: Matrix) -> None:
    fault = matrix.case.nothing_found()
    assert fault is not None
    with pytest.raises(UpstreamDataError) as caught:
        matrix.load(matrix.setup(faults=(fault,)))
    assert caught.value.remedy


@rule("C26", "Bars stamped in another zone are refused, never moved to another session.",
      "stamped")  # fmt: skip
def _(matrix: Matrix) -> None:
    fault = matrix.case.wrong_zone()
    assert fault is not None
    with pytest.raises(UpstreamDataError, match=r"(?i)new york|zone"):
        matrix.load(matrix.setup(faults=(fault,)))


@rule(
    "C27", "A session that has not closed yet is refused: its bar is not whole.", "remote", "bars"
)
def _(matrix: Matrix) -> None:
    early = ManualTime(CLOSE - timedelta(minutes=1))
    with pytest.raises(OperatorError, match="closed"):
        matrix.load(matrix.setup(time=early))


@rule("C28", "A server's failures of long ago do not count against it.", "remote", "world")
def _(matrix: Matrix) -> None:
    fault: Fault = matrix.case.lasting_faults()["hung up"]
    setup = matrix.setup(faults=(replace(fault, times=3),))
    with matrix.case.opened(setup) as source:
        with pytest.raises(WorldError):
            source.load(matrix.case.request())
        setup.time.advance(timedelta(hours=1))
        healed = source.load(matrix.case.request())
    same(healed, matrix.load(matrix.setup("well")))


PAIRS = [
    pytest.param(case, number, id=f"{number}-{case.name}")
    for number, (_, traits, _) in sorted(RULES.items())
    for case in CASES
    if traits <= case.traits
]


@pytest.mark.parametrize(("case", "number"), PAIRS)
def test_a_source_keeps_the_rule(case: SourceCase, number: str, tmp_path: Path) -> None:
    RULES[number][2](Matrix(case, tmp_path))


def test_rules_are_numbered_without_a_gap_and_each_is_a_sentence() -> None:
    assert sorted(RULES) == [f"C{n:02d}" for n in range(1, len(RULES) + 1)]
    assert all(sentence.endswith(".") for sentence, _, _ in RULES.values())


def test_every_rule_is_kept_by_some_source() -> None:
    assert set(RULES) == {param.values[1] for param in PAIRS}
