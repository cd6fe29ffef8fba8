"""The histories with answers, judged by the pure model; and by mutants of it, none of which may get through."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ansible_collections.slipway.platform.plugins.module_utils._pipeline.semver_tag import options
from tests.semver_histories import HISTORIES, build, decided, differences

SOURCE = Path(options.__file__).parent
MODEL = "_pipeline.semver_tag"
PARTS = ("_core.plan", f"{MODEL}.commits", f"{MODEL}.decision", f"{MODEL}.options")


@contextmanager
def package(folder: Path, changed: str = "", old: str = "", new: str = "") -> Iterator[ModuleType]:
    """A copy of the model, with one text replaced in one of its files."""
    name = folder.name
    root = folder / name
    model = root.joinpath(*MODEL.split("."))
    shutil.copytree(SOURCE, model, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "_core").mkdir()
    for part in ("plan.py", "options.py"):
        shutil.copy(SOURCE.parent.parent / "_core" / part, root / "_core")
    if changed:
        file = model / changed
        assert file.read_text().count(old) == 1, f"{changed} holds '{old}' {file.read_text().count(old)} times"
        file.write_text(file.read_text().replace(old, new))
    (root / "__init__.py").touch()
    sys.path.insert(0, str(folder))
    try:
        whole = importlib.import_module(name)
        for part in PARTS:
            setattr(whole, part.rpartition(".")[2], importlib.import_module(f"{name}.{part}"))
        yield whole
    finally:
        sys.path.remove(str(folder))
        for module in [module for module in sys.modules if module.split(".")[0] == name]:
            del sys.modules[module]


def failing(model: ModuleType) -> list[str]:
    """Names of the histories whose answer is another one."""
    found = []
    for history in HISTORIES:
        try:
            answer = decided(model, build(history["steps"]), history.get("options", {}))
        except Exception as error:
            answer = {"error": repr(error)}
        if differences(answer, history["answer"]):
            found.append(history["name"])
    return found


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    with package(tmp_path_factory.mktemp("semver_model")) as whole:
        yield whole


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history["name"])
def test_history(model: ModuleType, history: dict[str, Any]) -> None:
    answer = decided(model, build(history["steps"]), history.get("options", {}))
    assert differences(answer, history["answer"]) == {}


def test_every_history_names_its_rule_and_every_choice_has_a_history() -> None:
    assert len({history["name"] for history in HISTORIES}) == len(HISTORIES) >= 60
    assert all(
        set(history) <= {"name", "rule", "options", "steps", "answer"} and history["rule"] for history in HISTORIES
    )
    used = {(name, str(value)) for history in HISTORIES for name, value in history.get("options", {}).items()}
    for name, option in options.OPTIONS.items():
        for choice in option.get("choices", []):
            if name != "sign" and choice != option["default"]:
                assert (name, choice) in used, f"{name}: {choice} has no history"


FORMS = [line for line in (SOURCE / "forges.py").read_text().splitlines(keepends=True) if "    re.compile(" in line]
"""Each heading that is known."""

MUTANTS = [
    # Conventional Commits
    ("commits.py", "(?P<mark>!)?: +", "(?P<mark>!)?: *"),
    ("commits.py", "(?P<mark>!)?: +", "(?P<mark>!)?: "),
    ("commits.py", "(?P<mark>!)?: +", "(?P<mark>!)? ?: +"),
    ("commits.py", "(?P<mark>!)?:", "(?P<mark>x)?:"),
    ("commits.py", r"(?P<scope>[^()\n]+)", r"(?P<scope>[^()\n]*)"),
    ("commits.py", r"[\w-]*)(?:\((?P<scope>", r"[\w-]*) ?(?:\((?P<scope>"),
    ("commits.py", r"[\w-]*)(?:\((?P<scope>", r"[\w -]*)(?:\((?P<scope>"),
    ("commits.py", r"[\w-]*)(?:\((?P<scope>", r"[\w-]*)!?(?:\((?P<scope>"),
    ("commits.py", r"(?P<token>BREAKING CHANGE(?=: )|", "(?P<token>"),
    ("commits.py", r"BREAKING CHANGE(?=: )", "BREAKING CHANGE"),
    ("commits.py", "(?:: | #)(?P<value>", "(?:: ?| #)(?P<value>"),
    ("commits.py", "(?:: | #)(?P<value>", "(?:: )(?P<value>"),
    ("commits.py", '("BREAKING CHANGE", "BREAKING-CHANGE")', '("BREAKING CHANGE",)'),
    ("commits.py", '("BREAKING CHANGE", "BREAKING-CHANGE")', '("BREAKING-CHANGE",)'),
    ("commits.py", "if token in _BREAKING)", "if token.upper() in _BREAKING)"),
    ("commits.py", "if token in _BREAKING)", "if token in ())"),
    ("commits.py", 'if breaking is None and header["mark"]:', "if False:"),
    ("commits.py", 'kind = header["type"].lower()', 'kind = header["type"]'),
    ("commits.py", "if token or not before else None", "if not before else None"),
    ("commits.py", "if token or not before else None", "if True else None"),
    (
        "commits.py",
        "for before, line in pairwise(lines):",
        'for before, line in [("", entry) for entry in lines[1:2]] + list(pairwise(lines)):',
    ),
    (
        "commits.py",
        "        if token:\n            yield token, value.strip()\n        token, value",
        "        token, value",
    ),
    ("commits.py", "[line.rstrip() for line in", "[line for line in"),
    # reverts
    ("commits.py", 'if kind == "revert" else None', "if True else None"),
    ("commits.py", "(?P<verb>Revert|Reapply)", "(?P<verb>Revert)"),
    ("commits.py", "(?P<verb>Revert|Reapply)", "(?P<verb>Reapply)"),
    ("commits.py", "_GIT_REVERT.fullmatch(forges.plain(lines[0]))", "_GIT_REVERT.fullmatch(lines[0])"),
    ("commits.py", 'if quoted["verb"] == "Revert" else f', "if True else f"),
    ("commits.py", "requests = requests or list(forges.numbers(title) if numbered else ())", "pass"),
    ("commits.py", "for match in _REQUEST.finditer(message)]", "for match in ()]"),
    ("commits.py", "(?:This reverts|Reverted) commit", "This reverts commit"),
    ("commits.py", "for match in _KEPT.finditer(message))", "for match in ())"),
    ("forges.py", "(?:[^\\s()]+ ){0,2}", ""),
    ("forges.py", "[#!](?P<number>\\d+)\\)$", "#(?P<number>\\d+)\\)$"),
    ("reverts.py", "if one.id in before]", "if one is not commit]"),
    ("reverts.py", "matches = by_number if reverted.numbers else by_title", "matches = by_title"),
    ("reverts.py", "matches = by_number if reverted.numbers else by_title", "matches = by_number or by_title"),
    ("reverts.py", "if len(matches) == 1 and (reverted.numbers or not reverted.commits):", "if matches:"),
    ("reverts.py", "if not matches and not by_title:", "if not matches:"),
    ("reverts.py", "return [one for one in matches if one.id not in inner]", "return list(matches)"),
    ("reverts.py", " - history([main], self._parents)", ""),
    ("reverts.py", "released or any(end not in self._parents for end in ends)", "released"),
    ("reverts.py", "if any(one.startswith(name) for name in kept)), commit", "), commit"),
    ("commits.py", 'if token.lower() == "refs"', "if False"),
    ("decision.py", 'if choices.reverts == "cancel":', "if True:"),
    ("decision.py", 'if choices.reverts == "cancel":', "if False:"),
    ("reverts.py", "        if commit.id in gone:\n            continue\n", ""),
    ("reverts.py", "if target.released or not target.commits or", "if target.released or"),
    ("reverts.py", "if target.released or not target.commits or", "if not target.commits or"),
    ("reverts.py", "not target.commits or change.breaking is not None:", "not target.commits:"),
    ("reverts.py", "released=not all(named))", "released=False)"),
    ("decision.py", 'bump = Bump.NONE if choices.reverts == "none" else Bump.PATCH', "bump = Bump.PATCH"),
    ("decision.py", 'bump = Bump.NONE if choices.reverts == "none" else Bump.PATCH', "bump = Bump.NONE"),
    # what is raised
    ("options.py", '"feat": Bump.MINOR', '"feat": Bump.PATCH'),
    ("options.py", '"fix": Bump.PATCH', '"fix": Bump.NONE'),
    ("options.py", "if kind in _LAW:", "if False:"),
    ("options.py", "kind = str(name).lower()", "kind = str(name)"),
    ("options.py", 'other_types=Bump.of(given["other_types"])', "other_types=Bump.NONE"),
    ("decision.py", 'return Bump.MAJOR, "a breaking', 'return Bump.MINOR, "a breaking'),
    ("decision.py", "if change.type is not None and change.type in choices.types:", "if False:"),
    (
        "decision.py",
        "if change.type is not None:\n        return choices.other_types",
        "if False:\n        return choices.other_types",
    ),
    ("decision.py", 'if choices.unconventional == "refuse":', "if False:"),
    ("decision.py", 'Bump.PATCH if choices.unconventional == "patch" else Bump.NONE', "Bump.NONE"),
    ("decision.py", 'Bump.PATCH if choices.unconventional == "patch" else Bump.NONE', "Bump.PATCH"),
    ("decision.py", "level = max((entry.bump", "level = min((entry.bump"),
    ("decision.py", "if entry.bump is level)", "if entry.bump)"),
    ("versions.py", "Version(of.major + 1, 0, 0)", "Version(of.major + 1, of.minor, 0)"),
    ("versions.py", "Version(of.major, of.minor + 1, 0)", "Version(of.major, of.minor + 1, of.patch)"),
    ("versions.py", "Version(of.major, of.minor, of.patch + 1)", "Version(of.major, of.minor, of.patch)"),
    ("versions.py", "after.major != before.major", "False"),
    ("versions.py", "after.minor != before.minor", "False"),
    # major version zero and the first version
    ("decision.py", "if zero and change.breaking is not None:", "if False:"),
    ("decision.py", "bump = choices.major_zero_breaking", "bump = Bump.MINOR"),
    ("decision.py", "bump = choices.major_zero_breaking", "bump = Bump.MAJOR"),
    ("decision.py", 'elif zero and change.type == "feat":', "elif False:"),
    ("decision.py", 'elif zero and change.type == "feat":', 'elif change.type == "feat":'),
    ("decision.py", "zero=before is not None and before.major == 0", "zero=True"),
    ("decision.py", "target, word = choices.first", "target, word = raised(choices.first, level)"),
    ("decision.py", "return bool(entries) if previous is None else", "return"),
    ("decision.py", "target = max(target, choices.minimum)", "pass"),
    ("decision.py", "target = max(target, choices.minimum)", "target = choices.minimum"),
    ("decision.py", "if not _counts(entries, previous):", "if not entries:"),
    ("decision.py", "word = bump_between(before, target).word", "pass"),
    ("options.py", '_release("first_version", given', 'Version(0, 1, 0) if given else ("first_version", given'),
    # tags
    ("decision.py", "if tag.reachable and not tag.version.prerelease]", "if not tag.version.prerelease]"),
    ("decision.py", "if tag.reachable and not tag.version.prerelease]", "if tag.reachable]"),
    ("decision.py", "key=lambda tag: (tag.version, tag.name)", "key=lambda tag: (str(tag.version), tag.name)"),
    ("decision.py", "return tuple(dict.fromkeys(same))", "return tuple(dict.fromkeys(same))[:1]"),
    ("decision.py", "if len(same) > 1:", "if False:"),
    ("decision.py", "if name.startswith(prefix) and", "if"),
    ("decision.py", "if not tag.reachable and takes(tag.version, found):", "if False:"),
    ("versions.py", "return standing.compare(found) == 0 or (", "return str(standing) == str(found) or ("),
    ("versions.py", "not standing.prerelease and core(standing) == core(found)", "False"),
    ("versions.py", "not standing.prerelease and core(standing) == core(found)", "core(standing) == core(found)"),
    ("decision.py", "while any(target.compare(claim) == 0 for claim in choices.claimed):", "while False:"),
    ("decision.py", "level if before is not None else Bump.MINOR", "level"),
    (
        "versions.py",
        "return Version.parse(text) if Version.is_valid(text) else None",
        "return Version.parse(text, optional_minor_and_patch=True) if text[:1].isdigit() else None",
    ),
    # merge and squash commits
    ("decision.py", 'if choices.merge_commits == "ignore":', "if False:"),
    ("decision.py", 'if choices.merge_commits == "ignore":', "if True:"),
    ("decision.py", 'if choices.merge_commits == "first_parent" else None', "if False else None"),
    (
        "decision.py",
        'below or (commit.message if choices.merge_commits == "first_parent" else "")',
        "below or commit.message",
    ),
    ("decision.py", 'below or (commit.message if choices.merge_commits == "first_parent" else "")', "below"),
    ("forges.py", "return rest.strip() if is_heading(heading) else message", "return message"),
    ("forges.py", "return rest.strip() if is_heading(heading) else message", "return rest.strip()"),
    *(("forges.py", line, "") for line in FORMS),
    ("decision.py", "doubts.append(", "(lambda text: None)("),
    ("decision.py", "        return below or commit.message\n", "        return commit.message\n"),
    ("decision.py", 'if choices.squash_commits == "list":', "if True:"),
    ("decision.py", 'if choices.squash_commits == "list":', "if False:"),
    ("commits.py", '"[*-] +', '"[*] +'),
    ("commits.py", '"[*-] +', '"[-] +'),
    ("commits.py", "if bullet and _HEADER.fullmatch", "if False and _HEADER.fullmatch"),
    ("commits.py", 'entries[-1] += f"\\n{line.strip()}"', "pass"),
    ("commits.py", "if heading == _GIT_SQUASH or", "if False and"),
    # pre-releases
    ("options.py", 'if fnmatchcase(branch or "", pattern)), None)', "if branch == pattern), None)"),
    ("options.py", 'if fnmatchcase(branch or "", pattern)), None)', "), None)"),
    ("options.py", "if not is_pre_release(identifier):", "if False:"),
    ("decision.py", "number = max(numbers, default=0) + 1", "number = max(numbers, default=-1) + 1"),
    ("decision.py", "number = max(numbers, default=0) + 1", "number = min(numbers, default=0) + 1"),
    ("decision.py", "if core(tag.version) == target and", "if"),
    ("decision.py", "return _Candidate(last.version, False)", "pass"),
    (
        "decision.py",
        "for entry in entries if entry.commit.id not in known], previous)",
        "for entry in entries], previous)",
    ),
    ("decision.py", "if all(found.compare(claim) != 0 for claim in choices.claimed):", "if True:"),
    ("decision.py", "max([target, *(core(tag.version) for tag in candidates)])", "target"),
    ("decision.py", "if tag.version.compare(found) >= 0:", "if False:"),
    ("versions.py", "if beginning == identifier and", "if"),
    # build metadata, OCI, paths, one history
    ("decision.py", "target.replace(build=choices.build_metadata) if choices.build_metadata else target", "target"),
    ("options.py", "if text and not is_build_metadata(text):", "if False:"),
    ("versions.py", "OCI_TAG_LENGTH = 128", "OCI_TAG_LENGTH = 127"),
    ("versions.py", "OCI_TAG_LENGTH = 128", "OCI_TAG_LENGTH = 129"),
    ("decision.py", "if not commit.inside or", "if"),
    ("options.py", 'or ".." in path.parts', ""),
    ("decision.py", "(1 if previous is None else 0)", "1"),
    ("decision.py", "(1 if previous is None else 0)", "0"),
    ("decision.py", "if len(roots) > (1 if previous is None else 0):", "if previous is not None and roots:"),
    ("decision.py", "if roots and strange and not", "if False and not"),
    ("decision.py", "and not set(names).intersection(tags_after(roots[0].id))", ""),
    ("decision.py", "if entry.change.breaking is None and mentions_breaking", "if mentions_breaking"),
]


@pytest.mark.parametrize(("file", "old", "new"), MUTANTS, ids=[f"{number}" for number in range(len(MUTANTS))])
def test_a_mutated_rule_fails_a_history(tmp_path: Path, file: str, old: str, new: str) -> None:
    with package(tmp_path, file, old, new) as mutant:
        assert failing(mutant), "every history still gets its answer"
