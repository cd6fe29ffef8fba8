"""Everything that the emulator remembers, and what is due to happen."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox import state as files
from sandbox.aws.front.journal import Journal
from sandbox.aws.settings import Settings

if TYPE_CHECKING:
    from sandbox.aws.services.eks.model import Cluster

# A transition returns False when its condition does not hold yet: it is tried again a moment later.
Transition = Callable[..., bool | None]
TRANSITIONS: dict[str, Transition] = {}
RETRY_SECONDS = 0.05


def transition(function: Transition) -> Transition:
    """Register a function that can be scheduled by its name (names survive a snapshot)."""
    TRANSITIONS[function.__name__] = function
    return function


@dataclass
class Key:
    """An access key: its secret and whom it speaks for. ``expires`` in seconds since the epoch."""

    secret: str
    arn: str
    account: str
    session_token: str | None = None
    expires: float | None = None
    active: bool = True


@dataclass
class Remembered:
    """The part of the state that a snapshot holds beside moto's."""

    clusters: dict[tuple[str, str], dict[str, Cluster]] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    due: list[tuple[float, int, str, tuple[Any, ...]]] = field(default_factory=list)
    sequence: int = 0
    # Small facts of single services, by the name of the hook that keeps them.
    facts: dict[str, dict[Any, Any]] = field(default_factory=dict)


class State:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.settings = Settings()
        self.journal = Journal()
        self.remembered = Remembered()
        self.counter = itertools.count(1)
        # Where snapshots lie and what control calls must know; without a folder there are neither.
        self.files: files.State | None = None
        self.secret: str | None = None

    @property
    def keys(self) -> dict[str, Key]:
        return self.remembered.keys

    def clusters(self, account: str, region: str) -> dict[str, Cluster]:
        return self.remembered.clusters.setdefault((account, region), {})

    def facts(self, name: str) -> dict[Any, Any]:
        return self.remembered.facts.setdefault(name, {})

    def schedule(self, kind: str, name: str, *arguments: Any) -> None:
        """Run a transition once the seconds of a kind of resource have passed (at the next call, when they are 0)."""
        self.schedule_in(self.settings.seconds[kind], name, *arguments)

    def schedule_in(self, seconds: float, name: str, *arguments: Any) -> None:
        remembered = self.remembered
        remembered.sequence += 1
        heapq.heappush(remembered.due, (time.time() + seconds, remembered.sequence, name, arguments))

    def tick(self) -> None:
        """Let happen what is due."""
        due = self.remembered.due
        if not due or due[0][0] > time.time():
            return
        now = time.time()
        again = []
        while due and due[0][0] <= now:
            _, sequence, name, arguments = heapq.heappop(due)
            if TRANSITIONS[name](*arguments) is False:
                again.append((now + RETRY_SECONDS, sequence, name, arguments))
        for item in again:
            heapq.heappush(due, item)


state = State()
