# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a box: read, plan, apply, and plan again; in check mode only read and plan."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._aws import account as _account
from .._aws import finders, tags
from .._aws.client import Api, BotoCoreError, ClientError, failure
from .._aws.names import platform_name
from . import main
from . import plan as _plan
from .apply import Applier, wait_until_gone
from .box import Box
from .known import Known
from .options import check_confirmation, checked
from .plan import Found, Impossible, Observed, Plan, Ref, Resource, Value, named, plan, references

VERIFY_SECONDS = 90
"""How long what was applied may take to show in AWS's answers."""


def say(text: str) -> None:
    """Prints a line of progress; the action plugin puts Ansible's display here."""


@dataclass(frozen=True)
class Outcome:
    plan: Plan
    known: dict[str, Any]
    answer: Mapping[str, Value]


@dataclass(frozen=True)
class _View:
    """What was read and what is declared for it, with the same names on both sides."""

    declared: tuple[Resource, ...]
    observed: dict[Ref, Found]
    plan: Plan


class Runner:
    """One run of one box over one platform."""

    def __init__(self, box: Box, params: Mapping[str, Value], api: Api, *, check_mode: bool) -> None:
        self._box = box
        self._api = api
        self._check_mode = check_mode
        self._params = checked(box.specification, params)
        self._platform: str = platform_name("platform_name", self._params["platform_name"])
        _account.check_id("account_id", self._params["account_id"])
        check_confirmation("confirmation", self._params["confirmation"], self._platform)
        self._params["tags"] = tags.described(self._params)
        self._known = Known(self._params["known"])

    def run(self) -> Outcome:
        """Reads, plans and, outside check mode, applies; what was applied must then plan to nothing."""
        doing = f"Reading {self._box.name} of platform '{self._platform}'"
        try:
            account = _account.read(
                self._api, self._known.account, self._box.facts, self._box.instance_types(self._params)
            )
            _account.check_owner("account_id", self._params["account_id"], account)
            self._known.account = account.as_dict()
            self._spec = self._box.parse(self._params, account)
            view = self._view()
        except (ClientError, BotoCoreError) as error:
            raise failure(doing, error, str(self._known.account.get("caller", "the caller"))) from error
        self._box.guard(self._spec, view.observed, view.plan)
        if not self._check_mode:
            view = self._made_true(view)
        for ref, found in view.observed.items():
            self._known.found(ref, found)
        if self._check_mode:
            self._known.plan(view.plan, {resource.ref: resource for resource in view.declared})
        return Outcome(self._first, self._known.as_dict(), self._box.answer(self._spec, view.observed))

    @property
    def _absent(self) -> bool:
        return bool(self._params["state"] == "absent")

    def _view(self) -> _View:
        observed: Observed = self._box.read(self._api, self._spec, self._known)
        going = {ref: found for ref, found in observed.items() if found.state == "going"}
        if going and not self._check_mode:
            wait_until_gone(self._api, self._box.kinds, going, self._spec)
            observed = self._box.read(self._api, self._spec, self._known)
        observed = {ref: found for ref, found in observed.items() if found.state != "going"}
        declared: tuple[Resource, ...] = ()
        if not self._absent:
            spec = self._box.complete(self._api, self._spec, observed, self._known)
            declared = tuple(self._box.declare(spec, observed))
        ours = tags.claim(
            observed,
            frozenset(resource.ref for resource in declared),
            self._platform,
            adopt=self._params["adopt"],
        )
        inner = {resource.ref for resource in declared} | set(ours)
        outer = {ref for resource in declared for ref in references(resource.attributes)} - inner
        finders.find(self._api, self._platform, sorted(outer), self._known, check_mode=self._check_mode)
        ids = {ref: self._known.id(ref) for ref in outer} | {ref: found.id for ref, found in ours.items()}
        names = {identifier: ref for ref, identifier in ids.items() if identifier and identifier != ref.name}
        same = {ref: ref.name for ref, identifier in ids.items() if identifier == ref.name}
        declared = tuple(replace(entry, attributes=_by_name(entry.attributes, same)) for entry in declared)
        ours = {ref: named(found, names) for ref, found in ours.items()}
        changes = plan(declared, ours, self._box.kinds, ignore_tags=(*tags.FOREIGN, *self._params["ignore_tags"]))
        view = _View(declared, ours, changes)
        if not hasattr(self, "_first"):
            self._first = changes
        return view

    def _made_true(self, view: _View) -> _View:
        pending = any(found.state == "pending" for found in view.observed.values())
        if not view.plan and not (pending and self._params.get("wait", True)):
            return view
        if view.plan and self._box.before_apply is not None:
            self._box.before_apply(self._api, self._spec, self._known)
        Applier(
            self._api,
            self._box.kinds,
            view.declared,
            view.observed,
            self._known,
            self._spec,
            wait=self._params.get("wait", True) is not False,
        ).run(view.plan)
        return self._verified()

    def _verified(self) -> _View:
        """Reads and plans again until nothing is left to do; a plan that stays is an error."""
        end, pause = time.monotonic() + VERIFY_SECONDS, 0.1
        while True:
            view = self._view()
            if not view.plan:
                return view
            if time.monotonic() >= end:
                left = "; ".join(
                    f"{change.ref.words}: {change.action} {', '.join(f.path for f in change.fields)}".rstrip()
                    for change in view.plan.changes
                )
                raise Impossible(f"AWS took all changes of {self._box.name} but still shows differences: {left}.")
            time.sleep(pause)
            pause = min(pause * 2, 5.0)


def _by_name(value: Value, same: Mapping[Ref, str]) -> Value:
    """A value in which references whose identifier is their name are that name."""
    if isinstance(value, Ref):
        return same.get(value, value)
    if isinstance(value, Mapping):
        return {key: _by_name(entry, same) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_by_name(entry, same) for entry in value]
    return value


def run(box: Box) -> None:
    """The `main()` of a box's module. Beside its own answer comes `known`."""

    def step(module: Any, options: dict[str, Any], api: Api) -> _plan.Outcome:
        outcome = Runner(box, options, api, check_mode=module.check_mode).run()
        answer = {"known": outcome.known, **outcome.answer}
        return _plan.Outcome(outcome.plan, answer, answer.pop("warnings", ()))

    main.run_on_aws(box.specification, step, f"Handling {box.name} of platform '{{platform_name}}'", speak=say)
