"""Too little memory, said in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from foundation.kernel import DependencyError


@contextmanager
def enough_memory(doing: str, remedy: str) -> Iterator[None]:
    """Turn torch's out-of-memory errors, on a GPU or not, into one that says what to do.

    Raises
    ------
    DependencyError
        If memory runs out inside.
    """
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _short(doing, remedy, error) from error
    except RuntimeError as error:
        # The CPU allocator has no error class of its own.
        if "can't allocate memory" not in str(error):
            raise
        raise _short(doing, remedy, error) from error


def _short(doing: str, remedy: str, error: BaseException) -> DependencyError:
    first = (str(error) or type(error).__name__).splitlines()[0]
    return DependencyError(f"{doing} needs more memory than there is", value=first, remedy=remedy)
