"""The Canvas access token: from the environment, or from a file that only its owner can read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from rudaux.config.private import exists
from rudaux.config.settings import FILE, Config, NotifySettings, private_folder
from rudaux.errors import ConfigError


def saved_token_file(config: Config) -> Path:
    """Return the file in which `schedule install --save-token` keeps the token."""
    return config.private / "canvas-token"


def has_token(config: Config) -> bool:
    """Return whether there is an access token at all, even in a file that others can read."""
    files = (config.canvas.token_file, saved_token_file(config))
    there = any(file is not None and exists(file) for file in files)
    return there or bool(os.environ.get(config.canvas.token_env, "").strip())


def read_token(config: Config, environment: Mapping[str, str] | None = None) -> str:
    """Return the Canvas access token, from the environment or a file that only its owner can read.

    Raises `ConfigError` that says where to make one and where to put it. `environment` replaces
    this process's own.
    """
    canvas = config.canvas
    variables = os.environ if environment is None else environment
    token = variables.get(canvas.token_env, "").strip()
    if token:
        return _checked(token, f"the environment variable {canvas.token_env}")
    for file in (canvas.token_file, saved_token_file(config)):
        if file is not None and exists(file):
            return _checked(
                read_private(file, "the Canvas token file"), f"the Canvas token file {file}"
            )
    named = f"the environment variable {canvas.token_env} is not set"
    if canvas.token_file is not None:
        named += f" and {canvas.token_file} does not exist"
    raise ConfigError(
        f"there is no Canvas access token: {named}. Make one in Canvas ({canvas.url}/profile/"
        f"settings, New Access Token), then `export {canvas.token_env}=...`, or save it in a file "
        f"and name that file in {FILE} as canvas.token_file."
    )


def save_token(config: Config) -> Path:
    """Save the token where cron finds it, readable by its owner alone; return the file's path."""
    token, file = read_token(config), saved_token_file(config)
    private_folder(config)
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(token + "\n")
    return file


def read_private(file: Path, what: str) -> str:
    """Return the text of a file that holds secrets; raises `ConfigError` where others can read it.

    `what` names it in a sentence, such as "the Canvas token file".
    """
    try:
        mode = file.stat().st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise ConfigError(f"other accounts can read {what} {file}: run `chmod 600 {file}`.")
        return file.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise ConfigError(f"{what} {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        # Not chained: the error carries what was read, which may hold a token.
        raise ConfigError(f"{what} {file} is not a text file.") from None


def read_addresses(settings: NotifySettings) -> tuple[str, ...]:
    """Return the addresses for messages, which hold secrets; raises `ConfigError` if none."""
    content = read_private(settings.urls_file, "the file of addresses (notify.urls_file)")
    lines = [line.strip() for line in content.splitlines()]
    found = tuple(line for line in lines if line and not line.startswith("#"))
    if not found:
        raise ConfigError(
            f"{settings.urls_file} (notify.urls_file) has no addresses: write one per line, such "
            "as mailto://...; https://appriseit.com lists the kinds."
        )
    return found


def _checked(token: str, place: str) -> str:
    """Refuse what an HTTP header cannot hold: blanks, line ends, letters like é."""
    if not re.fullmatch(r"[!-~]+", token):
        raise ConfigError(f"{place} should hold the Canvas access token and nothing else.")
    return token
