"""One table of rudaux.toml, read key by key; its mistakes are collected and raised together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from rudaux.config import checking as values
from rudaux.config.checking import Wrong
from rudaux.config.extends import Content, Place
from rudaux.config.settings import FILE

T = TypeVar("T")
D = TypeVar("D")

_SECRET_KEY = re.compile(r"(?i).*(token|secret|password|passwd|api_?key|credentials?)")


class Table:
    """One table of the file; a mistake is noted, and reading goes on.

    After a mistake, what a method returns only lets the reading go on: `read` raises in the end.
    """

    def __init__(
        self, where: str, content: Mapping[str, Any], mistakes: list[str], note: str = ""
    ) -> None:
        self.where = where
        self.content = content
        self.mistakes = mistakes
        self.note = note
        self._known: dict[str, Table | None] = {}
        self._missing: dict[str, str] = {}

    def required(self, key: str, convert: Callable[[object], T], example: str) -> T:
        """Read a key that must be there; `example` is TOML."""
        if key in self.content:
            return self.optional(key, convert, cast(T, None))
        self._known[key] = None
        self.say(f"{self._path(key)} is missing: add {key} = {example} to {self._header()}", key)
        self._missing[key] = self.mistakes[-1]
        return cast(T, None)

    def optional(self, key: str, convert: Callable[[object], T], default: D) -> T | D:
        """Read a key that may be left out."""
        self._known[key] = None
        if key not in self.content:
            return default
        try:
            return convert(self.content[key])
        except Wrong as error:
            self.wrong(key, str(error))
            return default

    def replaced(self, key: str, now: str) -> None:
        """Refuse a key that has been replaced by another; `now` is what to write."""
        if key in self.content:
            self._known[key] = None
            self.say(f"{self._path(key)} has been replaced: write {now} instead", key)

    def table(self, key: str) -> Table:
        """Read a table inside this one; a missing table is an empty one."""
        content = self.content.get(key, {})
        if not isinstance(content, dict):
            self.wrong(key, f"should be a table: [{self._path(key)}]")
            content = {}
        inner = Table(self._path(key), content, self.mistakes)
        self._known[key] = inner
        return inner

    def tables(self, key: str) -> list[Table]:
        """Read an array of tables, counted from 1 as people do."""
        self._known[key] = None
        rows = self.content.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.wrong(key, f"should be written as [[{key}]], in double brackets, once per entry")
            return []
        numbers = enumerate(rows, 1)
        return [
            Table(_where(row, f"{key}[{n}]"), row, self.mistakes, _note(row)) for n, row in numbers
        ]

    def wrong(self, key: str, right: str) -> None:
        """Note that a value is wrong, and what would be right."""
        shown = values.shown(self.content.get(key))
        self.say(f"{self._path(key)} = {shown}{self.note}: {right}", key)

    def say(self, mistake: str, key: str = "") -> None:
        """Note a mistake, under the name of the file that has the key, or else the table."""
        place = self.place(key)
        self.mistakes.append(f"{place.layer.name if place else FILE}: {mistake}")

    def place(self, key: str = "") -> Place | None:
        """Return where a key is, or else the table; None where there is only one file."""
        if not isinstance(self.content, Content):
            return None
        return self.content.places.get(key, self.content.place)

    def finish(self) -> None:
        """Note the unknown keys of this table and of those inside it.

        What is missing only because its key is misspelt is not noted twice.
        """
        for key in self.content:
            if key not in self._known and not is_secret_key(key):
                kind = "table" if isinstance(self.content[key], (dict, list)) else "key"
                hint = "; the known ones are " + ", ".join(self._known)
                if near := values.nearest(key, self._known):
                    hint = f"; did you mean {near}?"
                if near in self._missing:
                    self.mistakes.remove(self._missing.pop(near))
                self.say(f"{self._path(key)}{self.note} is an unknown {kind}{hint}", key)
        for inner in self._known.values():
            if inner:
                inner.finish()

    def _header(self) -> str:
        name, bracket, _ = self.where.partition("[")
        return f"its [[{name}]]" if bracket else f"[{self.where}]"

    def _path(self, key: str) -> str:
        plain = key if re.fullmatch(r"[\w-]+", key) else values.shown(key)
        place = self.place(key)
        where = place.table if place else self.where
        return f"{where}.{plain}" if where else plain


def _where(row: Mapping[str, Any], numbered: str) -> str:
    """Return the name of a row in messages, which has its number in its own file."""
    return row.place.table if isinstance(row, Content) else numbered


def _note(row: Mapping[str, Any]) -> str:
    """Return what follows the number of a row in messages: its name in brackets, if it has one."""
    name = row.get("name")
    return f" ({name})" if isinstance(name, str) and re.fullmatch(r"[\w .-]{1,60}", name) else ""


def is_secret_key(key: str) -> bool:
    """Return whether a key looks like one that holds a secret."""
    return bool(_SECRET_KEY.fullmatch(key))
