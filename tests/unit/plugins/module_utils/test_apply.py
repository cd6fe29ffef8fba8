"""How a plan is applied: the order of calls, what each gets, what is waited for and what is repeated."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._aws.client import Api
from ansible_collections.slipway.platform.plugins.module_utils._core.apply import Applier, ApplyFailure, wait_until_gone
from ansible_collections.slipway.platform.plugins.module_utils._core.box import Kind, Target
from ansible_collections.slipway.platform.plugins.module_utils._core.known import Known
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Found, Plan, Ref, Resource, plan
from ansible_collections.slipway.platform.plugins.module_utils._core.wait import Status, Wait

from .cloud import Cloud, api, refusal

CLUSTER, ADDON, ROLE = Ref("cluster", "demo"), Ref("addon", "demo-cni"), Ref("iam_role", "demo-cni")


class Log:
    """Kinds whose functions write down what they were called with."""

    def __init__(self, *, looks: int = 2) -> None:
        self.calls: list[str] = []
        self.targets: list[Target] = []
        self.looks: dict[Ref, int] = {}
        self.needed = looks
        self.errors: list[Exception | None] = []

    def call(self, words: str) -> Any:
        def called(api: Api, target: Target, *arguments: Any) -> str:
            self.calls.append(f"{words} {target.name}" + "".join(f" {argument}" for argument in arguments))
            self.targets.append(target)
            error = self.errors.pop(0) if self.errors else None
            if error is not None:
                raise error
            return f"id-of-{target.name}"

        return called

    def look(self, words: str) -> Any:
        def looked(api: Api, target: Target) -> Status:
            count = self.looks[target.ref] = self.looks.get(target.ref, 0) + 1
            done = count % self.needed == 0
            self.calls.append(f"{words} {target.name} {'yes' if done else 'no'}")
            return Status(done, words)

        return looked

    def kind(self, name: str, **changed: Any) -> Kind:
        version = self.call("set_version")
        parts: dict[str, Any] = {
            "create": self.call("create"),
            "update": {"version": version, "release": version, "logging": self.call("set_logging")},
            "delete": self.call("delete"),
            "tag": self.call("tag"),
            "untag": self.call("untag"),
        }
        return Kind(name=name, **{**parts, **changed})

    def apply(
        self,
        kinds: list[Kind],
        declared: list[Resource],
        observed: dict[Ref, Found] | None = None,
        known: Known | None = None,
        **options: Any,
    ) -> Plan:
        made = plan(declared, observed or {}, kinds)
        Applier(
            api(), replace(Cloud().box, kinds=kinds), declared, observed or {}, known or Known(), "spec", **options
        ).run(made)
        return made


def test_a_reference_is_an_identifier_when_the_call_is_made() -> None:
    log = Log()
    known = Known({"iam_role": {"demo-cni": {"state": "found", "id": "arn:role"}}})
    addon = Resource(ADDON, {"cluster": CLUSTER, "deep": {"list": [ROLE]}}, {"Name": "x"})
    log.apply([log.kind("cluster"), log.kind("addon")], [Resource(CLUSTER), addon], known=known)
    assert log.calls == ["create demo", "create demo-cni"]
    target = log.targets[1]
    assert target.attributes == {"cluster": "id-of-demo", "deep": {"list": ["arn:role"]}}
    assert (target.tags, target.before, target.fields, target.spec) == ({"Name": "x"}, {}, (), "spec")
    assert known.id(CLUSTER) == "id-of-demo"


def test_what_the_create_call_cannot_carry_follows_it() -> None:
    log = Log()
    kind = log.kind("cluster", after_create=("logging", "version"))
    log.apply([kind], [Resource(CLUSTER, {"version": "1.35", "logging": None})])
    assert log.calls == ["create demo", "set_version demo"]
    assert log.targets[1].id == "id-of-demo"


def test_one_function_is_called_once_with_its_fields() -> None:
    log = Log()
    observed = {CLUSTER: Found("c", {"version": "1", "release": "a", "logging": 1}, {"Name": "demo", "By": "hand"})}
    declared = Resource(CLUSTER, {"version": "2", "release": "b", "logging": 1}, {"Name": "demo", "Owner": "me"})
    log.apply([log.kind("cluster")], [declared], observed)
    assert log.calls == ["set_version demo", "tag demo {'Owner': 'me'}", "untag demo ['By']"]
    target = log.targets[0]
    assert [(field.path, field.before, field.after) for field in target.fields] == [
        ("release", "a", "b"),
        ("version", "1", "2"),
    ]
    assert (target.before["version"], target.attributes["version"], target.id) == ("1", "2", "c")


def test_what_others_refer_to_is_waited_for_before_they_are_made() -> None:
    log = Log()
    kinds = [log.kind("cluster", ready=log.look("ready")), log.kind("addon")]
    log.apply(kinds, [Resource(CLUSTER), Resource(ADDON, {"cluster": CLUSTER})])
    assert log.calls == ["create demo", "ready demo no", "ready demo yes", "create demo-cni"]


def test_what_nothing_refers_to_is_waited_for_at_the_end() -> None:
    log = Log()
    kinds = [log.kind("cluster", ready=log.look("ready")), log.kind("addon")]
    log.apply(kinds, [Resource(CLUSTER), Resource(ADDON)])
    assert log.calls == ["create demo", "create demo-cni", "ready demo no", "ready demo yes"]


def test_nothing_is_waited_for_at_the_end_without_wait() -> None:
    log = Log()
    log.apply([log.kind("cluster", ready=log.look("ready"))], [Resource(CLUSTER)], wait=False)
    assert log.calls == ["create demo"]


def test_one_update_at_a_time() -> None:
    log = Log(looks=1)
    kind = log.kind("cluster", ready=log.look("ready"), one_at_a_time=True)
    observed = {CLUSTER: Found("c", {"version": "1", "logging": 1}, {})}
    log.apply([kind], [Resource(CLUSTER, {"version": "2", "logging": 2}, {})], observed)
    assert log.calls[0] == "ready demo yes", "an update of somebody else may be under way"
    assert [call.split()[0] for call in log.calls if "ready" not in call] == ["set_version", "set_logging"]
    assert "ready demo yes" in log.calls[log.calls.index("set_version demo") : log.calls.index("set_logging demo")]
    assert log.calls[-1] == "ready demo yes"


def test_deletions_of_a_kind_are_over_before_the_next_kind_goes() -> None:
    log = Log()
    kinds = [log.kind("cluster"), log.kind("addon", gone=log.look("gone"))]
    other = Ref("addon", "demo-dns")
    observed = {CLUSTER: Found("c"), ADDON: Found("a"), other: Found("b")}
    log.apply(kinds, [], observed)
    assert log.calls[:2] == ["delete demo-cni", "delete demo-dns"]
    assert log.calls[-1] == "delete demo"
    assert {"gone demo-cni yes", "gone demo-dns yes"} <= set(log.calls[2:-1])


def test_a_deletion_gets_what_stands() -> None:
    log = Log()
    known = Known()
    log.apply([log.kind("cluster")], [], {CLUSTER: Found("c", {"version": "1"}, {"Name": "demo"})}, known)
    target = log.targets[0]
    assert (target.id, target.attributes, target.tags) == ("c", {"version": "1"}, {"Name": "demo"})
    assert known.deleted(CLUSTER)


def test_a_replacement_is_gone_before_it_is_made_again() -> None:
    log = Log()
    kind = log.kind("cluster", gone=log.look("gone"), immutable=frozenset({"logging"}))
    log.apply([kind], [Resource(CLUSTER, {"logging": 2})], {CLUSTER: Found("c", {"logging": 1})})
    assert log.calls == ["delete demo", "gone demo no", "gone demo yes", "create demo"]


def test_a_kind_may_replace_by_other_means() -> None:
    log = Log()
    kind = log.kind("cluster", replace=log.call("roll"), immutable=frozenset({"logging"}))
    known = Known()
    log.apply([kind], [Resource(CLUSTER, {"logging": 2})], {CLUSTER: Found("c", {"logging": 1})}, known)
    assert log.calls == ["roll demo"]
    assert [field.path for field in log.targets[0].fields] == ["logging"]


def test_what_is_released_before_its_deletion() -> None:
    log = Log()
    kind = log.kind("cluster", release={"logging": False})
    log.apply([kind], [], {CLUSTER: Found("c", {"logging": True})})
    assert log.calls == ["set_logging demo", "delete demo"]


@pytest.mark.parametrize(
    "error", [refusal("NoSuchEntity"), refusal("InvalidParameterException", "The role cannot be assumed")]
)
def test_what_aws_does_not_see_yet_is_called_again(error: Exception) -> None:
    log = Log()
    known = Known({"iam_role": {"demo-cni": {"state": "found", "id": "arn:role"}}})
    log.errors = [error]
    log.apply([log.kind("addon")], [Resource(ADDON, {"role": ROLE})], known=known)
    assert log.calls == ["create demo-cni", "create demo-cni"]


def test_what_was_just_made_may_not_be_seen_by_the_next_call() -> None:
    log = Log()
    log.errors = [None, refusal("NoSuchEntity")]
    log.apply([log.kind("cluster", after_create=("version",))], [Resource(CLUSTER, {"version": "1.35"})])
    assert log.calls == ["create demo", "set_version demo", "set_version demo"]


def test_what_does_not_exist_is_not_called_again_where_nothing_is_new() -> None:
    log = Log()
    log.errors = [refusal("NoSuchEntity")]
    with pytest.raises(ApplyFailure, match=r"Creating cluster 'demo' failed at Write: NoSuchEntity: No\."):
        log.apply([log.kind("cluster")], [Resource(CLUSTER)])
    assert log.calls == ["create demo"]


def test_another_error_is_not_called_again() -> None:
    log = Log()
    log.errors = [refusal("AccessDenied")]
    known = Known({"iam_role": {"demo-cni": {"state": "found", "id": "arn:role"}}})
    with pytest.raises(ApplyFailure) as failed:
        log.apply([log.kind("addon")], [Resource(ADDON, {"role": ROLE})], known=known)
    assert log.calls == ["create demo-cni"]
    assert (failed.value.done, [change.ref for change in failed.value.left]) == ((), [ADDON])


def test_a_wait_that_ends_badly_is_told_with_what_was_done() -> None:
    log = Log()

    def failing(api: Api, target: Target) -> Status:
        return Status(False, "CREATE_FAILED", failed="no addresses are left")

    kinds = [log.kind("cluster", ready=failing)]
    with pytest.raises(ApplyFailure) as failed:
        log.apply(kinds, [Resource(CLUSTER)])
    assert "cluster 'demo' is CREATE_FAILED: no addresses are left." in str(failed.value)
    assert [change.ref for change in failed.value.done] == [CLUSTER]


def test_what_is_pending_is_waited_for_without_a_change() -> None:
    log = Log()
    kind = log.kind("cluster", ready=log.look("ready"))
    made = log.apply([kind], [Resource(CLUSTER)], {CLUSTER: Found("c", state="pending")})
    assert made == Plan()
    assert log.calls == ["ready demo no", "ready demo yes"]


def test_deletions_of_an_earlier_run_are_waited_for() -> None:
    log = Log()
    kind = replace(log.kind("cluster"), gone=log.look("gone"), wait_gone=Wait(1, 30))
    wait_until_gone(api(), [kind], {CLUSTER: Found("c", state="going")}, "spec")
    assert log.calls == ["gone demo no", "gone demo yes"]
