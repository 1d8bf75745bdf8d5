"""Folders are kept whole, once, under the hash of what is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from foundation.kernel import ArtefactError, OperatorError
from foundation.storage import FolderStore


def checkpoint(root: Path, weights: bytes = b"\x00\x01") -> Path:
    (root / "adapter").mkdir(parents=True)
    (root / "weights.bin").write_bytes(weights)
    (root / "adapter" / "config.json").write_text("{}")
    return root


def test_a_folder_comes_back_file_by_file(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    path = store.path(store.put(checkpoint(tmp_path / "a")))
    assert (path / "weights.bin").read_bytes() == b"\x00\x01"
    assert (path / "adapter" / "config.json").read_text() == "{}"


def test_the_hash_depends_on_names_and_bytes_and_nothing_else(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    key = store.put(checkpoint(tmp_path / "a"))
    assert store.put(checkpoint(tmp_path / "b")) == key
    assert store.put(checkpoint(tmp_path / "c", b"\x00\x02")) != key
    renamed = checkpoint(tmp_path / "d")
    (renamed / "weights.bin").rename(renamed / "w.bin")
    assert store.put(renamed) != key


def test_no_half_written_folder_is_left_behind(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    key = store.put(checkpoint(tmp_path / "a"))
    assert [p.name for p in store.root.iterdir()] == [key]


def test_a_missing_or_changed_folder_is_an_error(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    with pytest.raises(ArtefactError, match="missing"):
        store.path("0" * 64)
    key = store.put(checkpoint(tmp_path / "a"))
    (store.path(key) / "weights.bin").write_bytes(b"\x00")
    with pytest.raises(ArtefactError, match="no longer matches"):
        store.path(key)


def test_links_are_refused(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "a")
    (folder / "link").symlink_to("/etc/hostname")
    with pytest.raises(OperatorError, match="plain files"):
        FolderStore(tmp_path / "store").put(folder)
