from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from copy import deepcopy
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import nbformat
import pytest

from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.domain.execution import CellResult, Execution, Suspicion, Verdict
from rudaux.errors import ExecutorFailure, GradebookFailure
from tests.adapters.nbgrader.course import (
    RIGHT,
    Course,
    cell_named,
    make_course,
    pretend,
)

TEST = "correct_squares"
TASK = "cell-938593c4a215c6cc"
WAITING = "problem1: 3 cells wait for marks by hand"
WARNING = {"output_type": "stream", "name": "stderr", "text": "FutureWarning: soon\n"}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


@pytest.fixture
def handed_in(course: Course) -> Course:
    course.hand_in("11", RIGHT)
    return course


def auto_score(course: Course, cell: str) -> float | None:
    query = (
        "SELECT auto_score FROM grade JOIN base_cell ON base_cell.id = grade.cell_id WHERE name = ?"
    )
    with closing(sqlite3.connect(course.folder / "gradebook.db")) as raw:
        score: float | None = raw.execute(query, (cell,)).fetchone()[0]
        return score


def result(value: str) -> dict[str, Any]:
    return {
        "output_type": "execute_result",
        "data": {"text/plain": value},
        "metadata": {},
        "execution_count": 1,
    }


def test_a_failing_test_costs_its_points(handed_in: Course) -> None:
    handed_in.grade("11", TEST)
    assert handed_in.score("11") == "2.0"
    assert handed_in.gradebook.submissions("ps1")["11"].autograded


def test_what_waits_for_a_mark_is_named(handed_in: Course) -> None:
    reasons = handed_in.grade("11")
    assert reasons == ("problem1: 3 cells wait for marks by hand",)
    assert handed_in.gradebook.submissions("ps1")["11"].needs_manual


def test_a_warning_on_stderr_takes_no_marks_away(handed_in: Course) -> None:
    execution = pretend(handed_in.job("11"), outputs={TEST: [WARNING]})
    handed_in.grader.score(execution, 0.0)
    assert auto_score(handed_in, TEST) == 1.0
    outputs = cell_named(handed_in.autograded("11"), TEST)["outputs"]
    assert "".join(outputs[0]["text"]) == WARNING["text"]


def test_stderr_still_fails_a_test_in_a_language_without_error_outputs(course: Course) -> None:
    def octave(content: dict[str, Any]) -> None:
        content["metadata"]["kernelspec"] = {
            "name": "octave",
            "display_name": "Octave",
            "language": "octave",
        }

    course.edit_source(octave)
    course.release()
    course.hand_in("11", RIGHT)
    course.grader.score(pretend(course.job("11"), outputs={TEST: [WARNING]}), 0.0)
    assert auto_score(course, TEST) == 0.0


@pytest.mark.parametrize("verdict", ["ok", "cell_timeout", "kernel_died", "out_of_memory"])
def test_a_test_that_never_ran_scores_nothing(handed_in: Course, verdict: Verdict) -> None:
    job = handed_in.job("11")
    handed_in.grader.score(Execution(job, verdict), 0.0)
    assert handed_in.score("11") == "0"
    (output,) = cell_named(handed_in.autograded("11"), TEST)["outputs"]
    assert output["ename"] == "NotRun"


def test_our_own_failure_is_never_a_score(handed_in: Course) -> None:
    with pytest.raises(ExecutorFailure, match="gets no score"):
        handed_in.grader.score(Execution(handed_in.job("11"), "failed", "disk full"), 0.0)
    assert handed_in.gradebook.submissions("ps1") == {}


def test_only_outputs_of_cells_that_were_sent_are_used(handed_in: Course) -> None:
    job = handed_in.job("11")
    good = pretend(job).cells
    extra = tuple(CellResult(i, 1, (result("9"),)) for i in (-1, 0, 10_000))
    cells = {**good, "problem1.ipynb": good["problem1.ipynb"] + extra, "other.ipynb": extra}
    handed_in.grader.score(Execution(job, "ok", cells=cells), 0.0)
    assert handed_in.score("11") == "3.0"
    assert not (handed_in.folder / "autograded" / "11" / "ps1" / "other.ipynb").exists()
    nbformat.validate(handed_in.autograded("11"))


