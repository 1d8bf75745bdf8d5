"""What a market model said is kept: asked once, the same bytes, blind to what came later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from foundation.kernel import ArtefactError
from foundation.market import close_of
from foundation.market_model import ModelData
from foundation.market_model import answers as answering
from foundation.market_model.answers import Answers, answers
from foundation.market_model.checkpoint import TrainedModel
from foundation.market_model.kept import Kept, KeptAnswers, entry_name
from foundation.market_model.training.start import train
from foundation.storage.segments import SegmentStore
from tests.foundation.market_model.markets import SMALL, market

INPUTS = "a source"
NAMES = tuple(field.name for field in fields(Answers))
TRAINED_ROW = 150


@cache
def trained(seed: int = 1) -> tuple[TrainedModel, ModelData]:
    data, labels = market(1.0)
    recipe = SMALL.model_copy(update={"epochs": 1, "seed": seed})
    model = train(data, labels, training=range(20, 110), validation=range(115, 140), recipe=recipe)
    return model, data


def until(data: ModelData, row: int, *, since: int = 0) -> ModelData:
    """Return what was known at the close of a row, in a window that begins at ``since``."""
    whole = ("symbols", "observed_names", "statics")
    return ModelData(**{k: v if k in whole else v[since : row + 1] for k, v in vars(data).items()})


class Asked:
    """Counts the sessions that the model is asked about."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def __call__(self, model: TrainedModel, data: ModelData, rows: range) -> Answers:
        self.rows += [data.sessions[row].toordinal() for row in rows]
        return answers(model, data, rows)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    asked = Asked()
    with monkeypatch.context() as watched:
        watched.setattr(answering, "answers", asked)
        yield asked


def of(kept: KeptAnswers, data: ModelData, model: TrainedModel | None = None) -> Kept:
    model = model or trained()[0]
    return kept.of(model, trained()[1].sessions[TRAINED_ROW], data, INPUTS)


def test_what_is_kept_is_what_the_model_says(tmp_path: Path) -> None:
    model, data = trained()
    made = of(KeptAnswers(tmp_path), data)
    wanted = answers(model, data)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(made.answers, name), getattr(wanted, name))
    np.testing.assert_array_equal(made.scale, data.scale)
    assert made.answers.embedding.dtype == np.float32


def test_a_second_reading_asks_the_model_nothing_and_gives_equal_bytes(
    tmp_path: Path, asked: Asked
) -> None:
    _, data = trained()
    first = of(KeptAnswers(tmp_path), data)
    assert len(asked.rows) == len(data.sessions) == first.computed
    asked.rows.clear()
    second = of(KeptAnswers(tmp_path), data)
    assert asked.rows == []
    assert second.computed == 0
    for name in NAMES:
        assert getattr(first.answers, name).tobytes() == getattr(second.answers, name).tobytes()


def test_only_new_sessions_are_asked_about_and_each_once(tmp_path: Path, asked: Asked) -> None:
    _, data = trained()
    for row in (160, 160, 161, 170, 225, 259):
        of(KeptAnswers(tmp_path), until(data, row))
    assert asked.rows == [day.toordinal() for day in data.sessions]


def test_day_by_day_without_a_future_gives_the_bytes_of_all_at_once(tmp_path: Path) -> None:
    _, data = trained()
    at_once = of(KeptAnswers(tmp_path / "once"), data)
    for row in (155, 160, 191, 192, 193, 230, 259):
        by_day = of(KeptAnswers(tmp_path / "daily"), until(data, row))
    for name in NAMES:
        np.testing.assert_array_equal(getattr(by_day.answers, name), getattr(at_once.answers, name))


def test_what_came_later_does_not_change_what_was_kept(tmp_path: Path) -> None:
    _, data = trained()
    row = 180
    rewritten = replace(
        data,
        observed=np.concatenate([data.observed[: row + 1], data.observed[row + 1 :] + 3]),
        returns=np.concatenate([data.returns[: row + 1], -2 * data.returns[row + 1 :]]),
    )
    plain = of(KeptAnswers(tmp_path / "plain"), data)
    other = of(KeptAnswers(tmp_path / "other"), rewritten)
    for name in NAMES:
        np.testing.assert_array_equal(
            getattr(plain.answers, name)[: row + 1], getattr(other.answers, name)[: row + 1]
        )


def test_a_window_that_has_moved_on_reads_the_same_and_asks_only_about_its_end(
    tmp_path: Path, asked: Asked
) -> None:
    _, data = trained()
    early = of(KeptAnswers(tmp_path), until(data, 240))
    asked.rows.clear()
    moved = of(KeptAnswers(tmp_path), until(data, 259, since=40))
    assert asked.rows == [day.toordinal() for day in data.sessions[241:]]
    np.testing.assert_array_equal(moved.answers.embedding[:201], early.answers.embedding[40:241])
    # New sessions stand in the same blocks as if the window had never moved.
    whole = of(KeptAnswers(tmp_path / "whole"), data)
    np.testing.assert_array_equal(moved.answers.embedding[201:], whole.answers.embedding[241:])


def test_another_model_or_another_market_has_an_entry_of_its_own(
    tmp_path: Path, asked: Asked
) -> None:
    _, data = trained()
    kept = KeptAnswers(tmp_path)
    of(kept, data)
    asked.rows.clear()
    of(kept, data, trained(seed=2)[0])
    assert len(asked.rows) == len(data.sessions)
    other = replace(data, symbols=tuple(f"T{n}" for n in range(len(data.symbols))))
    of(kept, other)
    assert len(asked.rows) == 2 * len(data.sessions)
    kept.of(trained()[0], data.sessions[TRAINED_ROW], data, "another source")
    assert len(asked.rows) == 3 * len(data.sessions)


def test_the_past_of_a_model_is_known_since_it_was_trained(tmp_path: Path) -> None:
    model, data = trained()
    of(KeptAnswers(tmp_path), data)
    name = entry_name(model.content_hash(), data.symbols, INPUTS)
    found = SegmentStore(tmp_path, "").read(name)
    assert found is not None
    since = close_of(data.sessions[TRAINED_ROW])
    for day, moment in zip(found.sessions, found.known_at, strict=True):
        assert moment == max(since, close_of(day))


def test_damage_is_refused_by_name_and_computed_again_only_on_command(tmp_path: Path) -> None:
    model, data = trained()
    kept = KeptAnswers(tmp_path)
    before = of(kept, data)
    victim = sorted(tmp_path.glob("*/*.safetensors"))[0]
    victim.write_bytes(victim.read_bytes()[:-1])
    with pytest.raises(ArtefactError, match=victim.stem) as refused:
        of(kept, data)
    assert "--embed-again" in refused.value.remedy
    kept.forget(model, data.symbols, INPUTS)
    again = of(kept, data)
    assert again.computed == len(data.sessions)
    np.testing.assert_array_equal(before.answers.embedding, again.answers.embedding)
