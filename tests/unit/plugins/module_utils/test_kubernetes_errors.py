"""What an API server refuses, in words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._kubernetes.errors import KubernetesError, refused


def status(code: int, reason: str, message: str, **details: Any) -> KubernetesError:
    body = {"kind": "Status", "code": code, "reason": reason, "message": message, "details": details}
    return refused("demo", code, "", json.dumps(body).encode())


def test_a_right_that_is_missing_names_who_and_what() -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/plan/me"
    what = 'cannot patch resource "namespaces" in API group "" in the namespace "a"'
    error = status(403, "Forbidden", f'namespaces "a" is forbidden: User "{arn}" {what}')
    assert error.lacks_right
    assert error.words() == (
        f"{arn} may not patch namespaces in namespace 'a' in eks cluster 'demo' (403 Forbidden). Give its access entry "
        "an access policy that allows this, such as AmazonEKSClusterAdminPolicy."
    )


def test_another_refusal_is_told_in_the_api_servers_words() -> None:
    error = status(403, "Forbidden", "exceeded quota: slipway, requested: pods=1.")
    assert not error.lacks_right
    assert error.words() == (
        "the API server of eks cluster 'demo' answers 403 Forbidden: exceeded quota: slipway, requested: pods=1."
    )


def test_a_conflict_names_field_and_manager() -> None:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f'conflict with "{name}" using v1',
            "field": f".metadata.labels.{key}",
        }
        for key, name in (("team", "argocd-controller"), ("stage", "kubectl-edit"))
    ]
    error = status(409, "Conflict", "Apply failed with 2 conflicts", causes=causes)
    assert [entry.by_hand for entry in error.conflicts] == [False, True]
    assert error.words() == (
        "it belongs in part to others, .metadata.labels.team to the field manager 'argocd-controller', "
        ".metadata.labels.stage to the field manager 'kubectl-edit'; set force_conflicts to true to take that over, or "
        "leave it out of the options."
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"404 page not found\n", "answers 404 Not Found: 404 page not found."),
        (b'"text"', 'answers 404 Not Found: "text".'),
        (b"", "answers 404 Not Found."),
        (b'{"message": null}', "answers 404 Not Found."),
        (b"<html>" + b"x" * 1000, "answers 404 Not Found: <html>" + "x" * 194 + "."),
    ],
)
def test_answers_that_are_not_kubernetes(body: bytes, words: str) -> None:
    assert refused("demo", 404, "Not Found", body).words() == f"the API server of eks cluster 'demo' {words}"
