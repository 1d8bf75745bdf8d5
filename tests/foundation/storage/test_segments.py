"""Arrays by session: appended whole or not at all, read back to the last bit, never damaged."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from foundation.kernel import ArtefactError, OperatorError, WorldError
from foundation.market import close_of, sessions
from foundation.storage import segments
from foundation.storage.segments import INDEX, Segment, SegmentStore

DAYS = sessions(date(2018, 1, 2), date(2018, 3, 1))


def part(first: int, stop: int, *, seed: int = 3) -> Segment:
    draw = np.random.default_rng(seed)
    whole = draw.normal(size=(len(DAYS), 4, 3)).astype(np.float32)
    whole[5, 1] = np.nan
    days = DAYS[first:stop]
    arrays = {"embedding": whole[first:stop], "scale": whole[first:stop, :, 0].astype(float)}
    return Segment(days, tuple(map(close_of, days)), arrays)


@pytest.fixture
def store(tmp_path: Path) -> SegmentStore:
    return SegmentStore(tmp_path / "kept", "say the magic word")


def test_segments_are_read_back_as_one_to_the_last_bit(store: SegmentStore) -> None:
    for first, stop in ((0, 10), (10, 11), (11, 30)):
        store.append("e", part(first, stop))
    found, wanted = store.read("e"), part(0, 30)
    assert found is not None
    assert found.sessions == wanted.sessions
    assert found.known_at == wanted.known_at
    for name, values in wanted.arrays.items():
        assert found.arrays[name].dtype == values.dtype
        np.testing.assert_array_equal(found.arrays[name], values)
    assert store.reach("e") == (DAYS[0], DAYS[29])
    assert store.entries() == ("e",)


def test_a_read_between_two_days_opens_only_the_files_that_hold_them(
    store: SegmentStore, tmp_path: Path
) -> None:
    names = [store.append("e", part(first, first + 10)) for first in (0, 10, 20)]
    (tmp_path / "kept" / "e" / f"{names[0]}.safetensors").unlink()
    found = store.read("e", since=DAYS[15], until=DAYS[24])
    assert found is not None
    assert found.sessions == DAYS[15:25]
    np.testing.assert_array_equal(found.arrays["embedding"], part(15, 25).arrays["embedding"])
    assert store.read("e", since=DAYS[29] + timedelta(days=1)) is None
    assert store.read("nothing of that name") is None


@pytest.mark.parametrize("first", [0, 9])
def test_a_session_is_kept_once(store: SegmentStore, first: int) -> None:
    store.append("e", part(0, 10))
    with pytest.raises(OperatorError, match="each once"):
        store.append("e", part(first, 12))
    assert store.reach("e") == (DAYS[0], DAYS[9])


def test_arrays_of_another_length_are_refused(store: SegmentStore) -> None:
    good = part(0, 10)
    with pytest.raises(OperatorError, match="covers its 10 sessions"):
        store.append("e", Segment(good.sessions, good.known_at, {"x": np.zeros(9)}))
    assert store.entries() == ()


def test_a_flipped_bit_is_refused_by_name(store: SegmentStore, tmp_path: Path) -> None:
    name = store.append("e", part(0, 10))
    path = tmp_path / "kept" / "e" / f"{name}.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ArtefactError, match=name) as refused:
        store.read("e")
    assert "magic word" in refused.value.remedy
    store.drop("e")
    assert store.read("e") is None
    store.append("e", part(0, 10))
    assert store.read("e") is not None


@pytest.mark.parametrize("content", ["", "{", "[[1]]", '[["a", "b", "c"]]'])
def test_a_damaged_index_is_refused_by_name(
    store: SegmentStore, tmp_path: Path, content: str
) -> None:
    store.append("e", part(0, 10))
    (tmp_path / "kept" / "e" / INDEX).write_text(content)
    with pytest.raises(ArtefactError, match=INDEX):
        store.read("e")


def test_a_crash_before_the_index_leaves_what_was_there(
    store: SegmentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append("e", part(0, 10))

    def full(target: Path, content: bytes) -> None:
        if target.name == INDEX:
            raise WorldError("The disk takes more", value=target, remedy="free some")
        target.write_bytes(content)

    with monkeypatch.context() as broken:
        broken.setattr(segments, "write_file", full)
        with pytest.raises(WorldError):
            store.append("e", part(10, 20))
    assert store.reach("e") == (DAYS[0], DAYS[9])
    assert len(json.loads((tmp_path / "kept" / "e" / INDEX).read_text())) == 1
    store.append("e", part(10, 20))
    found = store.read("e")
    assert found is not None
    assert found.sessions == DAYS[:20]
