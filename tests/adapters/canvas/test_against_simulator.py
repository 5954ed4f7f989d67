"""Every method of the port against the practice Canvas, in its dialects and with its faults."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import httpx
import pytest

from rudaux.adapters.canvas import CanvasClient, list_courses
from rudaux.demo.simulator.entities import OtherCourse
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Fault, FaultOf
from rudaux.domain.artifacts import FeedbackComment, FeedbackFile
from rudaux.domain.canvas import AssignmentSpec, CanvasCourse
from rudaux.domain.deadlines import Override
from rudaux.domain.grades import same_score
from rudaux.errors import CanvasFailure, LostAnswer, NotFound, PermissionRefused, TokenRefused

TOKEN = "practice-token"
DUE = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)
LINK = "https://hub.example.edu/hub/lti/launch?next=%2Fhub%2Fuser-redirect%2Fgit-pull"
FILE = FeedbackFile("homework_1.html", b"<p>Well done</p>")


@dataclass
class Practice:
    """A running practice Canvas with two students, and a client of it."""

    simulator: Simulator
    canvas: CanvasClient
    io: int
    titan: int
    tool: int

    @property
    def world(self) -> World:
        return self.simulator.world

    def assignment(self, only_visible_to_overrides: bool = False) -> int:
        return self.world.add_assignment(
            "homework_1",
            due_at=DUE,
            tool_id=self.tool,
            launch_url=LINK,
            only_visible_to_overrides=only_visible_to_overrides,
        )


@pytest.fixture
def practice() -> Iterator[Practice]:
    world = World.new(time_zone="America/Vancouver")
    io = world.add_student("Io Jupiter", email="io@example.edu")
    titan = world.add_student("Titan Saturn", email="titan@example.edu", state="invited")
    world.add_test_student()
    tool = world.add_tool("account", "Jupyter", domain="hub.example.edu")
    patience = httpx.Timeout(10, read=1.5)
    with serve(world) as simulator, httpx.Client(timeout=patience) as http:
        canvas = CanvasClient(
            simulator.url, world.course.id, TOKEN, http=http, sleep=lambda seconds: None
        )
        yield Practice(simulator, canvas, io, titan, tool)


LOST: list[Fault] = [
    "reset_after", "html_error_after", "web_page_after", "truncated_after", "silence_after"
]  # fmt: skip
"""What was asked is done, and the client cannot know."""
PASSING: list[Fault] = ["reset_before", "throttle", "server_error", "maintenance", "web_page"]
"""Nothing was done; the client knows that only of the first two."""


def spec(practice: Practice) -> AssignmentSpec:
    return AssignmentSpec(
        name="homework_1",
        points=Decimal(10),
        due_at=DUE,
        unlock_at=DUE - timedelta(days=7),
        lock_at=None,
        launch_url=LINK,
        tool_id=practice.tool,
    )


def first(fault: Fault, method: str, ending: str, times: int = 1) -> FaultOf:
    """Let the first so many such requests meet the fault."""
    left = [fault] * times

    def decide(asked: str, path: str) -> Fault | None:
        return left.pop() if left and asked == method and path.endswith(ending) else None

    return decide


# --- People and tools ---------------------------------------------------------------------------


def test_the_course_is_named_as_it_is_and_not_by_its_nickname(practice: Practice) -> None:
    practice.world.course.nickname = "that course"
    expected = CanvasCourse(
        12345,
        "Practice course",
        "America/Vancouver",
        concluded=False,
        may_grade=True,
        limited=False,
    )
    assert practice.canvas.course() == expected


def test_the_roster_is_the_current_students(practice: Practice) -> None:
    world = practice.world
    for state in ("inactive", "completed", "deleted", "rejected"):
        world.add_student(f"Moon {state}", state=state)
    world.add_person("Ganymede Jupiter", "TaEnrollment")
    second = world.add_section("Section 2")
    world.enroll(practice.io, "StudentEnrollment", second)
    found = {s.id: s for s in practice.canvas.students()}
    assert set(found) == {str(practice.io), str(practice.titan)}
    io = found[str(practice.io)]
    assert (io.name, io.sortable_name, io.email) == ("Io Jupiter", "Jupiter, Io", "io@example.edu")
    assert len(io.section_ids) == 2
    assert second in io.section_ids


def test_a_large_roster_is_read_whole(practice: Practice) -> None:
    practice.simulator.switches.max_per_page = 50
    for number in range(230):
        practice.world.add_student(f"Moon Number{number}")
    assert len(practice.canvas.students()) == 232
    assert practice.simulator.requests[0].query.count("per_page=100") == 1


def test_a_token_that_sees_no_addresses_sees_the_roster(practice: Practice) -> None:
    practice.simulator.switches.show_email = False
    assert {s.email for s in practice.canvas.students()} == {None}


@pytest.mark.parametrize("status", [401, 403])
def test_a_roster_that_may_not_be_read_is_a_refusal(practice: Practice, status: int) -> None:
    practice.simulator.switches.may_read_roster = False
    practice.simulator.switches.permission_status = status  # type: ignore[assignment]
    with pytest.raises(PermissionRefused, match="list the students"):
        practice.canvas.students()


@pytest.mark.parametrize(
    ("state", "word"), [("revoked", "revoked"), ("expired", "expired"), (None, "invalid")]
)
def test_a_bad_token_says_how_it_is_bad(practice: Practice, state: str | None, word: str) -> None:
    if state:
        practice.world.tokens[TOKEN].state = state  # type: ignore[assignment]
    else:
        practice.world.tokens.clear()
    with pytest.raises(TokenRefused, match=word):
        practice.canvas.course()


def test_another_course_is_not_found(practice: Practice) -> None:
    with httpx.Client() as http:
        canvas = CanvasClient(practice.simulator.url, 99, TOKEN, http=http)
        for ask in (canvas.course, canvas.students, canvas.assignments):
            with pytest.raises(NotFound, match=r"no course 99 .*canvas\.course_id"):
                ask()


def test_an_inherited_tool_is_found_at_every_level(practice: Practice) -> None:
    own = practice.world.add_tool("course", "Own", url="https://own.example.edu")
    practice.world.add_group("Team 1")
    practice.world.add_group("Team 2")
    assert {t.id for t in practice.canvas.tools("course")} == {own, practice.tool}
    assert {t.id for t in practice.canvas.tools("account")} == {practice.tool}
    group_level = practice.canvas.tools("group")
    assert practice.tool in {t.id for t in group_level}
    assert len({t.id for t in group_level}) == len(group_level)


# --- Assignments --------------------------------------------------------------------------------


def test_an_assignment_is_made_and_read_back(practice: Practice) -> None:
    wanted = spec(practice)
    made = practice.canvas.create_assignment(wanted)
    assert practice.canvas.assignments() == (made,)
    assert (made.name, made.points, made.published) == ("homework_1", Decimal(10), True)
    assert (made.due_at, made.unlock_at, made.lock_at) == (DUE, wanted.unlock_at, None)
    assert (made.launch_url, made.tool_id) == (LINK, practice.tool)


@pytest.mark.parametrize("fault", [*LOST, *PASSING])
def test_a_fault_on_the_way_makes_no_second_assignment(practice: Practice, fault: Fault) -> None:
    practice.simulator.switches.fault = first(fault, "POST", "/assignments")
    made = practice.canvas.create_assignment(spec(practice))
    assert [a.id for a in practice.canvas.assignments()] == [made.id]


def test_an_assignment_of_a_tool_that_is_gone_says_so(practice: Practice) -> None:
    with pytest.raises(NotFound, match="no external tool 4"):
        practice.canvas.create_assignment(replace(spec(practice), tool_id=4))
    assert practice.canvas.assignments() == ()


def test_all_dates_of_an_assignment_can_move_at_once(practice: Practice) -> None:
    made = practice.canvas.create_assignment(spec(practice))
    later = replace(
        spec(practice),
        points=Decimal("12.5"),
        due_at=DUE + timedelta(days=30),
        unlock_at=DUE + timedelta(days=20),
        lock_at=DUE + timedelta(days=31),
    )
    changed = practice.canvas.update_assignment(made.id, later)
    assert (changed.due_at, changed.unlock_at) == (later.due_at, later.unlock_at)
    assert (changed.lock_at, changed.points) == (later.lock_at, Decimal("12.5"))
    again = practice.canvas.update_assignment(made.id, later)
    assert again == changed
    back = practice.canvas.update_assignment(made.id, replace(later, lock_at=None, unlock_at=None))
    assert (back.unlock_at, back.lock_at) == (None, None)


def test_dates_that_contradict_each_other_are_refused_in_words(practice: Practice) -> None:
    with pytest.raises(CanvasFailure, match="due_at"):
        practice.canvas.create_assignment(replace(spec(practice), unlock_at=DUE + timedelta(1)))


def test_an_assignment_for_some_stays_hidden_from_the_others(practice: Practice) -> None:
    aid = practice.assignment(only_visible_to_overrides=True)
    practice.world.assignments[aid].due_at = None
    changed = practice.canvas.update_assignment(aid, replace(spec(practice), points=Decimal(3)))
    assert changed.only_visible_to_overrides
    assert (changed.points, changed.due_at) == (Decimal(3), None)


def test_an_unpublished_assignment_is_published(practice: Practice) -> None:
    aid = practice.assignment()
    practice.world.assignments[aid].published = False
    assert practice.canvas.update_assignment(aid, spec(practice)).published


def test_overrides_do_not_touch_the_base_date(practice: Practice) -> None:
    aid = practice.assignment()
    section = practice.world.add_section("Section 2")
    later = DUE + timedelta(days=3)
    own = practice.world.add_override(aid, [practice.io], due_at=later)
    free = practice.world.add_override(aid, section_id=section, due_at=None)
    locked = practice.world.add_override(aid, [practice.titan], lock_at=later)
    (found,) = practice.canvas.assignments()
    assert (found.due_at, found.has_overrides) == (DUE, True)
    assert {o.id: o for o in practice.canvas.overrides(aid)} == {
        own: Override(own, later, student_ids=frozenset({str(practice.io)})),
        free: Override(free, None, section_id=section),
        locked: Override(
            locked,
            None,
            overrides_due=False,
            student_ids=frozenset({str(practice.titan)}),
            lock_at=later,
            overrides_lock=True,
        ),
    }


def test_group_members_are_those_who_accepted(practice: Practice) -> None:
    group = practice.world.add_group("Team 1", [practice.io, practice.titan])
    practice.world.groups[group].memberships[1].state = "invited"
    assert practice.canvas.group_members(group) == frozenset({str(practice.io)})


def test_an_assignment_that_is_gone_is_not_found(practice: Practice) -> None:
    for ask in (practice.canvas.overrides, practice.canvas.submissions):
        with pytest.raises(NotFound, match="no assignment 77"):
            ask(77)


# --- Grades and feedback ------------------------------------------------------------------------


def entered(practice: Practice, aid: int) -> dict[str, Decimal | None]:
    return {s.student_id: s.entered for s in practice.canvas.submissions(aid)}


def test_grades_are_written_and_read_back_exactly(practice: Practice) -> None:
    aid = practice.assignment()
    io, titan = str(practice.io), str(practice.titan)
    wanted = {io: Decimal("8.3333"), titan: Decimal("0.0001")}
    assert practice.canvas.push_grades(aid, wanted) == ""
    found = entered(practice, aid)
    assert {sid: found[sid] for sid in wanted} == wanted
    before = {s.student_id: s.graded_at for s in practice.canvas.submissions(aid)}
    assert practice.canvas.push_grades(aid, wanted) == ""
    assert {s.student_id: s.graded_at for s in practice.canvas.submissions(aid)} == before


def test_a_student_who_left_is_named_and_the_others_are_graded(practice: Practice) -> None:
    aid = practice.assignment()
    io = str(practice.io)
    message = practice.canvas.push_grades(aid, {"987654": Decimal(1), io: Decimal(2)})
    assert "987654" in message
    assert entered(practice, aid)[io] == Decimal(2)


def test_a_job_that_dies_half_way_is_a_message(practice: Practice) -> None:
    aid = practice.assignment()
    practice.simulator.switches.crash_bulk_after = 1
    scores = {str(practice.io): Decimal(1), str(practice.titan): Decimal(2)}
    assert "Unexpected error" in practice.canvas.push_grades(aid, scores)
    found = entered(practice, aid)
    assert [found[sid] for sid in scores] == [Decimal(1), None]


def test_hundreds_of_grades_go_in_several_jobs(practice: Practice) -> None:
    aid = practice.assignment()
    world = practice.world
    ids = [world.add_student(f"Moon Number{n}") for n in range(1220)]
    scores = {str(uid): Decimal(n) / 100 for n, uid in enumerate(ids)}
    assert practice.canvas.push_grades(aid, scores) == ""
    found = entered(practice, aid)
    assert {sid: found[sid] for sid in scores} == scores
    assert len(world.progress) == 2


@pytest.mark.parametrize("fault", [*LOST, *PASSING])
def test_grades_survive_a_fault_on_the_way(practice: Practice, fault: Fault) -> None:
    aid = practice.assignment()
    practice.simulator.switches.fault = first(fault, "POST", "/update_grades")
    assert practice.canvas.push_grades(aid, {str(practice.io): Decimal(7)}) == ""
    assert entered(practice, aid)[str(practice.io)] == Decimal(7)


@pytest.mark.parametrize("status", [401, 403])
def test_an_unpublished_assignment_takes_no_grades(practice: Practice, status: int) -> None:
    practice.simulator.switches.permission_status = status  # type: ignore[assignment]
    aid = practice.assignment()
    practice.world.assignments[aid].published = False
    with pytest.raises(PermissionRefused, match="write the grades"):
        practice.canvas.push_grades(aid, {str(practice.io): Decimal(7)})


@pytest.mark.parametrize("mode", ["local", "instfs"])
def test_feedback_is_attached_to_one_comment(practice: Practice, mode: str) -> None:
    practice.simulator.switches.upload_mode = mode  # type: ignore[assignment]
    aid, io = practice.assignment(), str(practice.io)
    files = (FILE, FeedbackFile("notes.html", b"<p>More</p>"))
    practice.canvas.attach_feedback(aid, io, files, "Feedback on homework_1")
    (comment,) = practice.world.comments(aid, practice.io)
    assert comment.text == "Feedback on homework_1"
    assert [practice.world.contents[f] for f in comment.file_ids] == [f.content for f in files]
    (shown,) = [s for s in practice.canvas.submissions(aid) if s.student_id == io]
    assert shown.attached == ("homework_1.html", "notes.html")
    assert practice.world.comments(aid, practice.titan) == []


@pytest.mark.parametrize("fault", [*LOST, *PASSING])
@pytest.mark.parametrize("step", ["/comments/files", "/files_api", "/create_success", "/comment"])
def test_a_fault_at_any_step_leaves_one_comment_with_the_file(
    practice: Practice, fault: Fault, step: str
) -> None:
    aid, io = practice.assignment(), str(practice.io)
    method = {"/comment": "PUT", "/create_success": "GET"}.get(step, "POST")
    ending = f"/submissions/{io}" if step == "/comment" else step
    practice.simulator.switches.fault = first(fault, method, ending)
    practice.canvas.attach_feedback(aid, io, (FILE,), "Feedback")
    (comment,) = practice.world.comments(aid, practice.io)
    assert [practice.world.contents[f] for f in comment.file_ids] == [FILE.content]
    if step != "/files_api":
        assert len(stored(practice)) == 1


def stored(practice: Practice) -> list[str]:
    return [f.name for f in practice.world.files.values() if f.state == "done"]


def test_a_new_report_of_the_same_size_gets_its_own_comment_through_a_lost_answer(
    practice: Practice,
) -> None:
    aid, io = practice.assignment(), str(practice.io)
    practice.canvas.attach_feedback(aid, io, (FILE,), "Feedback")
    again = FeedbackFile(FILE.name, FILE.content[::-1])
    practice.simulator.switches.fault = first("reset_before", "PUT", f"/submissions/{io}")
    practice.canvas.attach_feedback(aid, io, (again,), "New feedback")
    files = [c.file_ids for c in practice.world.comments(aid, practice.io)]
    assert [practice.world.contents[f] for (f,) in files] == [FILE.content, again.content]


def test_feedback_for_a_student_who_left_is_not_found(practice: Practice) -> None:
    aid = practice.assignment()
    with pytest.raises(NotFound, match="no student 987654"):
        practice.canvas.attach_feedback(aid, "987654", (FILE,), "Feedback")


def test_a_canvas_that_is_down_for_writing_is_told_as_such(practice: Practice) -> None:
    practice.simulator.switches.fault = first("server_error", "POST", "/assignments", 100)
    with pytest.raises(LostAnswer):
        practice.canvas.create_assignment(spec(practice))
    assert practice.canvas.assignments() == ()


@pytest.mark.parametrize("seed", range(3))
def test_a_whole_term_in_bad_weather_ends_right(practice: Practice, seed: int) -> None:
    """A tenth of all requests meets a fault, and what comes out is what a fine day gives."""
    ids = [str(practice.world.add_student(f"Moon Number{n}")) for n in range(30)]
    scores = {sid: Decimal(n) / 3 for n, sid in enumerate(ids)}
    reports = [FeedbackComment(sid, (report(sid),), "Feedback") for sid in ids]
    practice.simulator.switches.upload_mode = "instfs" if seed == 1 else "local"
    practice.simulator.switches.fault = bad_weather(seed)
    made = practice.canvas.create_assignment(spec(practice))
    practice.canvas.update_assignment(made.id, spec(practice))
    assert practice.canvas.push_grades(made.id, scores) == ""
    assert dict(practice.canvas.attach_all(made.id, reports)) == dict.fromkeys(ids)
    assert len(practice.canvas.students()) == 32
    practice.simulator.switches.fault = None
    assert [a.id for a in practice.canvas.assignments()] == [made.id]
    shown = {s.student_id: s for s in practice.canvas.submissions(made.id)}
    assert {sid: same_score(shown[sid].entered, scores[sid]) for sid in ids} == dict.fromkeys(
        ids, True
    )
    for sid in ids:
        (comment,) = practice.world.comments(made.id, int(sid))
        assert [practice.world.contents[f] for f in comment.file_ids] == [report(sid).content]


def bad_weather(seed: int) -> FaultOf:
    """Let a tenth of the requests meet any fault, none more than twice in a row at one address."""
    dice, row = random.Random(seed), Counter[str]()
    kinds = [*LOST[:-1], *PASSING]

    def decide(method: str, path: str) -> Fault | None:
        key = f"{method} {path}"
        if row[key] == 2 or dice.random() >= 0.1:
            row[key] = 0
            return None
        row[key] += 1
        return dice.choice(kinds)

    return decide


def report(student_id: str) -> FeedbackFile:
    return FeedbackFile(f"homework_1-{student_id}.html", f"<p>{student_id}</p>".encode())


# --- Many at a time -----------------------------------------------------------------------------


def test_feedback_of_many_goes_out_together_and_names_who_could_not_get_it(
    practice: Practice,
) -> None:
    aid = practice.assignment()
    ids = [str(practice.world.add_student(f"Moon Number{n}")) for n in range(12)]
    reports = [FeedbackComment(sid, (report(sid),), "Feedback") for sid in [*ids, "987654"]]
    answers = dict(practice.canvas.attach_all(aid, iter(reports)))
    assert set(answers) == {*ids, "987654"}
    assert [sid for sid, refused in answers.items() if refused] == ["987654"]
    for sid in ids:
        assert [c.text for c in practice.world.comments(aid, int(sid))] == ["Feedback"]


def test_a_canvas_that_goes_down_among_many_loses_nobody_who_got_theirs(
    practice: Practice,
) -> None:
    aid = practice.assignment()
    ids = [str(practice.world.add_student(f"Moon Number{n}")) for n in range(40)]
    practice.simulator.switches.token_expires_after = 60
    reports = (FeedbackComment(sid, (report(sid),), "Feedback") for sid in ids)
    told: list[str] = []
    with pytest.raises(TokenRefused, match="expired"):
        told.extend(sid for sid, _ in practice.canvas.attach_all(aid, reports))
    assert 0 < len(told) < len(ids)
    assert set(told) <= {sid for sid in ids if practice.world.comments(aid, int(sid))}
    assert next(reports, None) is not None


def test_the_next_run_sends_the_rest_and_doubles_nothing(practice: Practice) -> None:
    aid = practice.assignment()
    ids = [str(practice.world.add_student(f"Moon Number{n}")) for n in range(20)]
    practice.simulator.switches.token_expires_after = 40
    with pytest.raises(TokenRefused):
        list(practice.canvas.attach_all(aid, [FeedbackComment(s, (FILE,), "") for s in ids]))
    practice.world.tokens[TOKEN].state = "active"
    shown = {s.student_id: s.attached for s in practice.canvas.submissions(aid)}
    rest = [FeedbackComment(s, (FILE,), "Feedback") for s in ids if not shown[s]]
    assert dict(practice.canvas.attach_all(aid, rest)) == {c.student_id: None for c in rest}
    assert [len(practice.world.comments(aid, int(sid))) for sid in ids] == [1] * 20


def test_a_throttling_canvas_is_waited_for(practice: Practice) -> None:
    """Twenty at a time is more than Canvas's bucket takes: all get through all the same."""
    aid = practice.assignment()
    ids = [str(practice.world.add_student(f"Moon Number{n}")) for n in range(24)]
    practice.simulator.switches.latency_ms = 50
    with httpx.Client(timeout=10) as http:
        eager = CanvasClient(
            practice.simulator.url, 12345, TOKEN, http=http,
            sleep=lambda seconds: time.sleep(seconds / 10), at_once=20,
        )  # fmt: skip
        reports = [FeedbackComment(sid, (report(sid),), "Feedback") for sid in ids]
        assert dict(eager.attach_all(aid, reports)) == dict.fromkeys(ids)
    assert [len(practice.world.comments(aid, int(sid))) for sid in ids] == [1] * 24


