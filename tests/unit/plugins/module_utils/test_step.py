"""What a module answers: its outcome, or one sentence with what belongs beside it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._core import main, report
from ansible_collections.slipway.platform.plugins.module_utils._core.apply import ApplyFailure
from ansible_collections.slipway.platform.plugins.module_utils._core.plan import (
    Action,
    Change,
    Field,
    Impossible,
    Outcome,
    Plan,
    Ref,
    Refusal,
)

CHANGE = Change(Ref("image", "app"), Action.CREATE, (Field("tag", None, "1.2.3"),))
PLAN = Plan((CHANGE,))


class Module:
    """An AnsibleModule, as far as a step sees it."""

    def __init__(self, argument_spec: Any, supports_check_mode: bool) -> None:
        self.params = {"version": "1.2.3", "of Ansible's own": 1}
        self.warnings: list[str] = []
        self.answer: dict[str, Any] = {}

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def exit_json(self, **answer: Any) -> None:
        self.answer = answer
        raise SystemExit(0)

    def fail_json(self, **answer: Any) -> None:
        self.answer = answer
        raise SystemExit(1)


def answered(monkeypatch: pytest.MonkeyPatch, outcome: Any, code: int = 0, **libraries: object) -> Module:
    """The module after a step with an outcome, or an error that it raises."""
    modules: list[Module] = []

    def step(module: Module, options: dict[str, Any]) -> Outcome:
        assert options == {"version": "1.2.3"}
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, Outcome)
        return outcome

    def made(**options: Any) -> Module:
        modules.append(Module(**options))
        return modules[0]

    monkeypatch.setattr(main, "AnsibleModule", made)
    with pytest.raises(SystemExit) as ended:
        main.run({"version": {"type": "str"}}, step, **libraries)
    assert ended.value.code == code
    return modules[0]


def test_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    module = answered(monkeypatch, Outcome(PLAN, {"digest": "x"}, ("Late.",)))
    assert module.answer == {"changed": True, "changes": PLAN.as_list(), "diff": report.diff(PLAN), "digest": "x"}
    assert module.warnings == ["Late."]
    assert answered(monkeypatch, Outcome(Plan(), {})).answer["changed"] is False


def test_an_outcome_that_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    module = answered(monkeypatch, Outcome(PLAN, {"verdict": "failed"}, failure="The gate is closed."), 1)
    assert (module.answer["msg"], module.answer["verdict"]) == ("The gate is closed.", "failed")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (Refusal("tag", "x", "y is allowed"), {"msg": "tag is 'x'; y is allowed."}),
        (Impossible("It cannot be.", failures=["One."]), {"msg": "It cannot be.", "failures": ["One."]}),
        (
            ApplyFailure("Making it failed.", [CHANGE], []),
            {"msg": "Making it failed.", "changes_done": PLAN.as_list(), "changes_left": []},
        ),
    ],
)
def test_a_sentence(monkeypatch: pytest.MonkeyPatch, error: Exception, answer: dict[str, Any]) -> None:
    assert answered(monkeypatch, error, 1).answer == answer


def test_a_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    module = answered(monkeypatch, Outcome(PLAN, {}), 1, semver=None)
    assert "Python library (semver)" in module.answer["msg"]
