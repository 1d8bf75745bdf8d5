"""Numbers, records and clauses in words."""

from __future__ import annotations

import math
from datetime import date

import pytest

from foundation.contracts import Claim, PerformanceReport, Sentence, SkillScore, SourceRow
from foundation.contracts import statement as say
from foundation.testing.samples import SampleRun
from stage_08_decision_support import phrasing
from stage_08_decision_support.clauses import (
    clauses,
    sources_in_words,
    statement_in_words,
    told,
)
from stage_08_decision_support.rendering.graphics import sparkline
from stage_08_decision_support.track_record import (
    record_in_words,
    series_by_verdict,
    skill_lines,
    skill_verdict,
)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (phrasing.price(2485.739), "2,485.74"),
        (phrasing.price(0.0312), "0.0312"),
        (phrasing.price(None), "\N{EN DASH}"),
        (phrasing.price(math.nan), "\N{EN DASH}"),
        (phrasing.percent(0.125, 1), "12.5%"),
        (phrasing.change(-0.0012), "\N{MINUS SIGN}0.12%"),
        (phrasing.change(0.034), "+3.40%"),
        (phrasing.signed(-0.001), "0.00"),
        (phrasing.cell(-0.0254512345), "\N{MINUS SIGN}0.0254512"),
        (phrasing.cell(2_386_000_000.0), "2,386,000,000"),
        (phrasing.cell(math.nan), "not reported"),
        (phrasing.long_date(date(2018, 12, 3)), "Monday 3 December 2018"),
        (phrasing.count(1, "setup"), "one setup"),
        (phrasing.count(0, "setup"), "no setups"),
        (phrasing.count(13, "setup"), "13 setups"),
        (phrasing.listed(["a"]), "a"),
        (phrasing.listed(["a", "b", "c"]), "a, b and c"),
        (phrasing.listed(["a", "b", "c", "d"], 2), "a, b and 2 more"),
        (phrasing.sentence("the model points up"), "The model points up."),
    ],
)
def test_numbers_dates_and_lists_read_as_a_trader_reads_them(shown: str, expected: str) -> None:
    assert shown == expected


def score(series: str, low: float, high: float, baseline: str = "persistence") -> SkillScore:
    return SkillScore(
        series=series, metric="log score", system=1.0, baseline_name=baseline,
        baseline=1.0 + (low + high) / 2, difference=(low + high) / 2, low=low, high=high,
        detectable=0.1, forecasts=60,
    )  # fmt: skip


def test_only_an_interval_on_one_side_of_zero_decides() -> None:
    assert skill_verdict(score("a", 0.01, 0.2)) == "better"
    assert skill_verdict(score("a", -0.2, -0.01)) == "worse"
    assert skill_verdict(score("a", -0.01, 0.2)) == "no clear difference"
    assert skill_verdict(score("a", 0.0, 0.2)) == "no clear difference"


@pytest.fixture
def report(run: SampleRun) -> PerformanceReport:
    scores = (
        score("price", -0.1, 0.1), score("price", 0.02, 0.1, "climatology"),
        score("trend", -0.2, -0.1), score("volume", 0.1, 0.2),
    )  # fmt: skip
    return run.performance.model_copy(update={"scores": scores})


def test_series_are_sorted_by_what_their_interval_says(report: PerformanceReport) -> None:
    groups = series_by_verdict(report, "log score", "persistence")
    expected = {"better": ("volume",), "no clear difference": ("price",), "worse": ("trend",)}
    assert groups == expected


def test_both_baselines_of_a_series_stand_on_one_line(report: PerformanceReport) -> None:
    price, trend, volume = skill_lines(report, "log score")
    assert [s.baseline_name for s in price.baselines] == ["climatology", "persistence"]
    assert (trend.climatology, volume.climatology) == (None, None)


def test_the_record_in_words_names_what_is_better_and_what_is_worse(
    report: PerformanceReport,
) -> None:
    text = " ".join(record_in_words(report))
    assert (
        "Against persistence, the log score is better on volume, not clearly different on price "
        "and worse on trend." in text
    )


