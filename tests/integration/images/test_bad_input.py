"""Wrong input to the modules of images: one sentence each, and nothing written. The tables are bad_input_*.yml.

A case is {rule, module, setup, options, sentence}. `setup` is a fixture of a Python file bad_input_*.py, with a method
that breaks something behind a dot. The fixture has `options`, which are good, `names`, which stand in options and
sentence as $name, and `state()`, what stands.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml

from .modules import run_module

HERE = Path(__file__).parent
TABLES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("bad_input_*.yml"))}
KEYS = {"rule", "module", "setup", "options", "sentence"}
CASES = [pytest.param(case, id=f"{case['module']}: {case['rule']}") for table in TABLES.values() for case in table]

for path in sorted(HERE.glob("bad_input_*.py")):
    setups = import_module(f"{__package__}.{path.stem}")
    globals().update({name: getattr(setups, name) for name in setups.__all__})


def filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(entry, names) for key, entry in value.items()}
    if isinstance(value, list):
        return [filled(entry, names) for entry in value]
    return Template(value).substitute(names) if isinstance(value, str) else value


def test_the_tables_are_as_long_as_they_should_be() -> None:
    cases = [case for table in TABLES.values() for case in table]
    assert len(cases) >= 50
    assert [case for case in cases if not set(case) <= KEYS] == []


@pytest.mark.parametrize("case", CASES)
def test_one_sentence_and_nothing_written(
    case: dict[str, Any], request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    name, _, method = case["setup"].partition(".")
    setup = request.getfixturevalue(name)
    if method:
        getattr(setup, method)()
    before = setup.state()
    answer = run_module(case["module"], {**setup.options, **filled(case.get("options", {}), setup.names)}, capsys)
    assert (answer["failed"], answer.get("msg")) == (True, filled(case["sentence"], setup.names))
    assert setup.state() == before
