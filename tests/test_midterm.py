"""From plain nbgrader to rudaux in mid-term, and back, with nbgrader's own commands."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import timezone
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.demo.students import Kind
from tests.course import SmallCourse, small_course
from tests.forked import nbgrader
from tests.midterm import (
    AMALTHEA,
    CALLISTO,
    COMMENT,
    CONFIG,
    DROPPED,
    DROPPED_UNGRADED,
    DUE,
    EUROPA,
    GANYMEDE,
    HIMALIA,
    IO,
    NAME,
    NEVER_CAME,
    THEBE,
    answer,
    build,
    gradebook,
    mark,
)

HOMES: tuple[Kind, ...] = ("wrong", "wrong", "wrong", "missing", "wrong", "wrong", "right")
"""What lies in the homes by now: who handed in through nbgrader has other work there."""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain") / "course"
    build(folder)
    return folder


@pytest.fixture
def course(plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallCourse]:
    with small_course(tmp_path / "practice", monkeypatch, (NAME,), HOMES) as built:
        shutil.rmtree(built.folder / "source")
        shutil.copytree(plain, built.folder, dirs_exist_ok=True)
        # nbgrader ran with the course's id until now, and rudaux runs without one.
        (built.folder / "nbgrader_config.py").write_text(CONFIG.format(course_id=""))
        built.commit()
        for home in built.practice.homes.rglob(f"{THEBE}/practice-course/materials/{NAME}"):
            answer(built.folder, home, "right")
        due = DUE.astimezone(timezone.utc)
        typed = built.world.add_assignment(NAME, points=10.0, due_at=due)
        for student, score in ((CALLISTO, 5.0), (EUROPA, 9.0)):
            built.world.grade(typed, int(student), score)
        yield built


def status(course: SmallCourse) -> dict[str, int]:
    [shown] = json.loads(course.rudaux("status", "--json").out)["assignments"]
    return {state: number for state, number in shown["counts"].items() if number}


def lines(course: SmallCourse) -> dict[str, tuple[str, str | None, str | None]]:
    """What a push would do: class, Canvas's score and ours, by student."""
    shown = json.loads(course.rudaux("submit", NAME, "--dry-run", "--json").out)["lines"]
    return {x["student_id"]: (x["class"], x["canvas"], x["now"]) for x in shown}


def files(folder: Path) -> dict[Path, bytes]:
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def marks(course: SmallCourse) -> dict[str, tuple[float, float, bool]]:
    """Score, late penalty, and whether it waits for a person, as nbgrader tells them."""
    with gradebook(course.folder) as book:
        return {
            s.student.id: (s.score, s.late_submission_penalty, s.needs_manual_grade)
            for s in book.assignment_submissions(NAME)
        }


def comments(course: SmallCourse, student: str) -> list[bytes]:
    """Every feedback file that Canvas shows to the student."""
    world = course.world
    rows = [s for s in world.submissions.values() if str(s.user_id) == student]
    ids = [i for row in rows for comment in row.comments for i in comment.file_ids]
    return [world.contents[i] for i in ids]


def exported(course: SmallCourse) -> dict[str, float]:
    """What `nbgrader export` says that everybody has."""
    nbgrader("export", f"--assignment=['{NAME}']", folder=course.folder)
    with (course.folder / "grades.csv").open() as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


def test_a_course_goes_from_nbgrader_to_rudaux_and_back_without_losing_a_mark(
    course: SmallCourse,
) -> None:
    submitted, autograded = course.folder / "submitted", course.folder / "autograded"
    work, outputs, before = files(submitted), files(autograded), marks(course)
    assert before[IO] == (6.5, 0.0, False)
    assert before[EUROPA] == (5.5, 2.0, False)

    # It is taken over: shown first, then once.
    plan = course.rudaux("init", "--dry-run").out
    assert f"dropped      {DROPPED} (1 grade kept)" in plan
    assert f"dropped      {DROPPED_UNGRADED} (ungraded work in submitted/ kept)" in plan
    assert f"{NEVER_CAME} (removed from the gradebook)" in plan
    assert "homework_0   not in rudaux.toml (1 submission kept)" in plan
    assert (
        "takes over 5 submissions that were collected before, 1 of them not in the gradebook yet"
        in plan
    )
    assert "tests changed" not in plan
    course.rudaux("init", code=4)  # three students of seven are not in Canvas any more
    course.rudaux("init", "--accept-roster")
    assert "Everything is up to date" in course.rudaux("init").out
    assert status(course) == {"graded": 2, "needs_manual": 1, "collected": 2, "not_due": 2}
    planned = lines(course)
    assert planned[IO] == ("new", None, "6.5")
    assert planned[EUROPA] == ("conflict", "9", "3.5")  # typed into Canvas before, and kept
    assert planned[GANYMEDE][0] == "held"
    assert files(submitted) == work
    assert {s: m for s, m in marks(course).items() if s != AMALTHEA} == before

    # What nbgrader left open is graded from submitted/, new work comes from the homes.
    course.rudaux("grade", "--auto", code=6)
    assert files(submitted).items() >= work.items()
    assert files(autograded).items() >= outputs.items()
    assert {s: marks(course)[s] for s in before if s != HIMALIA} == {
        s: m for s, m in before.items() if s != HIMALIA
    }
    assert status(course) == {"pushed": 1, "graded": 1, "missing": 1, "needs_manual": 4}
    assert course.grades()[IO] == Decimal("6.5")
    assert course.grades()[EUROPA] == 9
    assert course.grades()[CALLISTO] == 5
    [feedback] = comments(course, IO)
    assert COMMENT.encode() in feedback
    mark(course.folder, GANYMEDE, AMALTHEA, HIMALIA, THEBE)
    course.rudaux("submit", NAME)
    late = marks(course)[AMALTHEA]
    assert late == (6.5, 2.0, False)
    assert course.grades()[AMALTHEA] == Decimal("4.5")
    assert course.grades()[HIMALIA] == course.grades()[THEBE] == Decimal("6.5")
    assert COMMENT.encode() in comments(course, THEBE)[0]
    done = course.fingerprint()
    assert "Autograde: nothing to do" in course.rudaux("grade", NAME, code=None).err
    course.rudaux("grade", "--auto", code=None)
    assert course.fingerprint() == done

    # And back: nbgrader finds everything where it looks, and goes on with it.
    scores = exported(course)
    assert scores[THEBE] == 6.5
    assert scores[AMALTHEA] == 4.5
    nbgrader("autograde", NAME, "--student", THEBE, "--force", folder=course.folder)
    nbgrader("generate_feedback", NAME, "--force", folder=course.folder)
    assert COMMENT in (course.folder / "feedback" / THEBE / NAME / f"{NAME}.html").read_text()
    assert {s: m[0] - m[1] for s, m in marks(course).items() if s != DROPPED}.items() <= (
        scores.items()
    )
    assert lines(course)[THEBE][0] == "held"  # nbgrader asks for a second look at marks
    mark(course.folder, THEBE)
    with gradebook(course.folder) as book:
        [notebook] = book.find_submission(NAME, IO).notebooks
        next(g for g in notebook.grades if g.manual_score).manual_score += 0.5
    course.rudaux("submit", NAME, code=None)
    assert course.grades()[IO] == 7
    assert course.grades()[THEBE] == Decimal("6.5")
    assert len(comments(course, IO)) == 2
