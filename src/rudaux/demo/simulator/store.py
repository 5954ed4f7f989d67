"""A World on disk: JSON written atomically, contents of files in a folder beside it."""

from __future__ import annotations

import json
import os
import tempfile
import types
from dataclasses import fields, is_dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, Union, get_args, get_origin, get_type_hints

from rudaux.demo.simulator.entities import StoredFile


class Storable(Protocol):
    """What is asked of a world here: its files by id, and what is in them."""

    files: dict[int, StoredFile]
    contents: dict[int, bytes]


W = TypeVar("W", bound=Storable)


def save(world: Storable, path: Path) -> None:
    """Write the world; a reader sees the old or the new state, never half of one."""
    folder = contents_folder(path)
    for file_id, content in world.contents.items():
        target = folder / str(file_id)
        if not target.exists():
            folder.mkdir(exist_ok=True)
            _replace(target, content)
    _replace(path, json.dumps(plain(world), indent=1).encode())


def load(kind: type[W], path: Path) -> W:
    """Read a world; raises ValueError where the file is not one."""
    try:
        world: W = built(kind, json.loads(path.read_text()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a saved practice Canvas") from error
    folder = contents_folder(path)
    for file_id in world.files:
        if (folder / str(file_id)).exists():
            world.contents[file_id] = (folder / str(file_id)).read_bytes()
    return world


def contents_folder(path: Path) -> Path:
    """Return the folder that holds the contents of a saved world's files, by id."""
    return path.with_suffix(".files")


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def plain(value: Any) -> Any:
    """Return dataclasses, dates and dictionaries as JSON has them."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = [f.name for f in fields(value) if f.metadata.get("stored", True)]
        return {name: plain(getattr(value, name)) for name in kept}
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list | tuple) else value


def built(kind: Any, value: Any) -> Any:
    """Return JSON as the type of an annotation.

    Fields that are absent get their defaults; those of another version are left out.
    """
    origin = get_origin(kind)
    if kind is Any or origin is Literal:
        return value
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        return built(next(k for k in get_args(kind) if k is not type(None)), value)
    if origin is list:
        return [built(get_args(kind)[0], v) for v in value]
    if origin is dict:
        key, item = get_args(kind)
        return {key(k): built(item, v) for k, v in value.items()}
    if kind is datetime:
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: built(hints[name], v) for name, v in value.items() if name in hints})
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
