"""Questions put aside: all series' questions behind the same past, as a forecast puts them.

On a story's tape the second question stands behind the first one's answer, and so on: one answer
in six is learnt as a forecast asks for it, given the past alone. Here every story of a window is
asked for all its series side by side. The questions stand behind the row's tokens; each sees what
its story's opening mark sees, and itself, and nothing sees it
(``adapters/in_process/probes.py`` does the same when a forecast is made). That costs a token per
answer, a tenth of a window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from foundation.contracts import TapeCodes
from foundation.kernel import OperatorError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Asides:
    """Questions behind the rows of a batch, shapes (B, K); rows with fewer are filled up.

    Attributes
    ----------
    questions, answers : int64
        Token ids.
    behind : int64
        Column of the opening mark after which the question stands.
    weights : float32
        Of each answer in the loss; 0 where a row is filled up.
    """

    questions: np.ndarray
    answers: np.ndarray
    behind: np.ndarray
    weights: np.ndarray


def put_aside(ids: np.ndarray, counts: np.ndarray, codes: TapeCodes, weights: np.ndarray) -> Asides:
    """Return the questions of all stories whose tape is learnt.

    Parameters
    ----------
    ids : int array, shape (B, L)
    counts : bool array, shape (B, L)
        Which tokens are learnt. A story's tape is if its first answer is.
    weights : float array, shape (len(TAPE),)
        Of an answer of each series.

    Raises
    ------
    OperatorError
        If marks take several tokens, as in a base model's vocabulary.
    """
    marks = [codes.story, *codes.series, *(o for outcomes in codes.outcomes for o in outcomes)]
    if any(len(mark) != 1 for mark in marks):
        raise OperatorError(
            "Questions are put aside in a vocabulary that has one token for each mark",
            value=f"marks of up to {max(map(len, marks))} tokens",
            remedy="set aside_weight = 0 in the recipe of a base model",
        )
    weight_of = {mark[0]: weight for mark, weight in zip(codes.series, weights, strict=True)}
    question = np.isin(ids, list(weight_of))
    begins = (ids == codes.story[0])[:, :-2] & question[:, 1:-1] & counts[:, 2:]
    asked: list[list[tuple[int, int, int]]] = [[] for _ in ids]
    for row, column in np.argwhere(begins).tolist():
        place = column + 1
        while place + 1 < ids.shape[1] and question[row, place]:
            asked[row].append((int(ids[row, place]), int(ids[row, place + 1]), column))
            place += 2
    most = max(map(len, asked))
    table = np.zeros((3, len(ids), most), dtype=np.int64)
    heavy = np.zeros((len(ids), most), dtype=np.float32)
    for row, found in enumerate(asked):
        if found:
            table[:, row, : len(found)] = np.array(found).T
            heavy[row, : len(found)] = [weight_of[token] for token, _, _ in found]
    questions, answers, behind = table
    return Asides(questions, answers, behind, heavy)


def seen_aside(allowed: torch.Tensor, behind: torch.Tensor) -> torch.Tensor:
    """Return bool (B, L + K, L + K): who sees whom once questions stand behind the rows.

    Parameters
    ----------
    allowed : bool tensor (B or 1, L, L)
        Who sees whom in the rows themselves.
    behind : integer tensor (B, K)
    """
    import torch

    (rows, count), length = behind.shape, allowed.shape[1]
    whole = torch.zeros(
        rows, length + count, length + count, dtype=torch.bool, device=allowed.device
    )
    whole[:, :length, :length] = allowed
    seen = allowed.expand(rows, -1, -1)
    whole[:, length:, :length] = seen.gather(1, behind[:, :, None].expand(-1, -1, length))
    whole[:, length:, length:] = torch.eye(count, dtype=torch.bool, device=allowed.device)
    return whole
