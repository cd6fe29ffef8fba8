"""The sandbox's command line: python -m sandbox COMMAND."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

from sandbox import __doc__ as description
from sandbox import tools
from sandbox.state import State

COMMANDS = {
    "up": "start it; nothing when it runs",
    "down": "stop it, with every control plane",
    "status": "what runs, as JSON",
    "reset": "back to the empty account, without a restart",
    "snapshot": "keep account, clusters and images under a name",
    "restore": "go back to a snapshot",
    "resources": "what differs from a pristine account, as JSON",
    "writes": "every AWS call since the start, as JSON lines",
    "audit": "every write to a cluster's API server but those of Kubernetes itself, as JSON lines",
    "settings": "show or change durations, weather, calendar date, control planes",
    "tools": "build the sandbox's programs",
    "token": "an EKS token, as kubectl's credential plugin wants it",
    "demo": "sandbox, platform, second run, closing screen",
    "destroy": "run destroy.yml against the sandbox",
}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=description)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    found = {name: commands.add_parser(name, help=text, description=text) for name, text in COMMANDS.items()}
    for name in ("up", "settings"):
        found[name].add_argument(
            "settings", nargs="*", metavar="KEY=VALUE", help="such as profile=demo, seconds.cluster=2"
        )
    for name in ("snapshot", "restore"):
        found[name].add_argument("name")
    found["resources"].add_argument(
        "--residue", action="store_true", help="with what AWS keeps for a while or for ever"
    )
    found["writes"].add_argument("--since", type=int, default=0, metavar="N", help="only calls after number N")
    found["writes"].add_argument("--all", action="store_true", help="reads too")
    found["audit"].add_argument("cluster", nargs="?", help="its name; else the only one")
    found["audit"].add_argument("--region")
    found["audit"].add_argument("--since", default="", metavar="ID", help="only requests after the one with this id")
    found["audit"].add_argument("--all", action="store_true", help="dry runs too")
    found["token"].add_argument("--cluster", required=True)
    found["token"].add_argument("--region", required=True)
    found["token"].add_argument("--role-arn")
    found["destroy"].add_argument("platform", nargs="?", help="its name; else the only one of the inventory")
    return parser


def parse_settings(pairs: Sequence[str]) -> dict[str, Any]:
    """Turn ["profile=demo", "seconds.cluster=2"] into {"profile": "demo", "seconds": {"cluster": 2}}."""
    found: dict[str, Any] = {}
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator or not key:
            raise ValueError(f"'{pair}' is not KEY=VALUE")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        place = found
        *parents, last = key.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return found


def _up(state: State, pairs: Sequence[str]) -> int:
    from sandbox import lifecycle
    from sandbox.images import place

    started = time.monotonic()
    tools.ensure(say, "platform", "images")
    new = lifecycle.up(state, say, parse_settings(pairs))
    place.prepare(state, say)
    say(
        f"sandbox {'ready' if new else 'runs already'} ({time.monotonic() - started:.1f} s): source {state.environment}"
    )
    return 0


def _settings(state: State, pairs: Sequence[str]) -> int:
    from sandbox import lifecycle

    path = "/_sandbox/settings"
    if pairs:
        lifecycle.control(state, "PUT", "aws", path, parse_settings(pairs))
    print(json.dumps(lifecycle.control(state, "GET", "aws", path), indent=2))
    return 0


def _writes(state: State, since: int, reads_too: bool) -> int:
    from sandbox import lifecycle

    answer = lifecycle.control(state, "GET", "aws", f"/_sandbox/writes?since={since}")
    for entry in answer["calls"]:
        if entry["write"] or reads_too:
            print(json.dumps(entry))
    return 0


def _audit(state: State, arguments: argparse.Namespace) -> int:
    from sandbox import lifecycle

    log = lifecycle.audit(state, arguments.cluster, arguments.region)
    for request in log.requests(arguments.since) if arguments.all else log.writes(arguments.since):
        print(json.dumps(dataclasses.asdict(request)))
    return 0


def _resources(state: State, residue: bool) -> int:
    from sandbox import demo, lifecycle
    from sandbox.resources import resources

    endpoint = lifecycle.urls(state)["aws"]
    os.environ.update(demo.environment(state))  # this sandbox's account, whatever the shell is pointed at
    print(json.dumps(resources(endpoint, residue=residue), indent=2, default=str))
    return 0


def _token(cluster: str, region: str, role_arn: str | None) -> int:
    from sandbox.kubernetes import tokens

    token, until = tokens.make(cluster, region, role_arn)
    expires = until.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"token": token, "expirationTimestamp": expires}
    print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}))
    return 0


def _simple(state: State, arguments: argparse.Namespace) -> int:
    from sandbox import lifecycle

    match arguments.command:
        case "down":
            lifecycle.down(state)
        case "status":
            print(json.dumps(lifecycle.status(state), indent=2))
        case "reset":
            lifecycle.reset(state)
        case "snapshot":
            lifecycle.snapshot(state, arguments.name)
        case "restore":
            lifecycle.restore(state, arguments.name)
    return 0


def _run(arguments: argparse.Namespace) -> int:
    state = State.here()
    match arguments.command:
        case "up":
            return _up(state, arguments.settings)
        case "settings":
            return _settings(state, arguments.settings)
        case "writes":
            return _writes(state, arguments.since, arguments.all)
        case "audit":
            return _audit(state, arguments)
        case "token":
            return _token(arguments.cluster, arguments.region, arguments.role_arn)
        case "tools":
            tools.ensure(say, "platform", "images", "tests")
            return 0
        case "resources":
            return _resources(state, arguments.residue)
        case "demo":
            from sandbox import demo

            return demo.main(state)
        case "destroy":
            from sandbox import demo

            return demo.destroy(state, arguments.platform)
        case _:
            return _simple(state, arguments)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    # A stop by the system is a stop by the user: both end what was started. SIGINT is named too, since a shell that
    # starts something in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has seen enough
        return 0
    except Exception as error:
        from sandbox.kubernetes.audit import AuditError
        from sandbox.lifecycle import SandboxError

        if isinstance(error, SandboxError | AuditError | tools.ToolError | ValueError | OSError):
            say(f"sandbox: {error}")
            return 1
        raise
