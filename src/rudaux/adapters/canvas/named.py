"""The `Canvas` port for a course that calls its students by login or SIS id.

This is the only place that knows both ids: requests to Canvas always use its own user ids. Nothing
is passed on about anyone who is not on the roster: one student's SIS id may be another's user id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from rudaux.adapters.canvas.client import CanvasClient
from rudaux.domain.artifacts import FeedbackComment
from rudaux.domain.deadlines import Override
from rudaux.domain.grades import CanvasSubmission
from rudaux.domain.naming import WORD, StudentKey, name_students
from rudaux.domain.roster import Student
from rudaux.errors import CanvasFailure, NeedsPersonError, NotFound, PermissionRefused

_RIGHTS = {"login": "Users - view login IDs", "sis": "SIS Data - read"}
"""The names that an account's Permissions page gives these rights."""


class NamedCanvas(CanvasClient):
    """A `CanvasClient` that calls students by `key` on this side."""

    def __init__(
        self, url: str, course_id: int, token: str, key: StudentKey, **options: Any
    ) -> None:
        super().__init__(url, course_id, token, **options)
        self._key = key
        self._ids: dict[str, str] = {}
        self._waiting: tuple[Student, ...] = ()

    def students(self) -> tuple[Student, ...]:
        naming, word = name_students(super().students(), self._key), WORD[self._key]
        if naming.hidden:
            raise PermissionRefused(
                f"Canvas does not show this token any student's {word}, which "
                f'jupyterhub.student_id = "{self._key}" needs: the token\'s owner lacks the '
                f'permission "{_RIGHTS[self._key]}"; ask your Canvas administrator for it'
            )
        if naming.mistakes:
            raise NeedsPersonError(
                f"{'; '.join(naming.mistakes)}: nothing was done. Fix it in Canvas, or set "
                "jupyterhub.student_id in rudaux.toml to another id that every student has"
            )
        self._waiting = naming.waiting
        self._ids |= {s.id: s.canvas_id for s in naming.students}
        return naming.students

    def waiting(self) -> tuple[Student, ...]:
        self._known()
        return self._waiting

    def overrides(self, assignment_id: int) -> tuple[Override, ...]:
        return tuple(map(self._named_override, super().overrides(assignment_id)))

    def create_override(self, assignment_id: int, override: Override) -> Override:
        theirs = self._their_override(override)
        return self._named_override(super().create_override(assignment_id, theirs))

    def update_override(
        self, assignment_id: int, override: Override, students: bool = False
    ) -> Override:
        theirs = self._their_override(override)
        return self._named_override(super().update_override(assignment_id, theirs, students))

    def _named_override(self, override: Override) -> Override:
        """Use this side's ids for its students; keep Canvas's ids of all others in `outside`."""
        outside = override.student_ids - set(self._names())
        return replace(override, student_ids=self._ours(override.student_ids), outside=outside)

    def _their_override(self, override: Override) -> Override:
        return replace(
            override,
            student_ids=frozenset(map(self._canvas_id, override.student_ids)) | override.outside,
        )

    def group_members(self, group_id: int) -> frozenset[str]:
        return self._ours(super().group_members(group_id))

    def submissions(self, assignment_id: int) -> tuple[CanvasSubmission, ...]:
        rows, names = super().submissions(assignment_id), self._names()
        known = (row for row in rows if row.student_id in names)
        return tuple(replace(row, student_id=names[row.student_id]) for row in known)

    def push_grades(self, assignment_id: int, scores: Mapping[str, Decimal]) -> str:
        return super().push_grades(assignment_id, self._theirs(scores))

    def push_singly(
        self, assignment_id: int, scores: Mapping[str, Decimal]
    ) -> Iterator[tuple[str, CanvasSubmission | CanvasFailure]]:
        names = self._names()
        for student, answer in super().push_singly(assignment_id, self._theirs(scores)):
            if isinstance(answer, CanvasSubmission):
                answer = replace(answer, student_id=names[student])
            yield names[student], answer

    def clear_grades(
        self, assignment_id: int, student_ids: Iterable[str]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        names, theirs = self._names(), map(self._canvas_id, student_ids)
        for student, refusal in super().clear_grades(assignment_id, theirs):
            yield names[student], refusal

    def attach_all(
        self, assignment_id: int, comments: Iterable[FeedbackComment]
    ) -> Iterator[tuple[str, CanvasFailure | None]]:
        theirs = (replace(c, student_id=self._canvas_id(c.student_id)) for c in comments)
        for student, refusal in super().attach_all(assignment_id, theirs):
            yield self._names()[student], refusal

    def _known(self) -> Mapping[str, str]:
        """Return Canvas's user id by the id used here, for all seen on the roster so far."""
        if not self._ids:
            self.students()
        return self._ids

    def _names(self) -> Mapping[str, str]:
        return {canvas_id: name for name, canvas_id in self._known().items()}

    def _ours(self, canvas_ids: Iterable[str]) -> frozenset[str]:
        names = self._names()
        return frozenset(names[one] for one in canvas_ids if one in names)

    def _theirs(self, scores: Mapping[str, Decimal]) -> dict[str, Decimal]:
        return {self._canvas_id(student): score for student, score in scores.items()}

    def _canvas_id(self, student: str) -> str:
        found = self._known().get(student)
        if found is None:
            raise NotFound(
                f"Canvas lists no student with the {WORD[self._key]} {student}: they may have left "
                "the course; `rudaux canvas students` lists who is in it"
            )
        return found
