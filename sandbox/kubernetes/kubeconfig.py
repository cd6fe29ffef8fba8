"""kubeconfig files: for the control plane's own programs, and the one of the sandbox's user."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.state import CHECKOUT, write


@dataclass(frozen=True)
class Entry:
    """A cluster that the sandbox's user can reach."""

    name: str
    region: str
    account: str
    server: str
    certificate_authority: str  # base64 of the PEM text
    role_arn: str | None  # a role to assume first, where the caller itself has no access entry


def _document(clusters: list[Any], users: list[Any], contexts: list[Any], current: str) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": clusters,
            "users": users,
            "contexts": contexts,
            "current-context": current,
        },
        sort_keys=False,
    )


def for_program(path: Path, server: str, pki: Path, client: str) -> None:
    """A kubeconfig by client certificate."""
    cluster = {"server": server, "certificate-authority": str(pki / "ca.crt")}
    user = {"client-certificate": str(pki / f"{client}.crt"), "client-key": str(pki / f"{client}.key")}
    context = {"cluster": "cluster", "user": client}
    text = _document(
        [{"name": "cluster", "cluster": cluster}],
        [{"name": client, "user": user}],
        [{"name": "cluster", "context": context}],
        "cluster",
    )
    write(path, text)


def for_webhook(path: Path, url: str) -> None:
    """The file by which an API server finds its token webhook."""
    context = {"cluster": "webhook", "user": "apiserver"}
    text = _document(
        [{"name": "webhook", "cluster": {"server": url}}],
        [{"name": "apiserver", "user": {}}],
        [{"name": "webhook", "context": context}],
        "webhook",
    )
    write(path, text)


def for_user(entries: Sequence[Entry]) -> str:
    """Text of a kubeconfig with a context for each cluster, by EKS tokens as ``aws eks get-token`` makes them.

    A context has the cluster's name; where two clusters share it, name@region, or name@account@region.
    """
    clusters: list[Any] = []
    users: list[Any] = []
    contexts: list[Any] = []
    names = Counter(entry.name for entry in entries)
    places = Counter((entry.name, entry.region) for entry in entries)
    for entry in entries:
        title = entry.name
        if places[entry.name, entry.region] > 1:
            title = f"{entry.name}@{entry.account}@{entry.region}"
        elif names[entry.name] > 1:
            title = f"{entry.name}@{entry.region}"
        arguments = ["-m", "sandbox", "token", "--cluster", entry.name, "--region", entry.region]
        if entry.role_arn:
            arguments += ["--role-arn", entry.role_arn]
        exec_plugin = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": arguments,
            "env": [{"name": "PYTHONPATH", "value": str(CHECKOUT)}],
            "interactiveMode": "Never",
        }
        cluster = {"server": entry.server, "certificate-authority-data": entry.certificate_authority}
        clusters.append({"name": title, "cluster": cluster})
        users.append({"name": title, "user": {"exec": exec_plugin}})
        contexts.append({"name": title, "context": {"cluster": title, "user": title}})
    return _document(clusters, users, contexts, contexts[0]["name"] if contexts else "")
