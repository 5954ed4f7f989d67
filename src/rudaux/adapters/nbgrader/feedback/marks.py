"""What a feedback page shows of a notebook's marks, as plain data for another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from nbgrader.api import MissingEntry

from rudaux.adapters.nbgrader.gradebook.sheet import Sheet


@dataclass(frozen=True)
class Marks:
    """A notebook's points before a late `penalty`, and by cell: points, maximum, comments."""

    score: float
    max_score: float
    penalty: float
    grades: Mapping[str, tuple[float, float]]
    comments: Mapping[str, str | None]

    @classmethod
    def of(cls, sheet: Sheet) -> Marks:
        """Read the marks from the gradebook's rows."""
        return cls(
            sheet.score,
            sheet.row.max_score,
            sheet.row.late_submission_penalty or 0,
            {cell: (grade.score, grade.max_score) for cell, grade in sheet.grades.items()},
            {cell: comment.comment for cell, comment in sheet.comments.items()},
        )

    def __deepcopy__(self, memo: object) -> Marks:
        """Return itself: nbconvert copies what it passes on."""
        return self

    def find_grade(self, cell: str, notebook: str, assignment: str, student: str) -> Any:
        """Return what a page needs of `nbgrader.api.Gradebook.find_grade`."""
        if cell not in self.grades:
            raise MissingEntry(f"No such grade for cell {cell}")
        score, maximum = self.grades[cell]
        return SimpleNamespace(score=score, max_score=maximum)

    def find_comment(self, cell: str, notebook: str, assignment: str, student: str) -> Any:
        """Return what a page needs of `nbgrader.api.Gradebook.find_comment`."""
        if cell not in self.comments:
            raise MissingEntry(f"No such comment for cell {cell}")
        return SimpleNamespace(comment=self.comments[cell])
