"""The tape: what is present, in an order that says nothing."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import numpy as np

from foundation.contracts import TAPE, TapeCodes
from stage_04_tokenization.tape import tape_order, write_story
from stage_04_tokenization.vocabulary import special_codes

CODES: TapeCodes = special_codes()


def test_a_story_is_frame_tape_words() -> None:
    observed = np.array([4.0, np.nan, 0.0, np.nan, np.nan, 2.0])
    story = write_story(CODES, (5, 1, 0, 2, 3, 4), observed, [900, 901])
    expected = [
        *CODES.story,
        *CODES.series[5], *CODES.outcomes[5][2],
        *CODES.series[0], *CODES.outcomes[0][4],
        *CODES.series[2], *CODES.outcomes[2][0],
        *CODES.text, 900, 901,
    ]  # fmt: skip
    assert list(story.ids) == expected
    assert list(story.answers) == [0, 0, 1, 0, 1, 0, 1, 0, 1, 1]


def test_every_series_is_asked_first_equally_often() -> None:
    days = [date(2015, 1, 1) + timedelta(days=i) for i in range(6000)]
    first = Counter(tape_order("AAPL", day)[0] for day in days)
    assert set(first) == set(range(len(TAPE)))
    expected = len(days) / len(TAPE)
    chi_square = sum((n - expected) ** 2 / expected for n in first.values())
    assert chi_square < 20.5  # 99.9th percentile at five degrees of freedom


def test_the_order_depends_on_symbol_and_session_alone() -> None:
    day = date(2018, 12, 28)
    assert tape_order("AAPL", day) == tape_order("AAPL", day)
    orders = {tape_order(f"S{i}", day) for i in range(50)}
    assert len(orders) > 30


def test_no_answer_is_the_beginning_of_another() -> None:
    for outcomes in CODES.outcomes:
        for a in outcomes:
            assert not any(b[: len(a)] == a for b in outcomes if b != a)
