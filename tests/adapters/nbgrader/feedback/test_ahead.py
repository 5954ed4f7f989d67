"""Reports of many submissions on several cores: the same pages, whatever becomes of a helper."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from rudaux.adapters.nbgrader import grader as here
from rudaux.adapters.nbgrader.feedback import Worker, processes
from rudaux.errors import NeedsPersonError
from tests.adapters.nbgrader.course import RIGHT, Course, make_course

STUDENTS = tuple(str(number) for number in range(11, 17))
DAMAGED = STUDENTS[2]


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setattr(here, "processes", lambda submissions: 2)
    made = make_course(tmp_path / "course")
    for student in STUDENTS:
        made.hand_in(student, RIGHT)
        made.grade(student, "correct_squares")
    return made


def pages(course: Course) -> dict[str, bytes]:
    found = (course.folder / "feedback").rglob("*.html")
    return {str(path.relative_to(course.folder)): path.read_bytes() for path in found}


def helpers() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [child for child in children if "feedback.worker" in " ".join(child.cmdline())]


def damage(course: Course) -> None:
    path = course.folder / "autograded" / DAMAGED / "ps1" / "problem2.ipynb"
    path.chmod(0o600)
    path.write_text("cut o")


def test_many_have_the_pages_that_each_would_have_alone(course: Course) -> None:
    assert list(course.grader.feedback_of("ps1", STUDENTS)) == [(s, "", False) for s in STUDENTS]
    together = pages(course)
    for student in STUDENTS:
        course.grader.feedback("ps1", student)
    assert len(together) == 2 * len(STUDENTS)
    assert pages(course) == together
    assert helpers() == []


def test_a_helper_makes_what_this_process_would_make(course: Course) -> None:
    damage(course)
    worker = Worker(course.folder, "redacted")
    for student in STUDENTS[1:4]:
        task = course.grader._task("ps1", student)
        assert worker.ask(task) == course.grader._make_pages(task)
    worker.end()
    assert worker.ask(task) is None
    worker.close()


def test_a_damaged_notebook_is_told_of_and_holds_up_nobody_else(course: Course) -> None:
    damage(course)
    told = {s: why for s, why, _ in course.grader.feedback_of("ps1", STUDENTS)}
    with pytest.raises(NeedsPersonError) as alone:
        course.grader.feedback("ps1", DAMAGED)
    assert told == {**dict.fromkeys(STUDENTS, ""), DAMAGED: str(alone.value)}
    assert len(pages(course)) == 2 * len(STUDENTS) - 1


def test_a_killed_helper_costs_nobody_a_page(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Worker):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            self.end()

    monkeypatch.setattr(here, "Worker", Killed)
    assert list(course.grader.feedback_of("ps1", STUDENTS)) == [(s, "", False) for s in STUDENTS]
    assert len(pages(course)) == 2 * len(STUDENTS)


def test_where_a_run_is_stopped_no_helper_stays(course: Course) -> None:
    making = course.grader.feedback_of("ps1", STUDENTS)
    assert next(making) == (STUDENTS[0], "", False)
    assert len(helpers()) == 2
    making.close()
    assert helpers() == []
    assert len(pages(course)) == 2


def test_few_submissions_are_not_worth_a_process() -> None:
    assert processes(10) == 0
    assert processes(100_000) <= 8
