"""A base model's own tokeniser, read from a local folder: the tape in plain words.

A pre-trained model knows words, not our special tokens, so the tape reads ``price: rises
sharply;`` there. The separator behind an answer keeps "rises" from being the beginning of
"rises sharply".
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from foundation.contracts import TAPE, TapeCodes, tape_outcomes
from foundation.kernel import DependencyError, OperatorError, hash_text, short

STORY, TEXT = "Session:", " Story:"


class BaseModelVocabulary:
    """The tokeniser of a pre-trained model, behind the same interface as our own.

    Parameters
    ----------
    folder : Path
        Holds ``tokenizer.json`` (and what belongs to it), as saved by ``save_pretrained`` or
        downloaded with the model. Nothing is fetched.

    Raises
    ------
    DependencyError
        If the folder holds no tokeniser.
    OperatorError
        If the tokeniser has no fast (Rust) form, or no token for the end of a text.
    """

    def __init__(self, folder: Path) -> None:
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
        self.name = f"base-{folder.name}-{short(hash_text(self.json))}"
        pad = loaded.pad_token_id
        self.codes = self._codes(
            int(loaded.eos_token_id), int(loaded.eos_token_id if pad is None else pad)
        )

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        # A leading space: in these vocabularies the first word of a sentence is " The".
        spaced = [" " + text for text in texts]
        return [e.ids for e in self._tokenizer.encode_batch(spaced, add_special_tokens=False)]

    def decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False)).removeprefix(" ")

    def _spell(self, words: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(words, add_special_tokens=False).ids)

    def _codes(self, end: int, pad: int) -> TapeCodes:
        return TapeCodes(
            pad=pad,
            story=self._spell(STORY),
            series=tuple(self._spell(f" {s}:") for s in TAPE),
            outcomes=tuple(
                tuple(self._spell(f" {outcome};") for outcome in tape_outcomes(s)) for s in TAPE
            ),
            text=self._spell(TEXT),
            end=(end,),
        )
