"""Runs of a box on a cloud in memory: plans come true, second runs change nothing, failures are mended."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.slipway.platform.plugins.module_utils._core.apply import ApplyFailure
from ansible_collections.slipway.platform.plugins.module_utils._core.box import Target
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import Impossible, Outcome, Ref, Refusal
from ansible_collections.slipway.platform.plugins.module_utils._core.provider import AnswerLost, Failure
from ansible_collections.slipway.platform.plugins.module_utils._core.run import Runner

from .cloud import ACCOUNT, Cloud, Thing, api, refusal

VPC, A, B = Ref("vpc", "demo"), Ref("subnet", "demo-a"), Ref("subnet", "demo-b")
SUBNETS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.booleans())
TAGS = st.dictionaries(st.sampled_from(["Owner", "By", "Cost"]), st.sampled_from(["x", "y"]))
DECLARED = st.fixed_dictionaries({"dns": st.booleans(), "subnets": SUBNETS, "tags": TAGS})
STATES = DECLARED | st.just({"state": "absent"})


def run(cloud: Cloud, *, check_mode: bool = False, **options: Any) -> Outcome:
    given_options = {"platform_name": "demo", "known": {"account": ACCOUNT}, **options}
    return Runner(cloud.box, given_options, api(), check_mode=check_mode).run()


def lines(outcome: Outcome) -> list[str]:
    return [f"{change.action} {change.ref.name}" for change in outcome.plan.changes]


@given(st.lists(STATES, min_size=1, max_size=4))
def test_every_plan_comes_true_and_a_second_run_has_none(states: list[dict[str, Any]]) -> None:
    cloud = Cloud()
    for state in states:
        calls = list(cloud.calls)
        planned = run(cloud, check_mode=True, **state)
        assert cloud.calls == calls, "a check run wrote"
        done = run(cloud, **state)
        assert json.dumps(planned.plan.as_list()) == json.dumps(done.plan.as_list())
        assert planned.answer == done.answer
        assert bool(done.plan) == (len(cloud.calls) > len(calls))
        wanted = set() if "state" in state else {VPC, *(Ref("subnet", f"demo-{name}") for name in state["subnets"])}
        assert set(cloud.things) == wanted
        if wanted:
            assert cloud.things[VPC].attributes["dns"] == state["dns"]
            assert {key: cloud.things[VPC].tags.get(key) for key in state["tags"]} == state["tags"]
        calls = list(cloud.calls)
        assert run(cloud, **state).plan.as_list() == []
        assert cloud.calls == calls, "the second run wrote"


@given(STATES, STATES, st.integers(0, 12))
def test_a_run_that_failed_anywhere_is_completed_by_the_next(
    before: dict[str, Any], after: dict[str, Any], fails_at: int
) -> None:
    cloud = Cloud()
    run(cloud, **before)
    start = len(cloud.calls)
    cloud.fail = lambda call: refusal("AccessDenied") if len(cloud.calls) - start == fails_at else None
    with suppress(ApplyFailure):
        run(cloud, **after)
    cloud.fail = lambda call: None
    run(cloud, **after)
    assert run(cloud, **after).plan.as_list() == []
    clean = Cloud()
    run(clean, **after)
    assert {ref: thing.tags for ref, thing in cloud.things.items()} == {
        ref: thing.tags for ref, thing in clean.things.items()
    }


@pytest.mark.parametrize(
    ("given_options", "sentence"),
    [
        ({"account_id": "999999999999"}, "account_id is '999999999999'; the credentials belong to the account "),
        ({"account_id": "12345678901"}, "account_id is '12345678901'; 12 digits are allowed"),
        ({"confirmation": ""}, "confirmation is not set; 'demo' is required"),
        ({"confirmation": "production"}, "confirmation is 'production'; 'demo' is required"),
    ],
)
def test_each_run_is_guarded_by_itself(given_options: dict[str, Any], sentence: str) -> None:
    cloud = Cloud()
    run(cloud, subnets={"a": True})
    calls = list(cloud.calls)
    with pytest.raises(Refusal, match=sentence):
        run(cloud, state="absent", **given_options)
    assert cloud.calls == calls
    assert run(cloud, state="absent", account_id=ACCOUNT["id"], confirmation="demo").plan


def test_a_failure_says_what_was_done_and_what_is_left() -> None:
    cloud = Cloud(fail=lambda call: refusal("AccessDenied", "Not you") if call == "create demo-b" else None)
    with pytest.raises(ApplyFailure) as failed:
        run(cloud, subnets={"a": True, "b": True})
    assert str(failed.value) == (
        "Creating subnet 'demo-b' failed at Write: AccessDenied: Not you. Allow this action to "
        "arn:aws:iam::123456789012:user/me."
    )
    assert [change.ref for change in failed.value.done] == [VPC, A]
    assert [change.ref for change in failed.value.left] == [B]


def test_a_read_that_fails_says_what_was_read() -> None:
    cloud = Cloud()
    box = cloud.box

    def read(*arguments: Any) -> Any:
        raise refusal("AccessDenied", "Not you", "DescribeVpcs")

    broken = type(box)(**{**vars(box), "read": read})
    with pytest.raises(Failure) as failed:
        Runner(broken, {"platform_name": "demo", "known": {"account": ACCOUNT}}, api(), check_mode=True).run()
    assert str(failed.value).startswith(
        "Reading the network of platform 'demo' failed at DescribeVpcs: AccessDenied: Not you."
    )


@pytest.mark.parametrize("options", [{"platform_name": "Demo"}, {"tags": {"aws:x": "y"}}, {"subnet": {}}])
def test_what_is_refused_reads_nothing(options: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        run(Cloud(), **options)


def test_what_is_known_carries_plans_in_a_check_run_and_ids_in_a_real_one() -> None:
    cloud = Cloud()
    assert run(cloud, check_mode=True, subnets={"a": True}).known["subnet"] == {"demo-a": {"state": "planned"}}
    known = run(cloud, subnets={"a": True}).known
    assert known["subnet"] == {"demo-a": {"state": "found", "id": cloud.things[A].id}}
    assert known["account"]["id"] == "123456789012"
    assert run(cloud, check_mode=True, state="absent").known["vpc"] == {"demo": {"state": "deleted"}}
    assert json.loads(json.dumps(known)) == known


def test_drift_is_undone() -> None:
    cloud = Cloud()
    run(cloud, subnets={"a": False})
    cloud.things[A].attributes["public"] = True
    cloud.things[VPC].tags["By"] = "hand"
    cloud.things[VPC].tags["aws:x"] = "aws"
    outcome = run(cloud, subnets={"a": False})
    assert lines(outcome) == ["update demo", "update demo-a"]
    assert "aws:x" in cloud.things[VPC].tags
    assert "By" not in cloud.things[VPC].tags


def test_a_reference_to_something_else_is_a_replacement() -> None:
    cloud = Cloud()
    run(cloud, subnets={"a": False})
    old = cloud.things[A].id
    cloud.things[A].attributes["vpc"] = "vpc-of-others"
    outcome = run(cloud, subnets={"a": False})
    assert lines(outcome) == ["replace demo-a"]
    assert cloud.calls[-2:] == ["delete demo-a", "create demo-a"]
    assert cloud.things[A].id != old
    assert cloud.things[A].attributes["vpc"] == cloud.things[VPC].id


def test_what_aws_cannot_change_is_refused_before_the_first_write() -> None:
    cloud = Cloud()
    run(cloud)
    calls = list(cloud.calls)
    with pytest.raises(Impossible, match=r"cannot become '10\.1\.0\.0/16': AWS fixes it"):
        run(cloud, cidr_block="10.1.0.0/16", dns=False)
    assert cloud.calls == calls


def test_what_belongs_to_others_stays() -> None:
    cloud = Cloud(things={VPC: Thing("vpc-0", {"cidr_block": "10.0.0.0/16", "dns": True}, {"Name": "demo"})})
    with pytest.raises(Impossible, match="set platform_adopt to true to take it over"):
        run(cloud)
    assert run(cloud, state="absent").plan.as_list() == []
    assert lines(run(cloud, adopt=True)) == ["update demo"]
    assert cloud.calls == ["tag demo slipway:platform"]
    run(cloud, state="absent")
    assert cloud.things == {}


def test_what_never_comes_true_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.slipway.platform.plugins.module_utils._core.run.VERIFY_SECONDS", 0)
    cloud = Cloud()
    cloud.set = lambda target, name: cloud.write(f"set {name}")  # type: ignore[method-assign]
    with pytest.raises(Impossible) as impossible:
        run(cloud)
    assert str(impossible.value) == (
        "AWS took all changes of the network but still shows differences: vpc 'demo': update dns."
    )


class Lossy(Cloud):
    """A cloud that does not answer some creates, which it has carried out or not."""

    def __init__(self, *lost: str, done: bool = True) -> None:
        super().__init__()
        self.lost = list(lost)
        self.done = done

    def create(self, target: Target, **attributes: Any) -> str:
        if target.name not in self.lost:
            return super().create(target, **attributes)
        self.lost.remove(target.name)
        if self.done:
            super().create(target, **attributes)
        raise AnswerLost("Create was not answered.")


@pytest.mark.parametrize("done", [True, False])
def test_a_create_that_was_not_answered_is_looked_for_before_it_is_repeated(
    monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    monkeypatch.setattr("ansible_collections.slipway.platform.plugins.module_utils._core.run.SEEN_SECONDS", 0.2)
    cloud = Lossy("demo", "demo-b", done=done)
    planned = run(cloud, check_mode=True, subnets={"a": True, "b": True})
    outcome = run(cloud, subnets={"a": True, "b": True})
    assert cloud.lost == []
    assert outcome.plan == planned.plan
    assert [call for call in cloud.calls if call.startswith("create")] == [
        "create demo",
        "create demo-a",
        "create demo-b",
    ]
    assert run(cloud, subnets={"a": True, "b": True}).plan.as_list() == []


def test_answers_that_are_always_lost_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.slipway.platform.plugins.module_utils._core.run.SEEN_SECONDS", 0)
    cloud = Lossy(*["demo-b"] * 99, done=False)
    with pytest.raises(ApplyFailure) as failed:
        run(cloud, subnets={"a": True, "b": True})
    assert str(failed.value) == "Creating subnet 'demo-b' failed: Create was not answered."
    assert [change.ref for change in failed.value.done] == [VPC, A]
    assert [change.ref for change in failed.value.left] == [B]


def test_a_deletion_waits_for_what_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    cloud = Cloud()
    run(cloud, subnets={"a": True})
    refusals = [refusal("ResourceInUseException")] * 2
    cloud.fail = lambda call: refusals.pop() if refusals and call == "delete demo-a" else None
    assert lines(run(cloud, state="absent")) == ["delete demo-a", "delete demo"]
    assert cloud.calls.count("delete demo-a") == 3