@pytest.mark.parametrize(
    "output",
    [
        {},
        {"output_type": "magic"},
        {"output_type": "stream", "name": "stdout", "text": 7},
        {"output_type": "execute_result", "data": "1"},
        {"output_type": "error", "ename": None, "evalue": "", "traceback": []},
    ],
)
def test_an_output_of_no_known_shape_is_never_a_pass(
    handed_in: Course, output: dict[str, Any]
) -> None:
    handed_in.grader.score(pretend(handed_in.job("11"), outputs={TEST: [output]}), 0.0)
    assert auto_score(handed_in, TEST) == 0.0
    nbformat.validate(handed_in.autograded("11"))


def test_outputs_are_limited_and_the_score_is_not_changed_by_it(handed_in: Course) -> None:
    flood = {"output_type": "stream", "name": "stdout", "text": "x" * 5_000_000}
    handed_in.grader.score(pretend(handed_in.job("11"), outputs={TEST: [flood] * 9}), 0.0)
    path = handed_in.folder / "autograded" / "11" / "ps1" / "problem1.ipynb"
    assert path.stat().st_size < 4_000_000
    assert auto_score(handed_in, TEST) == 1.0


def test_partial_credit_counts_and_an_impossible_one_waits_for_a_person(handed_in: Course) -> None:
    handed_in.grader.score(pretend(handed_in.job("11"), outputs={TEST: [result("0.25")]}), 0.0)
    assert auto_score(handed_in, TEST) == 0.25
    reasons = handed_in.grader.score(
        pretend(handed_in.job("11"), outputs={TEST: [result("5")]}), 0.0
    )
    assert auto_score(handed_in, TEST) == 0
    assert handed_in.gradebook.submissions("ps1")["11"].needs_manual
    assert 'problem1: the test "correct_squares" returned a value that is not a score' in reasons[0]


def test_a_missing_notebook_scores_nothing_and_the_other_is_graded(handed_in: Course) -> None:
    (handed_in.folder / "submitted" / "11" / "ps1" / "problem1.ipynb").unlink()
    reasons = handed_in.grade("11")
    assert handed_in.score("11") == "0"
    assert reasons == ()  # problem2 was handed in without an answer, which is 0 by itself


def test_a_task_whose_notebook_was_handed_in_later_waits_for_its_mark(handed_in: Course) -> None:
    (handed_in.folder / "submitted" / "11" / "ps1" / "problem1.ipynb").unlink()
    handed_in.grade("11")
    assert auto_score(handed_in, TASK) == 0
    handed_in.hand_in("11", RIGHT)
    (reason,) = handed_in.grade("11")
    assert (reason, auto_score(handed_in, TASK)) == (WAITING, None)


def test_marks_for_a_notebook_that_is_gone_are_asked_about_and_stay(handed_in: Course) -> None:
    handed_in.grade("11")
    handed_in.mark("11", "sum_of_squares_equation", 1)
    (handed_in.folder / "submitted" / "11" / "ps1" / "problem1.ipynb").unlink()
    for _ in range(2):
        (reason,) = handed_in.grade("11")
        assert isinstance(reason, Suspicion)
        assert reason == (
            "problem1.ipynb is no longer handed in, but its marks by hand still count (formgrader "
            "shows them once it is put back)"
        )
        assert handed_in.score("11") == "1.0"


def test_a_mark_that_is_taken_away_leaves_no_0_of_a_notebook_handed_in_later(
    handed_in: Course,
) -> None:
    (handed_in.folder / "submitted" / "11" / "ps1" / "problem1.ipynb").unlink()
    handed_in.grade("11")
    handed_in.mark("11", TASK, 2)
    handed_in.hand_in("11", RIGHT)
    handed_in.grade("11")
    assert auto_score(handed_in, TASK) is None  # with a 0, formgrader would not let it wait


def test_a_task_whose_mark_is_gone_waits_for_it_again(handed_in: Course) -> None:
    handed_in.grade("11")
    handed_in.mark("11", TASK, None)
    assert not handed_in.gradebook.submissions("ps1")["11"].autograded
    (reason,) = handed_in.grade("11")
    assert reason == WAITING
    assert handed_in.gradebook.submissions("ps1")["11"].autograded


def test_grading_twice_keeps_marks_by_hand_settled(handed_in: Course) -> None:
    handed_in.grade("11")
    for cell in ("sum_of_squares_application", "sum_of_squares_equation", TASK):
        handed_in.mark("11", cell, 1)
    handed_in.mark("11", TEST, 0.5)
    before = handed_in.gradebook.submissions("ps1")
    handed_in.grade("11")
    assert handed_in.gradebook.submissions("ps1") == before
    assert str(before["11"].score) == "5.5"
    assert not before["11"].needs_manual


