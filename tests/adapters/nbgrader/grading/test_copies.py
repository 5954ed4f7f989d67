"""Copied cells: what runs, what counts, and when a person is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rudaux.domain.execution import Job
from tests.adapters.nbgrader.course import (
    RIGHT,
    WRONG,
    Change,
    Course,
    cell_named,
    make_course,
    run,
)

ANSWER, TEST, TEXT = "squares", "correct_squares", "jupyter"
BY_HAND, CODE_BY_HAND = "sum_of_squares_equation", "sum_of_squares_application"
TASK = "cell-938593c4a215c6cc"
BLANK = "as it was released"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


def copied(name: str, *sources: str | None, at_end: bool = False, **changes: Any) -> Change:
    """Copy a cell below itself, or at the end, once per source; None: with its own source."""

    def change(content: dict[str, Any]) -> None:
        cell = cell_named(content, name)
        place = content["cells"].index(cell) + 1
        for number, source in enumerate(sources):
            copy = {**json.loads(json.dumps(cell)), **changes, "id": f"copy-{number}"}
            copy["source"] = cell["source"] if source is None else source
            content["cells"].insert(len(content["cells"]) if at_end else place + number, copy)

    return change


def released(course: Course, name: str) -> str:
    path = course.folder / "release" / "ps1" / "problem1.ipynb"
    return "".join(cell_named(json.loads(path.read_text()), name)["source"])


def cells(job: Job, notebook: str = "problem1") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(job.notebooks[f"{notebook}.ipynb"])["cells"]
    return found


def grade_ids(job: Job) -> list[str]:
    return [c["metadata"].get("nbgrader", {}).get("grade_id", "") for c in cells(job)]


def sources(job: Job) -> list[str]:
    return ["".join(c["source"]) for c in cells(job)]


def passed(course: Course, student: str, job: Job) -> bool:
    """Run a job for real and score it; say whether the test of `squares` earned its point."""
    course.grader.score(run(job), 0.0)
    outputs = cell_named(course.autograded(student), TEST)["outputs"]
    return not any(output["output_type"] == "error" for output in outputs)


@pytest.mark.parametrize(
    ("first", "second", "passes"),
    [
        ("right", "wrong", False),
        ("wrong", "right", True),
        ("right", "right", True),
        ("right", BLANK, False),
        (BLANK, "right", True),
    ],
)
def test_both_copies_of_an_answer_run_in_their_order_and_are_graded(
    course: Course, first: str, second: str, passes: bool
) -> None:
    texts = {"right": RIGHT[ANSWER], "wrong": WRONG[ANSWER], BLANK: released(course, ANSWER)}
    answers = {**RIGHT, ANSWER: texts[first]}
    course.hand_in("11", answers, copied(ANSWER, texts[second]))
    job = course.job("11")
    assert job.doubts == ()
    assert job.repairs == ('problem1: cell "squares" was there twice; both were run',)
    assert grade_ids(job).count(ANSWER) == 1
    assert [s for s in sources(job) if "def squares" in s] == [texts[first], texts[second]]
    assert passed(course, "11", job) == passes


def test_feedback_shows_both_copies_and_says_so(course: Course) -> None:
    change = copied(ANSWER, f"{RIGHT[ANSWER]}\nprint('the second one ran')")
    first = f"{RIGHT[ANSWER]}\nprint('the first one ran')"
    course.hand_in("11", {**RIGHT, ANSWER: first}, change)
    course.grader.score(run(course.job("11")), 0.0)
    text = course.grader.feedback("ps1", "11")[0].content.decode()
    assert "the first one ran" in text
    assert "the second one ran" in text
    assert "cell &quot;squares&quot; was there twice; both were run" in text


def test_a_copy_after_the_tests_gains_nothing(course: Course) -> None:
    course.hand_in("11", WRONG, copied(ANSWER, RIGHT[ANSWER], at_end=True))
    job = course.job("11")
    assert job.doubts == ()
    assert "both were run" in job.repairs[0]
    assert sources(job)[-1] == RIGHT[ANSWER]
    assert not passed(course, "11", job)


def test_more_than_two_copies_are_all_run(course: Course) -> None:
    more = (WRONG[ANSWER], RIGHT[ANSWER], WRONG[ANSWER])
    course.hand_in("11", RIGHT, copied(ANSWER, *more))
    job = course.job("11")
    assert job.repairs == ('problem1: cell "squares" was there 4 times; all were run',)
    assert job.doubts == ()
    assert [s for s in sources(job) if "def squares" in s] == [RIGHT[ANSWER], *more]


def test_a_copy_kept_as_a_note_is_not_run(course: Course) -> None:
    course.hand_in("11", RIGHT, copied(ANSWER, WRONG[ANSWER], cell_type="raw"))
    job = course.job("11")
    assert job.repairs == ('problem1: cell "squares" was there twice; 1 of them was run',)
    kinds = [c["cell_type"] for c in cells(job) if "def squares" in "".join(c["source"])]
    assert kinds == ["code", "raw"]
    assert passed(course, "11", job)


def test_a_copied_test_counts_once_with_its_own_text(course: Course) -> None:
    course.hand_in("11", WRONG, copied(TEST, "pass", None))
    job = course.job("11")
    assert job.repairs == (f'problem1: cell "{TEST}" was there 3 times; it counts once',)
    assert job.doubts == ()
    ids = grade_ids(job)
    assert ids.count(TEST) == 1
    assert ids.index(TEST) > ids.index(ANSWER)
    assert "assert squares(10)" in sources(job)[ids.index(TEST)]
    assert sources(job)[ids.index(TEST) + 1] == "pass"
    assert not passed(course, "11", job)


@pytest.mark.parametrize("change", ["first edited", "points", "answer"])
def test_no_copy_of_a_test_gains_points(course: Course, change: str) -> None:
    def cheat(content: dict[str, Any]) -> None:
        copied(TEST, None)(content)
        cell = cell_named(content, TEST)
        if change == "first edited":
            cell["source"] = "pass"
        elif change == "points":
            cell["metadata"]["nbgrader"]["points"] = 100
        else:
            cell["metadata"]["nbgrader"] |= {"grade": False, "solution": True, "locked": False}

    course.hand_in("11", WRONG, cheat)
    job = course.job("11")
    assert not passed(course, "11", job)
    meta = cell_named({"cells": cells(job)}, TEST)["metadata"]["nbgrader"]
    assert (meta["points"], meta["grade"], meta["solution"]) == (1, True, False)


def test_a_test_copied_above_its_answer_runs_after_it(course: Course) -> None:
    def above(content: dict[str, Any]) -> None:
        copy = json.loads(json.dumps(cell_named(content, TEST)))
        content["cells"].insert(0, {**copy, "id": "above"})

    course.hand_in("11", RIGHT, above)
    assert passed(course, "11", course.job("11"))


def test_a_question_that_was_copied_with_its_test_is_graded_at_its_end(course: Course) -> None:
    def again(content: dict[str, Any]) -> None:
        copied(ANSWER, RIGHT[ANSWER], at_end=True)(content)
        copied(TEST, None, at_end=True)(content)

    course.hand_in("11", WRONG, again)
    job = course.job("11")
    assert grade_ids(job)[-2:] == [ANSWER, TEST]
    assert passed(course, "11", job)


@pytest.mark.parametrize("source", [None, "my own text"])
def test_a_copied_text_is_left_as_the_students_own(course: Course, source: str | None) -> None:
    course.hand_in("11", RIGHT, copied(TEXT, source))
    job = course.job("11")
    assert job.repairs == (f'problem1: cell "{TEXT}" was there twice; it counts once',)
    assert job.doubts == ()
    assert grade_ids(job).count(TEXT) == 1
    if source:
        assert source in sources(job)


@pytest.mark.parametrize("name", [BY_HAND, CODE_BY_HAND])
def test_two_different_answers_to_mark_by_hand_are_a_persons_to_settle(
    course: Course, name: str
) -> None:
    course.hand_in("11", RIGHT, copied(name, "another"))
    job = course.job("11")
    assert job.doubts == (
        f'problem1: cell "{name}" was there twice with different answers: look at the submitted '
        "notebook before you mark it",
    )
    assert job.repairs == (f'problem1: cell "{name}" was there twice; the answers differ',)
    assert grade_ids(job).count(name) == 1


@pytest.mark.parametrize(
    ("source", "said"),
    [(None, "it counts once"), (BLANK, "the one with an answer counts"), (" \n", "the one with")],
)
def test_of_copies_with_one_answer_to_mark_by_hand_that_one_counts(
    course: Course, source: str | None, said: str
) -> None:
    text = released(course, BY_HAND) if source == BLANK else source
    course.hand_in("11", RIGHT, copied(BY_HAND, text))
    job = course.job("11")
    assert job.doubts == ()
    assert said in job.repairs[0]
    assert sources(job)[grade_ids(job).index(BY_HAND)] == RIGHT[BY_HAND]


def test_a_task_that_was_copied_is_asked_about_only_where_two_answers_are_in_it(
    course: Course,
) -> None:
    course.hand_in("11", RIGHT, copied(TASK, None, "my answer"))
    job = course.job("11")
    assert job.doubts == ()
    assert "my answer" in sources(job)
    course.hand_in("12", RIGHT, copied(TASK, "my answer", "another"))
    (doubt,) = course.job("12").doubts
    assert f'"{TASK}" was there 3 times with different answers' in doubt


def move(course: Course, student: str, name: str, source: str, keep: bool = True) -> None:
    """Copy a cell of problem1 into problem2 with this source."""
    folder = course.folder / "submitted" / student / "ps1"
    first, second = (folder / f"problem{n}.ipynb" for n in (1, 2))
    content = json.loads(second.read_text())
    copy = {**cell_named(json.loads(first.read_text()), name), "source": source, "id": "copy"}
    content["cells"].append(copy)
    second.write_text(json.dumps(content))
    if not keep:
        first.unlink()


def test_an_answer_copied_into_another_notebook_runs_there_and_counts_at_home(
    course: Course,
) -> None:
    course.hand_in("11", RIGHT)
    move(course, "11", ANSWER, WRONG[ANSWER])
    job = course.job("11")
    assert job.doubts == ()
    assert job.repairs == ('problem2: cell "squares" of problem1 was here, too; it counts there',)
    last = cells(job, "problem2")[-1]
    assert "".join(last["source"]) == WRONG[ANSWER]
    assert "nbgrader" not in last["metadata"]
    assert passed(course, "11", job)


def test_another_answer_to_mark_by_hand_in_another_notebook_is_a_persons_to_settle(
    course: Course,
) -> None:
    course.hand_in("11", {**RIGHT, BY_HAND: released(course, BY_HAND)})
    move(course, "11", BY_HAND, "the answer")
    (doubt,) = course.job("11").doubts
    assert doubt == (
        f'problem1: problem2.ipynb has a different answer to "{BY_HAND}": look at both before you '
        "mark it"
    )
    course.hand_in("12", RIGHT)
    move(course, "12", BY_HAND, RIGHT[BY_HAND])
    assert course.job("12").doubts == ()


def test_answers_in_another_notebook_while_their_own_is_missing_are_no_zero_unasked(
    course: Course,
) -> None:
    course.hand_in("11", RIGHT)
    move(course, "11", ANSWER, RIGHT[ANSWER], keep=False)
    assert course.job("11").doubts == (
        "problem1.ipynb was not handed in, but problem2.ipynb has cells from it",
    )
