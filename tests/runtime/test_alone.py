"""The runtime where there is nothing of rudaux and of what it depends on but a Jupyter kernel."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import venv
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import rudaux.runtime
from rudaux.runtime import sent
from tests.executors.notebooks import notebook

PACKAGE = Path(rudaux.runtime.__file__).parent
MODULES = sorted(file.stem for file in PACKAGE.glob("*.py"))
LIMITS = {"cell_timeout": 30, "timeout": 60, "memory": 1 << 30, "tasks": None}


def required(*names: str) -> list[metadata.Distribution]:
    """Return these installed distributions, and all that they depend on."""
    todo, found = list(names), {}
    while todo:
        distribution = metadata.distribution(todo.pop())
        if distribution.name not in found:
            found[distribution.name] = distribution
            needs = map(Requirement, distribution.requires or ())
            todo += [n.name for n in needs if not n.marker or n.marker.evaluate({"extra": ""})]
    return list(found.values())


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an environment with ipykernel, nbclient and what these need; return its Python."""
    folder = tmp_path_factory.mktemp("alone") / "venv"
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for distribution in required("ipykernel", "nbclient"):
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        for top in tops:
            (packages / top).symlink_to(str(distribution.locate_file(top)))
    return folder / "bin" / "python"


def run(python: Path, *arguments: str, data: bytes = b"") -> str:
    done = subprocess.run(
        [python, "-I", *arguments], input=data, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_the_environment_lacks_what_rudaux_itself_needs(python: Path) -> None:
    look = "from importlib.util import find_spec; print([n for n in NAMES if find_spec(n)])"
    names = ["nbgrader", "httpx", "docker", "git", "sqlalchemy", "rich", "typer", "rudaux"]
    assert run(python, "-c", look.replace("NAMES", repr(names))) == "[]\n"


def test_every_module_can_be_imported(python: Path, tmp_path: Path) -> None:
    (tmp_path / "rudaux").mkdir()
    (tmp_path / "rudaux" / "__init__.py").touch()
    (tmp_path / "rudaux" / "runtime").symlink_to(PACKAGE)
    assert {"supervisor", "runner", "server", "inside"} <= set(MODULES)
    script = f"import sys; sys.path.append({str(tmp_path)!r}); import importlib as i; " + "; ".join(
        f"i.import_module('rudaux.runtime.{name}')" for name in MODULES
    )
    run(python, "-c", script)


def test_the_whole_package_is_sent_into_a_box() -> None:
    assert set(sent.modules()) == {
        "rudaux.runtime" if name == "__init__" else f"rudaux.runtime.{name}" for name in MODULES
    }


def test_a_submission_is_run_by_what_was_sent(
    python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebooks = json.dumps({"a.ipynb": notebook("print(open('x').read())", "1 / 0")}).encode()
    request = {
        "modules": sent.modules(),
        "limits": LIMITS,
        "kernels": {"a.ipynb": "python3"},
        "notebooks": len(notebooks),
    }
    head = json.dumps(request).encode()
    said = run(python, "-c", sent.program(), data=b"%16d" % len(head) + head + notebooks + files())
    reports = [json.loads(line) for line in said.splitlines()]
    assert [r["cell"][2][0].get("text") for r in reports if "cell" in r] == ["data\n", None]
    assert reports[-1]["verdict"] == "ok", reports[-1]
    assert list(tmp_path.iterdir()) == []


def files() -> bytes:
    """Pack what stands beside the notebooks."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w|") as tar:
        entry = tarfile.TarInfo("x")
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"data"))
    return packed.getvalue()
