"""Proofs on one's own data: nothing uses the future, and two runs write the same bytes.

**No look-ahead.** The settings' as-of session T gives the whole data; an earlier session t is
chosen, and the house is run

1. at t on rows held whole, cut at t's close (the reference),
2. at t with every row after t *changed*, and once more with every row after t *deleted*: each
   artefact must keep its content hash, and
3. at T: what it says about sessions up to t (panels, memberships, movements, stories, the text
   of token windows) must be what the reference said. This finds what 2 cannot: a statistic
   inside a window that looks ahead, such as a centred mean.

Before all that, the source's own cut is held against the rows it knows at T.

**Replay.** Two runs from empty stores, the second in another process with another hash seed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.contracts import ArtefactRef, content_hash
from foundation.kernel import Contract, OperatorError, WorldError
from foundation.market import close_of
from foundation.runtime import InProcessBus, Plan, Runner
from foundation.storage import ArtefactStore
from stage_10_integration import wiring
from stage_10_integration.differences import (
    as_known_by,
    first_common_difference,
    first_difference,
)
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.restatement import in_terms_of
from stage_10_integration.sources import SourceReading, open_source

if TYPE_CHECKING:
    import pandas as pd

    from stage_01_data_engine import MarketRequest, RawMarket

Opener = Callable[[HouseSettings], SourceReading]
Rewire = Callable[[Plan], Plan]
Say = Callable[[str], None]

SOURCE = "source"
"""Name under which the source's own cut is reported, beside the steps of the plan."""
PAST_STEPS = (
    wiring.DATA, wiring.FUZZY, wiring.QUANT, wiring.CHARACTERISTICS, wiring.STORIES,
    wiring.WEEKLY, wiring.OCCASIONS, wiring.TOKENS,
)  # fmt: skip
"""Steps whose artefacts speak about past sessions, in running order."""


@dataclass(frozen=True)
class Comparison:
    """One question, the steps compared, and the first that differed (None: none did)."""

    question: str
    steps: tuple[str, ...]
    step: str | None = None
    where: str | None = None

    @property
    def held(self) -> bool:
        """Whether nothing differed."""
        return self.step is None


@dataclass(frozen=True)
class Verdict:
    """The outcome of a proof: it held, or the first step that broke it and where."""

    law: str
    comparisons: tuple[Comparison, ...]

    @property
    def held(self) -> bool:
        """Whether every comparison held."""
        return all(c.held for c in self.comparisons)

    @property
    def first_broken(self) -> Comparison | None:
        """The first comparison that did not hold."""
        return next((c for c in self.comparisons if not c.held), None)


def verify_no_lookahead(
    settings: HouseSettings,
    *,
    sessions_back: int = 20,
    until: str = wiring.TOKENS,
    opened: Opener = open_source,
    rewire: Rewire = lambda plan: plan,
    say: Say = lambda words: None,
) -> Verdict:
    """Return whether any artefact up to session t depends on anything later.

    Parameters
    ----------
    settings : HouseSettings
        As of T. Stores and output named there are not touched; vendors' answers are kept in the
        cache as in any run.
    sessions_back : int
        t lies this many sessions before T.
    until : str
        Last step compared by hash. Beyond tokens a story model is trained three times.
    opened : callable
        Opens the source for given settings.
    rewire : callable
        Last hand on each plan. A test replaces a step by one that leaks.
    say : callable
        Told in words what is being done.

    Raises
    ------
    OperatorError
        If ``sessions_back`` leaves no history.
    """
    whole = opened(settings).load()
    early = _earlier(settings, whole, sessions_back)
    say("comparing the source's own cut with the rows it knows later")
    comparisons = [_source_cut(opened(early).load(), whole)]
    request = opened(early).load().request
    held = {
        "as they are": whole,
        "changed": _changed_after(whole, request.as_of),
        "deleted": _known(whole, request),
    }
    with tempfile.TemporaryDirectory(prefix="story-verify-") as folder:
        runs = {}
        for name, rows in held.items():
            say(f"running as of {request.as_of} with later rows {name}")
            reading = SourceReading(_HeldRows(rows), request)
            runs[name] = _run(early, reading, Path(folder) / name, until, rewire)
        reference = runs.pop("as they are")
        comparisons += [
            _same(f"every row after {request.as_of} {name}", reference, made)
            for name, made in runs.items()
        ]
        say(f"running as of {whole.request.as_of} and comparing what it says about the past")
        last = until if until in PAST_STEPS else wiring.TOKENS
        later = _run(settings, opened(settings), Path(folder) / "later", last, rewire)
        comparisons.append(_same_past(reference, later, request.as_of, whole.request.as_of))
    return Verdict("no look-ahead", tuple(comparisons))


