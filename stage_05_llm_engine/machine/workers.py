"""Batches side by side: threads of this process, and the processes of a team.

Splitting one small matrix product over threads makes every thread wait for the other thousands of
times a second, and the way the product is summed depends on their number. Here each thread does
whole batches alone, and results are put together in the order of the batches: no number depends on
how many threads there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from foundation.runtime.team import ALONE, Team

Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers:
    """A pool of threads for torch work, each using one core. Use it in a ``with`` statement.

    Parameters
    ----------
    threads : int
    team : Team
        The processes that share the work, this one among them.
    """

    def __init__(self, threads: int, team: Team = ALONE) -> None:
        self.team = team
        self._pool = None if threads == 1 else ThreadPoolExecutor(threads, "batch", _one_core)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return the results of ``work`` on this process's own items, in their order.

        Torch's modes (``no_grad``, ``autocast``) belong to a thread: ``work`` must set its own.
        """
        if self._pool is None or len(items) == 1:
            return [work(item) for item in items]
        return list(self._pool.map(work, items))

    def everywhere(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Return the results on all items in their order, each computed by one process.

        Results travel between processes: small ones only.
        """
        return self.team.gathered(self.map(work, self.team.share(items)), len(items))


def _one_core() -> None:
    import torch

    torch.set_num_threads(1)
