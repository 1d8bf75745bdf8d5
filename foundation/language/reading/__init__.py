"""From text back to statements: exactly for stories, as far as it goes for anybody's text.

``exact`` looks clauses up, ``words`` names the words of other people's sentences, ``grounding``
makes claims of them, ``figures`` reads numbers on a series' own scale; ``reader`` puts the four
in order and ``result`` holds what comes out.
"""

from foundation.language.reading.figures import Yardstick
from foundation.language.reading.reader import read
from foundation.language.reading.result import Clause, Reading

__all__ = ["Clause", "Reading", "Yardstick", "read"]
