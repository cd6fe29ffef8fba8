# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a box: read, plan, apply, and plan again; in check mode only read and plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from . import main
from .apply import Applier, ApplyFailure, wait_until_gone
from .box import Box
from .converge import converge, in_words, looked
from .find import find
from .known import Known
from .options import checked
from .plan import Change, Found, Observed, Outcome, Plan, Ref, Resource, Value, named, plan, references
from .provider import Connection

VERIFY_SECONDS = 90
"""How long what was applied may take to show in the API's answers."""

SEEN_SECONDS = 20
"""How long a change whose answer was lost may take to show before it is made again."""

MOST_LOSSES = 5
"""After so many lost answers of one run it fails."""


@dataclass(frozen=True)
class _View:
    """What was read and what is declared for it, with the same names on both sides."""

    declared: tuple[Resource, ...]
    observed: dict[Ref, Found]
    plan: Plan


class Runner:
    """One run of one box."""

    def __init__(self, box: Box, params: Mapping[str, Value], connection: Connection, *, check_mode: bool) -> None:
        self._box = box
        self._provider = box.provider
        self._connection = connection
        self._check_mode = check_mode
        self._params = self._provider.prepared(checked(box.specification, params))
        self._subject = self._provider.subject(box.name, self._params)
        self._known = Known(self._params["known"], self._box.beside)
        self._made = Plan()

    def run(self) -> Outcome:
        """Reads, plans and, outside check mode, applies; what was applied must then plan to nothing."""
        try:
            wanted = self._box.facts(self._params)
            facts = self._provider.facts(self._connection, self._known, self._params, wanted)
        except self._provider.errors as error:
            raise self._provider.failure(f"Reading {self._subject}", error, self._known) from error
        self._spec = self._box.parse(self._params, facts)
        first, view = converge(
            self._look,
            self._apply,
            lambda left: (
                f"{self._provider.name} took all changes of {self._box.name} but still shows differences: "
                f"{in_words(left)}."
            ),
            check_mode=self._check_mode,
            guard=lambda view: self._box.guard(self._spec, view.observed, view.plan),
            due=self._is_due,
            seconds=VERIFY_SECONDS,
        )
        for ref, found in view.observed.items():
            self._known.found(ref, found)
        if self._check_mode:
            self._known.plan(view.plan, {resource.ref: resource for resource in view.declared})
        answer = self._box.answer(self._spec, view.observed)
        return Outcome(first.plan, answer, answer.pop("warnings", ()), known=self._known.as_dict())

    @property
    def _absent(self) -> bool:
        return bool(self._params["state"] == "absent")

    @property
    def _waits(self) -> bool:
        return self._params.get("wait", True) is not False

    def _look(self) -> _View:
        try:
            return self._view()
        except self._provider.errors as error:
            failure = self._provider.failure(f"Reading {self._subject}", error, self._known)
            if self._made:
                raise ApplyFailure(str(failure), self._made.changes) from error
            raise failure from error

    def _view(self) -> _View:
        observed: Observed = self._box.read(self._connection, self._spec, self._known)
        going = {ref: found for ref, found in observed.items() if found.state == "going"}
        if going and not self._check_mode:
            wait_until_gone(self._connection, self._box.kinds, going, self._spec)
            observed = self._box.read(self._connection, self._spec, self._known)
        observed = {ref: found for ref, found in observed.items() if found.state != "going"}
        declared: tuple[Resource, ...] = ()
        if not self._absent:
            spec = self._box.complete(self._connection, self._spec, observed, self._known)
            declared = tuple(self._box.declare(spec, observed))
        ours = self._provider.belonging(observed, frozenset(resource.ref for resource in declared), self._params)
        inner = {resource.ref for resource in declared} | set(ours)
        outer = {ref for resource in declared for ref in references(resource.attributes)} - inner
        find(
            self._connection,
            self._params.get("platform_name", ""),
            sorted(outer),
            (*self._box.kinds, *self._box.uses),
            self._known,
            check_mode=self._check_mode,
        )
        ids = {ref: self._known.id(ref) for ref in outer} | {ref: found.id for ref, found in ours.items()}
        names = {identifier: ref for ref, identifier in ids.items() if identifier and identifier != ref.name}
        same = {ref: ref.name for ref, identifier in ids.items() if identifier == ref.name}
        declared = tuple(replace(entry, attributes=_by_name(entry.attributes, same)) for entry in declared)
        ours = {ref: named(found, names) for ref, found in ours.items()}
        ignored = self._provider.ignored(self._params)
        return _View(declared, ours, plan(declared, ours, self._box.kinds, ignore_tags=ignored))

    def _is_due(self, view: _View) -> bool:
        """Whether there is a change to make, or something to wait for that an earlier run began."""
        pending = any(found.state == "pending" for found in view.observed.values())
        return bool(view.plan) or (pending and self._waits)

    def _apply(self, view: _View) -> None:
        """Makes a plan. After a write that was not answered it looks again, and goes on with what is left."""
        if view.plan and self._box.before_apply is not None:
            self._box.before_apply(self._connection, self._spec, self._known)
        done: list[Change] = []
        for losses in count(1):
            try:
                self._apply_once(view)
                break
            except ApplyFailure as failure:
                done += failure.done
                if not failure.lost or losses > MOST_LOSSES:
                    raise ApplyFailure(str(failure), done, failure.left) from failure
                self._connection.say(f"{str(failure).rstrip('.')}; looking whether it took effect")
                view = self._after(failure.left[0])
        self._made = view.plan

    def _apply_once(self, view: _View) -> None:
        applier = Applier(
            self._connection, self._box, view.declared, view.observed, self._known, self._spec, wait=self._waits
        )
        applier.run(view.plan)

    def _after(self, lost: Change) -> _View:
        """What stands after a change that was not answered: as soon as it shows, or when it would have shown."""

        def shows(view: _View) -> bool:
            return all((change.ref, change.action) != (lost.ref, lost.action) for change in view.plan.changes)

        return looked(self._look, shows, SEEN_SECONDS)


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

    def step(module: Any, options: dict[str, Any], connection: Connection) -> Outcome:
        return Runner(box, options, connection, check_mode=module.check_mode).run()

    main.run_on(
        box.provider, box.specification, step, lambda options: f"Handling {box.provider.subject(box.name, options)}"
    )
