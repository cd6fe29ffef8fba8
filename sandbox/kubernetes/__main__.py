"""python -m sandbox.kubernetes --aws URL --state-dir DIR --port PORT"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from sandbox.kubernetes.agent import Agent, Emulator
from sandbox.kubernetes.server import serve
from sandbox.state import State


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.kubernetes", description="Control planes for the sandbox's clusters."
    )
    parser.add_argument("--aws", required=True, help="URL of the emulator")
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True, help="of the token webhook, on 127.0.0.1")
    arguments = parser.parse_args()
    state = State(arguments.state_dir.absolute())
    agent = Agent(Emulator(arguments.aws, state.secret()), state, f"http://127.0.0.1:{arguments.port}")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())
    server = serve(arguments.port, agent.admits, agent.routes)
    agent.run()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
