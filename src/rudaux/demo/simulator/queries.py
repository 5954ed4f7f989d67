"""Just enough of the GraphQL language: one operation, arguments, variables, selections.

https://spec.graphql.org/October2021/#sec-Language
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'[\s,]*(?:#[^\n]*\n\s*)*("(?:[^"\\]|\\.)*"|[-\w.]+|[{}()\[\]:$!=@])')


class QueryError(Exception):
    """A query that cannot be answered."""


@dataclass
class Field:
    """A field that was asked for, with its own selections."""

    name: str
    alias: str
    arguments: dict[str, Any] = field(default_factory=dict)
    fields: list[Field] = field(default_factory=list)


def parse(text: str, variables: Mapping[str, Any]) -> list[Field]:
    """Read an operation's top-level fields; raises QueryError."""
    reader = _Reader(text, variables)
    while reader.peek() not in {"{", ""}:
        if reader.next() == "(":
            reader.skip_parenthesis()
    return reader.selections()


def selected(value: Any, fields: list[Field]) -> Any:
    """Return what was selected of a value."""
    if isinstance(value, list):
        return [selected(v, fields) for v in value]
    if not isinstance(value, dict) or not fields:
        return value
    return {f.alias: selected(value.get(f.name), f.fields) for f in fields}


class _Reader:
    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self.tokens = _TOKEN.findall(text)
        self.variables = variables
        self.at = 0

    def peek(self) -> str:
        return str(self.tokens[self.at]) if self.at < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        if not token:
            raise QueryError("Unexpected end of document")
        self.at += 1
        return token

    def expect(self, wanted: str) -> None:
        if (token := self.next()) != wanted:
            raise QueryError(f'Expected "{wanted}", actual: "{token}"')

    def skip_parenthesis(self) -> None:
        depth = 1
        while depth:
            depth += {"(": 1, ")": -1}.get(self.next(), 0)

    def selections(self) -> list[Field]:
        self.expect("{")
        found = []
        while self.peek() != "}":
            found.append(self.field())
        self.expect("}")
        return found

    def field(self) -> Field:
        alias = name = self.next()
        if self.peek() == ":":
            self.next()
            name = self.next()
        new = Field(name, alias)
        if self.peek() == "(":
            self.next()
            new.arguments = self.pairs(")")
        if self.peek() == "{":
            new.fields = self.selections()
        return new

    def pairs(self, end: str) -> dict[str, Any]:
        found = {}
        while self.peek() != end:
            key = self.next()
            self.expect(":")
            found[key] = self.value()
        self.expect(end)
        return found

    def value(self) -> Any:
        word = self.next()
        if word == "$":
            return self.variables.get(self.next())
        if word == "{":
            return self.pairs("}")
        try:
            return json.loads(word)
        except ValueError:
            return word  # an enumeration value
