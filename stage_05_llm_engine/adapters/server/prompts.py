"""What a server is asked, as text: the stories of a window, then what is wanted of the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from foundation.contracts import TAPE, TapeCodes, TokenWindows, tape_outcomes
from foundation.contracts.token_batch import Task
from foundation.kernel import OperatorError
from foundation.language.tape_words import STORY, TEXT, question, written
from foundation.language.task_words import PROMPTS, instructions
from stage_05_llm_engine.adapters.server.client import Sent
from stage_05_llm_engine.tape import read_tape, words_of

Parts = list[tuple[str, bool]]
"""A text piece by piece, and whether the piece is what a score is about."""


class Prompts:
    """Windows in a server's words.

    Windows in a base model's tokeniser are handed on letter by letter, as that model learnt them.
    The stories' own tokeniser has marks that no other model knows: its windows are written anew
    in plain words, a line for each story.

    Parameters
    ----------
    codes : TapeCodes
    tokenizer_json : str
    plain : bool
        Whether the windows' marks are plain words already.
    """

    def __init__(self, codes: TapeCodes, tokenizer_json: str, *, plain: bool) -> None:
        from tokenizers import Tokenizer

        self._codes, self._plain = codes, plain
        self._tokenizer = Tokenizer.from_str(tokenizer_json)
        self.stops = (self._text(codes.end),) if plain else ("\n",)

    def stories(self, windows: TokenWindows, row: int) -> list[list[int]]:
        """Return the ids of each story of a window."""
        index, ids = windows.story_index[row], windows.ids[row]
        return [ids[index == number].tolist() for number in range(int(index.max()) + 1)]

    def tape(self, windows: TokenWindows, row: int) -> dict[str, str]:
        """Return what the last story's tape says."""
        read = read_tape(self._codes, self.stories(windows, row)[-1])
        return {s: tape_outcomes(s)[read[n]] for n, s in enumerate(TAPE) if n in read}

    def context(self, windows: TokenWindows, row: int) -> str:
        """Return a window's stories of the past."""
        if self._plain:
            return self._text(windows.ids[row, windows.story_index[row] >= 0].tolist())
        return "".join(f"{self._told(ids)}\n" for ids in self.stories(windows, row))

    def sender(self, windows: TokenWindows, row: int, kind: str) -> Callable[[str], Sent]:
        """Return what turns a text that begins with a window into what is sent.

        Parameters
        ----------
        kind : "text" or "tokens"

        Raises
        ------
        OperatorError
            If text is to be sent that a server would not split as the window is split.
        """
        if not self._plain:
            return lambda text: text
        ids = windows.ids[row, windows.story_index[row] >= 0].tolist()
        known = self._text(ids)
        if kind == "tokens":
            return lambda text: ids + self._spelled(text.removeprefix(known))
        if self._spelled(known) != ids:
            raise OperatorError(
                "A server splits a text into the tokens that the model learnt",
                value=f"otherwise for {windows.labels[row].symbol}",
                remedy="set engine.server.prompts to tokens (vLLM and llama.cpp take them), or "
                "tokens.layout to plain",
            )
        return lambda text: text

    def completion(self, context: str, task: Task, tape: str) -> str:
        """Return a text to be continued: the past, the next story's opening, its tape so far."""
        asked = self._text(self._codes.task(task)) if self._plain else ""
        return f"{context}{asked}{STORY}{tape}"

    def chat(self, context: str, task: Task) -> list[dict[str, Any]]:
        """Return a conversation that asks for the next story."""
        return [
            {"role": "system", "content": instructions()},
            {"role": "user", "content": f"{context}\n{PROMPTS[task]}"},
        ]

    def target(self, windows: TokenWindows, row: int) -> Parts:
        """Return a window in parts; counted are the target's answers, words and end."""
        counted = windows.loss_mask[row] == 1
        if self._plain:
            last = int(np.nonzero(counted)[0][-1]) + 1
            borders = np.flatnonzero(np.diff(counted[:last])) + 1
            runs = zip([0, *borders], [*borders, last], strict=True)
            ids = windows.ids[row].tolist()
            return [(self._text(ids[first:end]), bool(counted[first])) for first, end in runs]
        *past, target = self.stories(windows, row)
        tape, words = self._read(target)
        parts: Parts = [("".join(f"{self._told(ids)}\n" for ids in past) + STORY, False)]
        for series, outcome in tape.items():
            parts += [(question(series), False), (f" {outcome};", True)]
        return [*parts, (TEXT, False), (f" {words}\n", True)]

    def _told(self, ids: list[int]) -> str:
        return written(*self._read(ids))

    def _read(self, ids: list[int]) -> tuple[dict[str, str], str]:
        """Return what a story's tape says, in its order, and its words."""
        read = read_tape(self._codes, ids)
        tape = {TAPE[s]: tape_outcomes(TAPE[s])[code] for s, code in read.items()}
        return tape, self._text(words_of(self._codes, ids)).strip()

    def _spelled(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _text(self, ids: Any) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False))


BEFORE_WORDS = TEXT
"""Where a story's tape ends and its words begin."""
