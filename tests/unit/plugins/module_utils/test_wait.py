"""Waits: what is said, when they end, and how calls are repeated. Time is the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._core.wait import (
    Status,
    Wait,
    WaitFailed,
    patiently,
    until,
)


class Time:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def after(time: Time, seconds: float, status: Status) -> Callable[[], Status]:
    return lambda: status if time.now >= seconds else Status(False, "CREATING")


def test_what_is_there_is_not_waited_for() -> None:
    time = Time()
    until(lambda: Status(True, "ACTIVE"), "it", Wait(10, 20), print, clock=time.clock, sleep=time.sleep)
    assert time.slept == []


def test_progress_is_said_now_and_then() -> None:
    time, said = Time(), list[str]()
    look = after(time, 20, Status(True, "ACTIVE"))
    until(look, "eks cluster 'demo'", Wait(600, 900, 1.0), said.append, clock=time.clock, sleep=time.sleep)
    assert said[0] == "waiting for eks cluster 'demo': CREATING, 2 s so far, usual are 600 s"
    assert 3 <= len(said) <= 6
    assert all("CREATING" in line and "usual are 600 s" in line for line in said)


def test_a_failure_ends_the_wait() -> None:
    time = Time()
    look = after(time, 3, Status(False, "CREATE_FAILED", failed="subnets are full."))
    with pytest.raises(WaitFailed) as failed:
        until(look, "eks cluster 'demo'", Wait(10, 900), print, clock=time.clock, sleep=time.sleep)
    assert str(failed.value) == "eks cluster 'demo' is CREATE_FAILED: subnets are full."


@given(st.integers(1, 2000), st.floats(0.1, 60))
def test_a_wait_has_an_end(timeout: int, interval: float) -> None:
    time = Time()
    with pytest.raises(WaitFailed) as failed:
        until(
            lambda: Status(False, "CREATING"),
            "it",
            Wait(1, timeout, interval),
            lambda text: None,
            clock=time.clock,
            sleep=time.sleep,
        )
    assert str(failed.value) == f"it is still CREATING after {timeout} s; usual are 1 s."
    assert time.now == pytest.approx(timeout)
    assert max(time.slept) <= max(interval, 0.1)


def outcomes(*errors: Exception) -> Callable[[], str]:
    """A call that fails with each of the errors and then answers."""
    left: Iterator[Exception] = iter(errors)

    def call() -> str:
        error = next(left, None)
        if error is not None:
            raise error
        return "answer"

    return call


def test_a_call_is_repeated_while_aws_does_not_see_it() -> None:
    time = Time()
    call = outcomes(KeyError("1"), KeyError("2"))
    assert patiently(call, lambda e: isinstance(e, KeyError), clock=time.clock, sleep=time.sleep) == "answer"
    assert len(time.slept) == 2


def test_another_error_is_not_repeated() -> None:
    time = Time()
    with pytest.raises(ValueError, match="x"):
        patiently(outcomes(ValueError("x")), lambda e: isinstance(e, KeyError), clock=time.clock, sleep=time.sleep)
    assert time.slept == []


@given(st.floats(0.5, 600))
def test_patience_has_an_end(timeout: float) -> None:
    time = Time()

    calls: list[float] = []

    def call() -> None:
        calls.append(time.now)
        if len(calls) > 2000:
            raise RuntimeError("without end")
        raise KeyError("never seen")

    with pytest.raises(KeyError, match="never seen"):
        patiently(call, lambda e: isinstance(e, KeyError), timeout=timeout, clock=time.clock, sleep=time.sleep)
    assert timeout <= time.now <= timeout + 8
