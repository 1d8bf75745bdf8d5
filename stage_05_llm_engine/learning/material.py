"""What a model learns from: windows of two splits, held in memory or read from wherever they lie.

Only the rows of a step are asked for, so what is learnt from may be larger than memory. A
``TokenBatch`` holds its windows; a corpus on disk (stage 04) is another such material. The same
windows give the same weights, wherever they come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from foundation.contracts import TapeCodes, TokenBatch, TokenWindows
from foundation.kernel import UpstreamDataError, hash_bytes, hash_text

READ_TOGETHER = 64
"""Windows that are looked at together where all are looked at once."""


class Windows(Protocol):
    """Windows of one split."""

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each window: int64 (W,)."""
        ...

    def rows(self, rows: Sequence[int]) -> TokenWindows:
        """Return some windows in the order asked for, padded to the longest of them or further."""
        ...


class Material(Protocol):
    """Windows to learn from and to be judged by, and the tokeniser in which they are written."""

    @property
    def as_of(self) -> datetime: ...

    @property
    def produced_at(self) -> datetime: ...

    @property
    def tokenizer(self) -> str: ...

    @property
    def tokenizer_hash(self) -> str: ...

    @property
    def tokenizer_json(self) -> str: ...

    @property
    def vocabulary_size(self) -> int: ...

    @property
    def codes(self) -> TapeCodes: ...

    @property
    def data_hash(self) -> str:
        """Hash of all that a model is trained and judged on."""
        ...

    @property
    def symbols(self) -> int:
        """Symbols that the windows to train on tell of."""
        ...

    @property
    def trained_until(self) -> date:
        """The last session that is a target of a window to train on."""
        ...

    def windows(self, split: Literal["train", "validation"]) -> Windows:
        """Return the windows of a split.

        Raises
        ------
        UpstreamDataError
            If it has none.
        """
        ...


@dataclass(frozen=True)
class HeldWindows:
    """Windows in memory."""

    held: TokenWindows

    @cached_property
    def lengths(self) -> np.ndarray:
        """Tokens of each window: int64 (W,)."""
        return self.held.attention_mask.sum(axis=1, dtype=np.int64)

    def rows(self, rows: Sequence[int]) -> TokenWindows:
        """Return some windows, as wide as all of them."""
        chosen = list(rows)
        return self.held.model_copy(
            update={
                "labels": tuple(self.held.labels[row] for row in chosen),
                "ids": self.held.ids[chosen],
                "attention_mask": self.held.attention_mask[chosen],
                "loss_mask": self.held.loss_mask[chosen],
                "story_index": self.held.story_index[chosen],
            }
        )


@dataclass(frozen=True)
class HeldMaterial:
    """The windows of a ``TokenBatch``."""

    batch: TokenBatch

    @property
    def as_of(self) -> datetime:
        """As ``TokenBatch.as_of``."""
        return self.batch.as_of

    @property
    def produced_at(self) -> datetime:
        """As ``TokenBatch.produced_at``."""
        return self.batch.produced_at

    @property
    def tokenizer(self) -> str:
        """The tokeniser's name."""
        return self.batch.tokenizer

    @property
    def tokenizer_hash(self) -> str:
        """Hash of ``tokenizer_json``."""
        return self.batch.tokenizer_hash

    @property
    def tokenizer_json(self) -> str:
        """The tokeniser, whole."""
        return self.batch.tokenizer_json

    @property
    def vocabulary_size(self) -> int:
        """Tokens that there are."""
        return self.batch.vocabulary_size

    @property
    def codes(self) -> TapeCodes:
        """The tape's spelling in the tokeniser's ids."""
        return self.batch.codes

    @cached_property
    def data_hash(self) -> str:
        """Hash of the windows of all splits."""
        return hash_text(
            *(
                hash_bytes(getattr(split, name).tobytes())
                for split in self.batch.splits
                for name in ("ids", "loss_mask", "story_index")
            )
        )

    @cached_property
    def symbols(self) -> int:
        """Symbols that the windows to train on tell of."""
        return len({label.symbol for label in self._train.labels})

    @cached_property
    def trained_until(self) -> date:
        """The last session that is a target of a window to train on."""
        return max(label.target for label in self._train.labels if label.target)

    def windows(self, split: Literal["train", "validation"]) -> HeldWindows:
        """Return the windows of a split; ``UpstreamDataError`` if it has none."""
        found = next((windows for windows in self.batch.splits if windows.split == split), None)
        if found is None or not found.labels:
            raise UpstreamDataError(
                "Training needs windows to learn from, and others to be judged by",
                value=f"no {split} windows as of {self.batch.session}",
                remedy="give training the windows of a run of its own, or the corpus on disk that "
                "the run took its tokeniser from",
            )
        return HeldWindows(found)

    @property
    def _train(self) -> TokenWindows:
        return self.windows("train").held


def one_after_another(windows: Windows) -> Iterator[TokenWindows]:
    """Yield all windows of a split, a few at a time, in their order."""
    count = len(windows.lengths)
    for first in range(0, count, READ_TOGETHER):
        yield windows.rows(range(first, min(count, first + READ_TOGETHER)))


def met_tokens(windows: Windows, vocabulary_size: int) -> np.ndarray:
    """Return bool (vocabulary_size,): whether some window holds the token."""
    met = np.zeros(vocabulary_size, dtype=bool)
    for read in one_after_another(windows):
        met[read.ids[read.attention_mask == 1]] = True
    return met
