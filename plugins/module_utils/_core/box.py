# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A box: the resources that one module declares, reads, plans and changes together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .known import Known
from .options import COMMON, Options
from .plan import Field, Found, Impossible, Observed, Plan, Ref, Resource, Rules, Value
from .provider import Connection, Provider
from .wait import Status, Wait


@dataclass(frozen=True)
class Target:
    """One resource as an API function sees it: every reference is an identifier.

    :param id: the API's identifier; an empty text in `create`.
    :param attributes: the declared ones; in `delete` those that stand.
    :param tags: all declared tags; in `delete` those that stand.
    :param before: the attributes that stand; `{}` in `create`.
    :param fields: what this call has to change, references resolved; `()` in `create` and `delete`.
    :param ids: identifiers of everything that is known, for what the attributes do not name; a call may add what it has
        made beside the resource and a later call needs.
    :param spec: what the box's `parse` returned.
    """

    ref: Ref
    id: str
    attributes: Mapping[str, Any]
    tags: Mapping[str, str]
    before: Mapping[str, Any]
    fields: tuple[Field, ...] = ()
    ids: dict[Ref, str] = field(default_factory=dict)
    spec: Any = None

    @property
    def name(self) -> str:
        return self.ref.name


Call = Callable[[Connection, Target], Any]

Finder = Callable[[Connection, str, Sequence[str]], Mapping[str, Found]]
"""(connection, platform name, names) -> what stands, by name."""

_READY = Wait(usual=30, timeout=300)
_GONE = Wait(usual=30, timeout=600)


@dataclass(frozen=True, kw_only=True)
class Kind(Rules):
    """A kind of resource with its calls, one API call a function.

    :param create: makes it and returns its identifier.
    :param update: attribute -> function; attributes that one call sets share one function, which is then called once.
    :param after_create: attributes that the create call cannot carry, set by their update functions right after it.
    :param replace: makes a replacement by other means than delete and create, and returns the new identifier.
    :param tag: (api, target, tags to set).
    :param untag: (api, target, keys to remove).
    :param ready: looks whether it has reached its final state; waited for before something that refers to it is made.
    :param gone: looks whether its deletion is over.
    :param wait: how long `ready` takes; `wait_gone`: how long `gone` takes.
    :param one_at_a_time: the API takes one update at a time: each is waited for.
    :param find: finds by name what other boxes have made; what boxes refer to has it.
    :param made_by: the role that makes it, or by the name without the platform's in front which role makes which; in no
        role's hand is what is not named.
    :param beside: the kind beside which the API makes it, under the same name: planned and deleted as that one is.
    """

    create: Callable[[Connection, Target], str] | None = None
    update: Mapping[str, Call] = field(default_factory=dict)
    after_create: tuple[str, ...] = ()
    replace: Callable[[Connection, Target], str] | None = None
    delete: Call | None = None
    tag: Callable[[Connection, Target, Mapping[str, str]], Any] | None = None
    untag: Callable[[Connection, Target, Sequence[str]], Any] | None = None
    ready: Callable[[Connection, Target], Status] | None = None
    gone: Callable[[Connection, Target], Status] | None = None
    wait: Wait = _READY
    wait_gone: Wait = _GONE
    one_at_a_time: bool = False
    find: Finder | None = None
    made_by: str | Mapping[str, str] = ""
    beside: str = ""

    def missing(self, ref: Ref, platform: str) -> Impossible:
        """The error for a name that stands nowhere and that no earlier task makes."""
        short = ref.name.removeprefix(f"{platform}-")
        role = self.made_by if isinstance(self.made_by, str) else self.made_by.get(short, "")
        maker = f" (role {role} does)" if role else ""
        return Impossible(f"{ref.words} does not exist and no earlier task of this run makes it{maker}.")


def _no_facts(params: Mapping[str, Value]) -> Mapping[str, Iterable[str]]:
    return {}


def _no_refusal(spec: Any, observed: Observed, plan: Plan) -> None:
    return None


def _no_answer(spec: Any, observed: Observed) -> dict[str, Value]:
    return {}


def _as_it_is(connection: Connection, spec: Any, observed: Observed, known: Known) -> Any:
    return spec


@dataclass(frozen=True)
class Box:
    """One module's resources. `parse` and `declare` are pure.

    :param name: in words, for messages ("the network").
    :param role: the role that uses it.
    :param provider: the API that its resources are on.
    :param options: the module's own options (argument specification), without those of engine and provider.
    :param kinds: its kinds, in the order in which they are made; deletes go in reverse.
    :param uses: kinds that its resources refer to and that other boxes make.
    :param parse: (checked params, the provider's facts) -> the declared thing, typed; raises Refusal. Called to delete,
        too.
    :param read: everything of these kinds that stands for the platform, whatever is declared, by identity tag or name.
    :param declare: the resources to stand, in the order of making; sees what stands, to keep what is not pinned.
    :param facts: (checked params) -> fact that `parse` needs -> what it is asked about, `()` where it is one whole
        (on AWS `zones`, `versions`, and `offerings` of instance types).
    :param complete: the declared thing with what `declare` needs beside it and what was read (not called to delete).
    :param guard: (declared thing, what stands, plan) -> Impossible for a plan that must not be carried out. Pure; asked
        for every first plan, that of a deletion too.
    :param before_apply: waits for what the API wants ready before the first change (real run with changes only).
    :param answer: the module's own return values, from the resources that stand; `warnings` are shown to the user.
    """

    name: str
    role: str
    provider: Provider
    options: Options
    kinds: Sequence[Kind]
    parse: Callable[[Mapping[str, Value], Any], Any]
    read: Callable[[Connection, Any, Known], Observed]
    declare: Callable[[Any, Observed], Sequence[Resource]]
    uses: Sequence[Kind] = ()
    facts: Callable[[Mapping[str, Value]], Mapping[str, Iterable[str]]] = _no_facts
    complete: Callable[[Connection, Any, Observed, Known], Any] = _as_it_is
    guard: Callable[[Any, Observed, Plan], None] = _no_refusal
    before_apply: Callable[[Connection, Any, Known], None] | None = None
    answer: Callable[[Any, Observed], dict[str, Value]] = _no_answer

    @property
    def specification(self) -> dict[str, dict[str, Any]]:
        """The module's argument specification."""
        every = {**COMMON, **self.provider.options, **self.options}
        return {name: dict(option) for name, option in every.items()}

    @property
    def beside(self) -> dict[str, str]:
        """Kind that the API makes beside another -> that other one."""
        return {kind.name: kind.beside for kind in (*self.kinds, *self.uses) if kind.beside}


__all__ = ["Box", "Call", "Finder", "Found", "Kind", "Status", "Target", "Wait"]
