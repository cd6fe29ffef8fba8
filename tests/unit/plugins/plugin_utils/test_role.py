"""Options that `module_defaults` give to the module calls of a role; Ansible itself is the oracle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible._internal._datatag._tags import TrustedAsTemplate
from ansible.executor.module_common import _get_action_arg_defaults
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.utils.yaml import from_yaml
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.template import Templar
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.plugin_utils import _role
from ansible_collections.slipway.platform.plugins.plugin_utils._role import Roles, groups

GROUPS = [f"group/slipway.platform.{name}" for name in ("platform", "aws", "boxes", "destroy")]
NAMES = [*GROUPS, "slipway.platform.kms_keys", "slipway.platform.platform_check", "slipway.platform.image_build"]
VALUES = st.dictionaries(st.sampled_from(["environment", "owner", "tags"]), st.sampled_from(["x", "{{ y }}", ""]))
DEFAULTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3)
GIVEN = DEFAULTS | st.lists(DEFAULTS, max_size=2)
CALLS = [{f"slipway.platform.{name}": {"environment": "own"}} for name in ("kms_keys", "image_build")]
TASKS = st.recursive(
    st.sampled_from(CALLS),
    lambda inner: st.fixed_dictionaries({"block": st.lists(inner, min_size=1, max_size=2), "module_defaults": GIVEN}),
    max_leaves=4,
)


def trusted(data: Any) -> Any:
    """As it comes out of a file of the user's: templates in it are templated."""
    return from_yaml(TrustedAsTemplate().tag(yaml.safe_dump(data, sort_keys=False)))


def ours(folder: Path, play: list[Any], tasks: list[Any], **variables: Any) -> list[dict[str, Any]]:
    """The calls of a role that has these tasks."""
    folder.joinpath("role", "tasks").mkdir(parents=True, exist_ok=True)
    folder.joinpath("role", "tasks", "main.yml").write_text(yaml.safe_dump(tasks, sort_keys=False), encoding="utf-8")
    loader = DataLoader()
    variables = trusted(variables)
    roles = Roles(loader, Templar(loader, variables), variables, trusted(play))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_role, "ROLES", folder)
        return list(roles.calls("role"))


def ansibles(play: list[Any], tasks: list[Any], variables: dict[str, Any]) -> list[dict[str, Any]]:
    """The options of the same calls as Ansible finalizes them."""
    loader = DataLoader()
    loaded = Play().load(trusted({"hosts": "all", "module_defaults": play, "tasks": tasks}), loader=loader)
    templar = Templar(loader, variables)._engine
    answer: list[dict[str, Any]] = []

    def walk(block: Block) -> None:
        for task in block.block:
            if isinstance(task, Block):
                walk(task)
            elif task.action.startswith("slipway.platform."):
                given_options = {**_get_action_arg_defaults(task.action, task, templar), **task.args}
                answer.append(templar.template(given_options))

    for block in loaded.compile():
        walk(block)
    return answer


@given(play=GIVEN, tasks=st.lists(TASKS, min_size=1, max_size=2))
def test_defaults_are_merged_as_ansible_merges_them(
    tmp_path_factory: pytest.TempPathFactory, play: Any, tasks: list[Any]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    outer = [play] if isinstance(play, dict) else play
    found = [call["options"] for call in ours(folder, outer, tasks, y="z")]
    assert found == ansibles(outer, tasks, {"y": "z"})


def test_what_a_variable_gives_is_known_by_the_variables_in_it(tmp_path: Path) -> None:
    block = {"module_defaults": {"group/slipway.platform.boxes": "{{ shared }}"}, "block": CALLS[:1]}
    shared = {"owner": "{{ platform_owner }}", "region": "{{ platform_region }}"}
    (call,) = ours(tmp_path, [], [block], shared=shared, platform_owner="me", platform_region="eu-west-1")
    assert call["options"] == {"environment": "own", "owner": "me"}, "the connection is no option of the box"
    assert call["sources"] == {"owner": "platform_owner"}


def test_groups_hold_those_of_the_groups_that_they_extend() -> None:
    declared: dict[str, list[Any]] = {
        "few": ["a"],
        "more": [{"metadata": {"extend_group": "few"}}, "b"],
        "all": [{"metadata": {"extend_group": ["more"]}}],
    }
    found = {name: sorted(modules) for name, modules in groups(declared).items()}
    two = ["slipway.platform.a", "slipway.platform.b"]
    assert found == {
        "slipway.platform.few": two[:1],
        "slipway.platform.more": two,
        "slipway.platform.all": two,
    }
