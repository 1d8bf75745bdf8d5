"""Slips of the pen: the one known word that a misspelt one must be."""

from __future__ import annotations

from collections.abc import Iterable

SHORTEST_SWAPPED, SHORTEST = 5, 7
"""Letters of the shortest words that are put right, by kind of slip: short words have too many
honest neighbours ("taking" is not "tanking"), though few that differ by a swap."""


class Shelves:
    """Known words by their first and last letters.

    A slip swaps two neighbouring letters, or leaves out, adds or mistakes one, inside a word: its
    ends must stand, because endings carry meaning ("shared" is not "shares").
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._shelves: dict[str, list[str]] = {}
        for word in known:
            if len(word) >= SHORTEST_SWAPPED and word.isalpha():
                self._shelves.setdefault(word[0] + word[-1], []).append(word)

    def nearest(self, text: str) -> str | None:
        """Return the known word one slip away; None where there is none, or more than one."""
        if len(text) < SHORTEST_SWAPPED:
            return None
        shelf = self._shelves.get(text[0] + text[-1], ())
        near = {word for word in shelf if _one_slip(text, word)}
        return near.pop() if len(near) == 1 else None


def _one_slip(text: str, word: str) -> bool:
    if len(text) == len(word):
        wrong = [i for i, (a, b) in enumerate(zip(text, word, strict=True)) if a != b]
        if len(wrong) == 1:
            return len(word) > SHORTEST
        i, j = wrong if len(wrong) == 2 else (0, 0)
        return j == i + 1 and text[i] == word[j] and text[j] == word[i]
    if abs(len(text) - len(word)) != 1 or min(len(text), len(word)) < SHORTEST:
        return False
    short, long = sorted((text, word), key=len)
    return any(short == long[:i] + long[i + 1 :] for i in range(len(long)))
