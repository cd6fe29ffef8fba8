"""The sandbox's own paths on the emulator's port: readiness, write log, settings, reset, snapshot and restore."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.aws.front import account, snapshot, weather
from sandbox.aws.front.state import state

Handler = Callable[[dict[str, str], dict[str, Any]], Any]


def _ready(query: dict[str, str], body: dict[str, Any]) -> Any:
    return {"ready": True}


def _writes(query: dict[str, str], body: dict[str, Any]) -> Any:
    return state.journal.since(int(query.get("since", "0")))


def _clear_writes(query: dict[str, str], body: dict[str, Any]) -> Any:
    state.journal.clear()
    return {"next": state.journal.next}


def _settings(query: dict[str, str], body: dict[str, Any]) -> Any:
    return state.settings.to_dict()


def _change_settings(query: dict[str, str], body: dict[str, Any]) -> Any:
    state.settings.update(body)
    weather.forget()
    return state.settings.to_dict()


def _reset(query: dict[str, str], body: dict[str, Any]) -> Any:
    account.reset()
    return {}


def _snapshot(query: dict[str, str], body: dict[str, Any]) -> Any:
    return {"bytes": snapshot.save(_file(body))}


def _restore(query: dict[str, str], body: dict[str, Any]) -> Any:
    snapshot.restore(_file(body))
    return {}


def _file(body: dict[str, Any]) -> Path:
    if state.files is None:
        raise ValueError("this emulator has no folder for snapshots (--state-dir)")
    return state.files.snapshot(body["name"]) / "aws"


PATHS: dict[tuple[str, str], Handler] = {
    ("GET", "/_sandbox/ready"): _ready,
    ("GET", "/_sandbox/writes"): _writes,
    ("DELETE", "/_sandbox/writes"): _clear_writes,
    ("GET", "/_sandbox/settings"): _settings,
    ("PUT", "/_sandbox/settings"): _change_settings,
    ("POST", "/_sandbox/reset"): _reset,
    ("POST", "/_sandbox/snapshot"): _snapshot,
    ("POST", "/_sandbox/restore"): _restore,
}
