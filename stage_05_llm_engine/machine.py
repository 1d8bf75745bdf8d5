"""What this process does to the machine so that a run is fast and comes out the same twice."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from foundation.kernel import DependencyError

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


@cache
def keep_freed_memory() -> bool:
    """Tell glibc to keep what it frees instead of giving it back and faulting it in again.

    Activations come and go by the megabyte on every step; handing their pages back to the kernel
    each time costs a third of the speed. The price: resident memory stays at its peak. Returns
    whether there was a glibc to tell; numbers do not depend on it.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL("libc.so.6").mallopt
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
    mallopt(_M_TOP_PAD, 64 << 20)
    return True


@contextmanager
def reproducible(seed: int, threads: int, device: str = "cpu") -> Iterator[None]:
    """Run torch with a seed, a thread count and deterministic kernels; then restore what was.

    The global random state of torch outside stays untouched.

    Raises
    ------
    DependencyError
        If the device is not there.
    """
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise DependencyError(
            "This recipe trains on a CUDA device",
            value="none is visible to torch",
            remedy="run it on a machine with a GPU, or use the recipe story_tiny_cpu",
        )
    threads_before = torch.get_num_threads()
    strict_before = torch.are_deterministic_algorithms_enabled()
    devices = list(range(torch.cuda.device_count())) if device == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        try:
            torch.set_num_threads(threads)
            # On a GPU index_add and friends have no deterministic form: warn there, insist here.
            torch.use_deterministic_algorithms(True, warn_only=device == "cuda")
            torch.manual_seed(seed)
            yield
        finally:
            torch.set_num_threads(threads_before)
            torch.use_deterministic_algorithms(strict_before)
