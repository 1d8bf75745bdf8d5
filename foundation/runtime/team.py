"""The processes that compute together, as one of them sees them.

Every process knows all items of work and takes its share; what is put together or decided is the
same in all of them. One process alone is a team of one, and nothing here touches its numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Team:
    """A process's place among those that compute together.

    Attributes
    ----------
    rank, size : int
        From 0, and how many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process speaks for all."""
        return self.rank == 0

    def share(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return this process's items: as many as any other's, the last again where they end.

        Equal numbers, because a model whose weights are spread over the processes is computed by
        all of them at the same time or by none.
        """
        rounds = -(-len(items) // self.size)
        last = len(items) - 1
        return [items[min(i * self.size + self.rank, last)] for i in range(rounds)]

    def gathered(self, results: list[Item], count: int) -> list[Item]:
        """Return the results of all ``count`` items, in their order, from each process's share."""
        if self.size == 1:
            return results
        from accelerate.utils import gather_object

        # One list per process, one behind the other.
        told, rounds = gather_object(results), len(results)
        return [told[i % self.size * rounds + i // self.size] for i in range(count)]

    def told(self, make: Callable[[], Item]) -> Item:
        """Return what the first process makes of it, in all of them."""
        if self.size == 1:
            return make()
        from accelerate.utils import broadcast_object_list

        said: list[Any] = [make() if self.first else None]
        broadcast_object_list(said)
        return said[0]


ALONE = Team()
PATIENCE = timedelta(hours=6)
"""How long a process waits for another, which may be reading a model from a slow disk. One that has
died is noticed by the process that started them, which then ends all."""


def join(rank: int, size: int, device: str) -> Team:
    """Meet the other processes; return this one's place.

    The environment tells accelerate where they are (``foundation.runtime.together`` sets it): NCCL
    between GPUs, one for each process; gloo between CPUs.
    """
    from accelerate import PartialState

    PartialState(cpu=device == "cpu", timeout=PATIENCE)
    return Team(rank, size)
