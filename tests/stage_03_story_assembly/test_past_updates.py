"""Updates of past sessions are those that would have been told then, and know nothing later."""

from __future__ import annotations

import numpy as np
import pytest

from foundation.contracts import Horizon, MarketWindow, SessionSoFar
from foundation.kernel import UpstreamDataError
from foundation.language import read
from foundation.testing import samples
from stage_03_story_assembly import (
    AssemblyInput,
    IntradayUpdateStage,
    PastUpdatesInput,
    PastUpdatesStage,
    UpdateInput,
)
from tests.stage_03_story_assembly import material

GIVEN = material.sample()
BOOK = material.book(GIVEN, Horizon.DAILY)
SESSIONS = GIVEN.market.bars.sessions
CHOSEN = (-2, -80)


def before(t: int) -> AssemblyInput:
    """Return everything as it stood at the close before the session at ``t``."""
    cut = material.cut(GIVEN, SESSIONS[t - 1])
    market = cut.market.model_copy(update={"target_session": SESSIONS[t]})
    return AssemblyInput(market, cut.fuzzy, cut.quant)


def so_far(t: int) -> SessionSoFar:
    return samples.session_so_far(before(t).market)


def told(given: AssemblyInput = GIVEN) -> dict[int, tuple[str, ...]]:
    running = [so_far(t) for t in CHOSEN]
    made = PastUpdatesStage(material.SETTINGS).run(
        PastUpdatesInput(given.market, given.fuzzy, given.quant, BOOK, running)
    )
    assert (made.horizon, made.sessions, made.symbols) == (
        Horizon.INTRADAY, BOOK.sessions, BOOK.symbols,
    )  # fmt: skip
    silent = [row for k, row in enumerate(made.texts) if k - len(made.texts) not in CHOSEN]
    assert not any(text for row in silent for text in row)
    return {t: made.texts[t] for t in CHOSEN}


@pytest.fixture(scope="module")
def updates() -> dict[int, tuple[str, ...]]:
    return told()


@pytest.mark.parametrize("t", CHOSEN)
def test_a_past_update_is_the_one_that_was_told_on_its_day(
    updates: dict[int, tuple[str, ...]], t: int
) -> None:
    """Oracle: the stage of the session under way, given everything as it stood then."""
    then = before(t)
    morning = material.book(then, Horizon.DAILY)
    live = IntradayUpdateStage(material.SETTINGS).run(
        UpdateInput(then.market, then.fuzzy, then.quant, morning, so_far(t))
    )
    assert updates[t] == live.texts[0]
    assert all(updates[t])
    for text in updates[t]:
        assert read(text).ungrounded == ()


def test_rewriting_the_session_and_what_came_after_changes_no_update(
    updates: dict[int, tuple[str, ...]],
) -> None:
    first = len(SESSIONS) + min(CHOSEN)

    def spoilt(panel: object) -> object:
        values = panel.values.copy()  # type: ignore[attr-defined]
        values[first:] = np.roll(values[first:], 5, axis=0) * 1.3
        return panel.model_copy(update={"values": values})  # type: ignore[attr-defined]

    market: MarketWindow = GIVEN.market.model_copy(
        update={"bars": spoilt(GIVEN.market.bars), "features": spoilt(GIVEN.market.features)}
    )
    quant = GIVEN.quant.model_copy(update={"values": spoilt(GIVEN.quant.values)})
    assert told(AssemblyInput(market, GIVEN.fuzzy, quant))[min(CHOSEN)] == updates[min(CHOSEN)]


def test_a_session_that_is_none_of_the_books_is_refused() -> None:
    ahead = samples.session_so_far(GIVEN.market)
    with pytest.raises(UpstreamDataError, match="daily book"):
        PastUpdatesStage(material.SETTINGS).run(
            PastUpdatesInput(GIVEN.market, GIVEN.fuzzy, GIVEN.quant, BOOK, [ahead])
        )
