"""Language models on this machine whose every probability is known, and a server that lends them.

>>> from foundation.testing.language_models import OpenAiEmulator, TapeLaw
>>> with OpenAiEmulator(TapeLaw()) as server:  # doctest: +SKIP
...     print(server.url)
"""

from foundation.testing.language_models.dialects import LLAMA_CPP, TRANSFORMERS, VLLM, Dialect
from foundation.testing.language_models.law import TapeLaw, tokens_of
from foundation.testing.language_models.openai import OpenAiEmulator, Said

__all__ = [
    "LLAMA_CPP",
    "TRANSFORMERS",
    "VLLM",
    "Dialect",
    "OpenAiEmulator",
    "Said",
    "TapeLaw",
    "tokens_of",
]
