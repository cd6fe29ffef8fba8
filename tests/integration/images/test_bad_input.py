"""Wrong input to the modules of images: one sentence each, and nothing written. The tables are bad_input_<module>.yml.

A case is {rule, setup, options, sentence}. `setup` names a function of the Python file beside the table; what it
returns stands in options and sentence in place of {name}. That file also says which options every case has (OPTIONS),
and what stands (`left`).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from .modules import run_module

TABLES = {
    path.stem.removeprefix("bad_input_"): yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(Path(__file__).parent.glob("bad_input_*.yml"))
}
KEYS = {"rule", "setup", "options", "sentence"}
CASES = [
    pytest.param(module, case, id=f"{module}: {case['rule']}") for module, cases in TABLES.items() for case in cases
]


def filled(value: Any, names: dict[str, str]) -> Any:
    """A value with {name} replaced in every text; other braces stay."""
    if isinstance(value, dict):
        return {key: filled(entry, names) for key, entry in value.items()}
    if isinstance(value, list):
        return [filled(entry, names) for entry in value]
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"{{{name}}}", text)
    return value


def test_the_tables_are_as_long_as_they_should_be() -> None:
    assert sum(len(table) for table in TABLES.values()) >= 50
    assert [case for table in TABLES.values() for case in table if not set(case) <= KEYS] == []


@pytest.mark.parametrize(("module", "case"), CASES)
def test_one_sentence_and_nothing_written(
    module: str,
    case: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    helper = import_module(f"{__package__}.bad_input_{module}")
    names = getattr(helper, case.get("setup", "setup"))(tmp_path, request)
    before = helper.left(tmp_path, names)
    answer = run_module(module, filled({**helper.OPTIONS, **case.get("options", {})}, names), capsys)
    assert (answer["failed"], answer.get("msg")) == (True, filled(case["sentence"], names))
    assert helper.left(tmp_path, names) == before
