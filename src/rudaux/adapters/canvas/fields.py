"""Fields of Canvas's JSON, read one by one; an unusable value raises `CanvasFailure`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import TypeAlias

from rudaux.errors import CanvasFailure

Row: TypeAlias = Mapping[str, object]


def row(data: object) -> Row:
    """Read an object."""
    if not isinstance(data, Mapping):
        raise unusable("object", data)
    return data


def there(row: Row, key: str) -> object:
    """Return the value of a key that Canvas always sends; raise if it is absent."""
    if key not in row:
        raise unusable(key, None)
    return row[key]


def flag(row: Row, key: str) -> bool | None:
    """Read a boolean; None if Canvas does not say."""
    value = row.get(key)
    return value if isinstance(value, bool) else None


def rows(row: Row, key: str) -> list[object]:
    """Read a list; [] if the key is absent."""
    value = row.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise unusable(key, value)
    return value


def whole(row: Row, key: str) -> int:
    """Read an integer that must be there."""
    value = maybe_whole(row, key)
    if value is None:
        raise unusable(key, None)
    return value


def maybe_whole(row: Row, key: str) -> int | None:
    """Read an integer, or a string of digits: ids may come as strings."""
    value = row.get(key)
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise unusable(key, value)


def text(row: Row, key: str) -> str:
    """Read a string; "" if the key is absent."""
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise unusable(key, value)
    return value


def number(row: Row, key: str) -> Decimal | None:
    """Read a number exactly as it was written."""
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Decimal(str(value))
    raise unusable(key, value)


def moment(row: Row, key: str) -> datetime | None:
    """Read a moment, in UTC."""
    written = text(row, key)
    if not written:
        return None
    try:
        # Fractions of a second come in any length, which Python 3.10 cannot read.
        whole_seconds = re.sub(r"[.,]\d+", "", written)
        found = datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", whole_seconds))
    except ValueError as error:
        raise unusable(key, written) from error
    aware = found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc)


def unusable(key: str, value: object) -> CanvasFailure:
    """Return the error for an answer that cannot be used."""
    shown = "nothing" if value is None else json.dumps(value, default=str)[:60]
    return CanvasFailure(
        f'Canvas answered with {shown} where "{key}" should be: check that canvas.url is the '
        "address of Canvas itself"
    )
