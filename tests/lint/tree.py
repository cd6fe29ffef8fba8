"""The files of the collection that the checks look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
ROLES = sorted(path.parent.parent.name for path in ROOT.glob("roles/*/meta/argument_specs.yml"))
PLAYS = sorted(path for path in ROOT.glob("*.yml") if ROOT.joinpath(f"{path.stem}.meta.yml").exists())
INVENTORIES = sorted(path for path in ROOT.glob("inventories/*") if path.is_dir())


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def task_files() -> list[Path]:
    """Every file that holds tasks: of roles, plays and scenarios."""
    return sorted(
        [
            *PLAYS,
            *ROOT.glob("roles/*/tasks/**/*.yml"),
            *ROOT.glob("roles/*/handlers/*.yml"),
            *ROOT.glob("molecule/*/*.yml"),
            *ROOT.glob("molecule/*/tasks/*.yml"),
        ]
    )


def tasks(data: Any) -> Iterator[dict[str, Any]]:
    """Every task in a file of tasks or plays, those in blocks too."""
    for entry in data if isinstance(data, list) else []:
        inner = [
            entry[key]
            for key in ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
            if key in entry
        ]
        if inner:
            for each in inner:
                yield from tasks(each)
        else:
            yield entry
