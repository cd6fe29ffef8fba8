# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: what is declared, what stands, and the changes from one to the other. Pure; no Ansible, no AWS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

Value = Any
"""JSON, with a `Ref` wherever a resource is meant."""


class Refusal(Exception):
    """An input that is refused before anything is written.

    :param option: the option of the module as the user wrote it, with the path inside it (`subnets[1].cidr_block`).
    :param value: what was given.
    :param allowed: what is allowed, a clause that goes on after "; " and ends without a full stop.
    """

    def __init__(self, option: str, value: Value, allowed: str) -> None:
        super().__init__(option, value, allowed)
        self.option = option
        self.value = value
        self.allowed = allowed

    def __str__(self) -> str:
        return self.sentence(self.option)

    def sentence(self, name: str) -> str:
        """The refusal as one sentence, for an input that the user knows as `name`."""
        given = "not set" if self.value is None else quote(self.value)
        return f"{name} is {given}; {self.allowed}."


class Impossible(Exception):
    """A plan that can't be made from what stands: one sentence that says why and what to do.

    :param answer: what a module answers beside the sentence.
    """

    def __init__(self, sentence: str, **answer: Value) -> None:
        super().__init__(sentence)
        self.answer = answer


def quote(value: Value) -> str:
    """A value as it stands in a message: text in single quotes, the rest as Python writes it."""
    if isinstance(value, str):
        return f"'{value}'"
    return str(value)


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


class Effect(StrEnum):
    """What a change does to what runs on the platform."""

    NONE = "none"
    ROLLS_NODES = "rolls_nodes"
    INTERRUPTS = "interrupts"


@dataclass(frozen=True, order=True)
class Ref:
    """A resource by its kind and its declared name, unique in one platform and kind."""

    kind: str
    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def words(self) -> str:
        return f"{self.kind.replace('_', ' ')} '{self.name}'"


@dataclass(frozen=True)
class Field:
    """One attribute that changes; `path` is dotted (`scaling.max_size`, `tags.Owner`)."""

    path: str
    before: Value
    after: Value

    @property
    def attribute(self) -> str:
        return self.path.split(".", 1)[0]


@dataclass(frozen=True)
class Change:
    ref: Ref
    action: Action
    fields: tuple[Field, ...] = ()
    effect: Effect = Effect.NONE

    def as_dict(self) -> dict[str, Value]:
        """JSON with declared names only, the same in check mode and in a real run."""
        return {
            "kind": self.ref.kind,
            "name": self.ref.name,
            "action": self.action.value,
            "effect": self.effect.value,
            "fields": [{"path": f.path, "before": plain(f.before), "after": plain(f.after)} for f in self.fields],
        }


@dataclass(frozen=True)
class Plan:
    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    def as_list(self) -> list[dict[str, Value]]:
        return [change.as_dict() for change in self.changes]


@dataclass(frozen=True)
class Outcome:
    """What a module's run comes to.

    :param failure: a sentence where the outcome stops the run, None where it goes on.
    :param known: names and identifiers for later tasks (see `known`), None where a module hands none on.
    """

    plan: Plan
    answer: Mapping[str, Value]
    warnings: Sequence[str] = ()
    failure: str | None = None
    known: Mapping[str, Value] | None = None