def test_the_score_over_all_series_counts_as_no_series_of_its_own(
    report: PerformanceReport,
) -> None:
    pooled = score("all", 0.1, 0.2).model_copy(update={"forecasts": 170})
    with_all = report.model_copy(update={"scores": (pooled, *report.scores)})
    groups = series_by_verdict(with_all, "log score", "persistence")
    assert groups == series_by_verdict(report, "log score", "persistence")
    assert skill_lines(with_all)[0].label == "all series"
    assert "(170 forecasts in all)" in record_in_words(with_all)[0]
    assert "(180 forecasts in all)" in record_in_words(report)[0]  # three series of 60 each


def test_a_verdict_that_holds_for_every_series_names_none(run: SampleRun) -> None:
    scores = (score("price", -0.2, -0.1), score("trend", -0.2, -0.1))
    report = run.performance.model_copy(update={"scores": scores})
    assert "the log score is worse on all two series." in " ".join(record_in_words(report))


def test_without_scored_sessions_the_record_says_so(report: PerformanceReport) -> None:
    empty = report.model_copy(
        update={"scores": (), "sessions_scored": 0, "scored_from": None, "scored_to": None}
    )
    (text,) = record_in_words(empty)
    assert text == "No past forecast has been matched with what happened yet."


ROW = SourceRow(panel="features", field="rsi_14", symbol="SPX", session=date(2018, 12, 28),
                value=38.25)  # fmt: skip
FELL = Claim(statement=say("movement", "price", "-1"), degree=0.7, sources=(ROW,))
WEAK = Claim(statement=say("state", "momentum", "low", "clear"), degree=0.9, sources=(ROW,))


def test_a_sentence_falls_into_one_clause_per_claim() -> None:
    text = "S&P 500 slipped today (2,486, although thin), but momentum is weak (38)."
    first, second = clauses(Sentence(learning="", reading=text, claims=(FELL, WEAK)))
    assert first.text == "S&P 500 slipped today (2,486, although thin)"
    assert (second.before, second.text, second.after) == (", but ", "momentum is weak (38)", ".")
    assert (first.claims, second.claims) == ((FELL,), (WEAK,))


def test_a_sentence_that_cannot_be_cut_rests_on_all_its_claims() -> None:
    text = "The tape is heavy."
    (only,) = clauses(Sentence(learning="", reading=text, claims=(FELL, WEAK)))
    assert only.text + only.after == text
    assert only.claims == (FELL, WEAK)


def test_clauses_put_together_give_the_story_back_and_carry_every_claim(run: SampleRun) -> None:
    for story in run.stories.recent:
        pieces = [c for part in told(story) for sentence in part.sentences for c in sentence]
        assert [c.number for c in pieces] == list(range(1, len(pieces) + 1))
        assert tuple(claim for c in pieces for claim in c.claims) == story.claims
        sentences = ["".join(c.before + c.text + c.after for c in sentence)
                     for part in told(story) for sentence in part.sentences]  # fmt: skip
        assert " ".join(sentences) == story.reading


def test_statements_and_their_cells_read_as_data() -> None:
    assert statement_in_words(WEAK.statement) == "momentum is low (clear)"
    assert statement_in_words(FELL.statement) == "price drops"
    path = say("path", "price", "-2,+0,+1")
    assert statement_in_words(path) == "price drops sharply, then holds steady, then rises"
    assert sources_in_words(WEAK) == "features.rsi_14 SPX 2018-12-28 = 38.25"


def test_a_sparkline_breaks_where_a_value_is_absent() -> None:
    path = sparkline([1.0, 2.0, math.nan, 2.0, 1.0], width=40, height=12)
    assert path == "M0.0 11.0L10.0 1.0M30.0 1.0L40.0 11.0"
    assert sparkline([math.nan, 1.0]) == ""
