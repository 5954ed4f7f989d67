"""Each grader's list: links into formgrader, for a browser and for a spreadsheet."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from rudaux.config import Config
from rudaux.config.private import create_file, make_rudaux_folder, set_aside
from rudaux.domain.links import Hub
from rudaux.domain.messages import counted
from rudaux.domain.naming import no_formula
from rudaux.domain.sharing import By, OpenMark, Piece
from rudaux.errors import SystemFailure
from rudaux.ports import Context

FOLDER = "marking"
HEADER = ("student", "id", "notebook", "question", "points", "link")
_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .6rem; text-align: left; }
td:last-child, th:last-child { text-align: right; }
"""


@dataclass(frozen=True)
class MarkingList:
    """A file in the course folder that is to hold this text; it is for `grader`."""

    grader: str
    path: Path
    text: str


@dataclass(frozen=True)
class _Line:
    student: str
    mark: OpenMark
    link: str


def formgrader_address(config: Config) -> str:
    """Return formgrader's address.

    `grading.formgrader_url` is what comes before `/formgrader`; without it, the hub leads each
    grader to a server of their own
    (https://jupyterhub.readthedocs.io/en/stable/reference/urls.html#user-redirect).
    """
    hub = Hub(config.jupyterhub.url, config.jupyterhub.base_url)
    own = f"{hub.url.rstrip('/')}{hub.prefix}/hub/user-redirect"
    base = (config.grading.formgrader_url or own).rstrip("/").removesuffix("/formgrader")
    return f"{base}/formgrader"


def formgrader_link(config: Config, page: str, field: int) -> str:
    """Return the address at which formgrader opens a student's notebook at a field."""
    return f"{formgrader_address(config)}/submissions/{quote(page)}/?index={field}"


def mark_links(ctx: Context, assignment: str, student_id: str) -> dict[str, str]:
    """Return where formgrader opens each answer of a student that waits for a mark, by its cell."""
    found: dict[str, str] = {}
    for mark in ctx.gradebook.open_marks(assignment):
        if mark.student_id == student_id:
            fields = ctx.gradebook.mark_fields(assignment, student_id, mark.notebook)
            found[mark.cell] = formgrader_link(ctx.config, mark.page, fields.get(mark.cell, 0))
    return found


def list_file(config: Config, assignment: str, grader: str) -> Path:
    """Return where a grader's list for a browser is."""
    return config.folder / FOLDER / assignment / f"{grader}.html"


def make_lists(
    ctx: Context,
    assignment: str,
    by: By,
    marks: Sequence[OpenMark],
    whose: Mapping[Piece, str],
    graders: Sequence[str],
    names: Mapping[str, str],
) -> tuple[MarkingList, ...]:
    """Make the lists of all who mark or marked, and return those that differ from the disk."""
    lines: dict[str, list[_Line]] = {}
    fields: dict[tuple[str, str], Mapping[str, int]] = {}
    for mark in sorted(marks, key=lambda m: _order(m, by, names)):
        key = (mark.student_id, mark.notebook)
        if key not in fields:
            fields[key] = ctx.gradebook.mark_fields(assignment, *key)
        link = formgrader_link(ctx.config, mark.page, fields[key].get(mark.cell, 0))
        line = _Line(names.get(mark.student_id, mark.student_id), mark, link)
        lines.setdefault(whose.get(mark.piece(by), ""), []).append(line)
    made = []
    for grader in dict.fromkeys([*graders, *sorted(set(whose.values()))]):
        file, mine = list_file(ctx.config, assignment, grader), lines.get(grader, [])
        made.append(MarkingList(grader, file, _html(assignment, grader, by, mine)))
        made.append(MarkingList(grader, file.with_suffix(".csv"), _csv(mine)))
    return tuple(one for one in made if _read(one.path) != one.text.encode())


def write_list(ctx: Context, one: MarkingList) -> Path | None:
    """Write a list in one piece; return where the old one is kept, if somebody had changed it."""
    relative = one.path.relative_to(ctx.config.folder).as_posix()
    try:
        before, kept = _read(one.path), None
        if before == one.text.encode():
            return None
        make_rudaux_folder(ctx.config.folder / FOLDER)
        make_rudaux_folder(one.path.parent)
        ours = ctx.ledger.written("").get(relative, frozenset())
        ctx.ledger.record_written("", relative, _digest(one.text.encode()))
        fresh = one.path.with_name(f".{one.path.name}.new")
        create_file(fresh)
        fresh.write_bytes(one.text.encode())
        if before is not None and _digest(before) not in ours:
            kept = set_aside(one.path)
        fresh.replace(one.path)
    except OSError as error:
        why = f"{one.path} cannot be written ({error.strerror})"
        raise SystemFailure(f"{why}: check who owns it, and the disk.") from error
    return kept


def _order(mark: OpenMark, by: By, names: Mapping[str, str]) -> tuple[str, ...]:
    who = (names.get(mark.student_id, ""), mark.student_id)
    return (mark.question, *who) if by == "question" else (*who, mark.question)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _row(line: _Line) -> tuple[str, ...]:
    mark = line.mark
    points = f"{mark.points or 0:g}"
    return (line.student, mark.student_id, mark.notebook, mark.cell, points, line.link)


def _csv(lines: Sequence[_Line]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for line in lines:
        writer.writerow([no_formula(cell) for cell in _row(line)])
    return text.getvalue()


def _html(assignment: str, grader: str, by: By, lines: Sequence[_Line]) -> str:
    submissions = len({line.mark.student_id for line in lines})
    what = f"{counted(len(lines), 'answer')} by {counted(submissions, 'student')}"
    verb = "waits" if len(lines) == 1 else "wait"
    head = f"{what} {verb} for your marks." if lines else "Nothing waits for your marks."
    rows = []
    for line in lines:
        student, sid, notebook, cell, points, link = map(escape, _row(line))
        rows.append(
            f"<tr><td>{student}</td><td>{sid}</td><td>{notebook}</td>"
            f'<td><a href="{link}">{cell}</a></td><td>{points}</td></tr>\n'
        )
    columns = ("Student", "Id", "Notebook", "Question", "Points")
    table = "".join(f'<th scope="col">{name}</th>' for name in columns)
    body = f"<table><thead><tr>{table}</tr></thead><tbody>\n{''.join(rows)}</tbody></table>"
    title = f"{escape(assignment)}: marks by {escape(grader)}"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" '
        f'content="no-referrer"><style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n'
        f"<p>{head} A question's link opens it in formgrader.</p>\n{body if lines else ''}\n"
        "</body></html>\n"
    )