@dataclass(frozen=True)
class Resource:
    """What is declared. An attribute that is not named here is not managed: what stands is kept.

    `tags` is None for what AWS cannot tag; such a resource belongs to the platform as its parent does.
    `extra` is what later tasks of a check run may need to know before it stands (keys of `Found.extra`).
    """

    ref: Ref
    attributes: Mapping[str, Value] = field(default_factory=dict)
    tags: Mapping[str, str] | None = None
    extra: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What stands. `id` is what API calls take (an ARN for keys and roles, else AWS's identifier).

    `extra` is passed on to later tasks beside the id (JSON, no secrets). `state` is "ready", "pending" (AWS is still
    making or changing it) or "going" (AWS is deleting it). `unshown` are attributes that AWS does not show while it is
    making the resource: they are taken for what is declared until it does.
    """

    id: str
    attributes: Mapping[str, Value] = field(default_factory=dict)
    tags: Mapping[str, str] | None = None
    extra: Mapping[str, Value] = field(default_factory=dict)
    state: str = "ready"
    unshown: frozenset[str] = frozenset()


Observed = Mapping[Ref, Found]


@dataclass(frozen=True)
class Rules:
    """What the planner has to know of a kind; `Kind` in `box` adds the calls.

    :param immutable: attributes that AWS fixes at creation: a change of one is a replacement.
    :param fixed: attributes that cannot change once they have a value: attribute -> reason, a clause.
    :param effects: attribute -> effect of changing it.
    :param release: attributes that must hold a value before the resource can be deleted.
    :param delete_first: obsolete ones go before anything is created (they would collide).
    """

    name: str
    immutable: frozenset[str] = frozenset()
    fixed: Mapping[str, str] = field(default_factory=dict)
    effects: Mapping[str, Effect] = field(default_factory=dict)
    release: Mapping[str, Value] = field(default_factory=dict)
    delete_first: bool = False


def plan(
    declared: Sequence[Resource],
    observed: Observed,
    rules: Sequence[Rules],
    *,
    ignore_tags: Iterable[str] = (),
) -> Plan:
    """The changes from `observed` to `declared`, in the order in which they are made.

    Creates and updates come in the order of `declared`; deletes after them, kinds in reverse order of `rules`.
    `observed` holds only what belongs to the platform (see `_aws.tags.belonging`).
    """
    by_kind = {rule.name: rule for rule in rules}
    order = {rule.name: position for position, rule in enumerate(rules)}
    ignore = tuple(ignore_tags)
    wanted = {resource.ref for resource in declared}
    obsolete = sorted(
        (ref for ref in observed if ref not in wanted),
        key=lambda ref: (-order[ref.kind], ref.name),
    )
    first = [c for ref in obsolete if by_kind[ref.kind].delete_first for c in _delete(ref, observed, by_kind)]
    last = [c for ref in obsolete if not by_kind[ref.kind].delete_first for c in _delete(ref, observed, by_kind)]
    middle = []
    for resource in declared:
        found = observed.get(resource.ref)
        change = _create(resource) if found is None else _update(resource, found, by_kind[resource.ref.kind], ignore)
        if change is not None:
            middle.append(change)
    return Plan((*first, *middle, *last))


def _create(resource: Resource) -> Change:
    fields = [Field(path, None, value) for path, value in sorted(resource.attributes.items()) if value is not None]
    fields += [Field(f"tags.{key}", None, value) for key, value in sorted((resource.tags or {}).items())]
    return Change(resource.ref, Action.CREATE, tuple(fields))


def _update(resource: Resource, found: Found, rule: Rules, ignore: tuple[str, ...]) -> Change | None:
    shown = {name: value for name, value in resource.attributes.items() if name not in found.unshown}
    fields = list(differences(found.attributes, shown))
    if resource.tags is not None:
        fields += tag_differences(found.tags or {}, resource.tags, ignore)
    if not fields:
        return None
    for changed in fields:
        if changed.attribute in rule.fixed and changed.before is not None:
            raise Impossible(
                f"{changed.path} of {resource.ref.words} is {quote(plain(changed.before))} and cannot become "
                f"{quote(plain(changed.after))}: {rule.fixed[changed.attribute]}."
            )
    attributes = {changed.attribute for changed in fields}
    action = Action.REPLACE if attributes & rule.immutable else Action.UPDATE
    effects = [rule.effects.get(attribute, Effect.NONE) for attribute in attributes]
    effect = max(effects, key=list(Effect).index)
    return Change(resource.ref, action, tuple(fields), effect)


def _delete(ref: Ref, observed: Observed, rules: Mapping[str, Rules]) -> Iterator[Change]:
    attributes = observed[ref].attributes
    held = [Field(path, attributes.get(path), value) for path, value in sorted(rules[ref.kind].release.items())]
    held = [entry for entry in held if entry.before != entry.after]
    if held:
        yield Change(ref, Action.UPDATE, tuple(held))
    yield Change(ref, Action.DELETE)


def differences(before: Mapping[str, Value], after: Mapping[str, Value], prefix: str = "") -> Iterator[Field]:
    """Fields in which `after` differs; at the top only what `after` names counts, below it all keys do."""
    names = sorted(set(before) | set(after)) if prefix else sorted(after)
    for name in names:
        path = f"{prefix}{name}"
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from differences(old, new, f"{path}.")
        elif comparable(old) != comparable(new):
            yield Field(path, old, new)


def tag_differences(before: Mapping[str, str], after: Mapping[str, str], ignore: tuple[str, ...]) -> list[Field]:
    """Tags to set and to remove; a tag that is not declared stays if its key begins with one of `ignore`."""
    surplus = {key for key in before if key not in after and not key.startswith(ignore)}
    keys = sorted(surplus | {key for key in after if before.get(key) != after[key]})
    return [Field(f"tags.{key}", before.get(key), after.get(key)) for key in keys]


def comparable(value: Value) -> Value:
    """A value in which a list of references is a set: AWS keeps no order in those."""
    if isinstance(value, Mapping):
        return {key: comparable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        entries = [comparable(entry) for entry in value]
        if any(isinstance(entry, Ref) for entry in entries):
            return sorted(entries, key=lambda entry: (str(entry), repr(entry)))
        return entries
    return value


def plain(value: Value) -> Value:
    """JSON of a value: a reference is the name it stands for."""
    if isinstance(value, Ref):
        return value.name
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in sorted(value.items(), key=lambda pair: str(pair[0]))}
    if isinstance(value, (list, tuple)):
        entries = comparable(value)
        return [plain(entry) for entry in entries]
    return value


def references(value: Value) -> Iterator[Ref]:
    """Every reference inside a value."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from references(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from references(entry)


def named(found: Found, names: Mapping[str, Ref]) -> Found:
    """What stands, with each identifier that is known replaced by the reference it belongs to."""
    return replace(found, attributes={key: _named(value, names) for key, value in found.attributes.items()})


def _named(value: Value, names: Mapping[str, Ref]) -> Value:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {key: _named(entry, names) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_named(entry, names) for entry in value]
    return value


def resolved(value: Value, ids: Mapping[Ref, str]) -> Value:
    """A value with each reference replaced by its identifier; KeyError where one has none."""
    if isinstance(value, Ref):
        return ids[value]
    if isinstance(value, Mapping):
        return {key: resolved(entry, ids) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(entry, ids) for entry in value]
    return value
