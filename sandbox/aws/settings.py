"""What can be set while the emulator runs: durations, weather, the calendar date."""

from __future__ import annotations

import copy
import datetime
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = (
    "cluster",
    "cluster_update",
    "nodegroup",
    "addon",
    "nat_gateway",
    "load_balancer",
    "certificate",
    "vpc_endpoint",
)

# Usual durations on AWS in seconds, as its guides and consoles show them; profile "aws" scales them by `scale`.
AWS_SECONDS = {
    "cluster": 540.0,
    "cluster_update": 480.0,
    "nodegroup": 120.0,
    "addon": 30.0,
    "nat_gateway": 100.0,
    "load_balancer": 150.0,
    "certificate": 90.0,
    "vpc_endpoint": 75.0,
}
DEMO_SECONDS = {
    "cluster": 2.0,
    "cluster_update": 1.0,
    "nodegroup": 1.5,
    "addon": 1.0,
    "nat_gateway": 1.0,
    "load_balancer": 1.0,
    "certificate": 1.0,
    "vpc_endpoint": 1.0,
}
LOST_BY = ("closed", "error")
PROFILES = ("instant", "demo", "aws")

ACCOUNT_ID = "123456789012"
ACCESS_KEY_ID = "AKIASANDBOX000000001"
SECRET_ACCESS_KEY = "sandbox/secret/access/key/0123456789abcd"
# A key whose session has always expired: for those who test how a client reports that.
EXPIRED_ACCESS_KEY_ID = "ASIASANDBOX000000002"
EXPIRED_SECRET_ACCESS_KEY = "sandbox/expired/access/key/0123456789abc"
EXPIRED_SESSION_TOKEN = "sandbox-expired-session-token"


@dataclass
class Settings:
    """Everything is off and instantaneous by default.

    ``seconds``: how long each kind of resource stays in its transitional state. ``visibility_delay``: seconds by which
    reads lag behind writes. ``throttle_share`` and ``error_share``: share (0 to 1) of calls answered by a throttling
    or a server error, drawn by ``seed``. ``date``: the sandbox's calendar day (None: today). ``control_planes``: wait
    for an agent to report control planes and nodes. ``hidden_while_creating``: whether DescribeCluster leaves
    out what it may while a cluster is CREATING. ``lost_answers``: operations of which the next successful answer is
    lost after it took effect, each once: a closed connection, or with ``lost_by`` "error" a server error. ``scale``:
    factor of the profile "aws".
    ``opted_in_regions``: opt-in regions that the account has enabled.
    """

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    profile: str = "instant"
    scale: float = 0.05
    visibility_delay: float = 0.0
    throttle_share: float = 0.0
    error_share: float = 0.0
    hidden_while_creating: bool = False
    lost_answers: list[str] = field(default_factory=list)
    lost_by: str = "closed"
    seed: int = 1
    date: str | None = None
    control_planes: bool = False
    opted_in_regions: list[str] = field(default_factory=list)

    def update(self, change: dict[str, Any]) -> None:
        """Merge a change into the settings; a profile sets all seconds, and single seconds override it.

        :raises ValueError: for an unknown name or a value of the wrong kind
        """
        change = copy.deepcopy(change)
        unknown = set(change) - set(asdict(self))
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        seconds = change.pop("seconds", {})
        if set(seconds) - set(KINDS):
            raise ValueError(f"unknown kinds of seconds: {', '.join(sorted(set(seconds) - set(KINDS)))}")
        if change.get("date") is not None:
            datetime.date.fromisoformat(change["date"])
        for name in ("visibility_delay", "throttle_share", "error_share", "scale"):
            if name in change:
                change[name] = float(change[name])
        if change.get("lost_by", "closed") not in LOST_BY:
            raise ValueError(f"unknown lost_by {change['lost_by']!r}: one of {', '.join(LOST_BY)}")
        profile = change.get("profile")
        if profile is not None and profile not in PROFILES:
            raise ValueError(f"unknown profile {profile!r}: one of {', '.join(PROFILES)}")
        for name, value in change.items():
            setattr(self, name, value)
        if profile is not None or ("scale" in change and self.profile == "aws"):
            self.seconds = {
                "instant": dict.fromkeys(KINDS, 0.0),
                "demo": dict(DEMO_SECONDS),
                "aws": {kind: value * self.scale for kind, value in AWS_SECONDS.items()},
            }[self.profile]
        self.seconds.update({kind: float(value) for kind, value in seconds.items()})

    def today(self) -> datetime.date:
        return datetime.date.fromisoformat(self.date) if self.date else datetime.datetime.now(datetime.UTC).date()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
