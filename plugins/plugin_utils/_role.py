# Copyright: Contributors to the slipway.platform collection
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the task files of a role as they will run on a host, and templates the options of the module calls in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Refusal
from ansible_collections.slipway.platform.plugins.module_utils._platform_check.variables import sources

ROLES = Path(__file__).resolve().parent.parent.parent / "roles"
COLLECTION = "slipway.platform."
INCLUDES = {"include_tasks", "import_tasks"}


class Roles:
    """The roles of the collection, on one host."""

    def __init__(self, loader: DataLoader, templar: Templar, variables: Mapping[str, Any]) -> None:
        self._loader = loader
        self._templar = templar
        self._variables = variables
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
        yield from self._file(role, "main.yml", self._templar)

    def _file(self, role: str, name: str, templar: Templar) -> Iterator[dict[str, Any]]:
        yield from self._tasks(role, self._load(role, "tasks", name) or [], templar)

    def _tasks(self, role: str, tasks: Sequence[Mapping[str, Any]], templar: Templar) -> Iterator[dict[str, Any]]:
        for task in tasks:
            if task.get("vars"):
                inner = templar.copy_with_new_env(available_variables={**templar.available_variables, **task["vars"]})
            else:
                inner = templar
            if self._runs(task.get("when", True), inner):
                yield from self._task(role, task, inner)

    def _task(self, role: str, task: Mapping[str, Any], templar: Templar) -> Iterator[dict[str, Any]]:
        for key, value in task.items():
            name = key.removeprefix("ansible.builtin.")
            if name == "block":
                yield from self._tasks(role, value, templar)
            elif name in INCLUDES:
                file = value if isinstance(value, str) else value["file"]
                yield from self._file(role, templar.template(file), templar)
            elif name == "fail":
                raise _Sentence(templar.template(value["msg"]))
            elif key.startswith(COLLECTION):
                options = value or {}
                yield {
                    "module": key.removeprefix(COLLECTION),
                    "options": self._templated(options, templar),
                    "sources": sources(options),
                }

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


class _Sentence(Refusal):
    """A refusal whose sentence is given."""

    def __init__(self, sentence: str) -> None:
        super().__init__("", None, sentence)

    def sentence(self, name: str) -> str:
        return self.allowed