def test_new_work_asks_for_a_second_look_at_its_marks(handed_in: Course) -> None:
    handed_in.grade("11")
    for cell in ("sum_of_squares_application", "sum_of_squares_equation", TASK):
        handed_in.mark("11", cell, 1)
    handed_in.hand_in("11", {**RIGHT, "sum_of_squares_equation": "$n^2$"})
    (reason,) = handed_in.grade("11")
    assert reason == "problem1: 2 cells wait for marks by hand"
    assert handed_in.score("11") == "6.0"


def test_a_test_that_is_removed_asks_for_no_second_look_at_a_task(handed_in: Course) -> None:
    handed_in.grade("11")
    handed_in.mark("11", TASK, 1)
    handed_in.edit_source(lambda c: c["cells"].remove(cell_named(c, TEST)))
    handed_in.grader.record_source("ps1")
    (reason,) = handed_in.grade("11")
    assert reason == "problem1: 2 cells wait for marks by hand"


def test_a_late_penalty_follows_the_students_own_deadline(handed_in: Course) -> None:
    config = handed_in.folder / "nbgrader_config.py"
    config.write_text(config.read_text() + "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    grader = NbgraderGrader(handed_in.folder, handed_in.folder / "scratch")
    for seconds_late, score in ((0.0, "3.0"), (60.0, "0"), (0.0, "3.0")):
        grader.score(pretend(handed_in.job("11")), seconds_late)
        assert handed_in.score("11") == score


def test_the_autograded_folder_holds_the_data_files_read_only(handed_in: Course) -> None:
    folder = handed_in.folder / "autograded" / "11" / "ps1"
    for _ in range(2):
        handed_in.grade("11")
        assert sorted(p.name for p in folder.iterdir()) == [
            "jupyter.png",
            "problem1.ipynb",
            "problem2.ipynb",
        ]
        assert stat.S_IMODE((folder / "problem1.ipynb").stat().st_mode) == 0o400
        assert [p.name for p in folder.parent.iterdir()] == ["ps1"]
    assert not list((handed_in.folder / ".rudaux" / "scratch").rglob("*.png"))


def test_a_commit_that_fails_leaves_no_autograded_folder(
    handed_in: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = pretend(handed_in.job("11"))
    monkeypatch.setattr("rudaux.adapters.nbgrader.gradebook.database.BUSY_SECONDS", 0.1)
    grader = NbgraderGrader(handed_in.folder, handed_in.folder / "scratch")
    with closing(sqlite3.connect(handed_in.folder / "gradebook.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(GradebookFailure, match="locked"):
            grader.score(execution, 0.0)
    assert not handed_in.gradebook.submissions("ps1")
    assert not (handed_in.folder / "autograded" / "11" / "ps1").exists()


def test_a_discarded_version_is_set_aside_and_marks_stay(handed_in: Course) -> None:
    handed_in.grade("11")
    handed_in.grader.discard_autograded("ps1", "11")
    handed_in.grader.discard_autograded("ps1", "11")
    submission = handed_in.gradebook.submissions("ps1")["11"]
    assert (str(submission.score), submission.autograded) == ("3.0", False)
    kept = handed_in.folder / ".rudaux" / "kept" / "autograded" / "11" / "ps1" / "problem1.ipynb"
    assert kept.is_file()


def test_a_submission_without_a_grade_is_not_graded_whatever_lies_in_its_folder(
    handed_in: Course,
) -> None:
    handed_in.grade("11")
    handed_in.gradebook.remove_students(["11"])
    handed_in.gradebook.record_submission("ps1", "11", datetime(2026, 10, 1, tzinfo=timezone.utc))
    assert handed_in.autograded("11")
    assert not handed_in.gradebook.submissions("ps1")["11"].autograded


@pytest.mark.parametrize("cell", [TEST, TASK, "sum_of_squares_equation"])
def test_a_cell_that_came_later_leaves_a_submission_to_be_graded_again(
    handed_in: Course, cell: str
) -> None:
    handed_in.grade("11")
    assert handed_in.gradebook.submissions("ps1")["11"].autograded

    def another(content: dict[str, Any]) -> None:
        copy = deepcopy(cell_named(content, cell))
        copy["metadata"]["nbgrader"]["grade_id"] = "another_test"
        copy["id"] = "another"
        content["cells"].append(copy)

    handed_in.edit_source(another)
    handed_in.grader.record_source("ps1")
    assert not handed_in.gradebook.submissions("ps1")["11"].autograded
    handed_in.grade("11")
    assert handed_in.gradebook.submissions("ps1")["11"].autograded
