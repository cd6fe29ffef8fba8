# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of the module `image_release`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from ..._aws.client import Api
from ..._aws.s3.objects import Objects
from ..._core.plan import Impossible, Outcome, Value
from ..._core.programs import Execute
from .options import parse
from .records import Recording
from .release import Release


def today() -> str:
    """The day in UTC, as it stands in the key of a record."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


class Runner:
    """One run for one version of an application.

    :param parent: where temporary files are made, by default the system's place for them; none is left.
    """

    def __init__(
        self,
        params: Mapping[str, Value],
        api: Api,
        execute: Execute,
        *,
        check_mode: bool,
        parent: str | None = None,
        day: Callable[[], str] = today,
    ) -> None:
        self._spec = parse(params)
        self._api = api
        self._execute = execute
        self._check_mode = check_mode
        self._parent = parent
        self._day = day

    def run(self) -> Outcome:
        objects = Objects(self._api, self._spec.bucket)
        if self._spec.scanned:
            return Recording(self._spec, objects, self._day).run(check_mode=self._check_mode)
        try:
            with tempfile.TemporaryDirectory(prefix="image-release-", dir=self._parent) as folder:
                release = Release(self._spec, objects, self._api, self._execute, Path(folder), self._day)
                return release.run(check_mode=self._check_mode)
        except OSError as error:
            where = f"'{error.filename}'" if error.filename else "the place for temporary files"
            raise Impossible(f"A file cannot be read or written ({where}): {error.strerror or error}.") from error
