"""Texts of rudaux.toml, right and wrong, and what reading them says."""

from __future__ import annotations

from pathlib import Path

import pytest

from rudaux.config import FILE, Config
from rudaux.config.reading import read
from rudaux.errors import ConfigError

MINIMAL = """
[course]
name = "dsci100"
timezone = "America/Vancouver"
[canvas]
url = "https://canvas.example.edu"
course_id = 12345
external_tool_name = "Jupyter"
[git]
instructor_repo = "git@github.com:org/dsci100-instructors.git"
student_repo = "https://github.com/org/dsci100"
[jupyterhub]
url = "https://hub.example.edu"
storage_path = "/tank/home/dsci100"
"""


def assignment(**changes: str) -> str:
    """One [[assignments]] table in TOML; a value of "" leaves the key out."""
    keys = {"name": '"homework_1"', "due": "2026-10-01T23:59:59", "points": "10", **changes}
    return "[[assignments]]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items() if v)


def parsed(text: str) -> Config:
    return read(Path("/course"), text)


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    assert caught.value.exit_code == 3
    return caught.value.mistakes


def only_mistake(text: str) -> str:
    found = mistakes(text)
    assert len(found) == 1, found
    return found[0]


def changed(key: str, value: str, table: str) -> str:
    """The minimal file with one key of one table set to other TOML."""
    before, _, after = MINIMAL.partition(f"[{table}]\n")
    body, bracket, rest = after.partition("\n[")
    kept = "\n".join(line for line in body.splitlines() if not line.startswith(f"{key} ="))
    return f"{before}[{table}]\n{key} = {value}\n{kept}{bracket}{rest}\n"


def course(folder: Path, text: str = MINIMAL + assignment()) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder
