"""Feedback and solutions back to homes, and marking shared, by the commands on a real course."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rudaux.demo.marking import mark_by_hand
from tests.course import SmallCourse
from tests.kept import CourseAfter

STUDENT = 4711


@pytest.fixture
def course(course_after: CourseAfter) -> SmallCourse:
    built = course_after(return_all, ("init",))
    for home in built.practice.homes.iterdir():
        if os.geteuid() == 0 and not home.name.startswith("."):
            for path in (home, *home.rglob("*")):
                os.chown(path, STUDENT, STUDENT)
    return built


def return_all(course: SmallCourse) -> None:
    course.edit("[grading]", "[return]\nfeedback = true\nsolution_share = 0.8\n\n[grading]")


def returned(course: SmallCourse) -> dict[str, tuple[bytes, int, int]]:
    """What lies in homes beside the work: content, owner and inode."""
    homes = course.practice.homes
    return {
        str(path.relative_to(homes)): (path.read_bytes(), path.stat().st_uid, path.stat().st_ino)
        for sid in course.practice.kinds
        for folder in ("feedback", "solutions")
        for path in (homes / sid / folder).rglob("*")
        if path.is_file()
    }


def test_grade_returns_feedback_and_solution_once_and_a_dry_run_lists_what_is_lacking(
    course: SmallCourse,
) -> None:
    ids = list(course.practice.kinds)
    missing = next(sid for sid, kind in course.practice.kinds.items() if kind == "missing")
    first = course.rudaux("grade", "homework_1")
    shown = [line.split() for line in first.out.splitlines()]
    assert ["Return", "+", "feedback/homework_1/homework_1.html", "into", "6", "homes"] in shown
    assert ["+", "solutions/homework_1/homework_1.html", "into", "7", "homes"] in shown
    files = returned(course)
    assert set(files) == {
        *(f"{sid}/feedback/homework_1/homework_1.html" for sid in ids if sid != missing),
        *(f"{sid}/solutions/homework_1/homework_1.html" for sid in ids),
    }
    for path, (content, owner, _) in files.items():
        assert owner == (STUDENT if os.geteuid() == 0 else os.geteuid())
        if "/feedback/" in path:
            assert f'content="homework_1/{path.partition("/")[0]}/'.encode() in content
        else:
            assert b"n must be greater than or equal to 1" in content
            assert b"BEGIN SOLUTION" not in content
    before = course.fingerprint()
    for again in (("grade", "homework_1"), ("submit", "homework_1"), ("grade", "--auto")):
        assert "Return" not in course.rudaux(*again).out
    assert returned(course) == files
    assert course.fingerprint() == before
    io, *_ = ids
    for folder in ("feedback", "solutions"):
        (course.practice.homes / io / folder / "homework_1" / "homework_1.html").unlink()
    for command in ("grade", "submit"):
        preview = course.rudaux(command, "homework_1", "--dry-run").out
        assert "feedback/homework_1/homework_1.html    into 1 home: Io Jupiter" in preview
        assert len(returned(course)) == len(files) - 2
    course.rudaux("submit", "homework_1")
    assert {p: f[:2] for p, f in returned(course).items()} == {p: f[:2] for p, f in files.items()}


def test_what_students_put_in_the_way_stays_is_told_and_holds_up_nobody(
    course: SmallCourse, tmp_path: Path
) -> None:
    io, europa, ganymede, *_ = course.practice.kinds
    homes, outside = course.practice.homes, tmp_path / "outside"
    outside.mkdir()
    (homes / io / "feedback").symlink_to(outside)
    (homes / europa / "feedback" / "homework_1").mkdir(parents=True)
    mine = homes / europa / "feedback" / "homework_1" / "homework_1.html"
    mine.write_text("my own notes")
    (homes / ganymede / "solutions").write_text("a file")
    if os.geteuid() == 0:
        for path in (mine, *mine.parents[:2]):
            os.chown(path, STUDENT, STUDENT)
    run = course.rudaux("grade", "homework_1", code=6)
    assert "Io Jupiter: not returned: feedback in their home is not a folder" in run.err
    assert "Ganymede Jupiter: not returned: solutions in their home is not a folder" in run.err
    assert "they have a homework_1.html of their own, so the page is homework_1 (2)" in run.err
    assert list(outside.iterdir()) == []
    assert mine.read_text() == "my own notes"
    assert (mine.parent / "homework_1 (2).html").is_file()
    assert all(grade is not None for grade in course.grades().values())
    files = returned(course)
    course.rudaux("grade", "homework_1", code=6)
    assert returned(course) == files


def test_the_solution_waits_for_an_extension_and_cron_s_run_brings_it_afterwards(
    course: SmallCourse,
) -> None:
    course.edit("solution_share = 0.8", "solution_not_before = 2030-01-01")
    waits = course.rudaux("grade", "homework_1").out
    assert "the solution waits: solution_not_before is 1 Jan 2030" in waits
    assert not any("/solutions/" in path for path in returned(course))
    course.edit("solution_not_before = 2030-01-01", "solution_share = 1")
    course.rudaux("grade", "--auto")
    assert sum("/solutions/" in path for path in returned(course)) == 7
    files = returned(course)
    course.rudaux("grade", "--auto")
    assert returned(course) == files


# --- marking -------------------------------------------------------------------------------------

GRADERS = """
[[graders]]
name = "Ann"
weight = 2
notify = "json://127.0.0.1:9"

[[graders]]
name = "Bo"
except = [{}]
"""


@pytest.fixture
def marked(course_after: CourseAfter) -> SmallCourse:
    grade = ("grade", "homework_2", "--manual")
    return course_after(name_graders, ("init",), grade, assignments=("homework_2",))


def name_graders(course: SmallCourse) -> None:
    [first, *_] = course.practice.kinds
    toml = course.folder / "rudaux.toml"
    toml.write_text(toml.read_text() + GRADERS.format(first))
    course.commit()


def test_marks_are_shared_handed_over_and_status_says_how_far_each_is(marked: SmallCourse) -> None:
    preview = marked.rudaux("gradebook", "share", "homework_2", "--dry-run").out
    assert "6 submissions wait for marks by hand" in preview
    assert "Ann would get a message: practice: 4 submissions of homework_2 to" in preview
    assert not (marked.folder / "marking").exists()
    marked.rudaux("gradebook", "share", "homework_2")
    lists = {
        name: list(csv.DictReader((marked.folder / f"marking/homework_2/{name}.csv").open()))
        for name in ("Ann", "Bo")
    }
    assert {name: len({row["id"] for row in rows}) for name, rows in lists.items()} == {
        "Ann": 4,
        "Bo": 2,
    }
    first = next(iter(marked.practice.kinds))
    assert first in {row["id"] for row in lists["Ann"]}
    before = marked.fingerprint(), division(marked)
    assert "up to date" in marked.rudaux("gradebook", "share", "homework_2").out
    assert (marked.fingerprint(), division(marked)) == before
    assert "marking" not in before[0][-1]  # type: ignore[operator]
    shown = marked.rudaux("status", "homework_2").out.splitlines()
    assert [line.split() for line in shown if line.startswith(("Ann", "Bo"))] == [
        ["Ann", "0", "4", "4"],
        ["Bo", "0", "2", "2"],
    ]
    run = marked.rudaux("gradebook", "share", "homework_2", "--from", "ann", "--to", "bo")
    assert "stays where it is, because of `except`: Io Jupiter" in run.out
    assert sorted(row[3] for row in division(marked)) == ["Ann", *["Bo"] * 5]
    wrong = marked.rudaux("gradebook", "share", "homework_2", "--from", "ann", code=2)
    assert "use --from and --to together" in wrong.err
    other = marked.rudaux("gradebook", "share", "homework_2", "--by", "question", code=2)
    assert "divided by submission already: add --anew" in other.err
    mark_by_hand(marked.folder, "homework_2", marked.practice.kinds)
    document = json.loads(marked.rudaux("status", "homework_2", "--json").out)
    assert document["assignments"][0]["marking"] == [
        {"grader": "Ann", "marked": 1, "total": 1},
        {"grader": "Bo", "marked": 5, "total": 5},
    ]


def division(course: SmallCourse) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(course.folder / ".rudaux" / "ledger.db")) as ledger:
        return ledger.execute("SELECT * FROM marking ORDER BY student").fetchall()
