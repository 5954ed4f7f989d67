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
        said = "; ".join(part for part in (str(error), _hint(text, error)) if part)
        raise ConfigError(f"{name} is not valid TOML: {said}.") from error


def _hint(text: str, error: Exception) -> str:
    """Return how the line should be written; it names the key and no value, which may be secret."""
    found = re.search(r"at line (\d+)", str(error))
    line = text.split("\n")[int(found[1]) - 1].strip() if found else ""
    key, _, value = (part.strip() for part in line.partition("="))
    if "twice" in str(error):
        return "it is there more than once: put its lines together"
    if line.count("[") != line.count("]") and line.startswith("["):
        return "close as many brackets as are opened, as in [[assignments]]"
    if not re.fullmatch(r"[\w-]+", key):
        return ""
    if value[:1].isdigit():
        return f"{key}: write a date as 2026-10-01T23:59:59, and a number as 10 or 2.5"
    if value.count('"') % 2 or value.count("'") % 2:
        return f"close the quotation mark of {key}"
    if re.match(r"[\w~/.]", value):
        return f"{key}: put text in quotation marks, and write true or false in lower case"
    return ""


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
