"""Roles: defaults and argument specifications agree, READMEs are fresh, tags are the roles' names."""

from __future__ import annotations

from typing import Any

import pytest

from scripts import role_readme

from .tree import PLAYS, ROLES, ROOT, load, task_files, tasks


def options(role: str) -> dict[str, Any]:
    return load(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]["main"].get("options") or {}


def defaults(role: str) -> dict[str, Any]:
    """Those of the role, and of the shared variables those that it describes (defaults of the role platform)."""
    shared = load(ROOT / "roles" / "platform" / "defaults" / "main" / "options.yml")
    described = {name: value for name, value in shared.items() if name in options(role)}
    return {**described, **(load(ROOT / "roles" / role / "defaults" / "main.yml") or {})}


@pytest.mark.parametrize("role", ROLES)
def test_defaults_and_argument_specification_hold_the_same_variables(role: str) -> None:
    spec = options(role)
    required = {name for name, option in spec.items() if option.get("required")}
    assert set(defaults(role)) == set(spec) - required


@pytest.mark.parametrize("role", ROLES)
def test_defaults_and_argument_specification_hold_the_same_values(role: str) -> None:
    """A default that is a template cannot stand in the specification, which is not templated."""
    literal = {name: value for name, value in defaults(role).items() if "{{" not in str(value) and value is not None}
    spec = options(role)
    assert {name: spec[name].get("default") for name in literal} == literal
    assert [name for name, option in spec.items() if option.get("default") is not None and name not in literal] == []


@pytest.mark.parametrize("role", ROLES)
def test_variables_carry_the_name_of_the_role(role: str) -> None:
    assert [name for name in options(role) if not name.startswith((f"{role}_", "platform_"))] == []


def test_shared_variables_are_described_alike() -> None:
    described: dict[str, set[str]] = {}
    for role in ROLES:
        for name, option in options(role).items():
            if name.startswith("platform_") and not name.startswith("platform_addons_"):
                described.setdefault(name, set()).add(str(option))
    assert [name for name, texts in described.items() if len(texts) > 1] == []


@pytest.mark.parametrize("role", ROLES)
def test_readme_is_fresh(role: str) -> None:
    assert (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8") == role_readme.render(role)


@pytest.mark.parametrize("role", ROLES)
def test_each_task_of_main_carries_the_tag_of_the_role(role: str) -> None:
    entries = list(tasks(load(ROOT / "roles" / role / "tasks" / "main.yml")))
    assert entries
    for task in entries:
        assert role in task.get("tags", []), task["name"]
        for key in ("include_tasks", "ansible.builtin.include_tasks"):
            if key in task:
                assert role in task[key]["apply"]["tags"], f"{task['name']}: without apply, --tags {role} runs nothing"


@pytest.mark.parametrize("play", PLAYS, ids=lambda path: path.name)
def test_each_role_in_a_play_carries_its_tag_alone(play: Any) -> None:
    imports = [task for task in tasks(load(play)) if "ansible.builtin.import_role" in task]
    assert imports
    for task in imports:
        assert task["tags"] == [task["ansible.builtin.import_role"]["name"].rsplit(".", 1)[-1]]


@pytest.mark.parametrize("play", PLAYS, ids=lambda path: path.name)
def test_each_play_validates_first_and_always(play: Any) -> None:
    first = load(play)[0]["tasks"][0]
    assert "slipway.platform.platform_check" in first
    assert first["tags"] == ["always"]
    layers = load(play)[0]["tasks"][1]["block"]
    imported = {task["ansible.builtin.import_role"]["name"].rsplit(".", 1)[-1] for task in layers}
    assert set(first["slipway.platform.platform_check"]["roles"]) == imported


@pytest.mark.parametrize("play", PLAYS, ids=lambda path: path.name)
def test_each_play_ends_with_a_summary_also_when_it_fails(play: Any) -> None:
    _first, layers = load(play)[0]["tasks"]
    assert [task for task in layers["always"] if "slipway.platform.summary" in task and task["tags"] == ["always"]]


@pytest.mark.parametrize("role", [role for role in ROLES if f"{role}_state" in options(role)])
def test_destroy_takes_down_what_every_role_makes(role: str) -> None:
    """In destroy.yml: an import of the role, and its state among the variables."""
    (play,) = load(ROOT / "destroy.yml")
    assert play["vars"].get(f"{role}_state") == "absent"
    imported = [task.get("ansible.builtin.import_role", {}).get("name") for task in tasks([play])]
    assert f"slipway.platform.{role}" in imported


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_its_scenario(role: str) -> None:
    assert (ROOT / "molecule" / role / "molecule.yml").is_file()


@pytest.mark.parametrize("path", task_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_task_hides_what_it_does(path: Any) -> None:
    for task in tasks(load(path)):
        name = task.get("name", "")
        assert "ignore_errors" not in task, name
        assert "ignore_unreachable" not in task, name
        assert task.get("failed_when") not in (False, "false", [False]), name
        silent = task.get("changed_when") in (False, "false", [False])
        reads = (
            path.name == "verify.yml"
            or "-m sandbox resources" in str(task)
            or any(key.endswith(("_info", "_facts", ".uri", ".slurp", ".stat", ".debug", ".assert")) for key in task)
        )
        assert reads or not silent, f"{name}: changed_when is false on a task that may write"


@pytest.mark.parametrize("role", ROLES)
def test_roles_hold_order_and_no_logic(role: str) -> None:
    for path in sorted(ROOT.glob(f"roles/{role}/tasks/**/*.yml")):
        calls = 0
        for task in tasks(load(path)):
            keys = set(task)
            assert not keys & {"loop", "until", "ansible.builtin.set_fact", "ansible.builtin.shell"}
            for program in (task[key]["argv"][0] for key in keys & {"ansible.builtin.command"}):
                # What GitHub's runners start too, where no Ansible is.
                assert program.startswith("{{ role_path }}/files/"), f"{task['name']}: {program}"
                assert (ROOT / "roles" / role / program.removeprefix("{{ role_path }}/")).is_file()
            assert not [key for key in keys if key.startswith("with_")]
            calls += any(key.startswith("slipway.platform.") for key in keys)
        assert calls <= 3 or path.name == "main.yml", f"{path}: {calls} module calls"
