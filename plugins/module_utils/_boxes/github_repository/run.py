# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of the module `github_repository`: read, plan; outside check mode apply, and plan again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..._core.apply import ApplyFailure
from ..._core.plan import Action, Found, Impossible, Outcome, Plan, Ref, Resource, Value, plan
from .apply import DELETE, WRITE, Target
from .client import Github, GithubError
from .directory import Directory
from .model import Spec, parse
from .plan import KINDS, declare
from .read import read

VERIFY_SECONDS = 30.0
"""How long what was written may take to show in GitHub's answers."""

_VERBS = {Action.CREATE: "Creating", Action.UPDATE: "Changing", Action.DELETE: "Deleting"}


@dataclass(frozen=True)
class _View:
    declared: dict[Ref, Resource]
    observed: dict[Ref, Found]
    plan: Plan


class Runner:
    """One run over one repository."""

    def __init__(
        self,
        params: Mapping[str, Value],
        *,
        check_mode: bool,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._spec: Spec = parse(params)
        self._check_mode = check_mode
        self._sleep = sleep
        self._clock = clock
        self._github = Github(str(params["api_url"]), str(params["token"]), sleep=sleep, clock=clock)
        self._directory = Directory(self._github, self._spec.owner)

    def run(self) -> Outcome:
        try:
            view = self._view()
        except GithubError as error:
            raise ApplyFailure(f"Reading repository '{self._spec.repository}' failed at {error}") from error
        first = view.plan
        repository = view.observed.get(Ref("repository", self._spec.repository))
        if first and repository is not None and repository.extra["archived"]:
            raise Impossible(f"The repository '{self._spec.repository}' is archived and cannot change; unarchive it.")
        if first and not self._check_mode:
            self._apply(view)
            view = self._verified(first)
        return Outcome(first, self._answer(view.observed))

    def _view(self) -> _View:
        observed = read(self._github, self._spec, self._directory)
        declared = declare(self._spec, observed)
        changes = plan(declared, observed, KINDS)
        return _View({resource.ref: resource for resource in declared}, observed, changes)

    def _apply(self, view: _View) -> None:
        changes = view.plan.changes
        for position, change in enumerate(changes):
            resource = view.declared.get(change.ref)
            target = Target(
                name=change.ref.name,
                found=view.observed.get(change.ref),
                attributes={} if resource is None else resource.attributes,
                fields=change.fields,
                spec=self._spec,
                directory=self._directory,
            )
            call = (DELETE if change.action is Action.DELETE else WRITE)[change.ref.kind]
            try:
                call(self._github, target)
            except GithubError as error:
                doing = f"{_VERBS[change.action]} {change.ref.words}"
                raise ApplyFailure(f"{doing} failed at {error}", changes[:position], changes[position:]) from error

    def _verified(self, made: Plan) -> _View:
        """Reads and plans again until nothing is left to do; a plan that stays is an error."""
        end, pause = self._clock() + VERIFY_SECONDS, 0.5
        while True:
            try:
                view = self._view()
            except GithubError as error:
                raise ApplyFailure(f"Reading what was written failed at {error}", made.changes) from error
            if not view.plan:
                return view
            if self._clock() >= end:
                left = "; ".join(
                    f"{change.ref.words}: {change.action} {', '.join(field.path for field in change.fields)}".rstrip()
                    for change in view.plan.changes
                )
                raise Impossible(f"GitHub took all changes but still shows differences: {left}.")
            self._sleep(pause)
            pause = min(pause * 2, 5.0)

    def _answer(self, observed: Mapping[Ref, Found]) -> dict[str, Value]:
        found = observed.get(Ref("repository", self._spec.repository))
        if found is None:
            return {}
        claim = observed[Ref("subject_claim", self._spec.repository)]
        return {
            "full_name": found.extra["full_name"],
            "repository_id": int(found.id),
            "owner_id": found.extra["owner_id"],
            "default_branch": found.extra["default_branch"],
            "sub_claim_prefix": claim.extra["sub_claim_prefix"],
        }