def test_the_courses_that_somebody_teaches_are_listed_with_their_terms(practice: Practice) -> None:
    practice.world.course.term = "Fall 2026"
    practice.world.other_courses += [
        OtherCourse(7, "Taken", role="student"),
        OtherCourse(8, "Closed by its dates", restricted=True),
        *(OtherCourse(n, f"Course {n}") for n in range(100, 250)),
    ]
    found = list_courses(practice.simulator.url, TOKEN)
    first = found[0]
    assert (first.id, first.name) == (12345, "Practice course")
    assert (first.timezone, first.term) == ("America/Vancouver", "Fall 2026")
    assert [c.id for c in found[1:]] == [*range(100, 250)]


def test_a_quick_look_gives_up_at_once(practice: Practice) -> None:
    practice.simulator.switches.fault = lambda method, path: "server_error"
    before = len(practice.simulator.requests)
    with pytest.raises(CanvasFailure):
        list_courses(practice.simulator.url, TOKEN)
    assert len(practice.simulator.requests) == before + 1


def test_canvass_clock_is_known_from_its_last_answer(practice: Practice) -> None:
    assert practice.canvas.clock_offset() is None
    practice.canvas.students()
    here = practice.canvas.clock_offset()
    assert here is not None
    assert abs(here) < timedelta(seconds=5)
    practice.simulator.switches.clock_offset = timedelta(days=-1)
    practice.canvas.students()
    there = practice.canvas.clock_offset()
    assert there is not None
    assert abs(there + timedelta(days=1)) < timedelta(seconds=5)
