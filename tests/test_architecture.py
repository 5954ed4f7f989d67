"""The arrows of the architecture, read from every import, and what a quick start may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "rudaux"
FILES = sorted(SOURCE.rglob("*.py"))
TOP = {"errors", "config"}


def module(path: Path) -> str:
    """Give a file's module name inside rudaux: "workflows.init"."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(p for p in parts if p != "__init__")


def imports(path: Path) -> Iterator[str]:
    """Give every imported module, also inside functions; `from a import b` is a and a.b."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts_used(path: Path) -> set[str]:
    """Give the top-level parts of rudaux that a file imports."""
    used = {name.split(".")[1] for name in imports(path) if name.startswith("rudaux.")}
    return used & {p.stem for p in SOURCE.iterdir() if p.stem != "__init__"}


def files(*layers: str) -> list[Path]:
    """Give the files of these layers."""
    found = [p for p in FILES if module(p).split(".")[0] in layers]
    assert found
    return found


@pytest.mark.parametrize(
    ("layer", "allowed"),
    [
        ("domain", {"domain"}),
        ("errors", set()),
        ("ports", {"domain", "config", "errors"}),
        ("workflows", {"workflows", "domain", "ports", *TOP}),
        ("adapters", {"adapters", "domain", "ports", *TOP}),
        ("wiring", {"adapters", "ports", *TOP}),
        ("cli", {"cli", "workflows", "domain", "ports", "wiring", "demo", *TOP}),
        ("api", {"cli", "workflows", "domain", "ports", "wiring", *TOP}),
    ],
)
def test_arrows_point_inwards(layer: str, allowed: set[str]) -> None:
    wrong = {module(p): used for p in files(layer) if (used := parts_used(p) - allowed)}
    assert wrong == {}


def test_the_domain_needs_the_standard_library_alone_and_no_outside_world() -> None:
    forbidden = {"os", "io", "socket", "subprocess", "sqlite3", "time", "tempfile"}
    for path in files("domain"):
        roots = {name.split(".")[0] for name in imports(path)} - {"rudaux", "__future__"}
        assert roots <= sys.stdlib_module_names - forbidden, path
        names = {
            n.attr for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Attribute)
        }
        clock = {"now", "today", "utcnow"}
        disk = {"exists", "is_file", "is_dir", "open", "read_text", "write_text", "iterdir", "stat"}
        assert not names & (clock | disk), path


def test_only_wiring_imports_adapters() -> None:
    users = {module(p) for p in FILES if "adapters" in parts_used(p)}
    assert {m for m in users if not m.startswith("adapters.")} <= {"wiring", "adapters"}


def test_only_the_view_draws_and_asks() -> None:
    users = {
        module(p) for p in FILES if {n.split(".")[0] for n in imports(p)} & {"rich", "questionary"}
    }
    assert users == {"cli.view"}


def test_workflows_neither_print_nor_ask() -> None:
    for path in files("workflows", "domain"):
        called = {
            n.func.id
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert not called & {"print", "input", "exit"}, path


def test_files_stay_small_and_named_for_what_they_hold() -> None:
    for path in FILES:
        assert len(path.read_text().splitlines()) <= 400, path
        assert path.stem not in {"utils", "util", "helpers", "common", "misc", "manager"}, path


@pytest.mark.parametrize(
    "statement", ["import rudaux.cli.app", "import rudaux", "from rudaux.cli import completion"]
)
def test_starting_up_imports_nothing_heavy(statement: str) -> None:
    heavy = {"nbgrader", "docker", "git", "httpx", "sqlalchemy", "nbformat", "rich", "questionary"}
    script = f"import sys; {statement}; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
