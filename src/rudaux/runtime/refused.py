"""The error for what the system refuses while a box is made."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


class Refused(Exception):  # noqa: N818 - what the system said
    """The system refused a step of making a box."""

    def __init__(self, step: str, error: OSError) -> None:
        super().__init__(f"{step}: {error.strerror or error}")
        self.step, self.number = step, error.errno or 0


@contextmanager
def step(name: str) -> Generator[None]:
    """Raise a `Refused` that names the step if the system refuses it."""
    try:
        yield
    except OSError as error:
        raise Refused(name, error) from error
