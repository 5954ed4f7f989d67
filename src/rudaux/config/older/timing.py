"""The due dates, points and snapshots of an older configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from rudaux.config import checking as values
from rudaux.config.checking import Wrong
from rudaux.config.draft import OTHERS, Planned

SNAPSHOT_KEYS = ("JupyterHub.zfs", "JupyterHub.zfs_regex", "JupyterHub.zfs_datetime_pattern")
_TOKENS = {
    "YYYY": "%Y", "YY": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "DD": "%d", "DDDD": "%j",
    "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S", "A": "%p", "ZZ": "%z", "Z": "%z",
}  # fmt: skip
"""https://pendulum.eustace.io/docs/#tokens"""
_LATER = (
    "the snapshots were named after assignments, and rudaux needs the time in a name: until "
    "[jupyterhub.snapshots] describes such snapshots, it reads the homes at the time of grading"
)


def snapshots(settings: Mapping[str, object]) -> tuple[dict[str, str], str]:
    """Return the answers about snapshots, and a sentence if something is left to do."""
    if "student_folder_root" in settings or "student_dataset_root" in settings:
        return {}, _LATER
    if settings.get("JupyterHub.zfs") is not True:
        return {}, ""
    layout = settings.get("JupyterHub.zfs_datetime_pattern")
    pattern = settings.get("JupyterHub.zfs_regex")
    try:
        form = values.time_format(_strptime(layout)) if layout else OTHERS["format"]
        # Without a regular expression the whole name was the time.
        form_alone = "JupyterHub.zfs_regex" in settings and pattern is None
        given = _pattern(form) if form_alone else pattern or OTHERS["pattern"]
        found = re.search(values.pattern(given), datetime(2026, 10, 2, 0, 30).strftime(form))
        if not found and "(?" not in str(given):
            raise Wrong("")
    except Wrong:
        return {}, (
            "the time format of the snapshots' names was not understood: fill in "
            "[jupyterhub.snapshots], or rudaux reads the homes at the time of grading"
        )
    answers = {"snapshots": ".zfs/snapshot", "pattern": str(given), "format": form}
    return answers, ""


def _strptime(layout: object) -> str:
    """Turn `YYYY-MM-DD-HHmm` into `%Y-%m-%d-%H%M`; raises `Wrong` for an unknown token."""
    parts = re.finditer(r"\[([^\]]*)\]|(([A-Za-z])\3*)|[^A-Za-z]", str(layout))
    text = ""
    for part in parts:
        if part[2] and part[2] not in _TOKENS:
            raise Wrong("")
        text += _TOKENS[part[2]] if part[2] else (part[1] or part[0]).replace("%", "%%")
    return text


def _pattern(form: str) -> str:
    digits = {"%Y": r"\d{4}", "%j": r"\d{3}"}
    parts = re.findall(r"%.|[^%]+", form)
    return "".join(digits.get(p, r"\d{2}") if p[0] == "%" else re.escape(p) for p in parts)


def planned(found: object) -> tuple[Planned, ...]:
    """Return the assignments, as far as they are described.

    In 2018 it was a list of dictionaries; since 2020 it is the graders by assignment, and the dates
    are only in Canvas.
    """
    return tuple({p.name: p for p in _rows(found)}.values())


def _rows(found: object) -> Iterator[Planned]:
    if isinstance(found, dict):
        yield from (Planned(str(name)) for name in found if _named(name))
    for row in found if isinstance(found, list) else ():
        if isinstance(row, dict) and _named(row.get("name")):
            yield Planned(
                row["name"], _due(row), _points(row.get("points")), row.get("manual") is True
            )


def _named(name: object) -> bool:
    try:
        return bool(values.assignment_name(name))
    except Wrong:
        return False


def _due(row: Mapping[object, object]) -> datetime | None:
    day, time = row.get("duedate"), row.get("duetime", "23:59:59")
    try:
        due = datetime.fromisoformat(f"{day}T{time}" if "T" not in str(day) else str(day))
    except ValueError:
        return None
    return due if due.tzinfo is None else None


def _points(value: object) -> Decimal | None:
    try:
        return values.points(value)
    except Wrong:
        return None
