"""What goes out beside the code: the man page and the lock file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.manual import PAGE, manual

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "constraints.txt").read_text()


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_man_page_says_what_the_help_says() -> None:
    assert PAGE.read_text() == manual(), "run `python3 -m tests.packaging.manual`"


@pytest.mark.parametrize(
    "command",
    [["mandoc", "-Tlint"], ["groff", "-man", "-ww", "-z", "-Tutf8"]],
    ids=lambda command: command[0],
)
def test_the_man_page_is_well_formed(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([*command, PAGE], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")


def test_the_lock_file_names_all_that_an_installation_needs() -> None:
    locked = {plain(name) for name in re.findall(r"^([\w.-]+)==", LOCK, re.M)}
    needed = {plain(re.match(r"[\w.-]+", line)[0]) for line in PROJECT["dependencies"]}  # type: ignore[index]
    assert needed - locked == set(), "run `nox -s lock`"


def test_the_lock_file_has_a_hash_for_each_version_and_no_address() -> None:
    assert "://" not in LOCK
    entries = re.split(r"^(?=[a-z])", LOCK, flags=re.M)[1:]
    assert [e for e in entries if "==" not in e or "--hash=sha256:" not in e] == []
