"""The practice Canvas in a browser: what a grader sees, and what a student may not see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from html import unescape

import httpx
import pytest

from rudaux.demo.simulator.grading import add_comment
from rudaux.demo.simulator.server import Simulator, serve
from rudaux.demo.simulator.state import World

DUE = datetime(2026, 9, 28, 6, 59, 59, tzinfo=timezone.utc)
IO, TITAN, ODD, RHEA = 11, 12, 13, 14
HOMEWORK, PROJECT, ESSAY, SEALED = 2001, 2002, 2003, 2004
ODD_NAME = "<script>alert(1)</script> & Sons"
SECRET = "Nobody may read this yet."


def a_course() -> World:
    world = World.new()
    second = world.add_section("Section <2>")
    world.add_student("Io Jupiter", user_id=IO)
    world.add_student("Titan Saturn", user_id=TITAN, sections=[second])
    world.add_student(ODD_NAME, ODD_NAME, user_id=ODD)
    world.add_student("Rhea Saturn", user_id=RHEA)
    world.add_test_student()
    link = "https://hub.example.edu/lti?next=a&b=<c>"
    world.add_assignment(
        "homework_1", 10, DUE, tool_id=world.add_tool("course", "Jupyter"), launch_url=link
    )
    world.add_assignment(
        "project", 100, DUE, post_manually=True, submission_types=["online_upload"]
    )
    world.add_assignment("essay", 20, published=False, only_visible_to_overrides=True)
    world.add_assignment("sealed", 5, DUE, anonymous_grading=True)
    world.add_override(HOMEWORK, [IO, ODD], due_at=DUE + timedelta(days=2))
    world.add_override(HOMEWORK, section_id=second, due_at=None)
    world.add_override(ESSAY, [TITAN], due_at=DUE)
    for uid, score in ((IO, 9.5), (TITAN, 10.0), (ODD, 7.0)):
        world.grade(HOMEWORK, uid, score)
    late = world.submission(HOMEWORK, TITAN)
    late.late_policy_status, late.seconds_late_override, late.points_deducted = "late", 3600, 1.25
    excused = world.submission(HOMEWORK, RHEA)
    excused.excused, excused.posted_at = True, DUE
    for assignment in (PROJECT, SEALED):
        world.grade(assignment, IO, 4.25)
        world.submission(assignment, IO).posted_at = None
    comment(world, HOMEWORK, "Well done,\n<b>Io</b>", "homework_1.html")
    comment(world, PROJECT, SECRET, "secret.html")
    return world


def comment(world: World, assignment: int, text: str, name: str) -> None:
    file = world.files[world.add_file(1001, assignment, name, b"<h1>Feedback</h1>")]
    row = world.submission(assignment, IO)
    add_comment(world, world.assignments[assignment], row, text, [file], 1001, DUE)


@pytest.fixture(scope="module")
def canvas() -> Iterator[Simulator]:
    with serve(a_course()) as simulator:
        yield simulator


def page(canvas: Simulator, path: str) -> str:
    """Return a page as anybody on this machine gets it, without a token."""
    answer = httpx.get(f"{canvas.url}/courses/12345{path}")
    assert answer.status_code == 200, (path, answer.text)
    return answer.text


def cells(text: str, name: str) -> list[str]:
    """Return the words in the cells of the row with that heading."""
    [row] = [r for r in re.findall(r"<tr>.*?</tr>", text, re.S) if name in r]
    found = re.findall(r"<td.*?>(.*?)</td>", row, re.S)
    return [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in found]


def test_the_gradebook_says_why_there_is_no_score(canvas: Simulator) -> None:
    text = page(canvas, "/gradebook")
    assert cells(text, "Jupiter, Io") == ["9.50", "hidden 4.25", "not assigned", "anonymous"]
    assert cells(text, "Saturn, Titan") == ["late 8.75", "missing –", "–", "anonymous"]
    assert cells(text, "Saturn, Rhea")[0] == "excused –"
    assert "Test Student" not in text
    assert "2 other" in text


def test_names_and_comments_are_text_and_never_markup(canvas: Simulator) -> None:
    mine = f"/assignments/{HOMEWORK}/submissions/{IO}"
    pages = [page(canvas, p) for p in ("/gradebook", f"/assignments/{HOMEWORK}", mine)]
    pages += [page(canvas, f"/grades/{uid}") for uid in (IO, ODD)]
    for text in pages:
        assert "<script" not in text
        assert "<b>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Sons" in pages[0]
    assert "Section &lt;2&gt;" in pages[1]
    assert "next=a&amp;b=&lt;c&gt;" in pages[1]
    assert "&lt;b&gt;Io&lt;/b&gt;" in pages[2]


def test_a_student_sees_no_grade_and_no_comment_before_they_are_posted(canvas: Simulator) -> None:
    text = page(canvas, f"/grades/{IO}")
    assert cells(text, "homework_1")[:2] == ["9.5", "10"]
    assert cells(text, "project")[:2] == ["not posted yet", "100"]
    assert cells(text, "sealed")[:2] == ["not posted yet", "5"]
    assert "4.25" not in text
    assert SECRET not in text
    assert "secret.html" not in text
    assert "essay" not in text
    grader = page(canvas, f"/assignments/{PROJECT}/submissions/{IO}")
    assert SECRET in grader
    assert "hidden from the student" in grader
    row = canvas.world.submission(PROJECT, IO)
    row.posted_at = DUE
    assert SECRET in page(canvas, f"/grades/{IO}")
    row.posted_at = None


def test_an_anonymous_score_has_no_name_beside_it(canvas: Simulator) -> None:
    text = page(canvas, f"/assignments/{SEALED}/submissions/{IO}")
    assert "4.25" not in text
    assert "graded anonymously" in text


def test_an_assignment_says_for_whom_it_is_due_when(canvas: Simulator) -> None:
    text = page(canvas, f"/assignments/{HOMEWORK}")
    assert cells(text, ">Everyone else<")[0] == "Sun 27 Sep 2026 23:59"
    assert cells(text, ">Io Jupiter, ")[0] == "Tue 29 Sep 2026 23:59"
    assert cells(text, "Section")[0] == "–"
    assert "not published" in page(canvas, f"/assignments/{ESSAY}")
    assert "Everyone" not in page(canvas, f"/assignments/{ESSAY}")


def test_a_submission_has_its_comments_feedback_and_neighbours(canvas: Simulator) -> None:
    text = page(canvas, f"/assignments/{HOMEWORK}/submissions/{IO}")
    [address] = re.findall(r'href="(/files/[^"]*)">homework_1.html<', text)
    assert httpx.get(canvas.url + address).text == "<h1>Feedback</h1>"
    assert re.findall(r'rel="(?:prev|next)" href="(\d+)"', text) == [str(ODD), str(RHEA)]


def test_a_page_changes_nothing_and_asks_no_other_host(canvas: Simulator) -> None:
    rows, journal = dict(canvas.world.submissions), list(canvas.world.journal)
    unseen = f"/assignments/{PROJECT}/submissions/{RHEA}"
    for path in ("/gradebook", f"/assignments/{HOMEWORK}", f"/grades/{RHEA}", unseen):
        text = page(canvas, path)
        assert re.findall(r'(?:src|href|action)="(?!/|\d|#)[^"]*"', text) == []
        assert "default-src 'none'" in unescape(text)
        assert text.count("<h1>") == 1
        assert 'lang="en"' in text
    assert (canvas.world.submissions, canvas.world.journal) == (rows, journal)


@pytest.mark.parametrize(
    "path", ["/grades/99", "/grades/1001", f"/assignments/{ESSAY}/submissions/{IO}"]
)
def test_what_is_not_there_is_not_found(canvas: Simulator, path: str) -> None:
    assert httpx.get(f"{canvas.url}/courses/12345{path}").status_code == 404


def test_the_pages_are_on_this_machine_alone(canvas: Simulator) -> None:
    assert canvas.url.startswith("http://127.0.0.1:")
