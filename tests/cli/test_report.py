"""`rudaux report` on a practice course, and as the commands before a push write it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rudaux import Assignment, Course
from rudaux.cli.report import report_before_push
from rudaux.cli.view import View
from tests.course import SmallCourse, small_course
from tests.workflows.run import standings
from tests.workflows.test_push import graded
from tests.workflows.test_report import class_of_twelve


def test_a_run_writes_the_report_and_the_command_tells_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_course(tmp_path / "practice", monkeypatch) as course:
        course.rudaux("init")
        page = course.folder / ".rudaux" / "reports" / "homework_1.html"
        assert f"Report: {page}" in course.rudaux("grade", "homework_1").err
        assert page.stat().st_mode & 0o777 == 0o600
        before = course.fingerprint()
        told = course.rudaux("report", "homework_1")
        assert "6 of 7 students graded" in told.out
        assert "AssertionError: did not raise" in told.out
        assert re.search(r"1 +missing +Callisto Jupiter", told.out)
        document = json.loads(course.rudaux("report", "homework_1", "--json").out)
        _about_the_class(course, document)
        _without_people(course)
        term = json.loads(course.rudaux("report", "--json").out)
        assert [a["assignment"] for a in term["assignments"]] == ["homework_1", "homework_3"]
        assert Path(term["html"]).name == "index.html"
        assert term["assignments"][0] == document
        assert course.fingerprint() == before
        _in_python(course, document)


def _about_the_class(course: SmallCourse, document: dict[str, object]) -> None:
    assert document["students"] == 6
    shown = [float(s) for sid, s in course.grades().items() if s is not None]
    handed_in = [s for s in shown if s]  # the missing one has 0
    assert float(str(document["mean"])) == pytest.approx(sum(handed_in) / 6, abs=1e-4)
    tests = {t["cell"]: t for t in document["tests"]}  # type: ignore[attr-defined]
    assert tests["squares_invalid_input"]["passed"] == pytest.approx(4 / 6, abs=1e-4)
    assert all(t["seconds"] > 0 for t in tests.values())
    assert {t["discrimination"] for t in tests.values()} == {None}  # six students


def _without_people(course: SmallCourse) -> None:
    told = course.rudaux("report", "homework_1", "--anonymous")
    page = (course.folder / ".rudaux" / "reports" / "homework_1-anonymous.html").read_text()
    for user in course.world.users.values():
        words = (str(user.id), user.name, user.sortable_name, user.email, user.login_id)
        for word in filter(None, words):
            assert not re.search(rf"\b{re.escape(word)}\b", page + told.out), word


def _in_python(course: SmallCourse, document: dict[str, object]) -> None:
    homework = Assignment("homework_1", course=Course(course.folder, auto=True))
    assert homework.report() == document
    rows = homework.of.scores()
    assert len(rows) == 2 * 7
    scores = {r["student_id"]: r["score"] for r in rows if r["assignment"] == "homework_1"}
    assert scores == {sid: float(s) for sid, s in course.grades().items() if s is not None}


def test_a_report_that_cannot_be_written_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx = graded(tmp_path, "4")

    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ctx.pages, "write", full)
    report_before_push(ctx, View(no_prompt=True), standings(ctx))
    assert "No report was written" in capsys.readouterr().err


def test_the_tests_to_look_at_are_named_with_what_helps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rudaux.cli.report import _show
    from rudaux.workflows.report import read_report

    ctx = class_of_twelve(tmp_path)
    _show(View(no_prompt=True), read_report(ctx, standings(ctx)), Path("x.html"), False)
    out, err = capsys.readouterr()
    assert re.search(r"odd +nb +50% +good students fail it \(-1.00\)", out)
    assert re.search(r"6 +ValueError: … is odd +odd", out)
    assert "rudaux regrade homework_1 --what-if" in err
