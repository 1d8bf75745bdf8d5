"""Merges that cross words: frequent phrases become one token (Liu et al. 2025, "SuperBPE").

Merges are learnt twice. First within words, as usual; then on clauses, whose units are the
finished words, so that a phrase is always made of whole words and never of the end of one and the
beginning of the next. The second merges follow the first in one list: a text is encoded by one
ordinary BPE pass over its clauses.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CLAUSE = r" ?[^.,;:!?\n]+|[.,;:!?\n]"
CLAUSE_PATTERN = re.compile(CLAUSE)
"""A clause, or the mark behind it: no token reaches beyond."""

_FIRST_PRIVATE = 0xF0000
"""Words stand for characters while phrases are learnt: character ``_FIRST_PRIVATE + id``."""


def with_phrases(words: Tokenizer, texts: Sequence[str], vocabulary_size: int) -> Tokenizer:
    """Return a tokeniser with phrases added to a word tokeniser's vocabulary.

    Parameters
    ----------
    words : Tokenizer
        Byte-level BPE, learnt within words.
    texts : sequence of str
        What phrases are learnt from.
    vocabulary_size : int
        Where to stop; fewer if no pair of words is frequent enough.
    """
    from tokenizers import Tokenizer

    document = json.loads(words.to_str())
    vocabulary: dict[str, int] = document["model"]["vocab"]
    merges: list[list[str]] = document["model"]["merges"]
    spelled = {i: token for token, i in vocabulary.items()}
    for pair in _merges(words, _clauses(texts), vocabulary_size - len(vocabulary)):
        left, right = ("".join(spelled[ord(c) - _FIRST_PRIVATE] for c in part) for part in pair)
        merges.append([left, right])
        vocabulary.setdefault(left + right, len(vocabulary))
    return Tokenizer.from_str(json.dumps(document))


def split_at_clauses(tokenizer: Tokenizer) -> None:
    """Let a tokeniser's merges reach over words, but not over clauses.

    Merges that were learnt within words still stay there: none of them joins the end of a word
    with the space before the next.
    """
    from tokenizers import Regex, pre_tokenizers

    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CLAUSE), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def _clauses(texts: Sequence[str]) -> Counter[str]:
    return Counter(clause for text in texts for clause in CLAUSE_PATTERN.findall(text))


def _merges(words: Tokenizer, clauses: Counter[str], count: int) -> list[Any]:
    """Return the first ``count`` merges over clauses written one character per word."""
    from tokenizers import Tokenizer, models, trainers

    distinct = sorted(clauses)
    encoded = words.encode_batch_fast(distinct, add_special_tokens=False)
    written = ["".join(chr(_FIRST_PRIVATE + i) for i in e.ids) for e in encoded]
    alphabet = {c for clause in written for c in clause}
    model = Tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + max(0, count), min_frequency=2, show_progress=False
    )
    model.train_from_iterator(
        (
            one
            for clause, one in zip(distinct, written, strict=True)
            for _ in range(clauses[clause])
        ),
        trainer,
    )
    return list(json.loads(model.to_str())["model"]["merges"])
