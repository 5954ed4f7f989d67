from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from rudaux.domain.collection import NotYet, Unreadable
from rudaux.domain.deadlines import Override
from rudaux.domain.execution import NO_LONGER_PART, Broken, Job
from rudaux.domain.submissions import Record
from rudaux.errors import ExecutorFailure, StorageFailure
from rudaux.workflows.grade import unfinished
from tests.fakes import NEXT_WEEK, NOW, FakeContext, assignment, fake_course
from tests.workflows.run import (
    run_autograde,
    run_collect,
    run_grade,
    run_init,
    run_submit,
    standings,
    states,
)


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    course = fake_course(tmp_path)
    run_init(course)
    return course


def extend(ctx: FakeContext, student_id: str, due: object) -> None:
    """Give one student another deadline in Canvas."""
    made = next(iter(ctx.canvas.existing.values()))
    ctx.canvas.existing[made.id] = replace(made, has_overrides=True)
    ctx.canvas.override_list[made.id] = [
        Override(1, due, student_ids=frozenset({student_id}))  # type: ignore[arg-type]
    ]


def test_every_state_is_reached_on_the_way(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1", "3")
    ctx.storage.hand_in("2", "manual")
    ctx.storage.homes["3"] = Unreadable("permission denied")
    assert set(states(ctx).values()) == {"not_due"}
    run_collect(ctx)
    assert states(ctx) == {"1": "collected", "2": "collected", "3": "failed", "4": "missing"}
    run_autograde(ctx)
    assert states(ctx) == {"1": "graded", "2": "needs_manual", "3": "failed", "4": "missing"}
    ctx.config = replace(ctx.config, grading=replace(ctx.config.grading, zero_guard=1.0))
    run_submit(ctx)
    assert states(ctx) == {"1": "pushed", "2": "needs_manual", "3": "failed", "4": "pushed"}


def test_storage_that_is_down_stops_the_run_and_nobody_is_missing(ctx: FakeContext) -> None:
    ctx.storage.down = StorageFailure("the storage root is not mounted")
    with pytest.raises(StorageFailure, match="not mounted"):
        run_collect(ctx)
    assert ctx.ledger.words == {}


def test_a_home_that_cannot_be_read_is_failed_and_the_others_go_on(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1", "3")
    ctx.storage.hand_in("2", "4")
    ctx.storage.broken["1"] = StorageFailure("cannot read nb.ipynb")
    outcomes = run_collect(ctx)
    assert {o.item: o.result for o in outcomes if not o.ok} == {"Moon 1": "failed"}
    assert states(ctx)["2"] == "collected"
    ctx.storage.broken.clear()
    run_collect(ctx)
    assert states(ctx)["1"] == "collected"


def test_without_a_snapshot_yet_nothing_is_collected_and_it_is_said(ctx: FakeContext) -> None:
    ctx.storage.homes["1"] = NotYet("the newest snapshot is older than the deadline")
    [held] = [o for o in run_collect(ctx) if o.result == "held"]
    assert "newest snapshot" in held.reason
    assert states(ctx)["1"] == "not_due"


def test_an_extension_moves_collection_and_nobody_elses(ctx: FakeContext) -> None:
    later = NOW + timedelta(days=2)
    extend(ctx, "2", later)
    ctx.storage.hand_in("1", "3")
    ctx.storage.hand_in("2", "4")
    run_grade(ctx)
    assert states(ctx)["1"] == "graded"
    assert states(ctx)["2"] == "not_due"
    ctx.moment = later + timedelta(minutes=10)
    run_grade(ctx)
    assert states(ctx)["2"] == "graded"
    assert ("2", later) in ctx.storage.asked


def test_an_extension_given_after_collection_collects_again(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1", "1")
    run_grade(ctx)
    later = NOW + timedelta(hours=5)
    extend(ctx, "1", later)
    ctx.storage.hand_in("1", "4", snapshot="s2")
    ctx.moment = later + timedelta(hours=1)
    run_grade(ctx)
    assert ctx.gradebook.submissions("homework_1")["1"].score == 4


def test_work_changed_after_collection_is_not_collected_again(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1", "1", snapshot=None)
    run_grade(ctx)
    ctx.storage.hand_in("1", "4", snapshot=None)
    run_grade(ctx)
    assert ctx.gradebook.submissions("homework_1")["1"].score == 1


def test_a_second_grade_run_executes_nothing(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1", "3")
    run_grade(ctx)
    ran = list(ctx.executor.ran)
    assert run_grade(ctx)[-1].item == "Moon 1"
    assert ctx.executor.ran == ran


def test_a_broken_submission_and_our_failure_are_failed_and_never_scored(ctx: FakeContext) -> None:
    for sid, content in (("1", "broken"), ("2", "4"), ("3", "4")):
        ctx.storage.hand_in(sid, content)
    ctx.executor.verdicts["2"] = "failed"
    outcomes = run_grade(ctx)
    assert {o.item for o in outcomes if o.result == "failed"} == {"Moon 1", "Moon 2"}
    assert states(ctx) == {"1": "failed", "2": "failed", "3": "graded", "4": "missing"}
    ctx.executor.verdicts.clear()
    run_grade(ctx)
    assert states(ctx)["2"] == "graded"


def test_doubtful_work_waits_for_a_person_until_it_is_graded_again(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1", "doubtful")
    [held] = [o for o in run_grade(ctx) if o.result == "held"]
    assert "rudaux grade homework_1 --student 1" in held.reason
    assert states(ctx)["1"] == "needs_manual"
    (ctx.grader.submitted_folder("homework_1", "1") / "nb.ipynb").write_text("4")
    run_autograde(ctx, only=["1"])
    assert states(ctx)["1"] == "graded"


def failing(error: OSError) -> Callable[..., NoReturn]:
    def fail(*_: object) -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize("step", ["prepare", "score"])
def test_a_full_disk_stops_the_run_in_a_sentence_and_scores_nobody(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    ctx.storage.hand_in("1", "4")
    run_collect(ctx)
    full = OSError(errno.ENOSPC, "No space left on device", "/course/.rudaux/scratch")
    with monkeypatch.context() as patch:
        patch.setattr(ctx.grader, step, failing(full))
        with pytest.raises(ExecutorFailure, match=r"scratch cannot be used: No space.*again"):
            run_autograde(ctx)
    assert states(ctx)["1"] == "failed"
    run_grade(ctx)
    assert states(ctx)["1"] == "graded"


def test_a_file_that_this_machine_cannot_take_fails_its_student_alone(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx.storage.hand_in("1", "4")
    ctx.storage.hand_in("2", "2")
    run_collect(ctx)
    prepare = ctx.grader.prepare

    def refuse(assignment: str, student_id: str) -> Job | Broken:
        if student_id == "1":
            raise OSError(errno.ENAMETOOLONG, "File name too long", "x" * 300)
        return prepare(assignment, student_id)

    monkeypatch.setattr(ctx.grader, "prepare", refuse)
    run_autograde(ctx)
    assert {sid: state for sid, state in states(ctx).items() if sid in {"1", "2"}} == {
        "1": "failed", "2": "graded"
    }  # fmt: skip


def test_a_kill_between_marks_and_doubts_lets_no_cheat_through(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx.storage.hand_in("1", "suspicious")
    run_collect(ctx)
    record = ctx.ledger.record

    def cut(assignment: str, student_id: str, entry: Record) -> None:
        if entry.kind == "held":
            raise KeyboardInterrupt
        record(assignment, student_id, entry)

    with monkeypatch.context() as patch:
        patch.setattr(ctx.ledger, "record", cut)
        with pytest.raises(KeyboardInterrupt):
            run_autograde(ctx)
    assert states(ctx)["1"] == "failed"
    run_grade(ctx)
    assert states(ctx)["1"] == "needs_manual"


@pytest.mark.parametrize("word", ["suspicious", "doubtful"])
def test_what_holds_a_submission_can_be_accepted_by_who_has_looked(
    ctx: FakeContext, word: str
) -> None:
    ctx.storage.hand_in("1", word)
    [held] = [o for o in run_grade(ctx) if o.result == "held"]
    assert "--accept-doubts" in held.reason
    run_autograde(ctx)
    assert states(ctx)["1"] == "needs_manual"
    run_autograde(ctx, only=["1"])
    assert states(ctx)["1"] == "needs_manual"
    assert all(o.ok for o in run_autograde(ctx, only=["1"], accept_doubts=True))
    assert states(ctx)["1"] == "graded"
    assert "looked at and accepted" in ctx.ledger.words["homework_1", "1"].reason


def test_a_time_out_is_the_students_result_and_no_reason_to_wait(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1", "2")
    ctx.executor.verdicts["1"] = "cell_timeout"
    assert all(o.ok for o in run_grade(ctx))
    assert states(ctx)["1"] == "graded"


def test_a_lost_ledger_loses_no_grade(ctx: FakeContext) -> None:
    ctx.storage.hand_in("1", "3")
    ctx.storage.hand_in("2", "4")
    ctx.config = replace(ctx.config, grading=replace(ctx.config.grading, zero_guard=1.0))
    run_grade(ctx)
    run_submit(ctx)
    ctx.ledger.words.clear()
    ctx.ledger.collections.clear()
    ctx.ledger.pushes.clear()
    ctx.ledger.sent.clear()
    writes = list(ctx.canvas.writes)
    run_grade(ctx)
    run_submit(ctx)
    assert ctx.canvas.writes == writes
    assert set(states(ctx).values()) == {"pushed"}


def test_cron_finds_what_is_due_and_unfinished(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path, [assignment(), assignment("homework_2", NEXT_WEEK)])
    run_init(ctx)
    ctx.storage.hand_in("1", "3")
    assert [a.name for a in unfinished(ctx)] == ["homework_1"]
    run_grade(ctx)
    ctx.config = replace(ctx.config, grading=replace(ctx.config.grading, zero_guard=1.0))
    run_submit(ctx)
    assert unfinished(ctx) == ()


@pytest.mark.parametrize("handed_in", [True, False])
def test_who_is_excused_leaves_nothing_for_cron_to_do(tmp_path: Path, handed_in: bool) -> None:
    ctx = fake_course(tmp_path, [assignment()], students=2)
    run_init(ctx)
    ctx.storage.hand_in("1", "3")
    if handed_in:
        ctx.storage.hand_in("2", "3")
    ctx.canvas.submissions(101)
    ctx.canvas.grades[101]["2"] = replace(ctx.canvas.grades[101]["2"], excused=True)
    assert [a.name for a in unfinished(ctx)] == ["homework_1"]
    run_grade(ctx)
    ctx.config = replace(ctx.config, grading=replace(ctx.config.grading, zero_guard=1.0))
    run_submit(ctx)
    assert unfinished(ctx) == ()
    ctx.canvas.grades[101]["2"] = replace(ctx.canvas.grades[101]["2"], excused=False)
    assert [a.name for a in unfinished(ctx)] == ["homework_1"]


def test_an_assignment_marked_by_hand_is_finished_for_cron_once_graded(tmp_path: Path) -> None:
    ctx = fake_course(tmp_path, [assignment(manual=True)])
    run_init(ctx)
    ctx.storage.hand_in("1", "3")
    run_grade(ctx)
    assert unfinished(ctx) == ()


def test_a_student_of_the_test_course_counts_once(ctx: FakeContext) -> None:
    read = standings(ctx)
    assert len(read.by_student) == len(read.students) == 4


def test_our_own_failure_is_tried_once_more_by_itself(ctx: FakeContext) -> None:
    for sid in ("1", "2", "3"):
        ctx.storage.hand_in(sid, "3")
    run_collect(ctx)
    ctx.executor.hiccups = {"1"}
    ctx.executor.verdicts["2"] = "failed"
    outcomes = run_autograde(ctx)
    assert ctx.executor.ran == ["1", "2", "3", "1", "2"]
    assert states(ctx) == {"1": "graded", "2": "failed", "3": "graded", "4": "missing"}
    assert [o.result for o in outcomes if o.item == "Moon 2"] == ["failed"]
    assert ctx.gradebook.rows["homework_1", "2"].score == 0
    assert not ctx.gradebook.rows["homework_1", "2"].autograded


def test_an_engine_that_goes_down_keeps_what_was_done_and_scores_nobody_else(
    ctx: FakeContext,
) -> None:
    for sid in ("1", "2", "3"):
        ctx.storage.hand_in(sid, "3")
    run_collect(ctx)
    ctx.executor.down = "2"
    with pytest.raises(ExecutorFailure):
        run_autograde(ctx)
    assert states(ctx) == {"1": "graded", "2": "collected", "3": "collected", "4": "missing"}
    assert ctx.grader.swept == 2
    ctx.executor.down = ""
    run_autograde(ctx)
    assert set(states(ctx).values()) == {"graded", "missing"}
    assert ctx.executor.ran.count("1") == 1


def test_a_proof_of_absence_is_void_once_an_extension_waits_for_its_snapshot(
    tmp_path: Path,
) -> None:
    ctx = fake_course(tmp_path, students=1)
    run_init(ctx)
    run_grade(ctx)
    assert states(ctx) == {"1": "missing"}
    ctx.canvas.override_list[101] = [
        Override(1, NOW + timedelta(hours=1), student_ids=frozenset({"1"}))
    ]
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], has_overrides=True)
    ctx.moment = NOW + timedelta(hours=2)
    ctx.storage.homes["1"] = NotYet("no snapshot yet")
    run_grade(ctx)
    assert states(ctx) == {"1": "not_due"}
    plan, _ = run_submit(ctx)
    assert [line.kind for line in plan.lines] == ["held"]


@pytest.mark.parametrize("students", [4, 5])
def test_an_answer_that_nobody_has_under_its_name_any_more_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, students: int
) -> None:
    ctx = fake_course(tmp_path, students=students)
    run_init(ctx)
    for student in range(1, students + 1):
        ctx.storage.hand_in(str(student), "3")
    prepare, gone = ctx.grader.prepare, f'nb: cell "a" {NO_LONGER_PART}'

    def repaired(name: str, student: str) -> Job | Broken:
        job = prepare(name, student)
        return replace(job, repairs=(gone, student)) if isinstance(job, Job) else job

    monkeypatch.setattr(ctx.grader, "prepare", repaired)
    told = [o.reason for o in run_grade(ctx) if o.item == "homework_1"]
    text = f"in all {students} submissions, {gone}: if it has another name"
    assert [reason.startswith(text) for reason in told] == [True] * (students >= 5)
