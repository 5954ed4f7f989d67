"""Rails-style parameters: nested form names, JSON bodies, booleans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_KEY = re.compile(r"\[([^\]]*)\]")
_TRUE = {"true", "t", "yes", "y", "on", "1"}


def nested(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Turn `a[b][c]=1` and `d[]=2` into {"a": {"b": {"c": 1}}, "d": [2]}."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        head = name.partition("[")[0]
        _put(result, [head, *_KEY.findall(name[len(head) :])], value)
    return result


def _put(into: dict[str, Any], path: list[str], value: Any) -> None:
    key, rest = path[0], path[1:]
    if not rest:
        into[key] = value
    elif rest == [""]:
        items = into.setdefault(key, [])
        if isinstance(items, list):
            items.append(value)
    else:
        child = into.setdefault(key, {})
        if isinstance(child, dict):
            _put(child, rest, value)


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two parameter trees; the second wins."""
    result = dict(first)
    for key, value in second.items():
        mine = result.get(key)
        both = isinstance(mine, dict) and isinstance(value, dict)
        result[key] = merged(mine, value) if both else value  # type: ignore[arg-type]
    return result


def truthy(value: Any) -> bool:
    """Read a boolean as Canvas does: true, t, yes, y, on, 1."""
    return str(value).lower() in _TRUE


def as_list(value: Any) -> list[Any]:
    """Return a parameter that may be one value, a list or missing as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def section_of(params: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a nested part of the parameters, empty where it is missing or no dictionary."""
    value = params.get(name)
    return value if isinstance(value, dict) else {}
