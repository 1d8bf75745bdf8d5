"""What this process does to the machine so that a run is fast and comes out the same twice."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from foundation.kernel import DependencyError

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


@cache
def prepare_process() -> None:
    """Set what has to be set before torch works for the first time. No number depends on it.

    Memory: glibc is told to keep what is freed instead of giving it back and faulting it in again.
    Activations come and go by the megabyte on every step; that costs a third of the speed. The
    price: resident memory stays at its peak.

    Threads: OpenMP is told to sleep, not to spin, where one thread waits for another. Stage 05
    itself computes with one thread per batch (``workers.py``), but whatever else torch does in
    this process may not: on a busy machine, spinning made it twenty times slower. Left alone where
    torch is loaded already or the environment says otherwise.
    """
    if "torch" not in sys.modules:
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if platform.system() == "Linux" and platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_M_TOP_PAD, 16 << 20)


@contextmanager
def reproducible(seed: int, device: str = "cpu") -> Iterator[None]:
    """Run torch with a seed, one thread per product and deterministic kernels; then restore.

    The global random state of torch outside stays untouched.

    Raises
    ------
    DependencyError
        If the device is not there.
    """
    import torch
    import torch.utils.deterministic

    if device == "cuda" and not torch.cuda.is_available():
        raise DependencyError(
            "This recipe trains on a CUDA device",
            value="none is visible to torch",
            remedy="run it on a machine with a GPU, or use the recipe story_tiny_cpu",
        )
    threads_before = torch.get_num_threads()
    strict_before = torch.are_deterministic_algorithms_enabled()
    fresh: Any = torch.utils.deterministic
    filled_before = fresh.fill_uninitialized_memory
    # This process's own GPU: asking after the others' would take up memory on them.
    devices = [torch.cuda.current_device()] if device == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        try:
            torch.set_num_threads(1)
            # On a GPU index_add and friends have no deterministic form: warn there, insist here.
            torch.use_deterministic_algorithms(True, warn_only=device == "cuda")
            # Filling fresh memory guards against kernels that read before they write. None does.
            fresh.fill_uninitialized_memory = False
            torch.manual_seed(seed)
            yield
        finally:
            torch.set_num_threads(threads_before)
            torch.use_deterministic_algorithms(strict_before)
            fresh.fill_uninitialized_memory = filled_before
