"""What ``story stage 3 --horizon`` and ``story stage 5 --task`` print: stories of one horizon."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from foundation.contracts import (
    Continuation,
    FuzzyWindow,
    Horizon,
    MarketWindow,
    QuantContext,
    Story,
    StoryBook,
    StoryModel,
    TokenBatch,
)
from foundation.kernel import NEW_YORK, OperatorError
from foundation.language.task_words import HORIZONS
from stage_10_integration import wiring
from stage_10_integration.commands.opening import Session
from stage_10_integration.commands.reporting import console

STEPS: dict[Horizon, str] = {
    Horizon.DAILY: wiring.STORIES,
    Horizon.WEEKLY: wiring.WEEKLY,
    Horizon.EVENT: wiring.OCCASIONS,
}


def latest(book: StoryBook) -> tuple[Story, ...]:
    """Return the stories of the last session that has any."""
    if not book.recent:
        return ()
    last = max(story.session for story in book.recent)
    return tuple(story for story in book.recent if story.session == last)


def tell(session: Session, horizon: Horizon, bars: Path | None, at: str | None) -> StoryBook:
    """Run what is missing, print the stories and return their book.

    Raises
    ------
    OperatorError
        If an update is asked for without bars and a moment, or anything else with them.
    """
    if (horizon is Horizon.INTRADAY) != (bars is not None and at is not None):
        raise OperatorError(
            "An intraday update, and nothing else, needs --bars and --at",
            value=f"--horizon {horizon.value}, --bars {bars}, --at {at}",
            remedy="story stage 3 --horizon intraday --as-of THE-SESSION-BEFORE "
            "--bars minutes.parquet --at 2018-12-31T11:00",
        )
    if bars is not None and at is not None:
        book = update(session, bars, at)
    else:
        session.run(session.workplace.plan.until(STEPS[horizon]))
        book = session.workplace.artefact(STEPS[horizon], StoryBook)
    told = latest(book)
    if not told:
        console().print(f"No {horizon.value} story in the last {len(book.sessions)} sessions.")
    for story in told:
        when = story.told_at.strftime(", %H:%M") if story.told_at else ""
        heading = f"{story.name} ({story.symbol}), {story.session:%A %-d %B %Y}{when}"
        console().print(f"\n[bold]{heading}[/bold]")
        console().print(story.reading, soft_wrap=True, markup=False, highlight=False)
    return book


def update(session: Session, bars: Path, at: str) -> StoryBook:
    """Return the updates at a moment, from a file of intraday bars (``read_intraday``).

    Says of each symbol without an update why there is none.
    """
    from stage_01_data_engine.so_far import read_intraday, session_so_far
    from stage_03_story_assembly import IntradayUpdateStage, UpdateInput

    moment = _moment(at)
    judged = read_intraday(bars, moment)
    workplace = session.workplace
    session.run(workplace.plan.until(wiring.STORIES))
    market = workplace.artefact(wiring.DATA, MarketWindow)
    so_far = session_so_far(judged.kept, market.bars.symbols, moment, market.events)
    for finding in (*judged.findings, *so_far.findings):
        console().print(f"[yellow]{finding.symbol}[/yellow] {finding.rule}: {finding.value}")
    given = UpdateInput(
        market=market,
        fuzzy=workplace.artefact(wiring.FUZZY, FuzzyWindow),
        quant=workplace.artefact(wiring.QUANT, QuantContext),
        morning=workplace.artefact(wiring.STORIES, StoryBook),
        so_far=so_far,
    )
    return IntradayUpdateStage(session.settings.stories).run(given)


def continued(session: Session, task: str) -> tuple[Continuation, ...]:
    """Let the story model tell a story of another horizon for every symbol, and print them.

    Raises
    ------
    OperatorError
        If there is no such task, or the model never learnt it.
    """
    from stage_05_llm_engine import EngineInput, LlmEngineStage
    from stage_10_integration.story_server import story_server

    known = {str(name): name for name in HORIZONS}
    if task not in known:
        raise OperatorError(
            "There is no such task", value=task, remedy=f"choose one of {', '.join(known)}"
        )
    workplace = session.workplace
    session.run(workplace.plan.until(wiring.TOKENS, wiring.TRAINING))
    given = EngineInput(
        tokens=workplace.artefact(wiring.TOKENS, TokenBatch),
        model=workplace.artefact(wiring.TRAINING, StoryModel),
        stories=workplace.artefact(wiring.STORIES, StoryBook),
    )
    settings = session.settings
    engine = LlmEngineStage(settings.engine, workplace.store.folders, *story_server(settings))
    told = engine.tell(given, known[task])
    for story in told:
        console().print(f"\n[bold]{story.symbol}[/bold], {task}, {story.ending}")
        console().print(story.text, soft_wrap=True, markup=False, highlight=False)
    return told


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(
            "--at takes a moment", value=text, remedy="write it as 2018-12-31T11:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=NEW_YORK)
