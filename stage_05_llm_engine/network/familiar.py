"""Sentences that a model can read: those in which it has met every token.

A vocabulary learnt on stories can spell any text, but a model from scratch knows only the tokens
that its training windows hold. Later stories may say what none of those did (the quantitative
context is silent while its own past is short, then speaks): their words are spelled in fragments
whose embeddings are as they were drawn, and noise that is read as if it meant something spoils
the forecast. So the embedding of a token that training does not hold is zero from the start, where
it stays, and a sentence with such a token is left out of what is read. The windows stay whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from foundation.contracts import TapeCodes

ENDS = (".", "!", "?", "\n")


def forget_unmet(model: Any, met: np.ndarray) -> None:
    """Set the embeddings of all tokens to zero that no training window holds.

    No gradient and no weight decay moves them from there.

    Parameters
    ----------
    met : bool array, shape (vocabulary,)
        Whether some training window holds the token.
    """
    import torch

    rows = model.get_input_embeddings().weight
    with torch.no_grad():
        rows[~torch.from_numpy(met).to(rows.device)] = 0.0


class FamiliarSentences:
    """Tells which tokens of a window stand in sentences that a model can read.

    Parameters
    ----------
    model : GptOssForCausalLM
        From scratch, ``forget_unmet`` before it was trained. Of a model without embeddings of
        zero everything is read.
    codes : TapeCodes
    tokenizer_json : str
    """

    def __init__(self, model: Any, codes: TapeCodes, tokenizer_json: str) -> None:
        import torch
        from tokenizers import Tokenizer

        reader = Tokenizer.from_str(tokenizer_json)
        rows = model.get_input_embeddings().weight.detach()
        largest = torch.linalg.vector_norm(rows, ord=float("inf"), dim=1)
        self._met = (largest > 0).cpu().numpy()
        marks = [(codes.pad,), codes.opening, codes.story, codes.text, codes.separator, codes.end]
        marks += [*codes.series, *codes.tasks, *(o for s in codes.outcomes for o in s)]
        self._marks = np.unique([token for mark in marks for token in mark])
        self._met[self._marks] = True
        ends = [reader.token_to_id(end) for end in ENDS]
        self._ends = np.array([end for end in ends if end is not None])

    def readable(self, ids: np.ndarray) -> np.ndarray:
        """Return bool (L,): marks, and the words of sentences in which every token was met."""
        unmet = ~self._met[ids]
        if not unmet.any():
            return ~unmet
        mark = np.isin(ids, self._marks)
        begins = mark.copy()
        begins[1:] |= mark[:-1] | np.isin(ids[:-1], self._ends)
        sentence = np.cumsum(begins)
        return ~np.isin(sentence, sentence[unmet])

    def read(self, context: list[int]) -> list[int]:
        """Return the ids of a context that are read."""
        ids = np.array(context)
        return ids[self.readable(ids)].tolist()
