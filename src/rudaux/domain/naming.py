"""What the gradebook and the homes call a student: the Canvas user id, their login, or SIS id."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rudaux.domain.roster import Student

StudentKey = Literal["canvas", "login", "sis"]
WORD: Mapping[StudentKey, str] = {"canvas": "Canvas id", "login": "login", "sis": "SIS id"}
_FOLDER = re.compile(r"(?![.~-])[^\x00-\x1f\x7f/\\*?\[\]{}<>\"|]{1,200}")
_SHOWN = 3
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Naming:
    """Students under the id that is used here, and what is in the way.

    `waiting` were invited: Canvas shows their login once they accept. `hidden`: it shows
    no student's id, because the token lacks the right. `mistakes` are for a person to settle.
    """

    students: tuple[Student, ...]
    waiting: tuple[Student, ...] = ()
    hidden: bool = False
    mistakes: tuple[str, ...] = ()


def name_students(students: Iterable[Student], key: StudentKey) -> Naming:
    """Name each student by their login or SIS id, in lower case, as JupyterHub does."""
    given = [(s, _given(s, key)) for s in students]
    waiting = tuple(s for s, name in given if name is None and s.invited and key == "login")
    given = [(s, name) for s, name in given if s not in waiting]
    named = [replace(s, id=name) for s, name in given if name]
    unnamed = [s for s, name in given if not name]
    return Naming(
        tuple(named),
        waiting,
        bool(given) and all(name is None for _, name in given),
        (*_without(unnamed, key), *_shared(named, key), *_unfit(named, key)),
    )


def _given(student: Student, key: StudentKey) -> str | None:
    known = {"canvas": student.canvas_id, "login": student.login, "sis": student.sis_id}[key]
    return known if known is None else known.strip().lower()


def _without(students: Sequence[Student], key: StudentKey) -> tuple[str, ...]:
    if not students:
        return ()
    verb = "has" if len(students) == 1 else "have"
    return (f"{_listed(students)} {verb} no {WORD[key]} in Canvas",)


def _shared(students: Sequence[Student], key: StudentKey) -> tuple[str, ...]:
    by_name: dict[str, list[Student]] = {}
    for student in students:
        by_name.setdefault(student.id, []).append(student)
    return tuple(
        f'{_listed(same)} have the same {WORD[key]} "{name}", ignoring case'
        for name, same in by_name.items()
        if len(same) > 1
    )


def _unfit(students: Sequence[Student], key: StudentKey) -> tuple[str, ...]:
    return tuple(
        f"the {WORD[key]} {json.dumps(s.id, ensure_ascii=False)} of {_listed([s])} "
        "cannot be the name of a folder"
        for s in students
        if not _FOLDER.fullmatch(s.id)
    )


def no_formula(cell: str) -> str:
    """Return a cell of a CSV file that a spreadsheet does not run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _listed(students: Sequence[Student]) -> str:
    names = [f"{s.name} (Canvas id {s.canvas_id})" for s in students[:_SHOWN]]
    more = len(students) - _SHOWN
    if more > 0:
        return f"{', '.join(names)} and {more} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def find_students(students: Iterable[Student], given: str) -> tuple[Student, ...]:
    """Find whom a person may mean by an id, a login, an e-mail address or a part of a name.

    The id used here goes first, whatever its case, then the Canvas id, then the others, then the
    whole name, whole words of it, beginnings of words, and any part. Only the first of these that
    matches anybody counts; all whom it matches are returned.
    """
    people, wanted = tuple(students), _folded(given)
    if not wanted:
        return ()
    for answers in _READINGS:
        found = tuple(s for s in people if answers(s, given.strip(), wanted))
        if found:
            return found
    return ()


def _folded(text: str) -> str:
    """Reduce to what two people would type alike: no capitals, accents or commas."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in parts if not unicodedata.combining(c))
    return " ".join(kept.replace(",", " ").split())


def _other_id(student: Student, given: str, wanted: str) -> bool:
    ids = (student.login, student.sis_id, student.email)
    return given.casefold() in {one.casefold() for one in ids if one}


def _by_words(fits: Callable[[str, str], bool]) -> Callable[[Student, str, str], bool]:
    """Return a reading in which each given word must fit some word of the name."""

    def answers(student: Student, given: str, wanted: str) -> bool:
        words = _folded(student.name).split()
        return all(any(fits(word, part) for word in words) for part in wanted.split())

    return answers


_READINGS: tuple[Callable[[Student, str, str], bool], ...] = (
    lambda student, given, wanted: student.id == given,
    lambda student, given, wanted: student.id.casefold() == given.casefold(),
    lambda student, given, wanted: student.canvas_id == given,
    _other_id,
    lambda student, given, wanted: (
        wanted in {_folded(student.name), _folded(student.sortable_name)}
    ),
    _by_words(str.__eq__),
    _by_words(str.startswith),
    _by_words(str.__contains__),
)
