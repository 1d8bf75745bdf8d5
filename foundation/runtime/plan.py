"""What would run: steps, what each needs, and the key under which its output is kept.

A step's key is the hash of the content hashes of its inputs, of its settings, and of its code
(``code_version``). Equal keys mean equal output, so a step whose key is in the store is not run
again; a step whose inputs come out unchanged is not run again either, whatever was edited
upstream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel

from foundation.contracts import ArtefactRef
from foundation.kernel import ArtefactError, Contract, OperatorError, hash_text
from foundation.runtime.code_version import code_version

AnyContract = TypeVar("AnyContract", bound=Contract)
State = Literal["reuse", "run", "run if inputs change"]


class Artefacts(Protocol):
    """What the runner asks of a store (``foundation.storage.ArtefactStore`` is one)."""

    def put(self, contract: Contract) -> ArtefactRef: ...

    def has(self, ref: ArtefactRef) -> bool: ...

    def get(self, content_hash: str, kind: type[AnyContract]) -> AnyContract: ...

    def discard(self, ref: ArtefactRef) -> None: ...

    def recall(self, step: str, key: str) -> ArtefactRef | None: ...

    def remember(self, step: str, key: str, ref: ArtefactRef) -> None: ...

    def forget(self, step: str, key: str) -> None: ...


class External(Protocol):
    """Something outside the system that a first step reads, such as a data source."""

    def fingerprint(self) -> str:
        """Return a hash of exactly what ``load`` would deliver."""
        ...

    def load(self) -> object:
        """Deliver it."""
        ...


@dataclass(frozen=True)
class Step:
    """One step of a plan.

    Attributes
    ----------
    name : str
        Unique, e.g. ``"02_fuzzification"``.
    number : int
        The stage it belongs to, 1 to 10.
    title : str
        What people read while it runs.
    makes : type of Contract
    make : callable
        From the inputs by name (see ``needs``; an external input is called ``raw``) to the
        contract. Pure, apart from what collaborators keep in the artefact store.
    needs : mapping
        Input name to the name of the step that makes it.
    settings : sequence of models
        Everything that was chosen and changes the output.
    code : sequence of str
        Packages or modules whose source decides the output.
    reads : External, optional
        What a first step reads from outside.
    holds : callable, optional
        Raises ``ArtefactError`` when something that the contract refers to outside of the
        document (a checkpoint folder) is missing.
    earlier : sequence of str
        Inputs that may stand at an earlier as-of moment than the others, such as a model that was
        trained once. At a later one none may.
    """

    name: str
    number: int
    title: str
    makes: type[Contract]
    make: Callable[[Mapping[str, Any]], Contract]
    needs: Mapping[str, str] = field(default_factory=dict)
    settings: Sequence[BaseModel] = ()
    code: Sequence[str] = ()
    reads: External | None = None
    holds: Callable[[Contract], None] | None = None
    earlier: Sequence[str] = ()

    def key(self, inputs: Sequence[str]) -> str:
        """Return the key of this step for these input hashes (in the order of ``needs``)."""
        return hash_text(
            self.name,
            self.makes.__name__,
            code_version(*self.code) if self.code else "",
            *(f"{type(s).__name__}{s.model_dump_json()}" for s in self.settings),
            "inputs",
            *(f"{name}={content}" for name, content in zip(self._names(), inputs, strict=True)),
        )

    def _names(self) -> list[str]:
        return [*self.needs, *(["raw"] if self.reads is not None else [])]


@dataclass(frozen=True)
class Forecasted:
    """What a plan says about one step before anything runs. ``key`` is None while unknown."""

    step: Step
    state: State
    key: str | None
    output: ArtefactRef | None


class Plan:
    """Steps in running order.

    Raises
    ------
    OperatorError
        If names repeat or a step needs one that does not come before it.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)
        seen: set[str] = set()
        for step in self.steps:
            missing = [n for n in step.needs.values() if n not in seen]
            if missing or step.name in seen:
                raise OperatorError(
                    "A step's inputs must come from earlier steps, and names must be distinct",
                    value=f"{step.name} needs {missing}" if missing else step.name,
                    remedy="order the plan so that every input is made first",
                )
            seen.add(step.name)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def step(self, name: str) -> Step:
        """Return a step by name. ``OperatorError`` if there is none."""
        for step in self.steps:
            if step.name == name:
                return step
        raise OperatorError(
            "The plan has no such step",
            value=name,
            remedy=f"choose one of {', '.join(s.name for s in self.steps)}",
        )

    def until(self, *names: str) -> Plan:
        """Return the plan of the named steps and everything that they need."""
        wanted: set[str] = set()
        pending = [self.step(name) for name in names]
        while pending:
            step = pending.pop()
            if step.name not in wanted:
                wanted.add(step.name)
                pending.extend(self.step(n) for n in step.needs.values())
        return Plan([s for s in self.steps if s.name in wanted])

    def resting_on(self, *names: str) -> tuple[str, ...]:
        """Return the named steps and all that use their output, directly or not."""
        found = {self.step(name).name for name in names}
        for step in self.steps:
            if found.intersection(step.needs.values()):
                found.add(step.name)
        return tuple(s.name for s in self.steps if s.name in found)

    def foresee(self, store: Artefacts) -> tuple[Forecasted, ...]:
        """Say for every step whether its output is in the store, without running anything.

        External inputs are fingerprinted, which may read them.
        """
        known: dict[str, str] = {}
        lines: list[Forecasted] = []
        for step in self.steps:
            if any(name not in known for name in step.needs.values()):
                lines.append(Forecasted(step, "run if inputs change", None, None))
                continue
            key = step.key(input_hashes(step, known))
            output = _recall(store, step, key)
            if output is not None:
                known[step.name] = output.content_hash
            lines.append(Forecasted(step, "reuse" if output else "run", key, output))
        return tuple(lines)


def input_hashes(step: Step, outputs: Mapping[str, str]) -> list[str]:
    """Return the content hashes of a step's inputs, given those of earlier steps' outputs."""
    hashes = [outputs[name] for name in step.needs.values()]
    return [*hashes, step.reads.fingerprint()] if step.reads is not None else hashes


def _recall(store: Artefacts, step: Step, key: str) -> ArtefactRef | None:
    try:
        output = store.recall(step.name, key)
    except ArtefactError:
        return None
    return output if output is not None and store.has(output) else None
