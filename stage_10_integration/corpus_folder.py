"""The corpus on disk from which the story model learns, where the settings name one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stage_04_tokenization.corpus import Corpus


@dataclass(frozen=True)
class CorpusFolder:
    """A corpus in a folder; an external of the plan. Its shards are verified once a command."""

    path: Path

    @cached_property
    def _corpus(self) -> Corpus:
        from stage_04_tokenization.corpus import open_corpus

        return open_corpus(self.path)

    def fingerprint(self) -> str:
        """Return the corpus's hash; ``ArtefactError`` if it is not whole."""
        return self._corpus.manifest.corpus_hash

    def load(self) -> Corpus:
        """Return the corpus, mapped into memory."""
        return self._corpus
