"""Stories: nothing said without data, nothing lost between claims and text."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.contracts import TAPE, Section, Story, content_hash
from foundation.kernel import UpstreamDataError
from foundation.language import read
from foundation.testing import samples
from foundation.timeseries import Panel
from stage_02_fuzzification import FuzzificationSettings, FuzzificationStage
from stage_03_story_assembly import AssemblyInput, StoryAssemblySettings, StoryAssemblyStage


def given_market(sessions: int = 300, seed: int = 7) -> AssemblyInput:
    market = samples.market_window(sessions, seed)
    fuzzy = FuzzificationStage(FuzzificationSettings()).run(market)
    return AssemblyInput(market, fuzzy, samples.quant_context(market))


STAGE = StoryAssemblyStage(StoryAssemblySettings(story_sessions=120, full_sessions=20))


def statements(story: Story) -> tuple:
    return tuple(claim.statement for claim in story.claims)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_claims_survive_the_round_trip_through_both_renderings(seed: int) -> None:
    book = STAGE.run(given_market(seed=seed))
    assert book.recent
    for story in book.recent:
        for text in (story.learning, story.reading):
            reading = read(text, name=story.name)
            assert reading.ungrounded == ()
            assert reading.statements == statements(story)


def test_corpus_texts_are_the_learning_renderings_of_the_full_stories() -> None:
    book = STAGE.run(given_market())
    where = {s: k for k, s in enumerate(book.sessions)}
    for story in book.recent:
        text = book.texts[where[story.session]][book.symbols.index(story.symbol)]
        assert text == story.learning


def test_sessions_without_a_quantitative_opinion_can_be_left_out_of_the_corpus() -> None:
    given_ = given_market()
    values = given_.quant.values.values.copy()
    values[:220, :2] = np.nan
    silent = Panel(
        sessions=given_.quant.values.sessions,
        symbols=given_.quant.values.symbols,
        fields=given_.quant.values.fields,
        values=values,
    )
    given_ = AssemblyInput(
        given_.market, given_.fuzzy, given_.quant.model_copy(update={"values": silent})
    )
    chosen = StoryAssemblySettings(
        story_sessions=120, full_sessions=20, learn_from="sessions with context"
    )
    whole, part = STAGE.run(given_), StoryAssemblyStage(chosen).run(given_)
    # 120 of 300 sessions are told: row 40 of them is session 220.
    for row, (every, some) in enumerate(zip(whole.texts, part.texts, strict=True)):
        for n, (text, kept) in enumerate(zip(every, some, strict=True)):
            assert kept == ("" if row < 40 and n < 2 else text)
    assert part.recent == whole.recent


def test_the_learning_form_names_no_instrument_date_or_number() -> None:
    given_ = given_market()
    book = STAGE.run(given_)
    names = [w for i in given_.market.instruments for w in (i.symbol, i.name)]
    for row in book.texts:
        for text in row:
            assert not re.search(r"\d", text)
            assert not any(re.search(rf"\b{re.escape(n)}\b", text) for n in names)


def test_every_story_has_all_six_sections_in_order() -> None:
    for story in STAGE.run(given_market()).recent:
        names = [part.name for part in story.sections]
        assert names == sorted(names, key=list(Section).index)
        assert set(list(Section)[:6]) <= set(names)


def test_volume_is_said_to_be_absent_where_it_is() -> None:
    given_ = given_market()
    today = STAGE.run(given_).today()
    for instrument in given_.market.instruments:
        kinds = {(c.statement.kind, c.statement.subject) for c in today[instrument.symbol].claims}
        assert (("absence", "volume") in kinds) == instrument.close_only
        assert (("state", "volume") in kinds) != instrument.close_only


def test_claims_point_at_cells_that_hold_the_value_they_name() -> None:
    given_ = given_market()
    for story in STAGE.run(given_).today().values():
        for claim in story.claims:
            for row in claim.sources:
                if row.panel not in ("bars", "features", "market"):
                    continue
                panel: Panel = getattr(given_.market, row.panel)
                t, n = panel.sessions.index(row.session), panel.symbols.index(row.symbol)
                assert panel.field(row.field)[t, n] == row.value


def test_observed_outcomes_are_the_states_with_the_highest_degree() -> None:
    given_ = given_market()
    book = STAGE.run(given_)
    assert book.observed.fields == TAPE
    assert book.observed.sessions == book.sessions
    degrees = given_.fuzzy.memberships.field("momentum")[-1, 0]
    assert degrees[int(book.observed.field("momentum")[-1, 0])] == degrees.max()
    moved = given_.fuzzy.movements.field("price")[-1, 0, 0]
    assert book.observed.field("price")[-1, 0] == moved + 2


def test_the_same_input_gives_the_same_bytes_and_neighbouring_days_differ() -> None:
    given_ = given_market()
    first, second = STAGE.run(given_), STAGE.run(given_)
    assert content_hash(first) == content_hash(second)
    texts = np.array(first.texts)
    assert (texts[1:] != texts[:-1]).all()


def test_yesterdays_story_does_not_know_today() -> None:
    given_ = given_market()
    today = STAGE.run(given_)
    cut = given_.market.bars.sessions[-2]

    def shorter(panel: Panel) -> Panel:
        return panel.until(cut)

    market = given_.market.model_copy(
        update={n: shorter(getattr(given_.market, n)) for n in ("bars", "features", "market")}
        | {"session": cut}
    )
    fuzzy = given_.fuzzy.model_copy(
        update={
            n: shorter(getattr(given_.fuzzy, n))
            for n in (
                "memberships",
                "movements",
                "strengths",
                "patterns",
                "inference",
                "events",
                "symbol_events",
            )
        }
    )
    quant = given_.quant.model_copy(update={"values": shorter(given_.quant.values)})
    yesterday = STAGE.run(AssemblyInput(market, fuzzy, quant))
    assert yesterday.texts[-1] == today.texts[-2]
    of_that_day = [s for s in today.recent if s.session == cut]
    assert list(yesterday.today().values()) == of_that_day


def test_inputs_that_do_not_belong_together_are_refused() -> None:
    given_ = given_market()
    quant = given_.quant.model_copy(update={"values": given_.quant.values.last(10)})
    with pytest.raises(UpstreamDataError, match="quant context must cover"):
        STAGE.run(AssemblyInput(given_.market, given_.fuzzy, quant))
