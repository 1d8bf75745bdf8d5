"""The one language of the stories: phrases for every statement, and the reader that undoes them."""

from foundation.language.grammar import CONNECTIVES, phrasings
from foundation.language.reading import Clause, Reading, Yardstick, read
from foundation.language.tone import tone

__all__ = ["CONNECTIVES", "Clause", "Reading", "Yardstick", "phrasings", "read", "tone"]
