"""The corpus on disk: windows of many symbols as a ``datasets`` dataset, in shards."""

from stage_04_tokenization.corpus.building import build_corpus
from stage_04_tokenization.corpus.manifest import Manifest, read_manifest
from stage_04_tokenization.corpus.reading import Corpus, CorpusWindows, open_corpus

__all__ = [
    "Corpus",
    "CorpusWindows",
    "Manifest",
    "build_corpus",
    "open_corpus",
    "read_manifest",
]
