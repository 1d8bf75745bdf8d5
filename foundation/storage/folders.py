"""Folders under their content hash: model checkpoints and whatever else comes as files."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from foundation.kernel import ArtefactError, OperatorError, hash_bytes, short
from foundation.storage.atomic import refused, scratch_beside, sync_folder


def folder_hash(folder: Path) -> str:
    """Return the SHA-256 of a folder: names and bytes of its files, times and modes apart.

    Raises
    ------
    OperatorError
        If there is no such folder, or it holds anything but plain files and folders.
    """
    if not folder.is_dir():
        raise OperatorError("A folder is needed", value=str(folder), remedy="name an existing one")
    parts: list[bytes] = []
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise OperatorError(
                "Only plain files can be stored", value=str(path), remedy="replace it by a copy"
            )
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
            parts += [path.relative_to(folder).as_posix().encode(), digest]
    return hash_bytes(*parts)


class FolderStore:
    """Content-addressed folders below one root. Equal content is kept once.

    Parameters
    ----------
    root : Path
        Created on first use.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def put(self, folder: Path) -> str:
        """Copy a folder into the store and return its content hash.

        The copy appears under its final name only when it is complete and on disk.
        """
        key = folder_hash(Path(folder))
        target = self.root / key
        if target.is_dir():
            return key
        scratch = scratch_beside(target)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            shutil.copytree(folder, scratch)
            for path in scratch.rglob("*"):
                if path.is_file():
                    descriptor = os.open(path, os.O_RDONLY)
                    os.fsync(descriptor)
                    os.close(descriptor)
            if not target.is_dir():
                scratch.rename(target)
            sync_folder(self.root)
        except OSError as error:
            if not target.is_dir():
                raise refused(target, error) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return key

    def has(self, key: str) -> bool:
        """Say whether a folder of this hash is there."""
        return (self.root / key).is_dir()

    def path(self, key: str) -> Path:
        """Return where the folder with this hash lies; treat it as read-only.

        Raises
        ------
        ArtefactError
            If it is not there, or its files no longer match the hash.
        """
        target = self.root / key
        if not target.is_dir():
            raise ArtefactError(
                "A stored folder is missing",
                value=str(target),
                remedy="run `story run` again: the step that made it is repeated",
            )
        if folder_hash(target) != key:
            raise ArtefactError(
                f"A stored folder no longer matches its content hash {short(key)}",
                value=str(target),
                remedy="delete that folder and run `story run` again",
            )
        return target
