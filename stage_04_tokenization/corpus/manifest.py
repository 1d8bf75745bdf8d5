"""What a corpus says of itself: of what stories it was made, how, and how much it holds."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from pydantic import ValidationError

from foundation.contracts import TapeCodes
from foundation.kernel import ArtefactError, Part
from foundation.storage.folders import folder_hash
from stage_04_tokenization.settings import TokenizationSettings

MANIFEST, TOKENIZER, LOCK = "manifest.json", "tokenizer.json", "build.lock"


class Manifest(Part):
    """What a corpus holds.

    Attributes
    ----------
    as_of, produced_at : datetime
        As the stories': nothing known after ``as_of`` went into it.
    settings : TokenizationSettings
        How its windows were cut.
    tokenizer, tokenizer_hash : str
    vocabulary_size : int
    corpus_hash : str
        Hash of all shards and the tokeniser: names this corpus, to the byte.
    codes : TapeCodes
    shards : dict of str to str
        Content hash by folder name.
    counts : dict of str to dict of str to int
        Windows by split, then symbol.
    tokens : dict of str to int
        Tokens by split.
    until : dict of str to date
        The last target session of ``train`` and ``validation``, where they hold windows.
    """

    as_of: datetime
    produced_at: datetime
    settings: TokenizationSettings
    tokenizer: str
    tokenizer_hash: str
    vocabulary_size: int
    corpus_hash: str
    codes: TapeCodes
    shards: dict[str, str]
    counts: dict[str, dict[str, int]]
    tokens: dict[str, int]
    until: dict[str, date]


def read_manifest(folder: Path) -> Manifest:
    """Return what a corpus holds, once every shard has been held against its hash.

    Raises
    ------
    ArtefactError
        If it was never finished, was built by another version, or a shard no longer matches its
        hash.
    """
    manifest = glance(folder)
    for name, digest in manifest.shards.items():
        if not (folder / name).is_dir() or folder_hash(folder / name) != digest:
            raise ArtefactError(
                "A shard of the corpus matches its content hash",
                value=str(folder / name),
                remedy="delete that folder and build the corpus again",
            )
    return manifest


def glance(folder: Path) -> Manifest:
    """Return what a corpus says that it holds, without looking at its shards.

    Raises
    ------
    ArtefactError
        If it was never finished, or was built by another version.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ArtefactError(
            "A corpus has a manifest once it is complete",
            value=str(folder),
            remedy="build it with `story corpus`: what is there is kept",
        )
    try:
        return Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise ArtefactError(
            "The manifest of a corpus is one that this version wrote",
            value=f"{path}: {error.error_count()} entries are missing or wrong",
            remedy="build the corpus again with `story corpus`",
        ) from error
