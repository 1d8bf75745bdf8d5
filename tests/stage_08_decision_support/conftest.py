"""One sample run, its brief and its dashboard, shared by the tests of this stage."""

from __future__ import annotations

from datetime import datetime

import pytest

from foundation.contracts import DecisionBrief, Horizon, StoryBook, content_hash
from foundation.kernel import NEW_YORK
from foundation.testing.samples import SampleRun, sample_run
from stage_08_decision_support import BriefInput, DecisionSupportSettings, DecisionSupportStage
from stage_08_decision_support.adapters.web import RunMetadata, RunView, StepRecord


@pytest.fixture(scope="session")
def run() -> SampleRun:
    return sample_run()


def of_horizon(book: StoryBook, horizon: Horizon, symbols: int | None = None) -> StoryBook:
    """Return the book as if its stories were of another horizon, for its first symbols."""
    told = [s for s in book.recent if s.symbol in book.symbols[:symbols]]
    recent = tuple(story.model_copy(update={"horizon": horizon}) for story in told)
    return book.model_copy(update={"horizon": horizon, "recent": recent})


@pytest.fixture(scope="session")
def given(run: SampleRun) -> BriefInput:
    return BriefInput(
        market=run.market,
        stories=run.stories,
        weekly=of_horizon(run.stories, Horizon.WEEKLY),
        occasions=of_horizon(run.stories, Horizon.EVENT, symbols=1),
        validated=run.validated,
        signals=run.signals,
        performance=run.performance,
        portfolio=run.portfolio,
        intelligence=run.intelligence,
        characteristics=run.characteristics,
    )


@pytest.fixture(scope="session")
def stage() -> DecisionSupportStage:
    return DecisionSupportStage(DecisionSupportSettings())


@pytest.fixture(scope="session")
def brief(stage: DecisionSupportStage, given: BriefInput) -> DecisionBrief:
    return stage.run(given)


@pytest.fixture(scope="session")
def view(run: SampleRun, brief: DecisionBrief) -> RunView:
    steps = (
        StepRecord("01_data_engine", "completed", 2.5, "k" * 64, "MarketWindow",
                   content_hash(run.market)),
        StepRecord("02_fuzzification", "reused", 0.0, "m" * 64, "FuzzyWindow",
                   content_hash(run.fuzzy)),
    )  # fmt: skip
    return RunView(
        brief=brief,
        market=run.market,
        fuzzy=run.fuzzy,
        stories=run.stories,
        forecast=run.forecast,
        validated=run.validated,
        quant=run.quant,
        characteristics=run.characteristics,
        run=RunMetadata("run-7", datetime(2026, 1, 5, 9, 30, tzinfo=NEW_YORK), 2.5, steps),
    )
