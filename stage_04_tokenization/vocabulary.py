"""The vocabulary of stories: byte-level BPE learnt from stories, and one token per tape mark.

Every byte has a token, so any text comes back exactly (Sennrich et al. 2016; Radford et al. 2019).
Frequent phrases become one token too (``phrases.py``).
An answer on the tape is a token of its own per series ("momentum: high" and "volume: high" are
two tokens): the model need not bind a word to the series that asked for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from foundation.contracts import TAPE, TapeCodes, tape_outcomes
from foundation.contracts.token_batch import TASKS
from foundation.kernel import hash_text, short
from stage_04_tokenization.phrases import CLAUSE_PATTERN, split_at_clauses, with_phrases

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, STORY, TEXT, END = "<pad>", "<story>", "<text>", "<end>"


class StoryVocabulary(Protocol):
    """What stage 04 asks of a tokeniser, whoever trained it."""

    name: str
    json: str
    size: int
    codes: TapeCodes

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text; no special token is added or recognised inside it."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids that ``encode`` made, exactly."""
        ...


def question(series: str) -> str:
    """Return the special token that asks what a series will do."""
    return f"<{series}>"


def answer(series: str, outcome: str) -> str:
    """Return the special token that says what a series does."""
    return f"<{series}: {outcome}>"


def special_tokens() -> list[str]:
    """Return every special token; their ids are their positions."""
    answers = [answer(s, outcome) for s in TAPE for outcome in tape_outcomes(s)]
    tasks = [f"<{task}>" for task in TASKS[1:]]
    return [PAD, STORY, TEXT, END, *(question(s) for s in TAPE), *answers, *tasks]


def special_codes() -> TapeCodes:
    """Return the tape's spelling where every mark is one special token."""
    place = {token: i for i, token in enumerate(special_tokens())}
    return TapeCodes(
        pad=place[PAD],
        opening=(),
        story=(place[STORY],),
        series=tuple((place[question(s)],) for s in TAPE),
        outcomes=tuple(
            tuple((place[answer(s, outcome)],) for outcome in tape_outcomes(s)) for s in TAPE
        ),
        synonyms=(((),) * 5,) * len(TAPE),
        text=(place[TEXT],),
        separator=(place[END],),
        end=(place[END],),
        # The next day is what a story is for: nothing need be said.
        tasks=((), *((place[f"<{task}>"],) for task in TASKS[1:])),
    )


class BpeVocabulary:
    """Byte-level BPE, trained on stories and on nothing else."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # Marks of the tape that happen to stand in a text are text, not marks.
        self._tokenizer.encode_special_tokens = True
        self.json: str = tokenizer.to_str()
        self.size: int = tokenizer.get_vocab_size()
        self.codes = special_codes()
        self.name = f"story-bpe-{self.size}-{short(hash_text(self.json))}"

    @classmethod
    def train(
        cls, texts: Sequence[str], *, vocabulary_size: int, across_words: bool
    ) -> BpeVocabulary:
        """Learn merges from texts. The same texts give the same vocabulary, to the byte."""
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary_size,
            min_frequency=2,
            special_tokens=special_tokens(),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        split_at_clauses(tokenizer)
        if across_words:
            tokenizer = with_phrases(tokenizer, texts, vocabulary_size)
        return cls(tokenizer)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        # Stories share few distinct clauses, and no token reaches beyond one: encode each once.
        cut = [CLAUSE_PATTERN.findall(text) for text in texts]
        distinct = sorted({clause for clauses in cut for clause in clauses})
        encoded = self._tokenizer.encode_batch_fast(distinct, add_special_tokens=False)
        ids = {clause: e.ids for clause, e in zip(distinct, encoded, strict=True)}
        return [[i for clause in clauses for i in ids[clause]] for clauses in cut]

    def decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False))
