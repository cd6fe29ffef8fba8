# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is checked without AWS: steps from a commit to an image, and boxes on another API.

What only an earlier task of the run can know (the version, the layout) and what is secret is filled in with something
that passes. The check is made in the controller, so that no password goes through the options of another module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from .._aws.provider import AWS
from .._core.box import Box
from .._core.options import checked
from .._core.plan import Refusal, Value
from .._pipeline import application_bucket
from .._pipeline.application_artifact import claims
from .._pipeline.application_artifact import options as application_artifact
from .._pipeline.application_artifact.model import application_name
from .._pipeline.image_build import model as image_build
from .._pipeline.image_release import options as image_release
from .._pipeline.semver_tag import options as semver_tag
from .._pipeline.trivy_gate import options as trivy_gate
from .._pipeline.trivy_gate import policy
from .boxes import BOXES
from .variables import in_words, name_of

DIGEST = "sha256:" + 64 * "0"
RELEASE = {"version": "0.0.0", "commit": 40 * "0", "created": "2000-01-01T00:00:00Z"}


@dataclass(frozen=True)
class Step:
    """:param later: options that earlier tasks give; :param parse: raises Refusal."""

    options: Mapping[str, Mapping[str, Any]]
    parse: Callable[[Mapping[str, Value]], object]
    later: Mapping[str, Value] = field(default_factory=dict)


def _today() -> date:
    return datetime.now(UTC).date()


def _gate(options: Mapping[str, Value]) -> object:
    spec = trivy_gate.parse(options)
    return policy.read(spec.policy, _today()) if spec.policy else spec


def _artifact(options: Mapping[str, Value]) -> object:
    """What is known before anything is compiled."""
    application_bucket.check(options)
    return application_name("application", options["application"])


def _of_box(box: Box) -> Step:
    """Its options but the secret ones."""
    secrets = {name: "-" for name, option in box.specification.items() if option.get("no_log")}
    return Step(box.specification, lambda options: box.parse(box.provider.prepared(options), None), secrets)


STEPS: dict[str, Step] = {
    **{name: _of_box(box) for name, box in BOXES.items() if box.provider is not AWS},
    "semver_tag": Step(semver_tag.OPTIONS, semver_tag.parse, {"claimed_versions": [], "expected_version": None}),
    "application_artifact": Step(
        application_artifact.OPTIONS,
        _artifact,
        {"version": "0.0.0", "commit": 40 * "0"},
    ),
    "application_artifact_info": Step(claims.OPTIONS, _artifact, {"after": None}),
    "image_build": Step(image_build.OPTIONS, lambda options: image_build.parse(options, _today()), RELEASE),
    "trivy_gate": Step(trivy_gate.OPTIONS, _gate, {"images": None, "filesystem": "/"}),
    "image_release": Step(
        image_release.OPTIONS,
        image_release.parse,
        {
            **RELEASE,
            "tag": "0.0.0",
            "images": [{"architecture": "amd64", "layout": "/"}],
            "artifacts": [{"architecture": "amd64", "key": "-", "sha256": 64 * "0"}],
            "base": {"image": f"debian@{DIGEST}", "digest": DIGEST},
            "verdicts": [{"digest": DIGEST, "verdict": "passed"}],
        },
    ),
}


def check(calls: Sequence[Mapping[str, Any]]) -> None:
    """Refusal, by the variable behind it, for the first option that is wrong."""
    for call in calls:
        step, sources = STEPS[call["module"]], call["sources"]
        given = {key: value for key, value in call["options"].items() if value not in (None, "")}
        try:
            step.parse(checked(step.options, {**step.later, **{k: v for k, v in given.items() if k not in step.later}}))
        except Refusal as refusal:
            name, allowed = name_of(refusal.option, sources), in_words(refusal.allowed, sources)
            raise Refusal(name, refusal.value, allowed) from refusal
