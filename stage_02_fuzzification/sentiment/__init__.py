"""Headlines to typed features: the output's type, who may give it, and a lexicon that does."""

from stage_02_fuzzification.sentiment.lexicon_reader import LexiconReader
from stage_02_fuzzification.sentiment.reading import EventFlags, NewsDay, NewsReader, NewsReading

__all__ = ["EventFlags", "LexiconReader", "NewsDay", "NewsReader", "NewsReading"]
