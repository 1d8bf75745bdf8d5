"""Headlines read by a language model: held to the typed answer, kept, and told nothing of when."""

from __future__ import annotations

import json
from datetime import date

import pytest

from foundation.kernel import ModelError
from stage_02_fuzzification.sentiment import NewsDay
from stage_02_fuzzification.sentiment.model_reader import ModelReader

DAY = NewsDay(
    symbol="AAPL",
    session=date(2018, 12, 28),
    headlines=("Apple beats estimates", "Regulator opens inquiry"),
    return_1d=-0.012,
)
SOUND = {
    "sentiment_score": 0.2,
    "sentiment_confidence": 0.7,
    "key_narratives": ["results", "regulation"],
    "event_flags": {"earnings_surprise": True, "regulatory_risk": True},
    "news_intensity": "moderate",
    "contrarian_signals": ["good results, falling price"],
    "scores": [0.8, -0.4],
}


class Model:
    """Answers with prepared texts and remembers what it was asked."""

    def __init__(self, *texts: str) -> None:
        self.texts, self.asked = list(texts), []

    def __call__(self, instructions: str, question: str) -> str:
        self.asked.append(question)
        return self.texts.pop(0)


def test_a_sound_answer_becomes_a_reading_even_with_words_around_it() -> None:
    model = Model(f"Here you are:\n```json\n{json.dumps(SOUND)}\n```")
    reading = ModelReader("m", model, {}).read(DAY)
    assert reading.sentiment_score == 0.2
    assert reading.scores == (0.8, -0.4)
    assert reading.event_flags.earnings_surprise
    assert not reading.event_flags.guidance_change


def test_the_model_is_told_neither_ticker_nor_date() -> None:
    model = Model(json.dumps(SOUND))
    ModelReader("m", model, {}).read(DAY)
    assert "AAPL" not in model.asked[0]
    assert "2018" not in model.asked[0]
    assert "-1.2%" in model.asked[0]


def test_the_same_day_is_asked_once_and_another_model_anew() -> None:
    kept: dict[str, str] = {}
    first, second = Model(json.dumps(SOUND)), Model(json.dumps(SOUND | {"sentiment_score": -1}))
    reader = ModelReader("one", first, kept)
    assert reader.read(DAY) == reader.read(DAY)
    assert len(first.asked) == 1
    assert ModelReader("two", second, kept).read(DAY).sentiment_score == -1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("I cannot help with that.", "no JSON object"),
        ("{not json}", "it said"),
        (json.dumps(SOUND | {"sentiment_score": 3}), "sentiment_score"),
        (json.dumps(SOUND | {"scores": [0.1]}), "1 scores for 2 headlines"),
        (json.dumps(SOUND | {"mood": "fine"}), "mood"),
        (json.dumps({k: v for k, v in SOUND.items() if k != "scores"}), "scores"),
    ],
)
def test_an_answer_that_does_not_fit_is_asked_again_with_its_fault_and_then_refused(
    wrong: str, named: str
) -> None:
    kept: dict[str, str] = {}
    mended = Model(wrong, json.dumps(SOUND))
    assert ModelReader("m", mended, {}).read(DAY).scores == (0.8, -0.4)
    assert named in mended.asked[1]
    stubborn = Model(wrong, wrong)
    with pytest.raises(ModelError, match=named):
        ModelReader("m", stubborn, kept).read(DAY)
    assert kept == {}
