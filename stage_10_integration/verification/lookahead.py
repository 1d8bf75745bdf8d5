"""No artefact up to a session depends on anything later.

The settings' as-of session T gives the whole data; an earlier session t is chosen, and the house
is run

1. at t on rows held whole, cut at t's close (the reference),
2. at t with every row after t *changed*, and once more with every row after t *deleted*: each
   artefact must keep its content hash, and
3. at T: what it says about sessions up to t (panels, memberships, movements, stories, the text
   of token windows) must be what the reference said. This finds what 2 cannot: a statistic
   inside a window that looks ahead, such as a centred mean.

Before all that, the source's own cut is held against the rows it knows at T.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.contracts import content_hash
from foundation.kernel import Contract, OperatorError
from foundation.runtime import InProcessBus, Runner
from foundation.storage import ArtefactStore
from stage_10_integration import wiring
from stage_10_integration.house_settings import HouseSettings
from stage_10_integration.sources import SourceReading, open_source
from stage_10_integration.verification.differences import (
    as_known_by,
    first_common_difference,
    first_difference,
)
from stage_10_integration.verification.known_rows import HeldRows, changed_after, known
from stage_10_integration.verification.restatement import in_terms_of
from stage_10_integration.verification.verdict import Comparison, Rewire, Say, Verdict

if TYPE_CHECKING:
    import pandas as pd

    from stage_01_data_engine import RawMarket

Opener = Callable[[HouseSettings], SourceReading]

SOURCE = "source"
"""Name under which the source's own cut is reported, beside the steps of the plan."""
PAST_STEPS = (
    wiring.DATA, wiring.FUZZY, wiring.QUANT, wiring.CHARACTERISTICS, wiring.STORIES,
    wiring.WEEKLY, wiring.OCCASIONS, wiring.TOKENS,
)  # fmt: skip
"""Steps whose artefacts speak about past sessions, in running order."""


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
        "changed": changed_after(whole, request.as_of),
        "deleted": known(whole, request),
    }
    with tempfile.TemporaryDirectory(prefix="story-verify-") as folder:
        runs = {}
        for name, rows in held.items():
            say(f"running as of {request.as_of} with later rows {name}")
            reading = SourceReading(HeldRows(rows), request)
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


def _source_cut(early: RawMarket, whole: RawMarket) -> Comparison:
    question = f"the source delivers as of {early.request.as_of} what it later knows of then"
    wanted = known(whole, early.request)
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
