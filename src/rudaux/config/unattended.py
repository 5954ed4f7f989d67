"""What values about unattended runs may be: durations, commands, where zfs is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from rudaux.config.checking import Wrong, one_of, shown, text
from rudaux.config.settings import seconds

T = TypeVar("T", bound=str)


def duration(low: str, high: str) -> Callable[[object], str]:
    """Return a reader of durations with a unit; a bare number means seconds, as in [grading]."""

    def convert(value: object) -> str:
        given = f"{value}s" if isinstance(value, int) and not isinstance(value, bool) else value
        match = re.fullmatch(r"(\d{1,7})([smh])", given) if isinstance(given, str) else None
        if not match or not seconds(low) <= seconds(match[0]) <= seconds(high):
            raise Wrong(f'should be a duration from "{low}" to "{high}", such as "30m" or "6h"')
        return match[0]

    return convert


def some_of(*choices: T) -> Callable[[object], tuple[T, ...]]:
    """Return a reader of lists of some of a few words."""

    def convert(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise Wrong(
                f'should be a list such as ["{choices[0]}"], of any of {", ".join(choices)}'
            )
        for word in value:
            if word not in choices:
                raise Wrong(f"contains {shown(word)}; each should be one of {', '.join(choices)}")
        return tuple(one_of(*choices)(word) for word in value)

    return convert


def command(value: object) -> tuple[str, ...]:
    """Read a program and its arguments, one of which contains {name}."""
    words = value if isinstance(value, list) else []
    if not words or not all(isinstance(w, str) and w and "\0" not in w for w in words):
        raise Wrong(
            'should be "zfs", or a program and its arguments, such as ["take-snapshot", "{name}"]'
        )
    if not any("{name}" in word for word in words[1:]):
        raise Wrong("should contain {name}, the snapshot's name, in one of its arguments")
    return tuple(words)


def dataset(value: object) -> str:
    """Read the name of a ZFS dataset."""
    name = text(value)
    if not re.fullmatch(r"[A-Za-z0-9][\w.: -]*(/[\w.: -]+)*", name):
        raise Wrong('should be a ZFS dataset, such as "tank/home/dsci100"')
    return name


def ssh_host(value: object) -> str:
    """Read where ssh connects to: a host, or an account on it."""
    name = text(value)
    if not re.fullmatch(r"([A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9][\w.:-]*", name):
        raise Wrong('should be a host for ssh, such as "rudaux@files.example.edu"')
    return name
