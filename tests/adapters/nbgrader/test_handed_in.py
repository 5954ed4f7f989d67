from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from rudaux.adapters.nbgrader.grader import NbgraderGrader

LAYOUTS = {
    "nbgrader's own": "{nbgrader_step}/{student_id}/{assignment_id}",
    "assignments first": "{nbgrader_step}/{assignment_id}/{student_id}",
}


def grader(folder: Path, layout: str = LAYOUTS["nbgrader's own"]) -> NbgraderGrader:
    folder.mkdir()
    config = f'c = get_config()\nc.CourseDirectory.directory_structure = "{layout}"\n'
    (folder / "nbgrader_config.py").write_text(config)
    return NbgraderGrader(folder, folder / ".rudaux" / "scratch")


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_whose_folders_there_are_is_found_in_any_layout(tmp_path: Path, layout: str) -> None:
    course = grader(tmp_path / "course [2026]", layout)
    for student in ("1", "2"):
        course.submitted_folder("hw_1", student).mkdir(parents=True)
    course.submitted_folder("hw_2", "1").mkdir(parents=True)
    course.submitted_folder(".hw_1.0123.part", "1").mkdir(parents=True)
    course.submitted_folder("hw_2", "2").parent.mkdir(exist_ok=True)
    course.submitted_folder("hw_2", "2").touch()
    assert course.handed_in() == {("hw_1", "1"), ("hw_1", "2"), ("hw_2", "1")}


def test_a_course_without_submitted_work_has_none(tmp_path: Path) -> None:
    assert grader(tmp_path / "course").handed_in() == frozenset()


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-10-01 10:00:00.5 UTC", 10),
        ("2026-10-01 10:00:00", 10),
        ("", None),
        ("yesterday, I think", None),
        (None, None),
    ],
)
def test_the_time_beside_the_work_is_read_as_nbgrader_writes_it(
    tmp_path: Path, text: str | None, hour: int | None
) -> None:
    course = grader(tmp_path / "course")
    folder = course.submitted_folder("hw_1", "1")
    folder.mkdir(parents=True)
    if text is not None:
        (folder / "timestamp.txt").write_text(text)
    found = course.submitted_at("hw_1", "1")
    expected = hour and datetime(2026, 10, 1, hour, tzinfo=timezone.utc)
    assert (found.replace(microsecond=0) if found else None) == expected


def test_a_version_that_is_replaced_is_kept_as_it_was(tmp_path: Path) -> None:
    course = grader(tmp_path / "course")
    course.keep_submitted("hw_1", "1")
    folder = course.submitted_folder("hw_1", "1")
    folder.mkdir(parents=True)
    for text in ("first", "second"):
        (folder / "hw_1.ipynb").write_text(text)
        course.keep_submitted("hw_1", "1")
    kept = tmp_path / "course" / ".rudaux" / "kept" / "submitted" / "1" / "hw_1" / "hw_1.ipynb"
    assert kept.read_text() == folder.joinpath("hw_1.ipynb").read_text() == "second"
