"""The collection: action group, action plugins, boxes, inventories and the platform lock."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

from ansible_collections.slipway.platform.plugins.module_utils._platform_check.boxes import BOXES
from ansible_collections.slipway.platform.plugins.plugin_utils._role import groups
from scripts import registers

from .tree import INVENTORIES, ROOT, load

RETIRED = {
    r"istio-release\.storage\.googleapis\.com": "Istio's charts are at ghcr.io/istio/release/charts",
    r"gcr\.io/istio-release": "Istio's images are at docker.io/istio and ghcr.io/istio",
    r"registry\.istio\.io": "the registry is being shut down",
    r"promtail": "promtail has ended; alloy takes its place",
    r"ingress-nginx": "ingress-nginx is archived",
    r"bitnami": "bitnami's images are no longer maintained for all",
    r"//grafana\.github\.io/helm-charts.*(?:loki|grafana|tempo)": "these charts moved to grafana-community.github.io",
    r"(?:loki-stack|loki-distributed|grafana-agent-operator)": "the chart is retired",
    r"aquasecurity/trivy-action": "its tags were hijacked",
    r"aws-auth": "access entries take the place of the aws-auth ConfigMap",
}
"""What the lock must not name -> why. A chart is looked at as `<source>/<name> <version>`."""


def chart_lines(lock: dict[str, Any]) -> list[str]:
    return [f"{chart['source']}/{name} {chart['version']}" for name, chart in lock["charts"].items()]


def findings(lock: dict[str, Any]) -> list[str]:
    """What is wrong with a lock, one sentence each."""
    found = [
        f"{line}: {why}"
        for line in [*chart_lines(lock), str(lock)]
        for pattern, why in RETIRED.items()
        if re.search(pattern, line)
    ]
    charts = lock["charts"]
    minor = tuple(int(part) for part in lock["kubernetes"].split("."))
    for name, chart in charts.items():
        if not re.fullmatch(r"v?\d+\.\d+\.\d+", str(chart["version"])):
            found.append(f"{name} {chart['version']}: a pin is a whole version")
        if not str(chart["source"]).startswith(("https://", "oci://")):
            found.append(f"{name}: {chart['source']} is no https or oci source")
    if str(charts["aws-load-balancer-controller"]["version"]).startswith(("1.", "2.")):
        found.append("aws-load-balancer-controller 2 is retired")
    least = {(1, 36): (1, 13), (1, 35): (1, 9), (1, 34): (1, 6)}.get(minor, (1, 13))
    if tuple(int(part) for part in str(charts["karpenter"]["version"]).split(".")[:2]) < least:
        found.append(f"karpenter {charts['karpenter']['version']} does not know Kubernetes {lock['kubernetes']}")
    if charts["karpenter"]["version"] != charts["karpenter-crd"]["version"]:
        found.append("karpenter and karpenter-crd differ")
    if len({charts[name]["version"] for name in ("base", "istiod", "cni", "ztunnel", "gateway")}) != 1:
        found.append("the charts of Istio differ in version")
    if charts["kyverno"]["app"].startswith("1.19.") and not (1, 33) <= minor <= (1, 35):
        found.append(f"kyverno 1.19 does not support Kubernetes {lock['kubernetes']}")
    return found


@pytest.fixture
def lock() -> dict[str, Any]:
    locked: dict[str, Any] = load(ROOT / "group_vars" / "all" / "lock.yml")["platform_lock"]
    return locked


def test_the_lock_names_nothing_that_is_retired_and_nothing_that_does_not_fit(lock: dict[str, Any]) -> None:
    assert findings(lock) == []


@pytest.mark.parametrize(
    ("chart", "changed", "finding"),
    [
        ("istiod", {"source": "https://istio-release.storage.googleapis.com/charts"}, "ghcr.io/istio/release/charts"),
        ("loki", {"source": "https://grafana.github.io/helm-charts"}, "grafana-community"),
        ("aws-load-balancer-controller", {"version": "2.9.0"}, "is retired"),
        ("karpenter", {"version": "1.8.0"}, "does not know Kubernetes 1.35"),
        ("cni", {"version": "1.29.0"}, "differ in version"),
        ("keda", {"version": "2.x"}, "whole version"),
        ("keda", {"source": "http://kedacore.github.io/charts"}, "no https"),
    ],
)
def test_the_lint_of_the_lock_finds_what_is_wrong(
    lock: dict[str, Any], chart: str, changed: dict[str, Any], finding: str
) -> None:
    lock["charts"][chart] |= changed
    assert [found for found in findings(lock) if finding in found]


def test_group_vars_show_the_lock_that_roles_see_and_nothing_else() -> None:
    (shown,) = [path for path in ROOT.glob("group_vars/**/*") if path.is_file()]
    assert shown == ROOT / "group_vars" / "all" / "lock.yml"
    assert shown.resolve() == ROOT / "roles" / "platform" / "defaults" / "main" / "lock.yml"
    assert list(load(shown)) == ["platform_lock"]


def actions() -> list[str]:
    return sorted(path.stem for path in ROOT.glob("plugins/action/*.py") if path.stem != "__init__")


def test_each_action_group_holds_every_module_that_has_its_options() -> None:
    modules = {path.stem: path.read_text(encoding="utf-8") for path in ROOT.glob("plugins/modules/*.py")}
    asking = {f"slipway.platform.{name}" for name, text in modules.items() if "amazon.aws.region.modules" in text}
    found = groups(load(ROOT / "meta" / "runtime.yml")["action_groups"])
    assert found["slipway.platform.platform"] == found["slipway.platform.aws"] == asking
    for group, option, others in (("boxes", "environment", set()), ("destroy", "confirmation", {"platform_check"})):
        having = {name for name, box in BOXES.items() if option in box.specification}
        assert found[f"slipway.platform.{group}"] == {f"slipway.platform.{name}" for name in having | others}


def test_what_follows_from_modules_and_boxes_is_fresh() -> None:
    """Action plugins, action groups and the list of boxes: scripts/registers.py writes them."""
    assert [str(path.relative_to(ROOT)) for path, _text in registers.stale()] == []


def test_every_action_has_its_module() -> None:
    assert [name for name in actions() if not (ROOT / "plugins" / "modules" / f"{name}.py").exists()] == []


def returned(module: str) -> set[str]:
    """What the documentation of a module says that it returns, as `ansible-doc` shows it."""
    path = ROOT / "plugins" / "modules" / f"{module}.py"
    name = "ansible_collections.slipway.platform"
    answer: str | dict[str, Any] = get_docstring(str(path), fragment_loader, is_module=True, collection_name=name)[2]
    return set(yaml.safe_load(answer) if isinstance(answer, str) else answer)


@pytest.mark.parametrize("box", sorted(BOXES))
def test_the_documentation_of_every_box_shows_what_all_of_them_return(box: str) -> None:
    assert returned(box) >= {"changes", "changes_done", "changes_left", "known"}


def test_fragments_of_documentation_are_private_by_name() -> None:
    assert [path.name for path in ROOT.glob("plugins/doc_fragments/[!_]*.py")] == []


def test_every_box_has_its_module() -> None:
    packages = sorted(path.name for path in ROOT.glob("plugins/module_utils/_boxes/[!_]*"))
    assert sorted(BOXES) == packages


@pytest.mark.parametrize("inventory", INVENTORIES, ids=lambda path: path.name)
def test_inventories_run_modules_here_and_with_this_python(inventory: Path) -> None:
    variables = load(inventory / "group_vars" / "all.yml")
    assert variables["ansible_connection"] == "local"
    assert variables["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"


def test_every_play_can_be_run_from_the_installed_collection() -> None:
    for path in sorted(ROOT.glob("*.meta.yml")):
        play = f"{path.name.removesuffix('.meta.yml')}.yml"
        assert load(ROOT / "playbooks" / play)[0]["ansible.builtin.import_playbook"] == f"../{play}"
