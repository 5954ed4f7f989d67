"""The source of this package, for a box that has no rudaux in it."""

from __future__ import annotations

from importlib import resources


def program() -> str:
    """Return the program that the box's Python starts with, which reads the rest as a request."""
    return resources.files(__package__).joinpath("inside.py").read_text("utf-8")


def modules() -> dict[str, str]:
    """Return the source of every module of this package, by its full name."""
    files = [file for file in resources.files(__package__).iterdir() if file.name.endswith(".py")]
    return {_name(file.name): file.read_text("utf-8") for file in files}


def _name(file: str) -> str:
    return f"{__package__}.{file.removesuffix('.py')}".removesuffix(".__init__")
