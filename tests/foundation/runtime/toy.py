"""A toy pipeline of four steps, small enough to reason about, run by tests as a process too."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from foundation.contracts import StageEvent
from foundation.kernel import NEW_YORK, Contract, Part, hash_text
from foundation.runtime import InProcessBus, Journal, Plan, Runner, Step, exclusive
from foundation.storage import ArcticPanelStore, ArtefactStore

AS_OF = datetime(2018, 12, 28, 16, 0, tzinfo=NEW_YORK)


class Numbers(Contract):
    values: tuple[float, ...]


class Total(Contract):
    total: float


class Factor(Part):
    factor: float = 2.0


class ToySource:
    """An external input that counts how often it is read."""

    def __init__(self, *values: float) -> None:
        self.values = values or (1.0, 2.0, 3.0)
        self.loads = 0

    def fingerprint(self) -> str:
        return hash_text(repr(self.values))

    def load(self) -> tuple[float, ...]:
        self.loads += 1
        return self.values


def toy_plan(
    source: ToySource | None = None,
    factor: Factor | None = None,
    calls: list[str] | None = None,
    spoil: Callable[[str], None] = lambda step: None,
) -> Plan:
    """read -> (scale, shift) -> sum; ``calls`` records what really ran."""
    factor = factor or Factor()

    def counted(name: str, make: Callable[[Mapping[str, Any]], Contract]) -> Any:
        def run(inputs: Mapping[str, Any]) -> Contract:
            if calls is not None:
                calls.append(name)
            spoil(name)
            return make(inputs)

        return run

    def numbers(*values: float) -> Numbers:
        return Numbers(as_of=AS_OF, produced_at=AS_OF, values=values)

    return Plan(
        [
            Step(
                "01_read",
                1,
                "Read",
                Numbers,
                counted("01_read", lambda i: numbers(*i["raw"])),
                reads=source or ToySource(),
            ),
            Step(
                "02_scale",
                2,
                "Scale",
                Numbers,
                counted("02_scale", lambda i: numbers(*(v * factor.factor for v in i["x"].values))),
                needs={"x": "01_read"},
                settings=[factor],
            ),
            Step(
                "03_shift",
                3,
                "Shift",
                Numbers,
                counted("03_shift", lambda i: numbers(*(v + 1 for v in i["x"].values))),
                needs={"x": "01_read"},
            ),
            Step(
                "04_sum",
                4,
                "Sum",
                Total,
                counted(
                    "04_sum",
                    lambda i: Total(
                        as_of=AS_OF,
                        produced_at=AS_OF,
                        total=sum(i["a"].values) + sum(i["b"].values),
                    ),
                ),
                needs={"a": "02_scale", "b": "03_shift"},
            ),
        ]
    )


def toy_store(root: Path) -> ArtefactStore:
    return ArtefactStore(root, panels=ArcticPanelStore("mem://toy"))


def main(root: Path, kill_after: str, moment: str) -> None:
    """Run the toy pipeline in this process and die by SIGKILL at the named moment, if any."""
    store, bus = toy_store(root), InProcessBus()
    journal = Journal(root / "journal.jsonl")
    bus.subscribe(journal.append)

    def die(event: StageEvent) -> None:
        if event.step == kill_after and event.event == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    bus.subscribe(die)
    result = Runner(store, bus, lock=lambda: exclusive(root / "run.lock")).run(toy_plan())
    for name, ref in result.outputs.items():
        print(name, ref.content_hash)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:4])
