"""A whole term on a moved clock: at its end every score, every run and every message is right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.term.course import Term, a_term, written
from tests.term.facts import BROKEN, BY_HAND, PARTLY, TASKS, WRONG, ZONE, day
from tests.term.story import live
from tests.test_unattended import SECRET

pytestmark = pytest.mark.timeout(1200)

ENDS = [
    day(9, 19), day(9, 22), day(9, 26), day(10, 3), day(10, 5), day(10, 6), day(10, 8),
    day(10, 15), day(10, 17), day(10, 18), day(10, 27), day(10, 31), day(11, 2), day(11, 7),
    day(11, 21), day(11, 24),
]  # fmt: skip
"""Every moment at which somebody's time for something was over."""
CANVAS_DOWN, FILES_AWAY = day(10, 3), day(11, 21)
NOBODYS = day(10, 15)
"""When the one who had time until then had left the course."""


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Term]:
    """The term, once it is over."""
    folder: Path = tmp_path_factory.mktemp("term") / "course"
    with pytest.MonkeyPatch.context() as patch, a_term(folder, patch) as term:
        live(term, patch)
        yield term


def test_every_score_in_canvas_is_what_the_rules_give(term: Term) -> None:
    here = [sid for sid in term.students if sid not in term.facts.left]
    assert len(here) == 45
    wrong: dict[tuple[str, str], object] = {}
    for task in TASKS:
        shown = term.shown(task)
        rules = {sid: term.facts.score(sid, task, term.now) for sid in here}
        wrong |= {(s, task.name): (shown[s], rules[s]) for s in here if shown[s] != rules[s]}
    assert wrong == {}


def test_who_left_has_the_grades_of_that_day(term: Term) -> None:
    left = {sid: {t.name: term.shown(t)[sid] for t in TASKS} for sid in term.facts.left}
    assert left == {sid: term.left_with[sid] for sid in term.facts.left}
    assert [score for scores in left.values() for score in scores.values() if score] == [10]


def test_nobody_is_graded_before_their_own_deadline(term: Term) -> None:
    assert term.early == []


def test_no_work_is_lost(term: Term) -> None:
    for (sid, name), saved in term.facts.saved.items():
        task = next(t for t in TASKS if t.name == name)
        assert term.work(sid, task).read_text() == written(task, saved[-1].answer)
        work = term.facts.handed_in(sid, task, term.now)
        if work and sid not in term.facts.left:
            assert collected(term, sid, name).read_text() == written(task, work.answer)
    for number, task, earlier in ((8, TASKS[0], WRONG), (38, BROKEN, PARTLY)):
        kept = term.folder / ".rudaux" / "kept" / "submitted" / term.students[number]
        texts = [p.read_text() for p in kept.rglob(f"{task.name}.ipynb")]
        assert texts == [written(task, earlier)]


def collected(term: Term, sid: str, name: str) -> Path:
    return term.folder / "submitted" / sid / name / f"{name}.ipynb"


def test_cron_ran_at_each_deadline_and_every_run_ended_as_it_should(term: Term) -> None:
    expected = []
    for end in ENDS:
        bad = 5 if end in (CANVAS_DOWN, FILES_AWAY) else 0
        midnight = (end + timedelta(seconds=1)).astimezone(ZONE)
        expected += [
            (midnight, "snapshot", bad),
            (midnight + timedelta(minutes=10), "grade", bad),
        ]
    assert [(run.at, run.command, run.code) for run in term.runs] == expected


def test_there_is_a_snapshot_of_each_deadline(term: Term) -> None:
    there = {p.name for p in (term.practice.homes / ".zfs" / "snapshot").iterdir()}
    needed = [end for end in ENDS if end != NOBODYS]
    moments = [
        day(11, 22, 8, 5, 0) if e == FILES_AWAY else e + timedelta(seconds=1) for e in needed
    ]
    assert there == {f"{m.astimezone(term.now.tzinfo):%Y-%m-%d-%H%M}" for m in moments}


