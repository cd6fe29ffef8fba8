"""python -m sandbox.aws --port PORT [--state-dir DIR] [--settings FILE]"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws", description="The sandbox's AWS, on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True, help="0 chooses a free one")
    parser.add_argument("--state-dir", type=Path, help="of snapshots and of the secret of control calls")
    parser.add_argument("--settings", type=Path, help="a JSON file in the form of /_sandbox/settings")
    arguments = parser.parse_args(argv)

    # Imported here so that --help answers at once; moto takes most of a second to import.
    from sandbox.aws.front import application
    from sandbox.aws.front.server import Server

    settings = (
        json.loads(arguments.settings.read_text()) if arguments.settings and arguments.settings.exists() else None
    )
    application.start(settings, arguments.state_dir)
    server = Server(arguments.port)
    print(f"sandbox.aws listens on http://127.0.0.1:{server.port}", flush=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
