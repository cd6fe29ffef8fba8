# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a plan true: one loop over its changes, for every box."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from .box import Box, Kind, Target
from .known import Known
from .plan import Action, Change, Field, Found, Observed, Plan, Ref, Resource, references, resolved
from .provider import AnswerLost, Connection, Failure
from .wait import WaitFailed, patiently, until

_VERBS = {
    Action.CREATE: "Creating",
    Action.UPDATE: "Changing",
    Action.REPLACE: "Replacing",
    Action.DELETE: "Deleting",
}


class ApplyFailure(Exception):
    """A change that failed: one sentence, and which changes were made and which are left.

    :param lost: whether the first one that is left may have been made all the same (`AnswerLost`).
    """

    def __init__(
        self, message: str, done: Sequence[Change] = (), left: Sequence[Change] = (), *, lost: bool = False
    ) -> None:
        super().__init__(message)
        self.done = done
        self.left = left
        self.lost = lost


@dataclass
class _Waiting:
    kind: Kind
    target: Target
    deletion: bool


class Applier:
    """Applies one plan; create one for each.

    :param wait: whether what the plan makes is waited for at its end.
    """

    def __init__(
        self,
        connection: Connection,
        box: Box,
        declared: Sequence[Resource],
        observed: Observed,
        known: Known,
        spec: Any,
        *,
        wait: bool = True,
    ) -> None:
        self._connection = connection
        self._provider = box.provider
        self._spec = spec
        self._kinds = {kind.name: kind for kind in box.kinds}
        self._declared = {resource.ref: resource for resource in declared}
        self._observed = observed
        self._known = known
        self._wait = wait
        self._ids: dict[Ref, str] = {}
        self._made: set[Ref] = set()
        self._waiting: dict[Ref, _Waiting] = {}

    def run(self, plan: Plan) -> None:
        """Makes all changes in order; raises ApplyFailure at the first that fails."""
        self._ids = {ref: found.id for ref, found in self._observed.items()}
        for resource in self._declared.values():
            for ref in references(resource.attributes):
                identifier = self._known.id(ref)
                if identifier is not None:
                    self._ids.setdefault(ref, identifier)
        for ref, found in self._observed.items():
            if found.state == "pending" and ref in self._declared:
                self._expect(ref, deletion=False)
        errors: tuple[type[Exception], ...] = (*self._provider.errors, WaitFailed, Failure)
        for position, change in enumerate(plan.changes):
            try:
                self._make_true(change, plan.changes[position - 1] if position else None)
            except errors as error:
                doing = f"{_VERBS[change.action]} {change.ref.words}"
                raise self._failed(doing, error, plan.changes[:position], plan.changes[position:]) from error
        try:
            self._settle(self._wait)
        except errors as error:
            raise self._failed("Waiting for what was made", error, plan.changes, ()) from error

    def _failed(self, doing: str, error: Exception, done: Sequence[Change], left: Sequence[Change]) -> ApplyFailure:
        if isinstance(error, self._provider.errors):
            return ApplyFailure(str(self._provider.failure(doing, error, self._known)), done, left)
        return ApplyFailure(f"{doing} failed: {error}", done, left, lost=isinstance(error, AnswerLost))

    def _make_true(self, change: Change, previous: Change | None) -> None:
        kind = self._kinds[change.ref.kind]
        if change.action is Action.DELETE:
            if previous is not None and previous.ref.kind != change.ref.kind:
                self._settle(True, deletions_only=True)
            self._delete(kind, change.ref)
            return
        resource = self._declared.get(change.ref)
        if resource is not None:
            for ref in references(resource.attributes):
                self._settle_one(ref)
        if change.action is Action.CREATE:
            self._create(kind, change.ref)
        elif change.action is Action.REPLACE:
            self._replace(kind, change)
        else:
            self._update(kind, change.ref, change.fields)

    def _target(self, ref: Ref, fields: Sequence[Field] = ()) -> Target:
        """What the call functions get: the declared attributes, or those that stand where nothing is declared."""
        resource, found = self._declared.get(ref), self._observed.get(ref)
        before = {} if found is None else found.attributes
        attributes = before if resource is None else resource.attributes
        tags = (resource.tags if resource is not None else found.tags if found is not None else {}) or {}
        return Target(
            ref=ref,
            id=self._ids.get(ref, ""),
            attributes=self._resolved(attributes),
            tags=tags,
            before=self._resolved(before),
            fields=tuple(replace(f, before=self._resolved(f.before), after=self._resolved(f.after)) for f in fields),
            ids=self._ids,
            spec=self._spec,
        )

    def _resolved(self, value: Any) -> Any:
        return resolved(value, self._ids)

    def _call(self, call: Callable[[], object], ref: Ref) -> object:
        """A call that is repeated for a while if the API does not see yet what this run has made."""
        resource = self._declared.get(ref)
        recent = ref in self._made or any(
            other in self._made for other in references(resource.attributes if resource else {})
        )
        carried = bool(resource and next(references(resource.attributes), None))
        return patiently(call, self._provider.unseen if recent or carried else lambda error: False)

    def _create(self, kind: Kind, ref: Ref) -> None:
        target = self._target(ref)
        self._ids[ref] = str(self._call(partial(_given(kind.create, kind), self._connection, target), ref))
        self._made.add(ref)
        self._known.found(ref, Found(self._ids[ref]))
        late = [
            Field(name, None, target.attributes[name])
            for name in kind.after_create
            if target.attributes.get(name) is not None
        ]
        if late:
            if kind.one_at_a_time:
                self._expect(ref, deletion=False)
                self._settle_one(ref)
            self._change(kind, ref, late)
        self._expect(ref, deletion=False)

    def _update(self, kind: Kind, ref: Ref, fields: Sequence[Field]) -> None:
        if kind.one_at_a_time:
            self._expect(ref, deletion=False)
            self._settle_one(ref)
        self._change(kind, ref, [f for f in fields if f.attribute != "tags"])
        tags = [f for f in fields if f.attribute == "tags"]
        wanted = {f.path.removeprefix("tags."): f.after for f in tags if f.after is not None}
        surplus = [f.path.removeprefix("tags.") for f in tags if f.after is None]
        target = self._target(ref, tags)
        if wanted and kind.tag is not None:
            self._call(partial(kind.tag, self._connection, target, wanted), ref)
        if surplus and kind.untag is not None:
            self._call(partial(kind.untag, self._connection, target, surplus), ref)
        self._expect(ref, deletion=False)

    def _change(self, kind: Kind, ref: Ref, fields: Sequence[Field]) -> None:
        """Calls each update function once, in the order of the kind's table, with the fields it has to change."""
        functions = list(dict.fromkeys(kind.update.values()))
        by_function = {function: [f for f in fields if kind.update[f.attribute] is function] for function in functions}
        for function, mine in by_function.items():
            if mine:
                target = self._target(ref, mine)
                self._call(partial(function, self._connection, target), ref)
                if kind.one_at_a_time:
                    self._expect(ref, deletion=False)
                    self._settle_one(ref)

    def _replace(self, kind: Kind, change: Change) -> None:
        if kind.replace is not None:
            target = self._target(change.ref, change.fields)
            self._ids[change.ref] = str(self._call(partial(kind.replace, self._connection, target), change.ref))
            self._made.add(change.ref)
            self._expect(change.ref, deletion=False)
            return
        self._delete(kind, change.ref)
        self._settle_one(change.ref)
        self._create(kind, change.ref)

    def _delete(self, kind: Kind, ref: Ref) -> None:
        found = self._observed[ref]
        if kind.one_at_a_time and found.state == "pending":
            self._expect(ref, deletion=False)
            self._settle_one(ref)
        target = replace(self._target(ref), attributes=self._resolved(found.attributes), tags=found.tags or {})
        patiently(partial(_given(kind.delete, kind), self._connection, target), self._provider.in_use)
        self._known.gone(ref)
        if kind.gone is not None:
            self._waiting[ref] = _Waiting(kind, target, deletion=True)

    def _expect(self, ref: Ref, *, deletion: bool) -> None:
        kind = self._kinds[ref.kind]
        if kind.ready is not None:
            self._waiting[ref] = _Waiting(kind, self._target(ref), deletion)

    def _settle(self, wait: bool, *, deletions_only: bool = False) -> None:
        for ref in list(self._waiting):
            if self._waiting[ref].deletion or (wait and not deletions_only):
                self._settle_one(ref)

    def _settle_one(self, ref: Ref) -> None:
        waiting = self._waiting.pop(ref, None)
        if waiting is None:
            return
        kind, target = waiting.kind, waiting.target
        look = _given(kind.gone if waiting.deletion else kind.ready, kind)
        what = f"the deletion of {ref.words}" if waiting.deletion else ref.words
        until(
            partial(look, self._connection, target),
            what,
            kind.wait_gone if waiting.deletion else kind.wait,
            self._connection.say,
        )


def _given(call: Callable[..., Any] | None, kind: Kind) -> Callable[..., Any]:
    """A call that a plan needs; its kind lacks it only by a mistake of ours."""
    if call is None:
        raise AssertionError(f"the kind {kind.name} lacks a call that its plan needs")
    return call


def wait_until_gone(connection: Connection, kinds: Sequence[Kind], going: Mapping[Ref, Found], spec: Any) -> None:
    """Waits for deletions that an earlier run began."""
    by_name = {kind.name: kind for kind in kinds}
    for ref, found in going.items():
        kind = by_name[ref.kind]
        if kind.gone is not None:
            look = kind.gone
            target = Target(ref, found.id, found.attributes, found.tags or {}, found.attributes, spec=spec)
            until(partial(look, connection, target), f"the deletion of {ref.words}", kind.wait_gone, connection.say)