def test_the_messages_tell_the_story(term: Term) -> None:
    stopped = "stopped: another system failed"
    waits = "something waits for you"
    expected = [
        (day(9, 20), "worksheet_1: 41 graded"),
        (day(9, 23), "worksheet_1: 42 graded"),
        (day(9, 27), "worksheet_1: 42 graded"),
        (day(10, 4), f"`rudaux snapshot` {stopped}"),
        (day(10, 4), f"`rudaux grade` {stopped}"),
        (day(10, 6), f"Over: `rudaux snapshot` {stopped}"),
        (day(10, 6), f"Over: `rudaux grade` {stopped}"),
        (day(10, 6), "worksheet_2: 38 graded"),
        (day(10, 7), "worksheet_2: 41 graded"),
        (day(10, 7), f"worksheet_2: {waits}"),
        (day(10, 9), "worksheet_1: 41 graded"),
        (day(10, 9), "worksheet_2: 41 graded"),
        (day(10, 9), f"worksheet_2: {waits}"),
        (day(10, 18), "project: 0 graded"),
        (day(10, 18), f"project: {waits}"),
        (day(10, 19), "project: 17 graded"),
        (day(10, 19), f"project: {waits}"),
        (day(10, 28), "worksheet_2: 42 graded"),
        (day(10, 28), f"worksheet_2: {waits}"),
        (day(10, 28), "project: 37 graded"),
        (day(10, 28), f"project: {waits}"),
        (day(11, 1), "worksheet_3: 38 graded"),
        (day(11, 3), "worksheet_3: 40 graded"),
        (day(11, 3), f"worksheet_3: {waits}"),
        (day(11, 8), f"worksheet_3: {waits}"),
        (day(11, 22), f"`rudaux snapshot` {stopped}"),
        (day(11, 22), f"`rudaux grade` {stopped}"),
        (day(11, 22), f"Over: `rudaux snapshot` {stopped}"),
        (day(11, 22), f"Over: `rudaux grade` {stopped}"),
        (day(11, 22), f"worksheet_3: {waits}"),
        (day(11, 22), "worksheet_4: 37 graded"),
        (day(11, 25), f"worksheet_3: {waits}"),
        (day(11, 25), "worksheet_4: 39 graded"),
    ]
    told = [
        (f"{at:%d %b}", title.replace("practice: ", "").replace("practice ", ""))
        for at, title, _ in term.told
    ]
    assert told == [(f"{at:%d %b}", text) for at, text in expected]


def test_messages_hold_no_secret_and_nobodys_grade(term: Term) -> None:
    texts = "\n".join(f"{title}\n{body}" for _, title, body in term.told)
    assert SECRET not in texts
    by_name = [line for line in texts.splitlines() if "Moon" in line]
    assert all("edited grades in Canvas" in line for line in by_name)


def test_two_assistants_share_the_marking_evenly(term: Term) -> None:
    for lists in term.lists:
        ann, bo = lists["Ann"], lists["Bo"]
        assert set(ann).isdisjoint(bo)
    first, second, third = term.lists
    assert abs(len(first["Ann"]) - len(first["Bo"])) <= 1
    assert set(first["Bo"]) <= set(second["Bo"])
    assert len(third["Ann"] + third["Bo"]) == 1
    seen = {sid for lists in term.lists for who in lists.values() for sid in who}
    handed_in = {s for s in term.students if term.facts.handed_in(s, BY_HAND, term.now)}
    assert seen == handed_in - set(term.facts.left)


def test_a_run_more_changes_nothing(term: Term) -> None:
    term.run("init")  # takes the last entry, which is over, out of the crontab
    before, told = term.fingerprint(), len(term.told)
    for command in (("snapshot", "--auto"), ("grade", "--auto"), ("grade", "--auto"), ("init",)):
        term.run(*command)
        assert term.fingerprint() == before, command
    # What waits for a person is told once a day.
    assert [title for _, title, _ in term.told[told:]] == [
        "practice worksheet_3: something waits for you"
    ]
