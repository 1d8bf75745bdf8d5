"""Contracts under their content hash.

A contract is one JSON document that refers to its panels and arrays by their own hashes.
Panels and arrays are written first and the document last, so whatever can be found is whole.
Reading checks every hash again: a damaged artefact is an error, never a guess.

Layout of a store::

    contracts/<type>/<hash>.json   documents
    panels/                        ArcticDB (LMDB)
    arrays/<hash>.npy              arrays that are no panels
    folders/<hash>/                checkpoints
    steps/<step>/<key>.json        what the runner made under which key
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import ValidationError

from foundation.contracts import ArtefactRef, array_hash, document_hash
from foundation.kernel import ArtefactError, Contract, short
from foundation.storage.atomic import refused, write_file
from foundation.storage.folders import FolderStore
from foundation.storage.panels import ArcticPanelStore, PanelStore

AnyContract = TypeVar("AnyContract", bound=Contract)
_PANEL = re.compile(r'\{"\$panel":"([0-9a-f]{64})"\}')
_ARRAY = re.compile(r'\{"\$array":"([0-9a-f]{64})"\}')
AGAIN = "run `story run` again: the step that made it is repeated"


class ArtefactStore:
    """Everything a run keeps.

    Parameters
    ----------
    root : Path
        Folder of the store; created on first write.
    panels : PanelStore, optional
        Where panels go; ArcticDB below ``root`` when absent.

    Attributes
    ----------
    folders : FolderStore
        Checkpoints, content-addressed as well.
    """

    def __init__(self, root: Path, panels: PanelStore | None = None) -> None:
        self.root = Path(root)
        self.panels: PanelStore = panels or ArcticPanelStore(self.root / "panels")
        self.folders = FolderStore(self.root / "folders")

    # contracts

    def put(self, contract: Contract) -> ArtefactRef:
        """Keep a contract and return its reference. Equal content is kept once."""
        document = contract.model_dump_json(context={"panels": self.panels, "arrays": self})
        kind = type(contract)
        key = document_hash(kind, document)
        target = self._document(kind.__name__, key)
        if not target.exists():
            write_file(target, document.encode())
        return ArtefactRef(contract=kind.__name__, content_hash=key)

    def has(self, ref: ArtefactRef) -> bool:
        """Say whether the document is there (its content is checked when it is read)."""
        return self._document(ref.contract, ref.content_hash).is_file()

    def get(self, content_hash: str, kind: type[AnyContract]) -> AnyContract:
        """Return a contract by its hash, validated and checked against that hash.

        Raises
        ------
        ArtefactError
            If the document, or a panel or array in it, is missing or damaged.
        """
        path = self._document(kind.__name__, content_hash)
        named = f"{kind.__name__} {short(content_hash)}"
        try:
            document = path.read_bytes().decode()
        except FileNotFoundError:
            raise ArtefactError(
                f"The artefact {named} is not in the store", value=str(path), remedy=AGAIN
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ArtefactError(
                f"The artefact {named} cannot be read ({error})", value=str(path), remedy=AGAIN
            ) from error
        if document_hash(kind, document) != content_hash:
            raise ArtefactError(
                f"The artefact {named} no longer matches its content hash",
                value=str(path),
                remedy=AGAIN,
            )
        try:
            return kind.model_validate_json(
                document, context={"panels": self.panels, "arrays": self}
            )
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise ArtefactError(
                f"The artefact {named} does not fit its contract "
                f"({'.'.join(map(str, first['loc']))}: {first['msg']})",
                value=str(path),
                remedy=AGAIN,
            ) from error

    def discard(self, ref: ArtefactRef) -> None:
        """Remove a document, and those of its panels and arrays that are damaged.

        Without this a damaged piece would stay for ever: equal content is never written twice.
        """
        path = self._document(ref.contract, ref.content_hash)
        document = path.read_text(errors="replace") if path.is_file() else ""
        for key in _PANEL.findall(document):
            try:
                self.panels.get_panel(key)
            except ArtefactError:
                self.panels.drop_panel(key)
        for key in _ARRAY.findall(document):
            try:
                self.get_array(key)
            except ArtefactError:
                (self.root / "arrays" / f"{key}.npy").unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    def _document(self, contract: str, key: str) -> Path:
        return self.root / "contracts" / contract / f"{key}.json"

    # arrays

    def put_array(self, values: np.ndarray) -> str:
        """Keep an array as ``.npy`` and return its hash."""
        key = array_hash(values)
        target = self.root / "arrays" / f"{key}.npy"
        if not target.exists():
            buffer = io.BytesIO()
            np.save(buffer, np.ascontiguousarray(values), allow_pickle=False)
            write_file(target, buffer.getvalue())
        return key

    def get_array(self, key: str) -> np.ndarray:
        """Return an array by its hash, checked. ``ArtefactError`` if missing or damaged."""
        path = self.root / "arrays" / f"{key}.npy"
        try:
            values: np.ndarray = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise ArtefactError(
                f"A stored array cannot be read ({error})", value=str(path), remedy=AGAIN
            ) from error
        if array_hash(values) != key:
            raise ArtefactError(
                "A stored array no longer matches its content hash", value=str(path), remedy=AGAIN
            )
        return values

    # what the runner made under which key

    def recall(self, step: str, key: str) -> ArtefactRef | None:
        """Return what a step made under this key, if anything."""
        path = self._index(step, key)
        try:
            return ArtefactRef.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            raise ArtefactError(
                f"The store's index entry of step {step} is damaged",
                value=str(path),
                remedy="delete that file; the step runs again",
            ) from None

    def remember(self, step: str, key: str, ref: ArtefactRef) -> None:
        """Note what a step made under this key."""
        write_file(self._index(step, key), ref.model_dump_json().encode())

    def forget(self, step: str, key: str) -> None:
        """Drop the note, so that the step runs again."""
        try:
            self._index(step, key).unlink(missing_ok=True)
        except OSError as error:
            raise refused(self._index(step, key), error) from error

    def _index(self, step: str, key: str) -> Path:
        return self.root / "steps" / step / f"{key}.json"
