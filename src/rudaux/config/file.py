"""rudaux.toml as a file: where it is, its text, its TOML."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from rudaux.config.settings import FILE
from rudaux.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def find_course_folder(start: Path) -> Path:
    """Return the nearest folder, from `start` upwards, that holds a rudaux.toml (absolute)."""
    start = start.expanduser().resolve()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise ConfigError(
        f"there is no {FILE} in {start} or any folder above it: go to the course folder, name it "
        "with --dir, or start a new course with `rudaux new`."
    )


def parse(text: str, name: str = FILE) -> dict[str, Any]:
    """Parse TOML; raises `ConfigError` with the file's name and the line where it is malformed."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if conflict := re.search(r"^<{7} ", text, re.MULTILINE):
            line = text.count("\n", 0, conflict.start()) + 1
            raise ConfigError(
                f"{name} has an unresolved merge conflict (<<<<<<< in line {line}): keep one of "
                "the two versions that are there, and delete the lines that git added."
            ) from error
        raise ConfigError(f"{name} is not valid TOML: {error}.") from error


def read_text(file: Path) -> str:
    """Read the file; raises `ConfigError` saying what is wrong with it."""
    try:
        return file.read_text(encoding="utf-8-sig")  # as Windows' editors save it
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConfigError(
            f"there is no {FILE} in {file.parent}: name the course folder with --dir, or start a "
            "new course with `rudaux new`."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8 text: save it as UTF-8.") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from error
