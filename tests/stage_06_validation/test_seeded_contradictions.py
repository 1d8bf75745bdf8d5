"""On sample stories, seeded contradictions are refused and sound next-day stories pass.

The full measurement on real stories is ``benchmarks/validation.py``; this keeps it true in small.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

CERTAIN = (
    "flip_price_move", "swap_tape_state", "say_it_both_ways", "delete_section",
    "describe_the_absent", "babble", "turn_in_circles", "break_off", "move_against_change",
)  # fmt: skip


@pytest.fixture(scope="module")
def benchmark_of_the_gate(repository_root: Path) -> ModuleType:
    path = repository_root / "benchmarks" / "validation.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_the_gate", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with pytest.MonkeyPatch.context() as patched:
        # Benchmarks are run from their folder and import one another by name.
        patched.syspath_prepend(str(path.parent))
        spec.loader.exec_module(module)
    return module


def test_contradictions_are_refused_and_real_stories_pass(
    benchmark_of_the_gate: ModuleType,
) -> None:
    world = benchmark_of_the_gate.build("sample", 8)
    tallies = benchmark_of_the_gate.measure(world, sessions=8, seed=3)
    assert tallies["real story"].judged == 8 * 4
    assert tallies["real story"].accepted >= 0.95 * tallies["real story"].judged
    for damage in CERTAIN:
        assert tallies[damage].judged > 0, damage
        assert tallies[damage].accepted == 0, damage
