"""A base model's own tokeniser, read from a local folder: the tape in plain words.

A pre-trained model knows words, not our special tokens, so the tape reads ``price: rises
sharply;`` there (``foundation.language.tape_words``), with the language's other wordings of an
outcome as synonyms. Windows are laid out as plain text, or as a harmony conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from foundation.contracts import TAPE, TapeCodes
from foundation.contracts.token_batch import TASKS
from foundation.kernel import DependencyError, OperatorError, hash_text, short
from foundation.language.tape_words import STORY, TEXT, answers, question
from foundation.language.task_words import PROMPTS, instructions
from stage_04_tokenization import harmony
from stage_04_tokenization.settings import Layout


class BaseModelVocabulary:
    """The tokeniser of a pre-trained model, behind the same interface as our own.

    Parameters
    ----------
    folder : Path
        Holds ``tokenizer.json`` (and what belongs to it), as saved by ``save_pretrained`` or
        downloaded with the model. Nothing is fetched.
    layout : "plain" or "harmony"
        See ``TokenizationSettings.layout``.

    Raises
    ------
    DependencyError
        If the folder holds no tokeniser.
    OperatorError
        If the tokeniser has no fast (Rust) form, no token for the end of a text, or not the
        tokens of the harmony format where that is asked for.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        from transformers import AutoTokenizer

        if not (folder / "tokenizer.json").is_file():
            raise DependencyError(
                "The base model's tokeniser is not there",
                value=str(folder),
                remedy="put the model's tokenizer.json and tokenizer_config.json into that folder, "
                "for gpt-oss-20b with `hf download openai/gpt-oss-20b --local-dir FOLDER`",
            )
        loaded = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        if not loaded.is_fast or loaded.eos_token_id is None:
            raise OperatorError(
                "A base tokeniser needs a fast form and an end-of-text token",
                value=str(folder),
                remedy="use the tokenizer.json that comes with the model",
            )
        self._tokenizer = loaded.backend_tokenizer
        self._tokenizer.encode_special_tokens = True
        self.json: str = self._tokenizer.to_str()
        self.size: int = len(loaded)
        self.name = f"base-{folder.name}-{layout}-{short(hash_text(self.json))}"
        end, pad = int(loaded.eos_token_id), loaded.pad_token_id
        padding = end if pad is None else int(pad)
        self.codes = self._harmony(padding) if layout == "harmony" else self._plain(end, padding)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        # A leading space: in these vocabularies the first word of a sentence is " The".
        spaced = [" " + text for text in texts]
        return [e.ids for e in self._tokenizer.encode_batch(spaced, add_special_tokens=False)]

    def decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False)).removeprefix(" ")

    def _spell(self, words: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(words, add_special_tokens=False).ids)

    def _spell_frame(self, frame: str) -> tuple[int, ...]:
        """Spell text in which the format's own tokens are tokens."""
        self._tokenizer.encode_special_tokens = False
        try:
            return self._spell(frame)
        finally:
            self._tokenizer.encode_special_tokens = True

    def _plain(self, end: int, pad: int) -> TapeCodes:
        """Stories one after the other, each closed by the model's end of text."""
        return self._codes(
            pad,
            opening=(),
            separator=(end,),
            end=(end,),
            tasks=tuple(
                () if task == "next day" else self._spell(f"{PROMPTS[task]}\n") for task in TASKS
            ),
        )

    def _harmony(self, pad: int) -> TapeCodes:
        """The past in the user's message, a line each; the target in the assistant's."""
        missing = [t for t in harmony.SPECIAL if self._tokenizer.token_to_id(t) is None]
        if missing:
            raise OperatorError(
                "The harmony format needs a tokeniser that knows its special tokens",
                value=f"{missing} unknown",
                remedy='use gpt-oss\'s own tokenizer.json, or set layout = "plain"',
            )
        return self._codes(
            pad,
            opening=self._spell_frame(harmony.opening(instructions())),
            separator=self._spell("\n"),
            end=self._spell_frame(harmony.RETURN),
            tasks=tuple(self._spell_frame(harmony.turn(PROMPTS[task])) for task in TASKS),
        )

    def _codes(
        self,
        pad: int,
        *,
        opening: tuple[int, ...],
        separator: tuple[int, ...],
        end: tuple[int, ...],
        tasks: tuple[tuple[int, ...], ...],
    ) -> TapeCodes:
        spelled = [[[self._spell(w) for w in wordings] for wordings in answers(s)] for s in TAPE]
        return TapeCodes(
            pad=pad,
            opening=opening,
            story=self._spell(STORY),
            series=tuple(self._spell(question(s)) for s in TAPE),
            outcomes=tuple(tuple(one[0] for one in outcomes) for outcomes in spelled),
            synonyms=tuple(tuple(tuple(one[1:]) for one in outcomes) for outcomes in spelled),
            text=self._spell(TEXT),
            separator=separator,
            end=end,
            tasks=tasks,
        )
