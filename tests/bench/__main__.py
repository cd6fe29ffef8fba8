"""`make bench`: the same platform three ways on the same emulator, whole processes, in paired runs.

(a) Slipway; (b) the same boxes by modules of amazon.aws and community.aws (`plain.yml`); (c) one process of bare boto3
that reads every field that Slipway manages (`floor.py`), on the platform that (a) made. Prints a table and writes
build/bench.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from sandbox import guard
from sandbox.aws.settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from sandbox.resources import resources
from sandbox.state import State, free_ports

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
INVENTORY = ["-i", "inventories/sandbox"]
TWO = HERE / "two_platforms.yml"


@dataclass
class Measure:
    """One process: wall and CPU seconds (with its children), peak memory of its largest process in MiB, AWS calls."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    calls: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.calls.values())


@dataclass
class Column:
    name: str
    first: list[Measure] = field(default_factory=list)
    unchanged: list[Measure] = field(default_factory=list)
    resources: dict[str, int] = field(default_factory=dict)


# A process begins with the peak memory of its parent: between this large one and what is measured stands a small one.
LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stderr=sys.stdout)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


class Bench:
    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self._control = requests.Session()
        self._control.headers.update(guard.bearer(secret))
        os.environ.update(
            AWS_ENDPOINT_URL=url,
            AWS_ACCESS_KEY_ID=ACCESS_KEY_ID,
            AWS_SECRET_ACCESS_KEY=SECRET_ACCESS_KEY,
            AWS_REGION="eu-west-1",
            AWS_DEFAULT_REGION="eu-west-1",
            AWS_EC2_METADATA_DISABLED="true",
            ANSIBLE_LOCALHOST_WARNING="false",
            ANSIBLE_DEPRECATION_WARNINGS="false",
        )

    def wait(self) -> None:
        """Until the emulator answers."""
        for _ in range(200):
            try:
                self._control.get(f"{self.url}/_sandbox/ready", timeout=5).raise_for_status()
                return
            except requests.RequestException:
                time.sleep(0.1)
        sys.exit("the emulator did not start within 20 s")

    def reset(self) -> None:
        self._control.post(f"{self.url}/_sandbox/reset", timeout=30).raise_for_status()
        settings = {"profile": "instant", "control_planes": False}
        self._control.put(f"{self.url}/_sandbox/settings", json=settings, timeout=30).raise_for_status()

    def run(self, *command: str) -> Measure:
        self._control.delete(f"{self.url}/_sandbox/writes", timeout=30).raise_for_status()
        with tempfile.TemporaryFile() as output:
            start = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", LAUNCHER, *command],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
            seconds = time.monotonic() - start
            if done.returncode != 0:
                output.seek(0)
                sys.exit(f"{' '.join(command)} failed:\n{output.read().decode()[-4000:]}")
        calls = self._control.get(f"{self.url}/_sandbox/writes?since=0", timeout=30).json()["calls"]
        cpu, peak_kib = map(float, done.stderr.split())
        return Measure(
            seconds,
            cpu,
            peak_kib / 1024,
            dict(Counter(f"{call['service']}:{call['operation']}" for call in calls)),
        )

    def counted(self) -> dict[str, int]:
        """How many of each kind of resource stand."""
        return {kind: len(found) for kind, found in _by_kind(resources(self.url)).items()}


def _by_kind(found: dict[str, Any]) -> dict[str, list[Any]]:
    kinds: dict[str, list[Any]] = {}
    for region in found.values():
        for kind, entries in region.items():
            kinds.setdefault(kind, []).extend(entries)
    return kinds


