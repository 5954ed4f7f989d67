"""Checks and shows: `nox -s tests | lint | types | docs | demo | hub | chaos | bench | mutants`.

`nox -s lock` renews constraints.txt, `nox -s pictures` the pictures in docs/pictures.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import nox

# uv installs no bytecode. Where Python must not write it either, as in many images, each of the
# hundreds of processes that tests start compiles what it imports: two seconds for nbgrader's.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests", "lint", "types", "docs"]


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests against real nbgrader, git and cron; arguments go to pytest."""
    session.install("-e", ".[dev]")
    count = str(max(2, os.cpu_count() or 2))
    # Neighbouring tests share slow fixtures: a worker takes a stretch of them, then steals work.
    workers = [] if "-n" in session.posargs else ["-n", count, "--dist", "worksteal"]
    session.run("pytest", *workers, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install("ruff>=0.6")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site in the folder `site`; a broken link or anchor is an error."""
    session.install("-e", ".[docs]")
    session.run("sphinx-build", "-E", "-W", "--keep-going", "-n", "-b", "html", "docs", "site")


@nox.session
def pictures(session: nox.Session) -> None:
    """Take the pictures of terminal and browser anew, from one practice course."""
    session.install("-e", ".[dev]", "pyte>=0.8.2")
    session.run("python", "-m", "tests.pictures")


@nox.session
def demo(session: nox.Session) -> None:
    """Build a practice course and run it from init to grades."""
    session.install("-e", ".[demo]")
    session.run(
        "rudaux", "demo", "--no-prompt", session.create_tmp() + "/practice", *session.posargs
    )


@nox.session
def hub(session: nox.Session) -> None:
    """Launch assignments on a real JupyterHub, answer them there and grade them."""
    session.install("-e", ".[dev]")
    session.run("pytest", "tests/demo/test_hub.py", *session.posargs)


@nox.session
def chaos(session: nox.Session) -> None:
    """Inject faults into Canvas and kill rudaux two hundred times; every end must be the same."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "tests.chaos", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Print how rudaux compares with doing without it, each pair measured in one run."""
    session.install("-e", ".[dev]")
    for script in sorted(Path("tests/bench").glob("[a-z]*.py")):
        session.run("python", "-m", f"tests.bench.{script.stem}")


@nox.session
def lock(session: nox.Session) -> None:
    """Renew constraints.txt: the newest versions that go together, with their hashes."""
    session.install("uv>=0.5")
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.10"),
        *("--generate-hashes", "--upgrade", "--no-header", "--no-annotate", "--quiet"),
        *("--output-file", "constraints.txt", *session.posargs),
    )


@nox.session
def mutants(session: nox.Session) -> None:
    """Invert the rules of the domain one at a time; the tests must notice 95 of 100."""
    session.install("-e", ".[dev]", "mutmut>=3.8")
    session.run("mutmut", "run", *session.posargs)
    session.run("mutmut", "results")
    session.run("mutmut", "export-cicd-stats", silent=True)
    counts = json.loads(Path("mutants/mutmut-cicd-stats.json").read_text())
    caught = (counts["killed"] + counts["timeout"]) / counts["total"]
    session.log(f"{caught:.1%} of {counts['total']} mutants caught")
    if caught < 0.95:
        session.error("under 95 %: each survivor above is a rule that no test holds")
