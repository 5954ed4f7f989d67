"""Marking the practice course by hand, through nbgrader's own interface as its formgrader does."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rudaux.demo.material import hand_mark
from rudaux.demo.students import Kind


def mark_by_hand(instructors: Path, assignment: str, kinds: Mapping[str, Kind]) -> int:
    """Mark every answer that waits for it; return how many there were."""
    from nbgrader.api import Gradebook

    # nbgrader starts `alembic` by name.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    marked = 0
    with Gradebook(f"sqlite:///{instructors / 'gradebook.db'}") as gradebook:
        for submission in gradebook.assignment_submissions(assignment):
            share = float(hand_mark(kinds[submission.student.id]))
            waiting = [g for n in submission.notebooks for g in n.grades if g.needs_manual_grade]
            for grade in waiting:
                grade.manual_score = grade.cell.max_score * share
                grade.needs_manual_grade = False
            marked += len(waiting)
        gradebook.db.commit()
    return marked
