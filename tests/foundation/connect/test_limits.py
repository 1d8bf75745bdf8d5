"""Rates, circuits and the machine's own limits."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.connect import (
    BreakerPolicy,
    CircuitBreaker,
    CircuitOpenError,
    Governor,
    MachineReadings,
    Rate,
    RateLimiter,
    ResourceLimits,
    TransientError,
)
from foundation.kernel import OperatorError, WorldError
from foundation.testing.vendors import ManualTime, hung_up, rate_limited
from tests.foundation.connect.servers import client_of


@given(
    rates=st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from([1.0, 2.5, 60.0])), min_size=1, max_size=2
    ),
    idle=st.lists(st.floats(0, 5), min_size=1, max_size=30),
)
def test_no_window_ever_holds_more_requests_than_its_rate(
    rates: list[tuple[int, float]], idle: list[float]
) -> None:
    time = ManualTime()
    try:
        limiter = RateLimiter(tuple(Rate(requests=n, seconds=s) for n, s in rates), time)
    except OperatorError:
        return  # One of the rates is implied by the other.
    passed = []
    for pause in idle:
        time.sleep(pause)
        limiter.wait()
        passed.append(time.monotonic())
    for count, seconds in rates:
        for at, begin in enumerate(passed):
            # A window is counted in whole milliseconds.
            inside = [moment for moment in passed[at:] if moment < begin + seconds - 0.002]
            assert len(inside) <= count


def test_a_rate_that_another_implies_is_refused_by_name() -> None:
    rates = (Rate(requests=5, seconds=1), Rate(requests=3, seconds=60))
    with pytest.raises(OperatorError, match="5 in 1 s"):
        RateLimiter(rates, ManualTime())


def test_requests_within_the_rate_do_not_wait_and_the_next_waits_for_the_window() -> None:
    time = ManualTime()
    limiter = RateLimiter((Rate(requests=3, seconds=60),), time)
    assert [limiter.wait() for _ in range(3)] == [0.0, 0.0, 0.0]
    assert limiter.wait() == pytest.approx(60.0, abs=0.01)


def test_a_vendor_without_rates_is_never_waited_for() -> None:
    time = ManualTime()
    limiter = RateLimiter((), time)
    assert [limiter.wait() for _ in range(1000)] == [0.0] * 1000


def test_clients_of_one_governor_share_a_vendors_rate() -> None:
    time = ManualTime()
    governor = Governor(time)
    rates = (Rate(requests=2, seconds=60),)
    one, other = governor.limiter("A", rates), governor.limiter("A", rates)
    assert [one.wait(), other.wait()] == [0.0, 0.0]
    assert governor.limiter("B", rates).wait() == 0.0
    assert one.wait() > 59


def broken(time: ManualTime, failures: int = 3) -> CircuitBreaker:
    breaker = CircuitBreaker("Example", BreakerPolicy(failures=failures, pause=60), time)
    for _ in range(failures):
        breaker.enter()
        breaker.failed()
    return breaker


def test_a_circuit_opens_after_failures_in_a_row_and_says_how_long() -> None:
    time = ManualTime()
    breaker = broken(time)
    assert breaker.state == "open"
    time.sleep(12)
    with pytest.raises(CircuitOpenError, match=r"3 times in a row.*48 seconds left"):
        breaker.enter()


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = CircuitBreaker("Example", BreakerPolicy(failures=2, pause=60), ManualTime())
    for _ in range(5):
        breaker.enter()
        breaker.failed()
        breaker.enter()
        breaker.succeeded()
    assert breaker.state == "closed"


def test_after_the_pause_one_trial_call_passes_and_no_second_beside_it() -> None:
    time = ManualTime()
    breaker = broken(time)
    time.sleep(60)
    assert breaker.state == "half-open"
    breaker.enter()
    with pytest.raises(CircuitOpenError, match="trial"):
        breaker.enter()
    breaker.succeeded()
    assert breaker.state == "closed"
    breaker.enter()


def test_a_failed_trial_opens_it_for_another_whole_pause() -> None:
    time = ManualTime()
    breaker = broken(time)
    time.sleep(61)
    breaker.enter()
    breaker.failed()
    assert breaker.state == "open"
    time.sleep(59)
    assert breaker.state == "open"
    time.sleep(1)
    assert breaker.state == "half-open"


def test_a_trial_that_says_nothing_leaves_room_for_another() -> None:
    time = ManualTime()
    breaker = broken(time)
    time.sleep(60)
    breaker.enter()
    breaker.released()
    assert breaker.state == "half-open"
    breaker.enter()


def test_threads_may_share_a_circuit() -> None:
    breaker = CircuitBreaker("Example", BreakerPolicy(failures=1000, pause=60), ManualTime())

    def work() -> None:
        for _ in range(200):
            breaker.enter()
            breaker.failed()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(200):
        assert breaker.state == "closed"
        breaker.enter()
        breaker.failed()
    assert breaker.state == "open"


def test_an_open_circuit_spares_the_server() -> None:
    time = ManualTime()
    with client_of(hung_up().always(), time=time, breaker=BreakerPolicy(failures=3, pause=60)) as (
        server,
        client,
    ):
        with pytest.raises(TransientError):
            client.json("x")
        assert len(server.requests) == 3
        with pytest.raises(CircuitOpenError):
            client.json("x")
        assert len(server.requests) == 3


def test_a_rate_limit_does_not_open_the_circuit() -> None:
    with client_of(
        rate_limited("1").on("", times=30), breaker=BreakerPolicy(failures=2, pause=60)
    ) as (server, client):
        for _ in range(10):
            with pytest.raises(TransientError, match="429"):
                client.json("x")
        assert client.json("x")["asked"] == 31
        assert len(server.requests) == 31


@dataclass
class Instruments:
    """Readings that change with time."""

    time: ManualTime
    better_after: float = 1e9

    def _bad(self) -> bool:
        return self.time.monotonic() < 1_000.0 + self.better_after

    def cpu_percent(self) -> float:
        return 99.0 if self._bad() else 5.0

    def free_memory_mb(self) -> float:
        return 10.0 if self._bad() else 5_000.0

    def process_memory_mb(self) -> float:
        return 9_000.0 if self._bad() else 100.0


LIMITS = {
    "cpu": (ResourceLimits(cpu_percent=90, free_memory_mb=None), "Processor load", "99%"),
    "free memory": (ResourceLimits(free_memory_mb=128), "128 MiB are free", "10 MiB"),
    "own memory": (
        ResourceLimits(free_memory_mb=None, process_memory_mb=4_000), "4000 MiB", "9000 MiB"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_work_waits_for_the_machine(name: str) -> None:
    time = ManualTime()
    governor = Governor(time, LIMITS[name][0], Instruments(time, better_after=20))
    assert governor.await_resources() == pytest.approx(20, abs=1)


def test_waiting_is_told_once_and_only_when_there_is_any() -> None:
    time, said = ManualTime(), list[str]()
    limits = ResourceLimits(free_memory_mb=128)
    Governor(time, limits, Instruments(time, better_after=20)).await_resources(said.append)
    assert said == ["Waiting for the machine: At least 128 MiB are free; it shows 10 MiB"]
    Governor(time, limits, Instruments(time, better_after=0)).await_resources(said.append)
    assert len(said) == 1


@pytest.mark.parametrize("name", LIMITS)
def test_impatience_names_limit_and_reading(name: str) -> None:
    time = ManualTime()
    limits, rule, value = LIMITS[name]
    with pytest.raises(WorldError, match=rule) as caught:
        Governor(time, limits, Instruments(time)).await_resources()
    assert caught.value.value == value
    assert sum(time.waits) == pytest.approx(60, abs=1)


def test_no_request_goes_out_while_the_machine_is_short_of_memory() -> None:
    time = ManualTime()
    governor = Governor(time, ResourceLimits(patience=5), Instruments(time))
    with client_of(time=time, governor=governor) as (server, client):
        with pytest.raises(WorldError, match="free"):
            client.json("x")
        assert not server.requests


def test_this_machines_readings_are_plausible() -> None:
    readings = MachineReadings()
    assert 10 < readings.process_memory_mb() < 1e6
    assert 1 < readings.free_memory_mb() < 1e8
    assert 0 <= readings.cpu_percent() <= 100