def _earlier(settings: HouseSettings, whole: RawMarket, back: int) -> HouseSettings:
    sessions = whole.request.sessions
    if not 1 <= back < len(sessions) - 1:
        raise OperatorError(
            "The earlier session lies within the window",
            value=back,
            remedy=f"go back between 1 and {len(sessions) - 2} sessions",
        )
    market = settings.market.model_copy(update={"as_of": sessions[-1 - back]})
    data = settings.data.model_copy(update={"history_sessions": len(sessions) - back})
    return settings.model_copy(update={"market": market, "data": data})


class _HeldRows:
    """Rows held in memory, cut at the close of whatever session is asked for."""

    def __init__(self, rows: RawMarket) -> None:
        self._rows = rows

    @property
    def name(self) -> str:
        return self._rows.source.name

    def load(self, request: MarketRequest) -> RawMarket:
        return _known(self._rows, request)


def _known(rows: RawMarket, request: MarketRequest) -> RawMarket:
    """Return the rows known at the close of ``request.as_of``, fingerprint included.

    The cut is made here, and not left to ``raw_market``: a proof needs its own yardstick.
    """
    import pandas as pd

    from stage_01_data_engine import raw_market
    from stage_01_data_engine.raw import MARKET_SERIES

    close = close_of(request.as_of)
    bars = rows.bars[rows.bars["session"] <= pd.Timestamp(request.as_of)]
    return raw_market(
        request,
        name=rows.source.name,
        bars=bars,
        observations=rows.observations[rows.observations["known_at"] <= pd.Timestamp(close)],
        option_quotes=rows.option_quotes[rows.option_quotes["known_at"] <= pd.Timestamp(close)],
        series=tuple(s for s in rows.series if s.name not in MARKET_SERIES),
        events=tuple(e for e in rows.events if e.known_at <= close),
        instruments=tuple(i for i in rows.instruments if i.symbol in set(bars["symbol"])),
        findings=tuple(f for f in rows.findings if f.session is None or f.session <= request.as_of),
        unread=tuple(r for r in rows.unread if r.session is None or r.session <= request.as_of),
        licence=rows.source.licence,
        survivor_biased=rows.source.survivor_biased,
        note=rows.source.note,
    )


def _changed_after(rows: RawMarket, session: date) -> RawMarket:
    """Return the rows with every value after the session's close made another one."""
    import pandas as pd

    close = close_of(session)
    bars, seen = rows.bars.copy(), rows.observations.copy()
    later = bars["session"] > pd.Timestamp(session)
    prices = ["open", "high", "low", "close"]
    bars.loc[later, prices] = bars.loc[later, prices] * 1.7 + 3.0
    bars.loc[later, "volume"] = bars.loc[later, "volume"] * 0.3 + 11.0
    unknown = seen["known_at"] > pd.Timestamp(close)
    seen.loc[unknown, "value"] = seen.loc[unknown, "value"] * 1.4 + 0.5
    quotes = rows.option_quotes.copy()
    quoted = quotes["known_at"] > pd.Timestamp(close)
    for column in ("bid", "ask", "last", "volume", "open_interest", "spot"):
        quotes.loc[quoted, column] = quotes.loc[quoted, column] * 1.3 + 0.25
    events = tuple(
        e
        if e.known_at <= close or e.actual is None
        else e.model_copy(update={"actual": 1.4 * e.actual + 0.5})
        for e in rows.events
    )
    return replace(rows, bars=bars, observations=seen, events=events, option_quotes=quotes)


def _source_cut(early: RawMarket, whole: RawMarket) -> Comparison:
    question = f"the source delivers as of {early.request.as_of} what it later knows of then"
    wanted = _known(whole, early.request)
    found = (
        _frame_difference("bars", in_terms_of(wanted.bars, early, whole), early.bars)
        or _frame_difference("observations", wanted.observations, early.observations)
        or _frame_difference("option quotes", wanted.option_quotes, early.option_quotes)
        or first_difference(wanted.events, early.events, "events")
        or first_difference(wanted.instruments, early.instruments, "instruments")
    )
    return Comparison(question, (SOURCE,), SOURCE if found else None, found)


def _frame_difference(name: str, wanted: pd.DataFrame, got: pd.DataFrame) -> str | None:
    if len(wanted) != len(got):
        return f"{name}: {len(wanted)} rows known then, {len(got)} delivered"
    for column in wanted.columns:
        one, other = wanted[column].to_numpy(), got[column].to_numpy()
        found = first_difference(tuple(one.tolist()), tuple(other.tolist()), f"{name}.{column}")
        if found:
            return found
    return None


