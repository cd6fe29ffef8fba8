"""Histories as lists of steps, and two ways to tell their version: from the pure model, and from a real repository.

The steps of a history, oldest first:
  "feat: text"                  a commit on the current branch; `<3>` is the hash of the third, `<3:7>` its beginning
  {commit: "...", in: a/b}      the same, changing the file a/b
  {tag: v1.0.0}                 a tag on the current commit
  {branch: side}                a branch made here, and switched to; {switch: main} goes back
  {merge: side, message: "..."} a merge of a branch into the current one
  {orphan: other}               a branch without history, switched to
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

Step = str | Mapping[str, str]
HISTORIES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "semver_histories.yml").read_text())


@dataclass(frozen=True)
class Node:
    id: str
    parents: tuple[str, ...]
    message: str
    path: str


@dataclass
class Graph:
    """What the steps make, in the order in which they make it."""

    nodes: list[Node] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    branch: str = "main"

    @property
    def head(self) -> str:
        return self.branches[self.branch]

    def before(self, commit: str) -> set[str]:
        """A commit and all that it contains."""
        parents = {node.id: node.parents for node in self.nodes}
        found: set[str] = set()
        left = [commit]
        while left:
            one = left.pop()
            if one not in found:
                found.add(one)
                left.extend(parents[one])
        return found


Commit = Callable[[Node, str], str]
"""Makes a commit (without id) on a branch and returns its hash."""


def invented(node: Node, branch: str) -> str:
    return hashlib.sha1(repr((node, branch)).encode()).hexdigest()


def build(steps: Sequence[Step], commit: Commit = invented) -> Graph:
    graph = Graph()
    for number, step in enumerate(steps):
        entry = {"commit": step} if isinstance(step, str) else step
        match entry:
            case {"commit": message}:
                parents = (graph.head,) if graph.branch in graph.branches else ()
                _add(graph, commit, parents, message, entry.get("in", f"file{number}"))
            case {"merge": other, "message": message}:
                _add(graph, commit, (graph.head, graph.branches[other]), message, entry.get("in", f"merged{number}"))
            case {"tag": name}:
                graph.tags[name] = graph.head
            case {"branch": name}:
                graph.branches[name] = graph.head
                graph.branch = name
            case {"switch": name} | {"orphan": name}:
                graph.branch = name
            case _:
                raise ValueError(f"unknown step: {step}")
    return graph


def _add(graph: Graph, commit: Commit, parents: tuple[str, ...], message: str, path: str) -> None:
    text = re.sub(r"<(\d+)>", lambda found: graph.nodes[int(found[1]) - 1].id, message)
    text = re.sub(r"<(\d+):(\d+)>", lambda found: graph.nodes[int(found[1]) - 1].id[: int(found[2])], text)
    node = Node("", parents, text, path)
    identifier = commit(node, graph.branch)
    graph.nodes.append(Node(identifier, parents, text, path))
    graph.branches[graph.branch] = identifier


def decided(package: ModuleType, graph: Graph, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the pure model of a package says to a graph: version, bump and why, or the sentence that refuses it."""
    plan, decision = package.plan, package.decision
    try:
        spec = package.options.parse({"repository": "/nowhere", **options})
        contained = graph.before(graph.head)
        tags = decision.tags_of(spec.prefix, graph.tags, [n for n, c in graph.tags.items() if c in contained])
        standing = decision.Standing(spec.prefix, graph.head, tags)
        standing.check()
        known = set().union(*(graph.before(commit) for commit in standing.base))
        commits = [
            package.commits.Commit(node.id, node.parents, node.message, _inside(node, spec.paths))
            for node in reversed(graph.nodes)
            if node.id in contained - known
        ]
        decision.check_history(
            standing, commits, (), lambda root: [n for n, c in graph.tags.items() if root in graph.before(c)]
        )
        found = decision.decide(standing, commits, spec.choices, spec.choices.identifier(spec.branch or graph.branch))
    except (plan.Refusal, plan.Impossible) as refused:
        return {"refused": str(refused)}
    return {
        "version": None if found.version is None else str(found.version),
        "previous": None if found.previous is None else str(found.previous),
        "bump": found.bump,
        "due": found.due,
        "decided_by": [entry.commit.header for entry in found.decided_by],
        "warnings": len(found.warnings),
    }


def _inside(node: Node, paths: Sequence[str]) -> bool:
    return not paths or any(node.path == path or node.path.startswith(f"{path}/") for path in paths)


def differences(answer: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer gives instead of what is expected."""
    if "refused" in expected:
        sentence = answer.get("refused", "")
        return {} if expected["refused"] in sentence else {"refused": sentence or dict(answer)}
    return {key: answer.get(key, dict(answer)) for key, value in expected.items() if answer.get(key) != value}


def make_repository(folder: Path, steps: Sequence[Step]) -> Graph:
    """A real repository of the steps, with a clean tree; it is made by git's fast-import, one process."""
    git(folder, "init", "--quiet", "--initial-branch=main", ".")
    marks: dict[str, int] = {}
    with subprocess.Popen(
        ["git", "-C", str(folder), "fast-import", "--quiet", "--cat-blob-fd=1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def commit(node: Node, branch: str) -> str:
            number = len(marks) + 1
            lines = [f"commit refs/heads/{branch}", f"mark :{number}"]
            lines.append(f"committer Somebody <somebody@localhost> {1700000000 + number} +0000")
            lines += [f"data {len(node.message.encode())}", node.message]
            lines += [f"{'merge' if n else 'from'} :{marks[parent]}" for n, parent in enumerate(node.parents)]
            lines += [
                f"M 100644 inline {node.path}",
                f"data {len(str(number))}",
                str(number),
                "",
                f"get-mark :{number}",
                "",
            ]
            process.stdin.write("\n".join(lines).encode())
            process.stdin.flush()
            identifier = process.stdout.readline().decode().strip()
            marks[identifier] = number
            return identifier

        graph = build(steps, commit)
        for name, target in graph.tags.items():
            process.stdin.write(f"reset refs/tags/{name}\nfrom :{marks[target]}\n\n".encode())
        process.stdin.close()
    assert process.returncode == 0
    git(folder, "symbolic-ref", "HEAD", f"refs/heads/{graph.branch}")
    git(folder, "reset", "--quiet", "--hard")
    return graph


def git(folder: Path, *arguments: str, **environment: str) -> str:
    """Plain git, as a witness."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()
