"""What a student should know about how their notebook was graded, at the top of their feedback.

It is kept in the autograded notebook's metadata, so that feedback needs no other file.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from rudaux.adapters.nbgrader.grading.hidden import ended_because
from rudaux.domain.collection import duration
from rudaux.domain.execution import Execution

NOTES = "rudaux"
_BODY = re.compile(r"<body[^>]*>")


def add_notes(notebook: Any, execution: Execution, name: str, seconds_late: float = 0.0) -> None:
    """Note in the notebook what was repaired in it, and why it did not run to its end.

    `seconds_late` is not 0 if points were deducted for it.
    """
    others = [file for file in execution.job.notebooks if file != f"{name}.ipynb"]
    stems = tuple(f"{file.removesuffix('.ipynb')}: " for file in others)
    repairs = [r for r in execution.job.repairs if not r.startswith(stems)]
    reason = ended_because(execution)
    ended = "" if reason.startswith(tuple(f"{file}: " for file in others)) else reason
    notebook.metadata.pop(NOTES, None)
    if repairs or ended or seconds_late:
        own = f"{name}: "
        notebook.metadata[NOTES] = {
            "repaired": [repair.removeprefix(own) for repair in repairs],
            "ended": ended.removeprefix(f"{name}.ipynb: "),
        }
    if seconds_late:
        notebook.metadata[NOTES]["late"] = duration(timedelta(seconds=seconds_late))


def with_notes(page: str, notes: Mapping[str, Any]) -> str:
    """Put the notes at the top of a feedback page, if there are any."""
    parts = []
    if notes.get("late"):
        late = f"It was handed in {notes['late']} after your deadline, so points were deducted."
        parts.append(_section("Late penalty", [late]))
    if notes.get("repaired"):
        parts.append(_section("What we repaired before grading", notes["repaired"]))
    if notes.get("ended"):
        why = [notes["ended"], "Tests that were not reached score 0."]
        parts.append(_section("What happened when it ran", why))
    if not parts:
        return page
    body = _BODY.search(page)
    at = body.end() if body else 0
    block = f'\n<div class="panel panel-default" style="padding: 1em">{"".join(parts)}</div>'
    return page[:at] + block + page[at:]


def _section(title: str, lines: Sequence[object]) -> str:
    items = "".join(f"<li>{html.escape(str(line))}</li>" for line in lines)
    return f"<h4>{title}</h4><ul>{items}</ul>"
