"""The runner owns everything a stage must not do.

It decides what must run, loads inputs, runs the step, fills in what the output was made from,
stores it, says so on the bus and in the journal, and after a crash goes on at the first step
whose output is missing: whatever a killed run had finished is found under its key again.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal

from foundation.contracts import ArtefactRef, StageEvent
from foundation.kernel import (
    ArtefactError,
    Clock,
    Contract,
    FinancialStoryError,
    ModelError,
    SystemClock,
    WorldError,
)
from foundation.runtime.bus import EventBus
from foundation.runtime.plan import Artefacts, Plan, Step, input_hashes

EventName = Literal[
    "StageStarted", "StageCompleted", "StageReused", "StageFailed", "ArtefactUnusable"
]


@dataclass
class RunResult:
    """What a run made.

    Attributes
    ----------
    run_id : str
    outputs : dict of str to ArtefactRef
        By step name, in running order.
    seconds : dict of str to float
        Wall time of the steps that ran; reused steps are absent.
    """

    run_id: str
    outputs: dict[str, ArtefactRef] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


class Runner:
    """Runs plans against a store.

    Parameters
    ----------
    store : Artefacts
    bus : EventBus
        Subscribe the journal before running.
    lock : callable, optional
        Returns a context manager that keeps other runs out while this one writes.
    clock : Clock
        Wall clock of the events; never seen by a stage.
    attempts : int
        How often a step is tried when the surroundings fail (``WorldError``). Other errors
        would come again and are not retried.
    pause : callable
        Sleeps between attempts; given seconds (1, 2, 4, ...).
    admit : callable
        Asked before a step runs; returns once the machine has room for it, or raises.
    """

    def __init__(
        self,
        store: Artefacts,
        bus: EventBus,
        *,
        lock: Callable[[], AbstractContextManager[None]] = nullcontext,
        clock: Clock | None = None,
        attempts: int = 3,
        pause: Callable[[float], None] = time.sleep,
        admit: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._bus = bus
        self._lock = lock
        self._clock = clock or SystemClock()
        self._attempts = attempts
        self._pause = pause
        self._admit = admit
        self._loaded: dict[ArtefactRef, Contract] = {}

    def run(
        self, plan: Plan, run_id: str | None = None, *, again: Collection[str] = ()
    ) -> RunResult:
        """Run what must run and return references to every output.

        Parameters
        ----------
        again : collection of str
            Steps that run once even though the store has their output.

        Raises
        ------
        FinancialStoryError
            Whatever a step raised; the journal holds a ``StageFailed`` for it.
        """
        started = self._clock.now()
        result = RunResult(run_id or f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}")
        with self._lock():
            # A damaged artefact is found only when it is read. Its step is then forgotten and
            # the walk begins anew; finished steps are found in the store again.
            for _ in range(2 * len(plan) + 1):
                try:
                    self._walk(plan, result, again)
                except _Unusable as found:
                    self._say(
                        "ArtefactUnusable",
                        result,
                        found.step,
                        found.key,
                        output=found.output,
                        error=str(found.reason),
                    )
                    self._drop(found)
                else:
                    return result
        raise ArtefactError(
            "Stored artefacts must stay readable, but they were damaged again after each repair",
            remedy="check the disk of the store, or choose another folder with --store",
        )

    def load(self, plan: Plan, result: RunResult, name: str) -> Contract:
        """Return the output of a step of a finished run."""
        ref = result.outputs[name]
        if ref not in self._loaded:
            self._loaded[ref] = self._store.get(ref.content_hash, plan.step(name).makes)
        return self._loaded[ref]

    def _walk(self, plan: Plan, result: RunResult, again: Collection[str]) -> None:
        result.outputs.clear()
        keys: dict[str, str] = {}
        for step in plan:
            known = {name: ref.content_hash for name, ref in result.outputs.items()}
            hashes = input_hashes(step, known)
            keys[step.name] = key = step.key(hashes)
            fresh = step.name in again and step.name not in result.seconds
            output = None if fresh else self._recall(step, key)
            if output is None:
                output = self._execute(plan, step, key, keys, tuple(hashes), result)
            elif step.name not in result.seconds:
                self._say("StageReused", result, step, key, output=output)
            result.outputs[step.name] = output

    def _recall(self, step: Step, key: str) -> ArtefactRef | None:
        try:
            output = self._store.recall(step.name, key)
        except ArtefactError as reason:
            raise _Unusable(step, key, None, reason) from reason
        if output is None:
            return None
        try:
            if not self._store.has(output):
                raise ArtefactError("A stored artefact is missing", value=output.content_hash)
            if step.holds is not None:
                step.holds(self._contract(step, output))
        except ArtefactError as reason:
            raise _Unusable(step, key, output, reason) from reason
        return output

    def _execute(
        self,
        plan: Plan,
        step: Step,
        key: str,
        keys: Mapping[str, str],
        hashes: tuple[str, ...],
        result: RunResult,
    ) -> ArtefactRef:
        begin = time.perf_counter()
        inputs: dict[str, Any] = {}
        for name, maker in step.needs.items():
            ref = result.outputs[maker]
            try:
                inputs[name] = self._contract(plan.step(maker), ref)
            except ArtefactError as reason:
                raise _Unusable(plan.step(maker), keys[maker], ref, reason) from reason
        self._say("StageStarted", result, step, key)
        try:
            self._admit()
            if step.reads is not None:
                inputs["raw"] = step.reads.load()
            made = self._attempt(step, inputs, key, result).model_copy(update={"made_from": hashes})
            output = self._store.put(made)
            self._store.remember(step.name, key, output)
        except BaseException as error:
            text = str(error) if isinstance(error, FinancialStoryError) else repr(error)
            self._say(
                "StageFailed", result, step, key, error=text, seconds=time.perf_counter() - begin
            )
            raise
        self._loaded[output] = made
        result.seconds[step.name] = time.perf_counter() - begin
        self._say(
            "StageCompleted", result, step, key, output=output, seconds=result.seconds[step.name]
        )
        return output

    def _attempt(
        self, step: Step, inputs: Mapping[str, Any], key: str, result: RunResult
    ) -> Contract:
        for attempt in range(1, self._attempts + 1):
            try:
                made = step.make(inputs)
                break
            except ArtefactError:
                raise
            except WorldError as error:
                if attempt == self._attempts:
                    raise
                note = f"{error} (attempt {attempt} of {self._attempts}; trying again)"
                self._say("StageFailed", result, step, key, error=note)
                self._pause(2.0 ** (attempt - 1))
                self._say("StageStarted", result, step, key)
        _check(step, inputs, made)
        return made

    def _contract(self, step: Step, ref: ArtefactRef) -> Contract:
        if ref not in self._loaded:
            self._loaded[ref] = self._store.get(ref.content_hash, step.makes)
        return self._loaded[ref]

    def _drop(self, found: _Unusable) -> None:
        if found.output is not None:
            self._loaded.pop(found.output, None)
            self._store.discard(found.output)
        self._store.forget(found.step.name, found.key)

    def _say(
        self,
        event: EventName,
        result: RunResult,
        step: Step,
        key: str,
        *,
        output: ArtefactRef | None = None,
        error: str | None = None,
        seconds: float | None = None,
    ) -> None:
        self._bus.publish(
            StageEvent(
                event=event,
                run_id=result.run_id,
                step=step.name,
                key=key,
                happened_at=self._clock.now(),
                seconds=seconds,
                output=output,
                error=error,
            )
        )


class _Unusable(Exception):
    """A stored output turned out to be gone or damaged; its step must run again."""

    def __init__(
        self, step: Step, key: str, output: ArtefactRef | None, reason: ArtefactError
    ) -> None:
        super().__init__(str(reason))
        self.step, self.key, self.output, self.reason = step, key, output, reason


def _check(step: Step, inputs: Mapping[str, Any], made: object) -> None:
    if not isinstance(made, step.makes):
        raise ModelError(
            f"Step {step.name} must make a {step.makes.__name__}",
            value=type(made).__name__,
            remedy="correct the step's declaration in the wiring",
        )
    stands = {n: given.as_of for n, given in inputs.items() if isinstance(given, Contract)}
    moments = set(stands.values())
    older = {n for n in step.earlier if n in stands and stands[n] < made.as_of}
    if {moment for n, moment in stands.items() if n not in older} - {made.as_of}:
        raise ModelError(
            f"Step {step.name} must stand at the as-of moment of its inputs",
            value=f"{made.as_of.isoformat()} from inputs at "
            + ", ".join(sorted(m.isoformat() for m in moments)),
            remedy="copy as_of from the input",
        )
