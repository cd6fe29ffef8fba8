# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the task files of a role as they will run on a host, and templates the options of the module calls in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal
from ansible_collections.slipway.platform.plugins.module_utils._platform_check.variables import sources

ROLES = Path(__file__).resolve().parent.parent.parent / "roles"
COLLECTION = "slipway.platform."
INCLUDES = {"include_tasks", "import_tasks"}
CONNECTION = frozenset(
    name for key, option in aws_argument_spec().items() for name in (key, *option.get("aliases", ()))
)
"""How a module reaches AWS, which is no part of what it declares."""

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")

Defaults = Sequence[Mapping[str, Any]]
"""`module_defaults` from the play to the task, each by the names of groups and modules."""


class Roles:
    """The roles of the collection, on one host.

    :param defaults: `module_defaults` of the play.
    """

    def __init__(
        self, loader: DataLoader, templar: Templar, variables: Mapping[str, Any], defaults: Defaults = ()
    ) -> None:
        self._loader = loader
        self._templar = templar
        self._variables = variables
        self._defaults = defaults
        self._groups = groups(loader.load_from_file(str(ROLES.parent / "meta" / "runtime.yml"))["action_groups"])
        self.names = sorted(path.parent.parent.name for path in ROLES.glob("*/meta/argument_specs.yml"))

    def _load(self, role: str, *path: str) -> Any:
        return self._loader.load_from_file(str(ROLES.joinpath(role, *path)), trusted_as_template=True, unsafe=True)

    def options(self, role: str) -> dict[str, Any]:
        """Options of a role's argument specification."""
        specification = self._load(role, "meta", "argument_specs.yml")["argument_specs"]["main"]
        return specification.get("options") or {}

    def values(self, names: Iterable[str]) -> dict[str, Any]:
        """The host's values of variables, templated; what is not set is left out."""
        answer: dict[str, Any] = {}
        for name in names:
            if name in self._variables:
                try:
                    answer |= self._templar.template({name: self._variables[name]})
                except AnsibleError as error:
                    reason = str(error.message).rstrip(".")
                    raise _Sentence(f"{name} holds a template that is not valid: {reason}.") from error
        return answer

    def calls(self, role: str) -> Iterator[dict[str, Any]]:
        """Calls of the collection's modules from `main` on: `module`, `options` and `sources` (the variables behind).

        A task that only fails is a Refusal at once.
        """
        yield from self._file(role, "main.yml", self._templar, self._defaults)

    def _file(self, role: str, name: str, templar: Templar, defaults: Defaults) -> Iterator[dict[str, Any]]:
        yield from self._tasks(role, self._load(role, "tasks", name) or [], templar, defaults)

    def _tasks(
        self, role: str, tasks: Sequence[Mapping[str, Any]], templar: Templar, defaults: Defaults
    ) -> Iterator[dict[str, Any]]:
        for task in tasks:
            if task.get("vars"):
                inner = templar.copy_with_new_env(available_variables={**templar.available_variables, **task["vars"]})
            else:
                inner = templar
            if self._runs(task.get("when", True), inner):
                own = task.get("module_defaults") or []
                given = [*defaults, *([own] if isinstance(own, Mapping) else own)]
                yield from self._task(role, task, inner, given)

    def _task(
        self, role: str, task: Mapping[str, Any], templar: Templar, defaults: Defaults
    ) -> Iterator[dict[str, Any]]:
        for key, value in task.items():
            name = key.removeprefix("ansible.builtin.")
            if name == "block":
                yield from self._tasks(role, value, templar, defaults)
            elif name in INCLUDES:
                file = value if isinstance(value, str) else value["file"]
                yield from self._file(role, templar.template(file), templar, defaults)
            elif name == "fail":
                raise _Sentence(templar.template(value["msg"]))
            elif key.startswith(COLLECTION):
                options = {**self._given(key, defaults, templar), **(value or {})}
                options = {name: option for name, option in options.items() if name not in CONNECTION}
                yield {
                    "module": key.removeprefix(COLLECTION),
                    "options": self._templated(options, templar),
                    "sources": sources(options),
                }

    def _given(self, module: str, defaults: Defaults, templar: Templar) -> dict[str, Any]:
        """What `module_defaults` give to a module, not templated, as Ansible merges them.

        Of two entries of the same name the inner one counts, as a whole; then groups in the order of their first
        naming, and the module's own name last.
        """
        entries: dict[str, Any] = {}
        for each in defaults:
            entries |= each
        names = [name for name in entries if module in self._groups.get(name.removeprefix("group/"), ())]
        options: dict[str, Any] = {}
        for name in [*names, module]:
            options |= self._resolved(entries.get(name) or {}, templar)
        return options

    def _resolved(self, options: Any, templar: Templar) -> dict[str, Any]:
        """Options that a variable may hold, not templated, so that what feeds each of them is seen."""
        while isinstance(options, str):
            match = _VARIABLE.fullmatch(options.strip())
            options = templar.available_variables[match[1]] if match else templar.template(options)
        return dict(options)

    def _runs(self, when: Any, templar: Templar) -> bool:
        """Whether a task runs; one whose condition hangs on what an earlier task returns does not count."""
        try:
            conditions = when if isinstance(when, list) else [when]
            return all(templar.evaluate_conditional(condition) for condition in conditions)
        except AnsibleUndefinedVariable:
            return False

    def _templated(self, options: Mapping[str, Any], templar: Templar) -> dict[str, Any]:
        """Templated options; one that names an undefined variable is left out, as if it were not set."""
        answer: dict[str, Any] = {}
        for key, value in options.items():
            with suppress(AnsibleUndefinedVariable):
                answer |= templar.template({key: value})
        return answer


def groups(declared: Mapping[str, Sequence[Any]]) -> dict[str, set[str]]:
    """Action groups of `meta/runtime.yml` with the modules in them, all by their whole names."""
    own = {name: [entry for entry in entries if isinstance(entry, str)] for name, entries in declared.items()}

    def members(name: str) -> set[str]:
        extended = [each for entry in declared[name] if not isinstance(entry, str) for each in _extended(entry)]
        return {f"{COLLECTION}{module}" for module in own[name]}.union(*map(members, extended))

    return {f"{COLLECTION}{name}": members(name) for name in declared}


def _extended(entry: Mapping[str, Any]) -> list[str]:
    names = entry["metadata"]["extend_group"]
    return [names] if isinstance(names, str) else list(names)


class _Sentence(Refusal):
    """A refusal whose sentence is given."""

    def __init__(self, sentence: str) -> None:
        super().__init__("", None, sentence)

    def sentence(self, name: str) -> str:
        return self.allowed
