from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from rudaux import Assignment, Course
from rudaux.demo.simulator.entities import Override
from tests.course import SmallCourse, small_course

SECRET = 'assert squares(9)[-1] == 81, "a secret of eighty-one"'


def hide_a_test(course: SmallCourse) -> None:
    """Begin the first test of homework_1 with a hidden one."""
    path = course.folder / "source" / "homework_1" / "homework_1.ipynb"
    content = json.loads(path.read_text())
    told = [(cell, cell["metadata"].get("nbgrader", {})) for cell in content["cells"]]
    first = next(c for c, meta in told if meta.get("grade") and not meta.get("solution"))
    hidden = f"### BEGIN HIDDEN TESTS\n{SECRET}\n### END HIDDEN TESTS\n"
    first["source"] = hidden + "".join(first["source"])
    path.write_text(json.dumps(content))
    course.commit()


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCourse]:
    """Io is right, Europa partly, Ganymede wrong, Callisto missing."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("explain") / "practice"
        with small_course(
            folder, patch, ("homework_1",), ("right", "partly", "wrong", "missing")
        ) as course:
            hide_a_test(course)
            course.rudaux("init")
            course.rudaux("grade", "homework_1", "--accept-alarms")
            yield course


def test_a_grade_is_explained_on_a_real_course_and_nothing_changes(graded: SmallCourse) -> None:
    before = graded.fingerprint()
    document = json.loads(graded.rudaux("explain", "europa", "homework_1", "--json").out)
    sid = document["student"]["id"]
    assert document["student"]["name"] == "Europa Jupiter"
    assert str(graded.grades()[sid]).rstrip("0").rstrip(".") == document["canvas_now"]
    assert document["canvas_points"] == document["canvas_now"]
    failed = [test for test in document["tests"] if test["verdict"] == "failed"]
    assert failed
    assert all(test["error"] for test in failed)
    assert document["collected"]["intact"] is True
    assert document["repairs"] == document["unknown"] == []
    assert document["pushes"][0]["read_back"] == document["canvas_now"]
    assert graded.fingerprint() == before


def test_it_reads_as_an_answer_to_an_appeal(graded: SmallCourse) -> None:
    shown = graded.rudaux("explain", "europa", "homework_1").out
    assert shown.startswith("Europa Jupiter (")
    for word in ("Deadline", "Collected", "SHA-256", "Repaired", "homework_1.ipynb", "read back"):
        assert word in shown
    assert "failed: AssertionError" in shown
    assert "the sum of the above" in shown
    assert max(len(line) for line in shown.splitlines()) < 100
    missing = graded.rudaux("explain", "callisto", "homework_1").out
    assert "nothing handed in" in missing.splitlines()[0]
    assert "Missing" in missing


def test_a_hidden_test_is_told_by_its_name_alone(graded: SmallCourse) -> None:
    for form in ((), ("--json",)):
        shown = graded.rudaux("explain", "ganymede", "homework_1", *form).out
        assert "AssertionError in a hidden test" in shown
        assert "secret" not in shown
        assert "squares(9)" not in shown


def test_several_students_nobody_and_no_assignment_are_mistakes_of_usage(
    graded: SmallCourse,
) -> None:
    several = graded.rudaux("explain", "jupiter", "homework_1", code=2).err
    assert several.count(" Jupiter") == 4
    again = ("grade", "homework_1", "--dry-run", "--student")
    assert "1 collected and to grade" in graded.rudaux(*again, "europa").out
    assert graded.rudaux(*again, "jupiter", code=2).err.count(" Jupiter") == 4
    assert "did you mean" in graded.rudaux("explain", "euorpa", "homework_1", code=2).err
    assert "Did you mean" in graded.rudaux("explain", "io", "homwork_1", code=2).err


def test_python_returns_the_same_and_an_extension_is_named(graded: SmallCourse) -> None:
    homework = Assignment("homework_1", course=Course(graded.folder, auto=True))
    found = homework.explain("io@example.edu")
    assert found.student.name == "Io Jupiter"
    assert found.canvas_points == graded.grades()[found.student.id]
    [assignment] = [a for a in graded.world.assignments.values() if a.name == "homework_1"]
    due = assignment.due_at
    assert due is not None
    graded.world.overrides[1] = Override(
        1, assignment.id, "Ill", student_ids=[int(found.student.id)], dates={"due_at": due}
    )
    shown = graded.rudaux("explain", found.student.id, "homework_1").out
    assert 'from override 1 "Ill" for this student' in shown
