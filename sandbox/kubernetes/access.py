"""Access entries and their policies as RBAC: a group for each entry, bound to Kubernetes's own user-facing roles.

EKS decides by an authorizer of its own; what each policy admits is in the EKS user guide, "Review access policy
permissions". The sandbox binds the roles that those tables were made from.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
from typing import Any
from urllib.parse import quote

from sandbox.kubernetes.api import Api

GROUP = "rbac.authorization.k8s.io"
BASE = f"/apis/{GROUP}/v1"
LABELS = {"app.kubernetes.io/managed-by": "slipway-sandbox"}
SELECTOR = quote("app.kubernetes.io/managed-by=slipway-sandbox")
ADMIN_VIEW = "sandbox:admin-view"
ROLES = {
    "AmazonEKSClusterAdminPolicy": "cluster-admin",
    "AmazonEKSAdminPolicy": "admin",
    "AmazonEKSEditPolicy": "edit",
    "AmazonEKSViewPolicy": "view",
    "AmazonEKSAdminViewPolicy": ADMIN_VIEW,
}
READ = ["get", "list", "watch"]


def entry_group(principal_arn: str) -> str:
    """The group that every bearer of an access entry is put into, beside the entry's own groups."""
    return f"sandbox:access-entry:{principal_arn}"


def admin_view_role() -> dict[str, Any]:
    """Reads everything, secrets too."""
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": READ}, {"nonResourceURLs": ["*"], "verbs": ["get"]}]
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": ADMIN_VIEW, "labels": LABELS},
        "rules": rules,
    }


def bindings(entries: list[dict[str, Any]], namespaces: list[str]) -> dict[str, dict[str, Any]]:
    """Path of the collection and name -> binding that should stand.

    :param namespaces: those that exist; an entry may name others, or a pattern such as ``team-*``
    """
    wanted: dict[str, dict[str, Any]] = {}
    for entry in entries:
        for policy in entry.get("policies") or []:
            role = ROLES.get(policy["policy_arn"].rsplit("/", 1)[-1])
            if role is None:
                continue  # a policy of AWS's own controllers, which do not run here
            scope = policy.get("scope") or {"type": "cluster"}
            patterns = scope.get("namespaces") or []
            places: list[str | None] = [None]
            if scope["type"] == "namespace":
                places = [
                    name for name in namespaces if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
                ]
            for place in places:
                binding = _binding(entry["principal_arn"], role, place)
                wanted[f"{_collection(place)}/{binding['metadata']['name']}"] = binding
    return wanted


def _collection(namespace: str | None) -> str:
    return f"{BASE}/clusterrolebindings" if namespace is None else f"{BASE}/namespaces/{namespace}/rolebindings"


def _binding(principal_arn: str, role: str, namespace: str | None) -> dict[str, Any]:
    digest = hashlib.sha256(json.dumps([principal_arn, role]).encode()).hexdigest()[:16]
    metadata: dict[str, Any] = {"name": f"sandbox:access-entry:{digest}", "labels": LABELS}
    if namespace is not None:
        metadata["namespace"] = namespace
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ClusterRoleBinding" if namespace is None else "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": GROUP, "kind": "Group", "name": entry_group(principal_arn)}],
    }


def reconcile(api: Api, entries: list[dict[str, Any]]) -> None:
    """Make the bindings that lack and delete those that no entry stands behind.

    :raises ApiError: and leaves the rest to the next round
    """
    scoped = any(
        (policy.get("scope") or {}).get("type") == "namespace"
        for entry in entries
        for policy in entry.get("policies") or []
    )
    namespaces = [item["metadata"]["name"] for item in api.get("/api/v1/namespaces")["items"]] if scoped else []
    wanted = bindings(entries, namespaces)
    standing: set[str] = set()
    for kind in ("clusterrolebindings", "rolebindings"):
        for item in api.get(f"{BASE}/{kind}?labelSelector={SELECTOR}")["items"]:
            standing.add(f"{_collection(item['metadata'].get('namespace'))}/{item['metadata']['name']}")
    for path, binding in wanted.items():
        if path not in standing:
            api.post(path.rsplit("/", 1)[0], binding)
    for path in standing - wanted.keys():
        api.delete(path)
