"""The arrows of the architecture, read from every import, and what a quick start may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

from tests.imports import FILES, MODULES, SOURCE, between, circles, graph, imports, module, nodes
from tests.picture import PAGE, drawn

TOP = {"errors", "config"}
ARROWS: dict[str, set[str]] = {
    "domain": {"domain"},
    "errors": set(),
    "config": {"config", "domain", "errors"},
    "ports": {"ports", "domain", *TOP},
    "workflows": {"workflows", "domain", "ports", *TOP},
    "adapters": {"adapters", "domain", "ports", *TOP},
    "executors": {"executors", "runtime", "domain", "ports", *TOP},
    "runtime": {"runtime"},
    "wiring": {"adapters", "executors", "ports", *TOP},
    "cli": {"cli", "workflows", "domain", "ports", "wiring", "demo", *TOP},
    "api": {"cli", "workflows", "domain", "ports", "wiring", *TOP},
    "demo": {"demo", *TOP},
    "__main__": {"cli"},
    "late": set(),
}
"""What each part of rudaux may import; a part that is not there yet is asked when it is."""
PARTS = sorted({name.split(".")[0] for name in MODULES} - {""})
TRADES = ("release", "gradebook", "grading", "feedback")


def parts_used(path: Path) -> set[str]:
    """Return the top-level parts of rudaux that a file imports."""
    used = {name.split(".")[1] for name in imports(path) if name.startswith("rudaux.")}
    return used & {p.stem for p in SOURCE.iterdir() if p.stem != "__init__"}


def files(*layers: str) -> list[Path]:
    """Return the files of these layers."""
    found = [p for p in FILES if module(p).split(".")[0] in layers]
    assert found
    return found


@pytest.mark.parametrize("part", PARTS)
def test_arrows_point_inwards(part: str) -> None:
    wrong = {module(p): used for p in files(part) if (used := parts_used(p) - ARROWS[part])}
    assert wrong == {}


def test_no_module_is_part_of_a_circle() -> None:
    assert circles(graph()) == []


def test_nobody_inside_goes_through_the_door_for_users() -> None:
    for path in FILES:
        assert not {"rudaux.Course", "rudaux.Assignment"} & set(imports(path)), path


def test_one_system_knows_no_other() -> None:
    rooms = {m: m.split(".")[1] for m in MODULES if m.startswith("adapters.")}
    assert between(rooms) == set()


def test_wiring_goes_in_by_the_front_doors() -> None:
    wired = nodes(SOURCE / "wiring.py")
    asked = {str(n.module) for n in wired if isinstance(n, ast.ImportFrom)}
    rooms = {name for name in asked if name.startswith(("rudaux.adapters", "rudaux.executors"))}
    assert rooms
    assert {n for n in rooms - {"rudaux.executors"} if n.count(".") != 2} == set()


def test_the_trades_of_nbgrader_follow_one_another() -> None:
    home = "adapters.nbgrader."
    inside = {m: m.removeprefix(home).split(".")[0] for m in MODULES if m.startswith(home)}
    assert set(inside.values()) == {*TRADES, "grader", "settings", "files"}
    beneath = {
        **{trade: {"settings", "files", *TRADES[:n]} for n, trade in enumerate(TRADES)},
        "settings": set(),
        "files": set(),
        "grader": {"settings", "files", *TRADES},
    }
    wrong = {(one, other) for one, other in between(inside) if other not in beneath[one]}
    assert wrong == set()


def test_the_picture_in_the_documents_is_what_the_imports_are() -> None:
    page = PAGE.read_text()
    assert page.count("```mermaid") == 2
    assert page == drawn(page), "draw it again: python -m tests.picture"


def test_the_domain_needs_the_standard_library_alone_and_no_outside_world() -> None:
    forbidden = {"os", "io", "socket", "subprocess", "sqlite3", "time", "tempfile"}
    for path in files("domain"):
        roots = {name.split(".")[0] for name in imports(path)} - {"rudaux", "__future__"}
        assert roots <= sys.stdlib_module_names - forbidden, path
        names = {n.attr for n in nodes(path) if isinstance(n, ast.Attribute)}
        clock = {"now", "today", "utcnow"}
        disk = {"exists", "is_file", "is_dir", "open", "read_text", "write_text", "iterdir", "stat"}
        assert not names & (clock | disk), path


def test_what_runs_beside_students_code_needs_the_standard_library_and_jupyter_alone() -> None:
    jupyter = {"IPython", "ipykernel", "jupyter_client", "nbclient", "nbformat", "rudaux"}
    for path in files("runtime"):
        roots = {name.split(".")[0] for name in imports(path)}
        assert roots <= sys.stdlib_module_names | jupyter, path
        assert not any(name == "rudaux" for name in imports(path)), path


def test_only_executors_use_the_runtime() -> None:
    users = {module(p).split(".")[0] for p in FILES if "runtime" in parts_used(p)}
    assert users == {"executors", "runtime"}


@pytest.mark.parametrize("room", ["adapters", "executors"])
def test_only_wiring_imports_adapters_and_executors(room: str) -> None:
    users = {module(p).split(".")[0] for p in FILES if room in parts_used(p)}
    assert users <= {"wiring", room}


def test_only_the_view_draws_and_asks() -> None:
    users = {
        module(p) for p in FILES if {n.split(".")[0] for n in imports(p)} & {"rich", "questionary"}
    }
    assert users == {"cli.view", "cli.help", "cli.progress"}


def test_workflows_neither_print_nor_ask() -> None:
    for path in files("workflows", "domain"):
        called = {
            n.func.id
            for n in nodes(path)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert not called & {"print", "input", "exit"}, path


def test_files_stay_small_and_named_for_what_they_hold() -> None:
    for path in FILES:
        assert len(path.read_text().splitlines()) <= 400, path
        assert path.stem not in {"utils", "util", "helpers", "common", "misc", "manager"}, path
    assert median(len(path.read_text().splitlines()) for path in FILES) <= 120


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
