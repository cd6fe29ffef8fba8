# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waits that say what they wait for, its status, the time so far and what is usual."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


class WaitFailed(Exception):
    """A wait that ended badly or took too long: one sentence."""


@dataclass(frozen=True)
class Wait:
    """How long a state takes.

    :param usual: seconds that AWS usually takes.
    :param timeout: seconds after which the wait fails.
    :param interval: seconds between two looks, at most; the first looks follow each other faster.
    """

    usual: int
    timeout: int
    interval: float = 10.0


@dataclass(frozen=True)
class Status:
    """One look at what is waited for: done or not, AWS's own word for the state, and why it failed if it did."""

    done: bool
    text: str
    failed: str = ""


def until(
    look: Callable[[], Status],
    what: str,
    wait: Wait,
    say: Callable[[str], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Looks until done; raises WaitFailed when `look` reports a failure or the time is over.

    :param what: the resource in words, e.g. "eks cluster 'demo'".
    """
    start = clock()
    pause, spoken = 0.1, 0.0
    while True:
        status = look()
        elapsed = clock() - start
        if status.failed:
            raise WaitFailed(f"{what} is {status.text}: {status.failed.rstrip('.')}.")
        if status.done:
            return
        if elapsed >= wait.timeout:
            raise WaitFailed(f"{what} is still {status.text} after {wait.timeout} s; usual are {wait.usual} s.")
        if elapsed - spoken >= 5 or (spoken == 0.0 and elapsed >= 2):
            say(f"waiting for {what}: {status.text}, {elapsed:.0f} s so far, usual are {wait.usual} s")
            spoken = elapsed
        sleep(min(pause, wait.timeout - elapsed))
        pause = min(pause * 1.5, wait.interval)


def patiently(
    call: Callable[[], T],
    again: Callable[[Exception], bool],
    *,
    timeout: float = 120.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """The answer of a call, repeated with jitter while `again` says that its error may pass."""
    start = clock()
    pause = 0.2
    while True:
        try:
            return call()
        except Exception as error:
            if not again(error) or clock() - start >= timeout:
                raise
        sleep(pause * random.uniform(0.5, 1.0))
        pause = min(pause * 2, 8.0)
