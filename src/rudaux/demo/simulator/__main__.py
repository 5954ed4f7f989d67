"""Serve a practice Canvas from a file: python -m rudaux.demo.simulator --state FILE --port N"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from rudaux.demo.simulator.server import serve
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Switches


def main() -> int:
    """Serve until interrupted or terminated, saving the world after each change."""
    parser = argparse.ArgumentParser(prog="python -m rudaux.demo.simulator")
    parser.add_argument("--state", type=Path, required=True, help="JSON file of a saved world")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (0: a free one)")
    parser.add_argument("--upload-mode", choices=("local", "instfs"), default="local")
    parser.add_argument("--tool-answers", action="store_true", help="offer to open the tool")
    options = parser.parse_args()
    try:
        world = World.load(options.state)
    except (OSError, ValueError) as error:
        parser.error(f"cannot read {options.state}: {error}")
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    switches = Switches(
        upload_mode=options.upload_mode, job_seconds=5.0, tool_answers=options.tool_answers
    )
    try:
        with serve(world, switches, options.port, lambda: world.save(options.state)) as simulator:
            sys.stdout.write(f"{simulator.url}\n")
            sys.stdout.flush()
            stop.wait()
    except OSError as error:
        parser.error(f"cannot serve on port {options.port}: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
