"""[[graders]] and [return]: who marks by hand, and what goes back to students' homes."""

from __future__ import annotations

import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from rudaux.config import checking as values
from rudaux.config.checking import Wrong, text
from rudaux.config.settings import GraderSettings, ReturnSettings
from rudaux.config.table import Table


def read_return(table: Table, zone: ZoneInfo | None) -> ReturnSettings:
    """Read [return]."""
    begins = values.local_time(zone, False)
    return ReturnSettings(
        feedback=table.optional("feedback", values.boolean, False),
        solution_share=table.optional("solution_share", values.number(0.01, 1), None),
        solution_not_before=table.optional("solution_not_before", begins, None),
    )


def read_graders(root: Table) -> tuple[GraderSettings, ...]:
    """Read [[graders]]."""
    seen: dict[str, str] = {}
    found = []
    for table in root.tables("graders"):
        settings = GraderSettings(
            name=table.required("name", _person, '"Ann"'),
            assignments=table.optional("assignments", _texts, ()),
            weight=table.optional("weight", values.number(0, 100), GraderSettings.weight),
            notify=table.optional("notify", _message_address, None),
            except_=table.optional("except", _ids, ()),
        )
        table.finish()
        key = settings.name.casefold() if settings.name else ""
        if key in seen:
            table.wrong("name", f"is already the name of {seen[key]}")
        elif key:
            seen[key] = table.where
        found.append(settings)
    return tuple(found)


def address(value: object) -> str:
    """Read a web address, with or without a path."""
    whole = text(value).rstrip("/")
    try:
        parts = urlsplit(whole)
    except ValueError:
        parts = urlsplit("")
    if "@" in parts.netloc or not parts.netloc or parts.scheme not in {"http", "https"}:
        raise Wrong('should be a full address, such as "https://hub.example.edu/services/dsci100"')
    if parts.query or parts.fragment or re.search(r"\s", whole):
        raise Wrong("should be an address without ? and #")
    return whole


def _person(value: object) -> str:
    """Read a person's name, which a file will be named after."""
    name = text(value)
    if "/" in name or name.startswith(".") or len(name) > 80:
        raise Wrong('should be a name such as "Ann", without / and without a leading dot')
    return name


def _texts(value: object) -> tuple[str, ...]:
    """Read a list of assignments' names or patterns, at least one."""
    if not isinstance(value, list) or not value:
        raise Wrong('should be a list of assignments, such as ["homework_*"]')
    return tuple(text(one) for one in value)


def _ids(value: object) -> tuple[str, ...]:
    """Read a list of students' ids, in quotes or as numbers; it may be empty."""
    numbers = (int, str)
    if not isinstance(value, list) or any(
        isinstance(one, bool) or not isinstance(one, numbers) for one in value
    ):
        raise Wrong('should be a list of students\' ids, such as ["4711"]')
    return tuple(text(str(one)) for one in value)


def _message_address(value: object) -> str:
    """Read where one person gets messages; a password does not belong in a file in git."""
    where = text(value)
    if "://" not in where or where.endswith("://") or re.search(r"\s", where):
        raise Wrong('should be an address such as "mailto://ann@example.edu"')
    if re.search(r"://[^/@]*:[^/@]*@", where):
        raise Wrong("should not contain a password, because this file is committed")
    return where
