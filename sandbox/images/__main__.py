"""Lays out what image.yml takes, beside other programs: its progress on stderr, its outcome on stdout.

The outcome is a line of JSON: `stands`, false on a machine that cannot make images, and `error`, a sentence or null.
Then it measures what the closing screen compares with.
"""

from __future__ import annotations

import contextlib
import json
import sys

from sandbox import tools
from sandbox.images import base_image, one_stage, place
from sandbox.state import State


def say(text: str) -> None:
    print(f"[beside it] {text.strip()}", file=sys.stderr, flush=True)


def main() -> None:
    stands, error = False, None
    try:
        stands = place.prepare(State.here(), say)
    except (tools.ToolError, base_image.BaseImageError, OSError) as caught:
        error = str(caught)
    print(json.dumps({"stands": stands, "error": error}), flush=True)
    if stands:
        one_stage.size(say=say)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):  # which is told by whoever started this
        main()
