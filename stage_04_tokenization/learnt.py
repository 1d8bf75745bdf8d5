"""Windows for a model that learnt from a corpus: in its tokeniser and form, and after it.

Such a model is trained once and asked on many days, of other symbols too. Nothing that it learnt
from, or was stopped by, may lie in a window that it is scored on.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from foundation.contracts import StoryBook
from foundation.kernel import OperatorError, hash_text
from stage_04_tokenization.settings import TokenizationSettings
from stage_04_tokenization.splits import Spans
from stage_04_tokenization.vocabulary import BpeVocabulary, StoryVocabulary

if TYPE_CHECKING:
    from stage_04_tokenization.corpus import Corpus

FORM = ("context_sessions", "max_tokens", "layout", "tasks")
"""Settings that decide what a window looks like, or what the model was taught to tell."""


def check_form(corpus: Corpus, settings: TokenizationSettings) -> None:
    """Refuse settings that would give windows of another form than the corpus's.

    Raises
    ------
    OperatorError
        Naming the first that differs.
    """
    for name in FORM:
        here, there = getattr(settings, name), getattr(corpus.manifest.settings, name)
        if here != there:
            raise OperatorError(
                "Windows to forecast from have the form of those that the model learnt from",
                value=f"tokens.{name} is {here}, that of the corpus {corpus.folder} is {there}",
                remedy=f"leave tokens.{name} out and name the corpus by --corpus, which sets it, "
                "or build a corpus with the settings wanted",
            )


def check_purge(
    corpus: Corpus, book: StoryBook, cut: Spans, settings: TokenizationSettings
) -> None:
    """Refuse to score a model on stories that it learnt from.

    As within one run (``splits.py``): no session is a target to train on and part of a window of
    validation, or a target of either and part of a window of history.

    Raises
    ------
    OperatorError
        If some is.
    """
    reach = settings.context_sessions
    firsts = {
        "train": ("validation", cut.validation.start - reach),
        "validation": ("history", cut.history.start + 1 - reach),
    }
    for learnt, until in corpus.manifest.until.items():
        asked, first = firsts[learnt]
        begins = book.sessions[max(0, first)]
        if begins <= until:
            raise OperatorError(
                "A model is asked about sessions after those that it learnt from",
                value=f"windows of {asked} begin on {begins}, the corpus {corpus.folder} has "
                f"{learnt} stories until {until}",
                remedy="forecast as of a later session, lower tokens.history_sessions, or build "
                "the corpus as of an earlier session",
            )


def vocabulary_of(corpus: Corpus, settings: TokenizationSettings) -> StoryVocabulary:
    """Return the corpus's tokeniser.

    Raises
    ------
    OperatorError
        If the folder of a base model's tokeniser holds another one.
    """
    from tokenizers import Tokenizer

    if settings.base_tokenizer is None:
        return BpeVocabulary(Tokenizer.from_str(corpus.tokenizer_json))
    from stage_04_tokenization.base_model import BaseModelVocabulary

    own = BaseModelVocabulary(Path(settings.base_tokenizer), settings.layout)
    if hash_text(own.json) != corpus.tokenizer_hash:
        raise OperatorError(
            "Windows to forecast from are written in the tokeniser of the corpus",
            value=f"{own.name} in {settings.base_tokenizer}, the corpus {corpus.folder} has "
            f"{corpus.tokenizer}",
            remedy="name the base model's folder that the corpus was built with (--base), or "
            "a recipe from scratch where the corpus has a tokeniser of its own",
        )
    return own