def _run(
    settings: HouseSettings, reading: SourceReading, folder: Path, until: str, rewire: Rewire
) -> dict[str, Contract]:
    """Run from an empty store and return every output by step."""
    store = ArtefactStore(folder)
    runner = Runner(store, InProcessBus(), attempts=1)
    # What leads to no step before the brief is asked for by name.
    aside: tuple[str, ...] = (
        () if until in (wiring.DATA, wiring.FUZZY) else (wiring.CHARACTERISTICS,)
    )
    if until not in (wiring.DATA, wiring.FUZZY, wiring.QUANT):
        aside += (wiring.WEEKLY, wiring.OCCASIONS)
    plan = rewire(wiring.build_plan(settings, reading, store)).until(until, *aside)
    result = runner.run(plan)
    return {name: runner.load(plan, result, name) for name in result.outputs}


def _same(question: str, one: dict[str, Contract], other: dict[str, Contract]) -> Comparison:
    """Compare by content hash, step by step in running order."""
    for step, made in one.items():
        if content_hash(made) != content_hash(other[step]):
            where = first_difference(made, other[step]) or "its ancestry alone"
            return Comparison(question, tuple(one), step, where)
    return Comparison(question, tuple(one))


def _same_past(
    reference: dict[str, Contract], later: dict[str, Contract], session: date, stands: date
) -> Comparison:
    question = f"a run as of {stands} says the same about sessions up to {session}"
    steps = tuple(step for step in PAST_STEPS if step in reference and step in later)
    for step in steps:
        then, now = (as_known_by(run[step], session) for run in (reference, later))
        found = first_common_difference(then, now)
        if found:
            return Comparison(question, steps, step, found)
        if not then.keys() & now.keys():
            return Comparison(question, steps, step, "nothing in common to compare")
    return Comparison(question, steps)


def verify_replay(
    settings: HouseSettings,
    *,
    until: str = wiring.BRIEF,
    rewire: Rewire | None = None,
    say: Say = lambda words: None,
) -> Verdict:
    """Return whether two runs from empty stores give the same content hashes.

    The second run happens in a fresh interpreter with another hash seed, unless ``rewire`` (which
    cannot travel there) is given.
    """
    with tempfile.TemporaryDirectory(prefix="story-replay-") as folder:
        say("first run from an empty store")
        one = outputs(settings, Path(folder) / "one", until, rewire)
        say("second run from an empty store")
        if rewire is None:
            other = _outputs_elsewhere(settings, Path(folder) / "two", until)
        else:
            other = outputs(settings, Path(folder) / "two", until, rewire)
        for step, ref in one.items():
            if other[step] != ref:
                where = _replay_difference(Path(folder), settings, step, ref, other[step])
                return Verdict("replay", (Comparison(_TWICE, tuple(one), step, where),))
    return Verdict("replay", (Comparison(_TWICE, tuple(one)),))


_TWICE = "two runs from empty stores give the same content hashes"


def outputs(
    settings: HouseSettings, folder: Path, until: str, rewire: Rewire | None = None
) -> dict[str, ArtefactRef]:
    """Run in a store of one's own and return references to every output, by step."""
    store = ArtefactStore(folder)
    plan = wiring.build_plan(settings, open_source(settings), store)
    plan = (rewire(plan) if rewire else plan).until(until)
    return Runner(store, InProcessBus(), attempts=1).run(plan).outputs


def _outputs_elsewhere(settings: HouseSettings, folder: Path, until: str) -> dict[str, ArtefactRef]:
    script = (
        "import sys; from pathlib import Path;"
        "from stage_10_integration.verification import outputs_as_json;"
        "print(outputs_as_json(sys.stdin.read(), Path(sys.argv[1]), sys.argv[2]))"
    )
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), until],
        input=settings.model_dump_json(),
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WorldError(
            "The second run of a replay finishes like the first",
            value=done.stderr[-400:],
            remedy="run `story run` and read its error",
        )
    document = json.loads(done.stdout.splitlines()[-1])
    return {step: ArtefactRef.model_validate(ref) for step, ref in document.items()}


def outputs_as_json(settings: str, folder: Path, until: str) -> str:
    """Run with settings given as JSON and return references to every output as JSON."""
    made = outputs(HouseSettings.model_validate_json(settings), folder, until)
    return json.dumps({step: ref.model_dump() for step, ref in made.items()})


def _replay_difference(
    folder: Path, settings: HouseSettings, step: str, one: ArtefactRef, other: ArtefactRef
) -> str:
    store = ArtefactStore(folder / "one")
    kind = wiring.build_plan(settings, open_source(settings), store).step(step).makes
    first = store.get(one.content_hash, kind)
    second = ArtefactStore(folder / "two").get(other.content_hash, kind)
    return first_difference(first, second) or "its ancestry alone"
