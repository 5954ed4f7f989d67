"""The wheel and the sdist as somebody installs them, without the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

from rudaux import __version__

ROOT = Path(__file__).parents[2]
UV = str(Path(sys.executable).with_name("uv"))
EXTRAS = {"cluster", "demo", "dev", "docs", "hub", "postgres"}
PROGRAM = """\
from rudaux import Assignment, Course
course = Course("/srv/dsci100")
reveal_type(Assignment("homework_1", course=course).collect().grade().feedback().submit())
"""


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, timeout=240,
        env={**os.environ, **variables},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sources() -> set[str]:
    """The files of the package, as the checkout has them."""
    found = (p for p in ROOT.glob("src/rudaux/**/*") if p.is_file() and p.suffix != ".pyc")
    return {str(path.relative_to(ROOT / "src")) for path in found}


def content(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def unexpected(names: Iterable[str]) -> list[str]:
    good = re.compile(r"\.(py|typed|jinja|css|js|md|html)$")
    return [n for n in names if not good.search(n) or "__pycache__" in n or "test_" in n]


def test_wheel_and_sdist_hold_the_package_and_nothing_else(tmp_path: Path) -> None:
    run(UV, "build", "--quiet", "--out-dir", tmp_path / "by_sdist", ROOT, cwd=tmp_path)
    run(UV, "build", "--quiet", "--wheel", "--out-dir", tmp_path / "direct", ROOT, cwd=tmp_path)
    [wheel], [direct] = (list((tmp_path / f).glob("*.whl")) for f in ("by_sdist", "direct"))
    there = content(wheel)
    assert there == content(direct)

    package = {name for name in there if name.startswith("rudaux/")}
    assert package == sources()
    assert unexpected(package) == []
    about, data = f"rudaux-{__version__}.dist-info", f"rudaux-{__version__}.data/data"
    assert there.keys() - package == {
        f"{data}/share/man/man1/rudaux.1",
        *(f"{about}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")),
        f"{about}/licenses/LICENSE",
    }
    metadata = Parser().parsestr(there[f"{about}/METADATA"].decode())
    assert metadata["Version"] == __version__
    assert set(metadata.get_all("Provides-Extra", [])) == EXTRAS

    [sdist] = (tmp_path / "by_sdist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = {n.partition("/")[2] for n in archive.getnames()}
    assert files == {
        *(f"src/{name}" for name in package),
        *("CHANGELOG.md", "LICENSE", "README.md", "constraints.txt", "docs/rudaux.1"),
        *("pyproject.toml", "rudaux.toml.example", "PKG-INFO", ".gitignore"),
    }


def test_the_wheel_works_where_no_checkout_is(tmp_path: Path) -> None:
    run(UV, "build", "--quiet", "--wheel", "--out-dir", tmp_path, ROOT, cwd=tmp_path)
    [wheel] = tmp_path.glob("*.whl")
    tools = {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    run(UV, "tool", "install", "--quiet", "--python", sys.executable, wheel, cwd=tmp_path, **tools)
    rudaux, there = tmp_path / "bin" / "rudaux", tmp_path / "tools" / "rudaux"
    assert run(rudaux, "--version", cwd=tmp_path) == f"rudaux {__version__}\n"

    lines = run(rudaux, "--version", "-v", cwd=tmp_path).splitlines()
    assert [line.split()[0] for line in lines] == [
        "rudaux", "Python", "nbgrader", "engine", "sandbox",
    ]  # fmt: skip
    assert len({re.search(r"\s+", line).end() for line in lines if " " in line}) == 1  # type: ignore[union-attr]

    run(rudaux, "demo", "practice", "--dry-run", cwd=tmp_path)
    assert (there / "share/man/man1/rudaux.1").read_text() == (ROOT / "docs/rudaux.1").read_text()
    (tmp_path / "program.py").write_text(PROGRAM)
    python = there / "bin" / "python"
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python)]
    assert '"rudaux.api.Assignment"' in run(*mypy, "program.py", cwd=tmp_path)
