"""What a push does when Canvas, a person or a signal comes between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from rudaux.adapters.canvas import CanvasClient
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from rudaux.domain.alarms import CellScore
from rudaux.domain.artifacts import FeedbackFile
from rudaux.errors import CanvasFailure, NeedsPersonError, PermissionRefused
from rudaux.workflows import feedback, submit
from rudaux.workflows.push import grades
from rudaux.workflows.standings import read_standings
from tests.fakes import FakeCanvas, FakeContext, assignment, fake_course, student
from tests.workflows.run import run_grade, run_init, run_submit, standings, states

Scores = dict[str, "Decimal | None"]


@pytest.fixture
def ctx(tmp_path: Path) -> FakeContext:
    return graded(tmp_path, "4", "2", "1")


def graded(folder: Path, *scores: str, students: int = 0) -> FakeContext:
    """A course of students with these scores out of 4, graded and not pushed."""
    course = fake_course(folder, students=students or len(scores))
    run_init(course)
    for number, score in enumerate(scores, 1):
        course.storage.hand_in(str(number), score)
    run_grade(course)
    return course


def regrade(ctx: FakeContext, *scores: str) -> None:
    """Give other scores, and the reports that go with them."""
    for number, score in enumerate(scores, 1):
        key = ("homework_1", str(number))
        ctx.gradebook.rows[key] = replace(ctx.gradebook.rows[key], score=Decimal(score))
    list(feedback.apply(ctx, feedback.plan(ctx, standings(ctx))))


def entered(ctx: FakeContext) -> Scores:
    return {s.student_id: s.entered for s in ctx.canvas.submissions(101)}


def alarms(ctx: FakeContext) -> list[str]:
    return [alarm.kind for alarm in submit.plan(ctx, standings(ctx)).alarms]


class CutShort(FakeCanvas):
    """A Canvas that a run is killed at: before or after it took the scores."""

    takes = True

    def push_grades(self, assignment_id: int, scores: Mapping[str, Decimal]) -> str:
        if self.takes:
            super().push_grades(assignment_id, scores)
        raise KeyboardInterrupt


def kill_at_push(ctx: FakeContext, takes: bool) -> None:
    """Submit, and be killed at the bulk write; afterwards Canvas is as before."""
    whole = ctx.canvas
    cut = CutShort(**{f.name: getattr(whole, f.name) for f in fields(FakeCanvas)})
    cut.takes, ctx.canvas = takes, cut
    with pytest.raises(KeyboardInterrupt):
        run_submit(ctx)
    ctx.canvas = whole


# --- Between the plan and the write -------------------------------------------------------------


def test_what_a_person_did_since_the_plan_is_kept(ctx: FakeContext) -> None:
    plan = submit.plan(ctx, standings(ctx))
    ctx.moment += timedelta(minutes=1)  # somebody was asked, and took their time
    ctx.canvas.enter(101, "1", "9")
    ctx.canvas.grades[101]["2"] = replace(ctx.canvas.grades[101]["2"], excused=True)
    outcomes = {o.item: o for o in submit.apply(ctx, plan)}
    assert outcomes["Moon 1"].result == outcomes["Moon 2"].result == "held"
    assert "to 9: kept" in outcomes["Moon 1"].reason
    assert entered(ctx) == {"1": Decimal(9), "2": None, "3": Decimal("2.5")}
    assert [sid for sid, _, _ in ctx.canvas.comments] == ["3"]
    assert [p.student_id for p in ctx.ledger.pushes] == ["3"]


class SlowCanvas(FakeCanvas):
    """A Canvas that takes its time for each bulk write; meanwhile a person is at work."""

    ctx: FakeContext

    def push_grades(self, assignment_id: int, scores: Mapping[str, Decimal]) -> str:
        said = super().push_grades(assignment_id, scores)
        if "1" in scores:
            self.enter(assignment_id, "2", "9.5")
            row = self.grades[assignment_id]["3"]
            self.grades[assignment_id]["3"] = replace(row, excused=True)
            self.ctx.moment += timedelta(minutes=2)
        return said


def test_what_a_person_did_while_an_earlier_chunk_was_written_is_kept(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grades, "CHUNK", 1)
    slow = SlowCanvas(**{f.name: getattr(ctx.canvas, f.name) for f in fields(FakeCanvas)})
    slow.ctx, ctx.canvas = ctx, slow
    _, outcomes = run_submit(ctx)
    results = {o.item: o.result for o in outcomes if o.item in {"Moon 2", "Moon 3"}}
    assert results == {"Moon 2": "held", "Moon 3": "held"}
    assert entered(ctx) == {"1": Decimal(10), "2": Decimal("9.5"), "3": None}
    assert ctx.canvas.grades[101]["3"].excused
    assert [p.student_id for p in ctx.ledger.pushes] == ["1"]


def test_a_plan_of_just_now_is_not_read_a_second_time(ctx: FakeContext) -> None:
    plan = submit.plan(ctx, standings(ctx))
    before = ctx.canvas.readings
    list(submit.apply(ctx, plan))
    assert ctx.canvas.readings == before + 1


def test_who_left_since_the_plan_stops_nobody_else(ctx: FakeContext) -> None:
    plan = submit.plan(ctx, standings(ctx))
    ctx.moment += timedelta(minutes=1)  # somebody was asked, and took their time
    ctx.canvas.roster = ctx.canvas.roster[1:]
    del ctx.canvas.grades[101]["1"]
    held = [o.item for o in submit.apply(ctx, plan) if o.result == "held"]
    assert held == ["Moon 1"]
    assert entered(ctx) == {"2": Decimal(5), "3": Decimal("2.5")}


def test_what_bulk_did_not_write_is_written_singly_and_recorded_once(ctx: FakeContext) -> None:
    ctx.canvas.refuse_bulk = {"2"}
    _, outcomes = run_submit(ctx)
    assert all(o.ok for o in outcomes)
    assert entered(ctx)["2"] == 5
    [push] = [p for p in ctx.ledger.pushes if p.student_id == "2"]
    assert (push.old, push.new, push.read_back) == (None, Decimal(5), Decimal(5))


def test_what_never_takes_is_tried_once_singly_and_reported(ctx: FakeContext) -> None:
    ctx.canvas.refuse = {"2"}
    _, outcomes = run_submit(ctx)
    [failed] = [o for o in outcomes if not o.ok]
    assert failed.reason == "the grade 5 was not saved: Canvas shows no grade"
    assert [w for w in ctx.canvas.writes if w.startswith("grade 2")] == [
        "grade 2 5.0000", "grade 2 5.0000 alone"
    ]  # fmt: skip
    assert "2" not in [sid for sid, _, _ in ctx.canvas.comments]


def test_only_the_chosen_students_edits_are_replaced(ctx: FakeContext) -> None:
    run_submit(ctx)
    for number in ("1", "2"):
        ctx.canvas.enter(101, number, "9")
    plan = submit.plan(ctx, standings(ctx), frozenset({"2"}))
    assert (plan.counts["conflict"], plan.counts["changed"]) == (1, 1)
    list(submit.apply(ctx, plan))
    assert entered(ctx) == {"1": Decimal(9), "2": Decimal(5), "3": Decimal("2.5")}


def test_an_edit_is_not_replaced_that_was_edited_once_more_since_it_was_shown(
    ctx: FakeContext,
) -> None:
    run_submit(ctx)
    ctx.canvas.enter(101, "1", "9")
    ctx.canvas.enter(101, "2", "9")
    shown = {"1": Decimal(9), "2": Decimal(9)}
    ctx.canvas.enter(101, "2", "9.8")
    plan = submit.plan(ctx, standings(ctx), shown)
    assert {x.student_id: x.kind for x in plan.lines} == {
        "1": "changed", "2": "conflict", "3": "unchanged"
    }  # fmt: skip


# --- Assignments that take no such grades -------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"grading_type": "pass_fail"}, "graded as pass_fail"),
        ({"grading_type": "not_graded"}, "graded as not_graded"),
        ({"grades_groups": True}, "a group assignment"),
    ],
)
def test_an_assignment_that_would_spoil_the_grades_is_refused(
    ctx: FakeContext, how: dict[str, Any], words: str
) -> None:
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], **how)
    with pytest.raises(CanvasFailure, match=words):
        run_submit(ctx)
    assert set(entered(ctx).values()) == {None}


def test_grades_that_reach_nobody_are_a_failure(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctx.canvas, "submissions", lambda _: ())
    with pytest.raises(CanvasFailure, match="lists none of the students"):
        run_submit(ctx)


def test_an_assignment_that_was_deleted_and_made_again_gets_everything_once_more(
    ctx: FakeContext,
) -> None:
    run_submit(ctx)
    ctx.moment += timedelta(hours=1)
    again = replace(ctx.canvas.existing.pop(101), id=102, created_at=ctx.moment)
    ctx.canvas.existing[102] = again
    assert set(states(ctx).values()) == {"graded"}
    plan, outcomes = run_submit(ctx)
    assert (plan.counts["new"], len(plan.feedback)) == (3, 3)
    assert all(o.ok for o in outcomes)
    found = {s.student_id: s.entered for s in ctx.canvas.submissions(102)}
    assert found == {"1": Decimal(10), "2": Decimal(5), "3": Decimal("2.5")}
    assert run_submit(ctx)[0].grades == ()


# --- A run that was killed ----------------------------------------------------------------------


def test_what_a_killed_run_wrote_is_known_as_rudauxs_own(ctx: FakeContext) -> None:
    kill_at_push(ctx, takes=True)
    assert {p.read_back for p in ctx.ledger.pushes} == {None}
    plan, _ = run_submit(ctx)
    assert plan.counts == {"unchanged": 3}
    assert set(states(ctx).values()) == {"pushed"}
    assert len(ctx.ledger.pushes) == 3
    assert all(p.read_back == p.new and not p.adopted for p in ctx.ledger.pushes)


def test_a_regrade_after_a_kill_is_no_conflict(ctx: FakeContext) -> None:
    kill_at_push(ctx, takes=True)
    regrade(ctx, "4", "3", "1")
    plan, outcomes = run_submit(ctx)
    assert (plan.counts["changed"], plan.counts["conflict"]) == (1, 0)
    assert all(o.ok for o in outcomes)
    assert entered(ctx)["2"] == Decimal("7.5")
    told = [(p.old, p.new, p.read_back) for p in ctx.ledger.push_records(student_id="2")]
    assert told == [(None, 5, 5), (5, Decimal("7.5"), Decimal("7.5"))]


def test_a_kill_before_canvas_took_it_is_made_good(ctx: FakeContext) -> None:
    kill_at_push(ctx, takes=False)
    plan, _ = run_submit(ctx)
    assert plan.counts == {"new": 3}
    assert entered(ctx)["1"] == 10


def test_a_persons_edit_after_a_kill_is_a_persons(ctx: FakeContext) -> None:
    kill_at_push(ctx, takes=True)
    ctx.canvas.enter(101, "1", "9")
    plan, _ = run_submit(ctx)
    assert [x.student_id for x in plan.lines if x.kind == "conflict"] == ["1"]
    assert entered(ctx)["1"] == 9


def test_a_grade_that_canvas_showed_late_is_rudauxs_own(ctx: FakeContext) -> None:
    run_submit(ctx)
    regrade(ctx, "4", "3", "1")
    ctx.canvas.refuse = {"2"}
    run_submit(ctx)
    ctx.canvas.refuse = set()
    ctx.canvas.enter(101, "2", "7.5")
    regrade(ctx, "4", "4", "1")
    plan, _ = run_submit(ctx)
    assert (plan.counts["conflict"], entered(ctx)["2"]) == (0, Decimal(10))
    assert states(ctx)["2"] == "pushed"


# --- Alarms and warnings ------------------------------------------------------------------------


def test_a_class_that_sinks_is_an_alarm_until_it_is_pushed(tmp_path: Path) -> None:
    ctx = graded(tmp_path, *["4"] * 6)
    run_submit(ctx)
    assert alarms(ctx) == []
    regrade(ctx, *["2"] * 6)
    assert alarms(ctx) == ["median"]
    plan, _ = run_submit(ctx)
    assert plan.lines[0].why == "regraded, lower than before"
    assert alarms(ctx) == []


def test_many_zeros_and_a_test_that_all_fail_are_alarms_once(tmp_path: Path) -> None:
    ctx = graded(tmp_path, *["0"] * 4, "4", "4")
    ctx.gradebook.cells = (CellScore("mean in homework_1", Decimal(1), 6, 6),)
    assert alarms(ctx) == ["zeros", "test"]
    run_submit(ctx)
    regrade(ctx, *["0"] * 4, "4", "3")
    assert alarms(ctx) == []


def test_a_missing_submission_is_no_zero_of_somebody_who_handed_in(tmp_path: Path) -> None:
    ctx = graded(tmp_path, *["4"] * 8, students=10)
    assert submit.plan(ctx, standings(ctx)).counts["missing"] == 2
    assert alarms(ctx) == []


def test_other_points_in_canvas_are_an_alarm(ctx: FakeContext) -> None:
    ctx.canvas.existing[101] = replace(ctx.canvas.existing[101], points=Decimal(20))
    plan = submit.plan(ctx, standings(ctx))
    assert [a.kind for a in plan.unaccepted()] == ["points"]
    assert [a.kind for a in plan.unaccepted(zeros=True)] == ["points"]
    assert plan.unaccepted(all_alarms=True) == ()


def test_accepting_zeros_accepts_nothing_else(tmp_path: Path) -> None:
    ctx = graded(tmp_path, *["0"] * 5)
    ctx.gradebook.cells = (CellScore("mean in homework_1", Decimal(1), 5, 5),)
    plan = submit.plan(ctx, standings(ctx))
    assert [a.kind for a in plan.unaccepted(zeros=True)] == ["test"]


def late(ctx: FakeContext) -> None:
    row = ctx.gradebook.rows["homework_1", "1"]
    ctx.gradebook.rows["homework_1", "1"] = replace(row, penalty=Decimal(1))


def test_a_late_penalty_in_both_places_is_said(ctx: FakeContext) -> None:
    ctx.canvas.deducts_late = True
    assert submit.plan(ctx, standings(ctx)).warnings == ()
    late(ctx)
    [warning] = submit.plan(ctx, standings(ctx)).warnings
    assert "turn one of the two off" in warning
    ctx.canvas.deducts_late = False
    assert submit.plan(ctx, standings(ctx)).warnings == ()


def test_a_late_policy_that_cannot_be_seen_is_said_and_stops_nothing(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> bool:
        raise PermissionRefused("not allowed")

    monkeypatch.setattr(ctx.canvas, "late_deductions", refuse)
    late(ctx)
    [warning] = submit.plan(ctx, standings(ctx)).warnings
    assert "cannot see" in warning


# --- Feedback -----------------------------------------------------------------------------------


def test_a_file_that_somebody_else_attached_is_not_called_replaced(ctx: FakeContext) -> None:
    ctx.canvas.submissions(101)
    row = ctx.canvas.grades[101]["1"]
    ctx.canvas.grades[101]["1"] = replace(row, attached=("notes.pdf",))
    run_submit(ctx)
    assert ctx.canvas.comments[0][1] == "Feedback on homework_1."


def test_feedback_that_a_killed_run_attached_is_not_attached_again(ctx: FakeContext) -> None:
    plan = submit.plan(ctx, standings(ctx))
    done = submit.apply(ctx, plan)
    for outcome in done:
        if outcome.reason == "feedback attached":
            break
    ctx.ledger.sent.clear()
    run_submit(ctx)
    assert sorted(sid for sid, _, _ in ctx.canvas.comments) == ["1", "2", "3"]


def test_a_report_that_cannot_be_made_holds_up_no_grade_and_nobody_else(
    ctx: FakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = ctx.grader.feedback
    ctx.grader.reports.clear()

    def refuse(assignment: str, student_id: str) -> tuple[FeedbackFile, ...]:
        if student_id == "2":
            raise NeedsPersonError("no feedback can be made for nb.ipynb")
        return make(assignment, student_id)

    monkeypatch.setattr(ctx.grader, "feedback", refuse)
    made = list(feedback.apply(ctx, feedback.plan(ctx, standings(ctx))))
    assert [o.item for o in made if not o.ok] == ["Moon 2"]
    list(submit.apply(ctx, submit.plan(ctx, standings(ctx))))
    assert entered(ctx) == {"1": Decimal(10), "2": Decimal(5), "3": Decimal("2.5")}
    assert [sid for sid, _, _ in ctx.canvas.comments] == ["1", "3"]


def test_another_students_report_is_never_attached(ctx: FakeContext) -> None:
    reports = ctx.grader.reports
    mine, theirs = reports["homework_1", "1"][0], reports["homework_1", "2"][0]
    reports["homework_1", "1"] = (replace(mine, content=theirs.content),)
    _, outcomes = run_submit(ctx)
    [failed] = [o for o in outcomes if not o.ok]
    assert (failed.item, "does not say that it is theirs" in failed.reason) == ("Moon 1", True)
    assert [sid for sid, _, _ in ctx.canvas.comments] == ["2", "3"]
    assert {f.student_id for f in ctx.ledger.feedback_records("homework_1")} == {"2", "3"}


def test_a_report_that_changed_since_the_plan_waits_for_the_next_run(ctx: FakeContext) -> None:
    plan = submit.plan(ctx, standings(ctx))
    regrade(ctx, "4", "3", "1")
    held = [o for o in submit.apply(ctx, plan) if not o.ok]
    assert [(o.item, "run this again" in o.reason) for o in held] == [("Moon 2", True)]
    run_submit(ctx)
    assert [sid for sid, _, _ in ctx.canvas.comments] == ["1", "3", "2"]


# --- The document for scripts -------------------------------------------------------------------


def test_the_document_has_every_class_and_every_student(ctx: FakeContext) -> None:
    ctx.canvas.enter(101, "2", "9.125")
    plan = submit.plan(ctx, standings(ctx))
    told = submit.as_json(plan)
    assert told["counts"] == {
        "unchanged": 0, "new": 2, "changed": 0, "missing": 0, "conflict": 1, "excused": 0,
        "held": 0, "not_gradable": 0, "not_due": 0,
    }  # fmt: skip
    assert told["lines"][0] == {
        "student_id": "1", "name": "Moon 1", "class": "new", "canvas": None, "now": "10", "why": "",
    }  # fmt: skip
    assert (told["lines"][1]["canvas"], told["lines"][1]["now"]) == ("9.125", "5")
    assert (told["points"], told["feedback"], told["outcomes"]) == ("10", 2, [])


# --- Over HTTP ----------------------------------------------------------------------------------


@pytest.fixture
def practice() -> Iterator[Simulator]:
    world = World.new()
    world.add_tool("course", "Jupyter", url="https://hub.example.edu/jupyter/hub/lti/launch")
    with serve(world) as simulator:
        yield simulator


def online(ctx: FakeContext, practice: Simulator, http: httpx.Client, size: int) -> FakeContext:
    """The course with a Canvas over HTTP, and as many students in both."""
    world = practice.world
    ids = [str(world.add_student(f"Moon {n}")) for n in range(1, size + 1)]
    client = CanvasClient(
        practice.url, world.course.id, "practice-token", http=http, sleep=lambda _: None
    )
    world.add_assignment("homework_1", points=10.0)
    ctx.canvas.roster = [replace(student(n), id=sid) for n, sid in enumerate(ids, 1)]
    settings = assignment()
    ctx.gradebook.known.clear()
    ctx.gradebook.save_assignment("homework_1", settings.due)
    template = ctx.gradebook.rows["homework_1", "1"]
    for n, sid in enumerate(ids):
        row = replace(template, student_id=sid, score=Decimal(n % 4 + 1))
        ctx.gradebook.rows["homework_1", sid] = row
    return replace(ctx, canvas=client)  # type: ignore[arg-type]


def shown(ctx: FakeContext) -> Scores:
    made = read_standings(ctx, ctx.config.assignments[0])
    assert made.canvas is not None
    return {s.student_id: s.entered for s in ctx.canvas.submissions(made.canvas.id)}


def test_a_bulk_write_that_dies_half_way_is_completed_singly(
    ctx: FakeContext, practice: Simulator
) -> None:
    with httpx.Client(timeout=10) as http:
        course = online(ctx, practice, http, size=12)
        practice.switches.crash_bulk_after = 3
        plan, outcomes = run_submit(course)
        assert [o.result for o in outcomes] == ["done"] * 12
        assert shown(course) == {x.student_id: x.new for x in plan.lines}
        assert len(course.ledger.pushes) == 12
        before = len(practice.world.journal)
        again, nothing = run_submit(course)
        assert (len(again), nothing, len(practice.world.journal)) == (0, [], before)


def test_a_large_class_is_written_in_several_jobs(ctx: FakeContext, practice: Simulator) -> None:
    practice.switches.throttling = False
    with httpx.Client(timeout=10) as http:
        course = online(ctx, practice, http, size=1100)
        plan, outcomes = run_submit(course)
        assert sum(o.ok for o in outcomes) == 1100
        assert len(practice.world.progress) == 3
        assert shown(course) == {x.student_id: x.new for x in plan.lines}