def measure(bench: Bench, runs: int, console: Console) -> dict[str, Column]:
    playbook = str(Path(sys.executable).parent / "ansible-playbook")
    slipway, plain, floor = Column("(a) Slipway"), Column("(b) plain modules"), Column("(c) bare boto3")
    two = Column("(a) two platforms, --forks 2")
    for number in range(1, runs + 1):
        bench.reset()
        slipway.first.append(bench.run(playbook, "site.yml", *INVENTORY))
        slipway.unchanged.append(bench.run(playbook, "site.yml", *INVENTORY))
        floor.unchanged.append(bench.run(sys.executable, str(HERE / "floor.py")))
        slipway.resources = bench.counted()
        bench.reset()
        plain.first.append(bench.run(playbook, str(HERE / "plain.yml"), "-i", "localhost,"))
        plain.unchanged.append(bench.run(playbook, str(HERE / "plain.yml"), "-i", "localhost,"))
        plain.resources = bench.counted()
        bench.reset()
        both = (playbook, "site.yml", *INVENTORY, "-i", str(TWO), "--forks", "2")
        two.first.append(bench.run(*both))
        two.unchanged.append(bench.run(*both))
        columns = (slipway, plain, floor, two)
        seconds = [f"{column.name} {column.unchanged[-1].seconds:.2f}" for column in columns]
        console.print(f"pair {number} of {runs}, seconds unchanged: {', '.join(seconds)}", highlight=False)
    return {"slipway": slipway, "plain": plain, "floor": floor, "two": two}


def _median(measures: list[Measure], name: str) -> float:
    return statistics.median(getattr(entry, name) for entry in measures)


def report(columns: dict[str, Column], console: Console) -> dict[str, float]:
    table = Table(title="Medians, whole processes")
    for heading in ("", "run", "seconds", "CPU s", "peak MiB", "AWS calls"):
        table.add_column(heading, justify="left" if heading in ("", "run") else "right")
    for column in columns.values():
        for name, measures in (("first", column.first), ("unchanged", column.unchanged)):
            if measures:
                table.add_row(
                    column.name,
                    name,
                    f"{_median(measures, 'seconds'):.2f}",
                    f"{_median(measures, 'cpu_seconds'):.2f}",
                    f"{_median(measures, 'peak_mib'):.0f}",
                    f"{_median(measures, 'total'):.0f}",
                )
    console.print(table)
    a, b, c, two = (columns[name] for name in ("slipway", "plain", "floor", "two"))
    figures = {
        "unchanged, (a) to (b), seconds": _median(a.unchanged, "seconds") / _median(b.unchanged, "seconds"),
        "first, (a) to (b), seconds": _median(a.first, "seconds") / _median(b.first, "seconds"),
        "unchanged, (a) to (c), seconds": _median(a.unchanged, "seconds") / _median(c.unchanged, "seconds"),
        "unchanged, (a) to (c), AWS calls": _median(a.unchanged, "total") / _median(c.unchanged, "total"),
        "2 x one platform / two platforms, unchanged": 2
        * _median(a.unchanged, "seconds")
        / _median(two.unchanged, "seconds"),
    }
    goals = Table(title="Figures")
    for heading in ("figure", "measured", "to reach"):
        goals.add_column(heading)
    for (name, value), goal in zip(
        figures.items(), ("at most 0.25", "at most 0.25", "at most 5", "at most 1.5", "at least 1.5"), strict=True
    ):
        goals.add_row(name, f"{value:.2f}", goal)
    console.print(goals)
    short = {kind: count for kind, count in b.resources.items() if count > a.resources.get(kind, 0)}
    console.print(f"resources of (b) that (a) lacks: {short or 'none'}")
    return figures


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=5, help="paired runs (default 5)")
    options = arguments.parse_args()
    console = Console()
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.aws", "--port", str(port), "--state-dir", folder], cwd=ROOT
        )
        bench = Bench(f"http://127.0.0.1:{port}", State(Path(folder)).secret())
        try:
            bench.wait()
            columns = measure(bench, options.runs, console)
        finally:
            process.terminate()
            process.wait(20)
    figures = report(columns, console)
    target = ROOT / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    temporary = target.with_suffix(".new")
    data = {"figures": figures, **{name: asdict(column) for name, column in columns.items()}}
    temporary.write_text(json.dumps(data, indent=2) + "\n")
    temporary.rename(target)


if __name__ == "__main__":
    main()
