"""`extends`: shared tables, overridden by those of rudaux.toml; which file said what is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from rudaux.config.file import find_course_folder, parse, read_text
from rudaux.config.settings import FILE
from rudaux.errors import ConfigError

KEY = "extends"


@dataclass(frozen=True)
class Layer:
    """One file: its name in messages (relative to the course folder), its path and its content."""

    name: str
    file: Path
    text: str = field(repr=False)  # not yet checked for a token
    document: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Place:
    """Where a key is: in which file, and in which table of it (`assignments[2]`)."""

    layer: Layer
    table: str


class Content(dict[str, Any]):
    """A table merged from several files: `places` has each key's, `place` the table's own."""

    def __init__(self, items: Mapping[str, Any], places: Mapping[str, Place], place: Place) -> None:
        super().__init__(items)
        self.places, self.place = places, place


def layers(folder: Path, text: str) -> tuple[Layer, ...]:
    """Read rudaux.toml (in `folder`, absolute) and what it extends; its own layer is the last.

    Raises `ConfigError` for a file that cannot be read, and for files that extend each other in a
    circle.
    """
    found = [Layer(FILE, folder / FILE, text, parse(text))]
    while KEY in found[-1].document:
        lower = _read(folder, found[-1])
        found.append(lower)
        chain = [layer.name for layer in found]
        if lower.file in {layer.file for layer in found[:-1]}:
            raise ConfigError(
                f"{found[-2].name}: {KEY} leads in a circle ({' -> '.join(chain)}): remove one of "
                "these lines."
            )
    return tuple(reversed(found))


def together(found: tuple[Layer, ...]) -> Mapping[str, Any]:
    """Merge layers: a later one's keys win, table by table.

    Lists of tables are merged by `name`: what a later file says of one of them overrides it, and
    new ones are appended. Any other list is replaced as a whole.
    """
    if len(found) == 1:
        return found[0].document
    whole = _placed(found[0], found[0].document, "")
    for layer in found[1:]:
        whole = _over(whole, _placed(layer, layer.document, ""))
    return whole


def document(folder: Path, text: str) -> Mapping[str, Any]:
    """Return a rudaux.toml (in `folder`, absolute) merged with what it extends."""
    return together(layers(folder, text))


def assignment_names(folder: Path) -> list[str]:
    """Return the names of the nearest course's assignments, for completion; never raise."""
    try:
        course = find_course_folder(folder)
        rows = document(course, read_text(course / FILE)).get("assignments")
    except (ConfigError, OSError):
        return []
    named = [r.get("name") for r in rows if isinstance(r, dict)] if isinstance(rows, list) else []
    return [name for name in named if isinstance(name, str)]


def _read(folder: Path, upper: Layer) -> Layer:
    from rudaux.config.checking import shown  # completion should not have to import it

    named = upper.document[KEY]
    says = f"{upper.name}: {KEY} = {shown(named)}"
    if not isinstance(named, str) or not named.strip():
        raise ConfigError(f'{says}: should name one file, such as "../common.toml".')
    try:
        file = (upper.file.parent / Path(named).expanduser()).resolve()
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"{says}: there is no such file; the path is relative to {upper.file.parent}."
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{says}: it is not UTF-8 text; save it as UTF-8.") from error
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not a valid path"
        raise ConfigError(f"{says}: it cannot be read: {why}.") from error
    name = os.path.relpath(file, folder)
    name = str(file) if name.startswith("../../../") else name
    return Layer(name, file, text, parse(text, name))


def _placed(layer: Layer, table: Mapping[str, Any], where: str) -> Content:
    place = Place(layer, where)
    items: dict[str, Any] = {}
    for key, value in table.items():
        path = f"{where}.{key}" if where else key
        if isinstance(value, dict):
            items[key] = _placed(layer, value, path)
        elif _is_rows(value):
            items[key] = [_placed(layer, row, f"{path}[{n}]") for n, row in enumerate(value, 1)]
        else:
            items[key] = value
    return Content(items, dict.fromkeys(items, place), place)


def _over(lower: Content, upper: Content) -> Content:
    items, places = dict(lower), {**lower.places, **upper.places}
    for key, value in upper.items():
        below = items.get(key)
        if isinstance(value, Content) and isinstance(below, Content):
            items[key] = _over(below, value)
        elif _is_rows(value) and _is_rows(below):
            items[key] = _joined(below, value)
        else:
            items[key] = value
    return Content(items, places, upper.place)


def _joined(lower: list[Content], upper: list[Content]) -> list[Content]:
    rows = list(lower)
    taken: set[int] = set()
    for row in upper:
        same = (n for n, other in enumerate(lower) if other.get("name") == row.get("name"))
        number = next((n for n in same if n not in taken), None) if "name" in row else None
        if number is None:
            rows.append(row)
        else:
            taken.add(number)
            rows[number] = _over(lower[number], row)
    return rows


def _is_rows(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)
