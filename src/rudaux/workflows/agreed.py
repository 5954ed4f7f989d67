"""A regrade that a person has agreed to, on its way into the course: all of it, or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from rudaux.config import private_folder
from rudaux.config.private import make_folder
from rudaux.errors import GradebookFailure, MarksInTheWay
from rudaux.ports import Beside, Context
from rudaux.workflows.gradebook import changing_cells

_NOTE = "agreed.json"


def hand_over(ctx: Context, beside: Beside, assignment: str, students: Iterable[str]) -> None:
    """Take over what was graded beside the course: all of it, or nothing if killed early.

    Once the folder is renamed it is settled: `finish` does the rest, if need be in the next run.
    """
    beside.close()
    note = {"assignment": assignment, "students": sorted(students)}
    (beside.folder / _NOTE).write_text(json.dumps(note), encoding="utf-8")
    agreed = _agreed(ctx)
    make_folder(agreed)
    beside.folder.rename(agreed / assignment)
    finish(ctx)


def finish(ctx: Context) -> None:
    """Finish taking over what a person has agreed to; usually there is nothing."""
    for folder in sorted(_agreed(ctx).glob("*")):
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
        try:
            with changing_cells(ctx, note["assignment"]):
                ctx.grader.take_over(folder, note["assignment"], note["students"])
        except MarksInTheWay as marks:
            # Nothing was taken over, and it would block every other run.
            set_aside(ctx)
            raise GradebookFailure(
                f"The regrade of {note['assignment']} was not taken over, because somebody has "
                f"since marked a cell that it removes; its results are in .rudaux/kept. {marks} "
                "Then regrade again; until then the grades stay as they are."
            ) from marks
        ctx.ledger.take_over(folder / "ledger.db", note["assignment"], note["students"])
        done = _agreed(ctx).with_name("taken-over")
        shutil.rmtree(done, ignore_errors=True)
        folder.rename(done)
        shutil.rmtree(done)
        _remove_empty(_agreed(ctx))


def set_aside(ctx: Context) -> None:
    """Set aside what was agreed to, because a person goes on from other grades."""
    for folder in sorted(_agreed(ctx).glob("*")):
        kept = private_folder(ctx.config) / "kept" / f"regrade-{folder.name}"
        shutil.rmtree(kept, ignore_errors=True)
        make_folder(kept.parent)
        folder.rename(kept)
        _remove_empty(_agreed(ctx))


def _remove_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _agreed(ctx: Context) -> Path:
    return ctx.config.private / "agreed"
