# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of what later scans found in a released image: one object a scan that found something else, dated."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..._aws.s3.objects import Objects
from ..._core.plan import Impossible, Outcome, Value
from ..application_artifact.model import release_key
from . import manifest as manifests
from .options import Spec
from .steps import Step, made, step

JSON = "application/json"


class Records:
    """The records of one version.

    :param day: the day of the scan, which stands in the key (`<day>.json`, `<day>-2.json` for a second one).
    """

    def __init__(self, spec: Spec, objects: Objects, day: str) -> None:
        self._spec = spec
        self._objects = objects
        self._day = day

    def steps(self, manifest: Mapping[str, Any]) -> list[Step]:
        """What is to be recorded beside a manifest: results that differ from the last one that is known."""
        known = manifests.known_scans(manifest)
        answer = []
        for verdict in self._spec.verdicts:
            digest = str(verdict["digest"])
            if digest not in known:
                raise Impossible(
                    f"Version {self._spec.version} of '{self._spec.application}' has no image {digest}, "
                    f"only {', '.join(known)}."
                )
            key, last = self._last(digest)
            found = manifests.scan(verdict)
            if found != (known[digest] if last is None else last):
                body = {"format": manifests.FORMAT, "digest": digest, "date": self._day, "scan": found}
                write = partial(self._write, key, manifests.encoded(body))
                answer.append(step("scan_record", key, write, verdict=found["verdict"], counts=found.get("counts")))
        return answer

    def _last(self, digest: str) -> tuple[str, Value]:
        """The key of the next record, and what the last one says."""
        prefix = manifests.scans_folder(self._spec, digest)
        keys = self._objects.keys(prefix)
        same_day = [key for key in keys if key.removeprefix(prefix).startswith(self._day)]
        name = f"{self._day}-{len(same_day) + 1}.json" if same_day else f"{self._day}.json"
        if not keys:
            return prefix + name, None
        body = self._objects.get(max(keys, key=lambda key: _order(key.removeprefix(prefix))))
        return prefix + name, json.loads(body or b"{}").get("scan")

    def _write(self, key: str, body: bytes) -> None:
        if not self._objects.put_new(key, body, JSON):
            raise Impossible(f"Another run wrote '{key}' at the same time; run again.")


def _order(name: str) -> tuple[str, int]:
    """`2026-01-31.json` before `2026-01-31-2.json` before `2026-01-31-10.json`."""
    stem = name.removesuffix(".json")
    return stem[:10], int(stem[11:] or 1)


class Recording:
    """A run that only records: nothing is pushed or signed."""

    def __init__(self, spec: Spec, objects: Objects, day: Callable[[], str]) -> None:
        self._spec = spec
        self._objects = objects
        self._records = Records(spec, objects, day())

    def run(self, *, check_mode: bool) -> Outcome:
        self._objects.check()
        key = release_key(self._spec.application, self._spec.version)
        body = self._objects.get(key)
        if body is None:
            words = f"Version {self._spec.version} of '{self._spec.application}' is not released"
            raise Impossible(f"{words}: '{key}' does not exist.")
        manifest = manifests.decoded(key, body)
        plan = made(partial(self._records.steps, manifest), check_mode=check_mode)
        return Outcome(plan, {"release": key, "manifest": manifest, "digest": manifest.get("digest")})
