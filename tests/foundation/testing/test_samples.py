"""Samples fit together, so that a test may rest on them."""

from __future__ import annotations

import numpy as np
import pytest

from foundation.contracts import SERIES, TAPE, content_hash
from foundation.kernel import OperatorError
from foundation.language import read
from foundation.testing.samples import SampleRun, market_window, sample_run, trading_days


@pytest.fixture(scope="module")
def run() -> SampleRun:
    return sample_run()


def test_the_same_seed_gives_the_same_contracts(run: SampleRun) -> None:
    again = sample_run()
    for first, second in zip(run.contracts(), again.contracts(), strict=True):
        assert content_hash(first) == content_hash(second)
    assert content_hash(market_window(seed=8)) != content_hash(run.market)


def test_all_contracts_speak_of_the_same_day_and_symbols(run: SampleRun) -> None:
    symbols = run.market.bars.symbols
    # What is told while a session lasts is of the session after, and of nothing later.
    later = {c.as_of for c in run.contracts()} - {run.market.as_of}
    assert {moment.date() for moment in later} <= {run.market.target_session}
    assert run.stories.symbols == run.fuzzy.memberships.symbols == symbols
    assert run.forecast.distributions.symbols == run.quant.values.symbols == symbols
    assert tuple(s.symbol for s in run.signals.signals) == symbols
    assert {run.market.bars.sessions[-1]} == {run.market.session, run.stories.session}


def test_close_only_instruments_report_no_ranges_and_no_volume(run: SampleRun) -> None:
    for n, instrument in enumerate(run.market.instruments):
        absent = np.isnan(run.market.bars.values[:, n]).all(axis=0)
        reported = {f for f, gone in zip(run.market.bars.fields, absent, strict=True) if not gone}
        assert reported == set(instrument.fields)


def test_memberships_are_degrees_that_sum_to_one(run: SampleRun) -> None:
    degrees = run.fuzzy.memberships.values
    known = np.isfinite(degrees).all(axis=-1)
    assert known.any()
    np.testing.assert_allclose(degrees[known].sum(axis=-1), 1, atol=1e-12)
    assert degrees[known].min() >= 0


def test_every_claim_rests_on_the_cell_that_it_names(run: SampleRun) -> None:
    panels = {
        "bars": run.market.bars, "features": run.market.features, "market": run.market.market,
        "events": run.fuzzy.events, "quant": run.quant.values,
    }  # fmt: skip
    checked = 0
    for story in run.stories.recent:
        for claim in story.claims:
            for row in claim.sources:
                panel = panels[row.panel]
                at = panel.index_of("sessions", row.session), panel.index_of("symbols", row.symbol)
                assert panel.values[(*at, panel.index_of("fields", row.field))] == row.value
                checked += 1
    assert checked > 100


def test_the_reader_finds_every_claim_in_both_renderings(run: SampleRun) -> None:
    for story in run.stories.recent:
        told = tuple(claim.statement for claim in story.claims)
        assert read(story.learning).statements == told
        assert read(story.reading, name=story.name).statements == told


def test_learning_targets_end_before_the_scored_history_begins(run: SampleRun) -> None:
    history = {label.target for label in run.tokens.split("history").labels}
    sessions = run.stories.sessions
    first = sessions.index(min(t for t in history if t))
    for name in ("train", "validation"):
        windows = run.tokens.split(name)
        assert len(windows.labels) > 0
        assert all(sessions.index(w.target) < first - 7 for w in windows.labels if w.target)


def test_loss_is_counted_on_target_stories_only(run: SampleRun) -> None:
    for windows in run.tokens.splits:
        assert ((windows.story_index == 6) >= (windows.loss_mask == 1)).all()
        assert (windows.attention_mask == (windows.story_index >= 0)).all()
    for name in ("history", "forecast"):
        assert not run.tokens.split(name).loss_mask.any()
        assert run.tokens.split(name).story_index.max() == 5


def test_targets_answer_what_was_observed(run: SampleRun) -> None:
    train, codes = run.tokens.split("train"), run.tokens.codes
    observed = run.stories.observed
    answer = {
        ids[0]: (k, code)
        for k, series in enumerate(codes.outcomes)
        for code, ids in enumerate(series)
    }
    for row, label in enumerate(train.labels):
        told = [answer[i] for i in train.ids[row][train.story_index[row] == 6].tolist()
                if i in answer]  # fmt: skip
        at = observed.index_of("sessions", label.target), observed.symbols.index(label.symbol)
        seen = observed.values[at]
        assert told == [(k, int(seen[k])) for k in range(len(TAPE)) if np.isfinite(seen[k])]


def test_distributions_sum_to_one_or_are_absent(run: SampleRun) -> None:
    values = run.forecast.distributions.values
    assert values.shape == (61, 4, len(TAPE), 5)
    known = np.isfinite(values).all(axis=-1)
    assert (known | np.isnan(values).all(axis=-1)).all()
    np.testing.assert_allclose(values[known].sum(axis=-1), 1)
    close_only = [i.close_only for i in run.market.instruments]
    np.testing.assert_array_equal(~known[-1, :, TAPE.index("volume")], close_only)


def test_every_series_of_the_lexicon_has_its_panel_and_field(run: SampleRun) -> None:
    for series in SERIES.values():
        assert getattr(run.market, series.panel).has(series.field), series.name


def test_more_sessions_than_the_calendar_lists_is_an_error() -> None:
    assert len(trading_days(501)) == 501
    with pytest.raises(OperatorError, match="501 sessions"):
        trading_days(502)
