"""How long `rudaux --help` and a TAB take, as multiples of a Python that does nothing.

    python tests/bench/startup.py [RUNS]

The fastest of RUNS (default 10) is what the machine can do; the rest is its other work.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUDAUX = str(Path(sys.executable).with_name("rudaux"))
EXAMPLE = Path(__file__).parents[2] / "rudaux.toml.example"


def seconds(command: list[str], folder: str, runs: int, **variables: str) -> float:
    """Return the fastest of `runs`, in seconds."""
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(
            command, cwd=folder, env={**os.environ, **variables}, check=True, capture_output=True
        )
        best = min(best, time.perf_counter() - start)
    return best


def complete_bash(line: str) -> dict[str, str]:
    """Return the variables with which bash asks for completions of the last word."""
    last = str(len(line.split(" ")) - 1)
    return {"_RUDAUX_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": last}


def complete_zsh(line: str) -> dict[str, str]:
    """Return the variables with which zsh asks for completions of the last word."""
    return {"_RUDAUX_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}


def main() -> None:
    """Print one line per case: seconds, and times the empty Python."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rudaux.toml").write_text(EXAMPLE.read_text())
        nothing = seconds([sys.executable, "-c", "pass"], folder, runs)
        cases = {
            "python -c pass": nothing,
            "rudaux --version": seconds([RUDAUX, "--version"], folder, runs),
            "rudaux --help": seconds([RUDAUX, "--help"], folder, runs),
            "rudaux grade --help": seconds([RUDAUX, "grade", "--help"], folder, runs),
        }
        for line in ("rudaux grade hom", "rudaux git release hom", "rudaux "):
            cases[f"bash: {line}<TAB>"] = seconds([RUDAUX], folder, runs, **complete_bash(line))
            cases[f"zsh: {line}<TAB>"] = seconds([RUDAUX], folder, runs, **complete_zsh(line))
    for name, taken in cases.items():
        sys.stdout.write(f"{name:<34} {taken:6.3f} s {taken / nothing:6.1f} x\n")


if __name__ == "__main__":
    main()
