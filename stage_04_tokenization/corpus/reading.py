"""Reading a corpus: Arrow files mapped into memory, of which only the rows asked for are touched.

What a process holds itself are the number and the length of each window; the tokens stay on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from foundation.contracts import TapeCodes, TokenWindows, WindowLabel
from foundation.kernel import ArtefactError, UpstreamDataError, hash_text
from stage_04_tokenization.corpus.manifest import TOKENIZER, Manifest, read_manifest
from stage_04_tokenization.splits import Split

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class Corpus:
    """A corpus on disk, as something to learn from. Open it with ``open_corpus``.

    To another process only its place and manifest travel; that process maps the files itself.

    Attributes
    ----------
    folder : Path
        Absolute.
    manifest : Manifest
    """

    folder: Path
    manifest: Manifest

    def __reduce__(self) -> tuple[type[Corpus], tuple[Path, Manifest]]:
        return Corpus, (self.folder, self.manifest)

    @property
    def as_of(self) -> datetime:
        """Nothing known after this moment went into it."""
        return self.manifest.as_of

    @property
    def produced_at(self) -> datetime:
        """Market time of the run that told its stories."""
        return self.manifest.produced_at

    @property
    def tokenizer(self) -> str:
        """The tokeniser's name."""
        return self.manifest.tokenizer

    @property
    def tokenizer_hash(self) -> str:
        """Hash of ``tokenizer_json``."""
        return self.manifest.tokenizer_hash

    @cached_property
    def tokenizer_json(self) -> str:
        """The tokeniser, whole; ``ArtefactError`` if it is not the one that the windows need."""
        path = self.folder / TOKENIZER
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if hash_text(text) != self.tokenizer_hash:
            raise ArtefactError(
                "The tokeniser of a corpus matches its hash",
                value=str(path),
                remedy="build the corpus again with `story corpus`: its shards are kept",
            )
        return text

    @property
    def vocabulary_size(self) -> int:
        """Tokens that there are."""
        return self.manifest.vocabulary_size

    @property
    def codes(self) -> TapeCodes:
        """The tape's spelling in the tokeniser's ids."""
        return self.manifest.codes

    @property
    def data_hash(self) -> str:
        """The corpus's hash."""
        return self.manifest.corpus_hash

    @property
    def symbols(self) -> int:
        """Symbols that the windows to train on tell of."""
        return len(self.manifest.counts["train"])

    @property
    def trained_until(self) -> date:
        """The last session that is a target of a window to train on."""
        return self.manifest.until["train"]

    def windows(self, split: Split) -> CorpusWindows:
        """Return the windows of a split.

        Raises
        ------
        UpstreamDataError
            If it has none.
        """
        if not self.manifest.counts[split]:
            raise UpstreamDataError(
                "Training needs windows to learn from, and others to be judged by",
                value=f"the corpus {self.folder} has no {split} windows",
                remedy="build it of more sessions: `--set stories.story_sessions=...`",
            )
        if split not in self._opened:
            self._opened[split] = CorpusWindows(split, self._whole, self.codes.pad)
        return self._opened[split]

    @cached_property
    def _opened(self) -> dict[Split, CorpusWindows]:
        return {}

    @cached_property
    def _whole(self) -> Dataset:
        from datasets import Dataset, concatenate_datasets

        shards = sorted(self.manifest.shards)
        parts = [
            Dataset.load_from_disk(str(self.folder / name), keep_in_memory=False) for name in shards
        ]
        return concatenate_datasets(parts).with_format("arrow")


class CorpusWindows:
    """The windows of one split, read row by row.

    Parameters
    ----------
    split : str
    whole : Dataset
        The windows of all splits, in Arrow's format.
    pad : int
        Fills windows on the right.
    """

    def __init__(self, split: Split, whole: Dataset, pad: int) -> None:
        import pyarrow.compute as pc

        self._split, self._whole, self._pad = split, whole, pad
        of_split = np.array(pc.equal(whole.data.column("split"), split))
        self._places = np.flatnonzero(of_split)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Tokens of each window: int64 (W,)."""
        import pyarrow.compute as pc

        every = pc.list_value_length(self._whole.data.column("ids")).to_numpy()
        lengths: np.ndarray = every[self._places].astype(np.int64)
        return lengths

    def rows(self, rows: Sequence[int]) -> TokenWindows:
        """Return some windows in the order asked for, padded to the longest of them."""
        chosen = np.asarray(rows, dtype=np.int64)
        table: Any = self._whole[self._places[chosen].tolist()]
        lengths = self.lengths[chosen]
        inside = np.arange(lengths.max(initial=0)) < lengths[:, None]

        def padded(name: str, fill: int) -> np.ndarray:
            filled = np.full(inside.shape, fill, dtype=np.int32)
            filled[inside] = table.column(name).combine_chunks().flatten().to_numpy()
            return filled

        names = ("symbol", "context_until", "target", "task")
        labels = zip(*(table.column(name).to_pylist() for name in names), strict=True)
        return TokenWindows(
            split=self._split,
            labels=tuple(
                WindowLabel(
                    symbol=symbol,
                    context_until=date.fromisoformat(until),
                    target=date.fromisoformat(target) if target else None,
                    task=task,
                )
                for symbol, until, target, task in labels
            ),
            ids=padded("ids", self._pad),
            attention_mask=inside.astype(np.int32),
            loss_mask=padded("loss", 0),
            story_index=padded("story", -1),
        )


def open_corpus(folder: Path) -> Corpus:
    """Return a corpus, once every shard and the tokeniser have been held against their hashes.

    Raises
    ------
    ArtefactError
        As ``read_manifest``, and if the tokeniser is not the corpus's.
    """
    corpus = Corpus(folder.resolve(), read_manifest(folder))
    _ = corpus.tokenizer_json
    return corpus
