"""Files that a command writes where a person may have one already."""

from __future__ import annotations

from pathlib import Path

from rudaux.config.private import create_file, set_aside
from rudaux.errors import ConfigError


def write_keeping(file: Path, text: str, private: bool = False) -> Path | None:
    """Write the file whole or not at all; return where an old one went.

    `private`: only this account may read them.

    Raises `ConfigError` where it cannot be written.
    """
    fresh, kept = file.with_name(f".{file.name}.new"), None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if private:
            for path in (fresh, *([file] if file.exists() else ())):
                create_file(path)
        fresh.write_text(text, encoding="utf-8", newline="")
        if file.exists():
            kept = set_aside(file)
        fresh.replace(file)
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written ({error.strerror}): check who owns its folder, and the disk."
        ) from error
    return kept
