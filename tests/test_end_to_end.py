"""Each command on a real course: nbgrader, git, a crontab, and Canvas over HTTP; each run twice."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest

from rudaux.demo.marking import mark_by_hand
from rudaux.demo.students import Kind
from tests.course import SmallCourse, git
from tests.kept import CourseAfter

GRADE = ("grade", "homework_1")


@pytest.fixture
def course(course_after: CourseAfter) -> SmallCourse:
    return course_after()


@pytest.fixture
def ready(course_after: CourseAfter) -> SmallCourse:
    return course_after(("init",))


@pytest.fixture
def few(course_after: CourseAfter) -> SmallCourse:
    """Two students, where what is graded does not matter."""
    return course_after(("init",), kinds=("right", "partly"))


@pytest.fixture
def graded(course_after: CourseAfter) -> SmallCourse:
    return course_after(("init",), GRADE)


def student(course: SmallCourse, kind: str) -> str:
    """The first student of a kind."""
    return next(sid for sid, k in course.practice.kinds.items() if k == kind)


def assignment_id(course: SmallCourse, name: str = "homework_1") -> int:
    return next(a.id for a in course.world.assignments.values() if a.name == name)


def test_init_sets_everything_up_and_a_second_one_changes_nothing(course: SmallCourse) -> None:
    course.rudaux("init")
    names = [a.name for a in course.world.assignments.values()]
    assert names == ["homework_1", "homework_3"]
    listed = git(
        course.practice.folder / "remotes" / "practice-course.git",
        "ls-tree", "-r", "--name-only", "main",
    )  # fmt: skip
    assert "materials/homework_1/homework_1.ipynb" in listed
    assert "README.md" in listed
    assert "BEGIN SOLUTION" not in git(
        course.practice.folder / "remotes" / "practice-course.git",
        "show", "main:materials/homework_1/homework_1.ipynb",
    )  # fmt: skip
    assert course.crontab.read_text().count("# rudaux") == 1
    before = course.fingerprint()
    again = course.rudaux("init")
    assert "Everything is up to date" in again.out
    assert course.fingerprint() == before


def test_a_dry_run_of_grade_counts_the_time_that_it_would_give(course: SmallCourse) -> None:
    due = course.practice.due["homework_1"]
    for enrollment in course.world.enrollments.values():
        enrollment.created_at = due - timedelta(days=30)
    unlock = (due - timedelta(days=9)).replace(tzinfo=None)
    course.edit('name = "homework_1"', f'name = "homework_1"\nunlock = {unlock.isoformat()}')
    course.edit("[[assignments]]", "[late_registration]\ndays = 300\n\n[[assignments]]")
    course.rudaux("init")
    course.world.add_student("Metis Jupiter", email="metis@example.edu")
    writes = course.writes()
    shown = course.rudaux("grade", "homework_1", "--dry-run").out
    assert "Deadlines  +  homework_1   Metis Jupiter" in shown
    assert "Metis Jupiter:" not in shown
    assert "7 to collect" in shown
    assert course.writes() == writes


def test_a_dry_run_shows_the_plan_and_changes_nothing(course: SmallCourse) -> None:
    before = course.fingerprint()
    shown = course.rudaux("init", "--dry-run").out
    assert "homework_1" in shown
    assert "7 joined" in shown
    assert course.fingerprint() == before


def test_init_survives_a_push_that_came_between(ready: SmallCourse, tmp_path: Path) -> None:
    other = tmp_path / "other"
    remote = ready.practice.folder / "remotes" / "practice-course.git"
    git(tmp_path, "clone", "--quiet", str(remote), str(other))
    (other / "header.ipynb").write_text("{}")
    git(other, "add", "--all")
    git(other, "commit", "--quiet", "--message", "Add a header")
    git(other, "push", "--quiet")
    ready.edit("points = 2", "points = 3")
    ready.edit("Part A", "Part One", "source/homework_3/homework_3.ipynb")
    ready.rudaux("init")
    assert git(remote, "show", "main:header.ipynb") == "{}"
    assert "Part One" in git(remote, "show", "main:materials/homework_3/homework_3.ipynb")


def test_a_dirty_checkout_is_said_and_an_unattended_run_goes_on(course: SmallCourse) -> None:
    (course.folder / "notes.txt").write_text("mine")
    assert "notes.txt" in course.rudaux("init").err
    assert (course.folder / "notes.txt").read_text() == "mine"
    assert "notes.txt" not in git(course.folder, "ls-files")


@pytest.mark.parametrize("place", [".gitignore", ".git/info/exclude"])
def test_a_release_that_git_ignores_is_made_and_not_committed(
    course: SmallCourse, place: str
) -> None:
    with (course.folder / place).open("a") as file:
        file.write("release/\nsubmitted/\n*.csv\n")
    if place == ".gitignore":
        course.commit()
    words = "release/ is ignored by git (`release/` in"
    assert course.rudaux("init", "--dry-run").out.count(words) == 1
    assert course.rudaux("init").out.count(words) == 1
    assert (course.folder / "release" / "homework_1" / "homework_1.ipynb").exists()
    assert "release/" not in git(course.folder, "ls-files")
    remote = course.practice.folder / "remotes" / "practice-course.git"
    assert "homework_3.ipynb" in git(remote, "ls-tree", "-r", "--name-only", "main")
    before = course.fingerprint()
    again = course.rudaux("init").out
    assert "Everything is up to date" in again
    assert "ignored" not in again
    assert "up to date" in course.rudaux("git", "release").out
    assert course.fingerprint() == before


def test_a_file_that_the_student_repository_ignores_stops_init_before_anything_is_written(
    course: SmallCourse, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    remote = course.practice.folder / "remotes" / "practice-course.git"
    git(tmp_path, "clone", "--quiet", str(remote), str(other))
    (other / ".gitignore").write_text("*.csv\n")
    git(other, "add", "--all")
    git(other, "commit", "--quiet", "--message", "Ignore tables")
    git(other, "push", "--quiet")
    (course.folder / "source" / "homework_3" / "moons.csv").write_text("Io\n")
    course.commit()
    before = course.fingerprint()
    for command in (("init",), ("init", "--dry-run"), ("git", "release")):
        said = course.rudaux(*command, code=3).err
        assert "moons.csv of homework_3 would not reach students" in said
        assert "`*.csv` in .gitignore, line 1" in said
    assert course.fingerprint() == before
    (other / ".gitignore").write_text("")
    git(other, "commit", "--quiet", "--all", "--message", "Ignore nothing")
    git(other, "push", "--quiet")
    course.rudaux("init")
    assert "homework_3/moons.csv" in git(remote, "ls-tree", "-r", "--name-only", "main")
    assert "Everything is up to date" in course.rudaux("init").out


def test_a_checkout_in_the_middle_of_a_merge_stops_init_before_anything_is_written(
    course: SmallCourse,
) -> None:
    head = git(course.folder, "rev-parse", "HEAD")
    (course.folder / ".git" / "MERGE_HEAD").write_text(f"{head}\n")
    before = course.fingerprint()
    for command in (("init",), ("init", "--dry-run"), ("git", "release")):
        assert "git merge --abort" in course.rudaux(*command, code=5).err
    assert course.fingerprint() == before


def test_grade_brings_the_right_scores_and_feedback_to_canvas_once(ready: SmallCourse) -> None:
    ready.rudaux("grade", "homework_1")
    assert ready.grades() == ready.practice.expected("homework_1")
    before = ready.fingerprint()
    assert "Canvas is up to date" in ready.rudaux("grade", "homework_1").out
    assert ready.fingerprint() == before
    made = next(a for a in ready.world.assignments.values() if a.name == "homework_1")
    made.points_possible = 100.0
    assert "! Canvas has 100 points for it" in " ".join(
        ready.rudaux("submit", "homework_1").out.split()
    )
    assert ready.fingerprint() == before
    right = student(ready, "right")
    [row] = [s for s in ready.world.submissions.values() if str(s.user_id) == right and s.comments]
    [comment] = row.comments
    [file] = [ready.world.files[i] for i in comment.file_ids]
    assert right in file.name
    assert b"squares" in ready.world.contents[file.id]


def test_grade_auto_takes_what_is_due_and_nothing_else(few: SmallCourse) -> None:
    few.rudaux("grade", "--auto")
    assert few.grades() == few.practice.expected("homework_1")
    assert set(few.grades("homework_3").values()) <= {None}
    assert "There is nothing to grade" in few.rudaux("grade", "--auto").err


def test_cron_runs_the_entry_in_its_bare_environment(few: SmallCourse) -> None:
    line = next(x for x in few.crontab.read_text().splitlines() if "rudaux grade" in x)
    command = line.partition("&& ")[2].replace("\\%", "%")
    bare = {"HOME": "/", "LOGNAME": "root", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    subprocess.run(["/bin/sh", "-c", command], env=bare, cwd="/", check=True)
    assert few.grades() == few.practice.expected("homework_1")
    [log] = (few.folder / "logs").iterdir()
    assert "homework_1" in log.read_text()


def test_a_file_server_that_is_down_grades_nobody(few: SmallCourse) -> None:
    few.practice.homes.rename(few.practice.folder / "elsewhere")
    result = few.rudaux("grade", "homework_1", code=5)
    assert "homes" in result.err
    assert set(few.grades().values()) <= {None}
    (few.practice.folder / "elsewhere").rename(few.practice.homes)
    few.rudaux("grade", "homework_1")
    assert few.grades() == few.practice.expected("homework_1")


def test_broken_work_is_failed_and_stops_nobody(course_after: CourseAfter) -> None:
    kinds: tuple[Kind, ...] = ("right", "invalid_json", "right", "right")
    course = course_after(("init",), assignments=("homework_1",), kinds=kinds)
    result = course.rudaux("grade", "homework_1", code=6)
    assert "not valid JSON" in result.out + result.err
    assert course.grades() == course.practice.expected("homework_1")


def test_broken_work_is_told_once_where_a_person_marks_by_hand(course_after: CourseAfter) -> None:
    kinds: tuple[Kind, ...] = ("right", "invalid_json")
    course = course_after(("init",), assignments=("homework_1",), kinds=kinds)
    shown = course.rudaux("grade", "homework_1", "-m", code=6).err
    assert shown.count("not valid JSON") == 1


def test_many_missing_ask_a_person_first(course_after: CourseAfter) -> None:
    kinds: tuple[Kind, ...] = ("right", "missing", "missing")
    course = course_after(("init",), assignments=("homework_1",), kinds=kinds)
    assert "--accept-zeros" in course.rudaux("grade", "homework_1", code=4).err
    assert set(course.grades().values()) <= {None}
    course.rudaux("grade", "homework_1", "--accept-zeros")
    assert course.grades() == course.practice.expected("homework_1")


def test_marking_by_hand_then_submit(course_after: CourseAfter) -> None:
    kinds: tuple[Kind, ...] = ("right", "wrong", "partly", "right")
    course = course_after(("init",), assignments=("homework_2",), kinds=kinds)
    shown = course.rudaux("grade", "homework_2", "-m")
    assert "rudaux submit homework_2" in shown.err
    assert set(course.grades("homework_2").values()) <= {None}
    mark_by_hand(course.folder, "homework_2", course.practice.kinds)
    before = course.fingerprint()
    course.rudaux("submit", "homework_2", "--dry-run")
    assert course.fingerprint() == before
    course.rudaux("submit", "homework_2")
    assert course.grades("homework_2") == course.practice.expected("homework_2")
    before = course.fingerprint()
    course.rudaux("submit", "homework_2")
    assert course.fingerprint() == before


def test_without_marks_by_hand_submissions_are_held(course_after: CourseAfter) -> None:
    course = course_after(("init",), assignments=("homework_2",), kinds=("right",))
    assert "1 held" in course.rudaux("grade", "homework_2", code=6).out
    assert set(course.grades("homework_2").values()) <= {None}


def test_an_edit_in_canvas_is_kept_until_asked_for(graded: SmallCourse) -> None:
    right = student(graded, "right")
    row = next(s for s in graded.world.submissions.values() if str(s.user_id) == right)
    row.entered_score = 4.0
    assert "edited in Canvas" in graded.rudaux("submit", "homework_1").out
    assert graded.grades()[right] == 4
    graded.rudaux("submit", "homework_1", "--overwrite-edits")
    assert graded.grades()[right] == 10


@pytest.mark.parametrize("mode", ["local", "instfs"])
@pytest.mark.parametrize("refusal", [401, 403])
def test_feedback_arrives_in_both_upload_modes(
    course_after: CourseAfter, mode: Literal["local", "instfs"], refusal: Literal[401, 403]
) -> None:
    course = course_after(("init",), (*GRADE, "--manual"))
    course.canvas.switches.upload_mode = mode
    course.canvas.switches.permission_status = refusal
    course.rudaux("submit", "homework_1")
    assert sum(len(s.comments) for s in course.world.submissions.values()) == 6


def test_an_extension_is_graded_at_its_own_deadline(few: SmallCourse) -> None:
    right = student(few, "right")
    later = few.practice.due["homework_1"] + timedelta(days=30)
    few.world.add_override(assignment_id(few), student_ids=[int(right)], due_at=later)
    few.rudaux("grade", "homework_1")
    assert few.grades()[right] is None
    few.rudaux("init")
    assert few.crontab.read_text().count("rudaux grade") == 2


def test_a_dropped_student_keeps_work_and_one_without_goes(graded: SmallCourse) -> None:
    right, missing = student(graded, "right"), student(graded, "missing")
    for sid in (right, missing):
        graded.world.set_state(int(sid), "deleted")
    shown = graded.rudaux("gradebook", "sync", "--accept-roster").out
    assert "1 grade kept" in shown
    listed = graded.rudaux("canvas", "students").out
    assert right not in listed
    before = graded.fingerprint()
    graded.rudaux("gradebook", "sync")
    assert graded.fingerprint() == before
    graded.rudaux("gradebook", "sync", "--remove-dropped", "--accept-roster")
    assert list((graded.folder / ".rudaux" / "backups").glob("gradebook-*"))


def test_a_roster_that_shrank_stops_an_unattended_run(ready: SmallCourse) -> None:
    for sid in list(ready.practice.kinds)[:3]:
        ready.world.set_state(int(sid), "deleted")
    before = ready.fingerprint()
    assert "--accept-roster" in ready.rudaux("init", code=4).err
    assert "--accept-roster" in ready.rudaux("grade", "homework_1", code=4).err
    assert ready.fingerprint() == before


@pytest.mark.parametrize("gone", [3, 7])
def test_a_roster_that_shrank_is_never_in_step_though_nobody_would_be_removed(
    course_after: CourseAfter, gone: int
) -> None:
    kinds: tuple[Kind, ...] = ("right",) * 7
    course = course_after(("init",), GRADE, assignments=("homework_1",), kinds=kinds)
    course.rudaux("grade", "homework_1")
    for sid in list(course.practice.kinds)[:gone]:
        course.world.set_state(int(sid), "deleted")
    before = course.fingerprint()
    words = "gone from Canvas" if gone == 3 else "no students at all"
    for command in (
        ("init",), ("grade",), ("grade", "homework_1"), ("gradebook", "sync"),
        ("submit", "homework_1"), ("submit", "homework_1", "--json"), ("schedule", "install"),
        ("gradebook", "export", "homework_1"),
    ):  # fmt: skip
        refused = course.rudaux(*command, code=4)
        assert words in refused.err
        assert "--accept-roster" in refused.err
        shown = course.rudaux(*command, "--dry-run")
        assert words in shown.out + shown.err
        assert "up to date" not in shown.out + shown.err
    assert words in course.rudaux("status").out
    assert course.fingerprint() == before
    course.rudaux("grade", "--accept-roster")
    for command in (("init",), ("grade",), ("gradebook", "sync"), ("submit", "homework_1")):
        assert words not in course.rudaux(*command).err
    assert "up to date" in course.rudaux("init").out


def test_status_as_json_is_the_documented_document(graded: SmallCourse) -> None:
    document = json.loads(graded.rudaux("status", "--json").out)
    assert document["course"] == {"name": "practice", "canvas_id": 12345, "students": 7}
    first, third = document["assignments"]
    assert list(first) == [
        "name", "due_at", "points", "canvas_id", "launch_url", "published", "released",
        "scheduled_for", "counts", "marking",
    ]  # fmt: skip
    assert first["counts"]["pushed"] == 7
    assert sum(third["counts"].values()) == 7
    assert third["counts"]["not_due"] == 7
    assert third["scheduled_for"] is not None
    assert first["launch_url"].startswith("https://hub.example.edu/jupyter/hub/lti/launch?next=")


def test_status_names_every_student_of_an_assignment(graded: SmallCourse) -> None:
    shown = graded.rudaux("status", "homework_1").out
    assert "Io Jupiter" in shown
    assert shown.count("in Canvas") >= 7


def test_canvas_commands_list_and_push(course: SmallCourse) -> None:
    assert "io@example.edu" in course.rudaux("canvas", "students").out
    assert "Test Student" not in course.rudaux("canvas", "students").out
    assert "Jupyter" in course.rudaux("canvas", "tools", "--all").out
    before = course.fingerprint()
    course.rudaux("canvas", "push", "--dry-run")
    assert course.fingerprint() == before
    course.rudaux("canvas", "push")
    assert "homework_1" in course.rudaux("canvas", "assignments").out
    before = course.fingerprint()
    assert "up to date" in course.rudaux("canvas", "push").out
    assert course.fingerprint() == before


def test_git_commands_pull_and_release(course: SmallCourse) -> None:
    assert "main" in course.rudaux("git", "status").out
    assert "up to date" in course.rudaux("git", "pull").out
    push_elsewhere(course)
    assert "0 ahead, 1 behind" in course.rudaux("git", "status").out
    before = course.fingerprint()
    assert course.rudaux("git", "pull", "--dry-run").out == "1 new commit to pull.\n"
    assert course.fingerprint() == before
    course.rudaux("git", "pull")
    assert course.rudaux("git", "pull", "--dry-run").out == "Up to date.\n"
    before = course.fingerprint()
    course.rudaux("git", "release", "homework_3", "--dry-run")
    assert course.fingerprint() == before
    course.rudaux("git", "release", "homework_3")
    remote = course.practice.folder / "remotes" / "practice-course.git"
    listed = git(remote, "ls-tree", "-r", "--name-only", "main")
    assert "homework_3" in listed
    assert "homework_1" not in listed
    before = course.fingerprint()
    course.rudaux("git", "release", "homework_3")
    assert course.fingerprint() == before


def push_elsewhere(course: SmallCourse) -> None:
    """Push a commit to the instructor repository from another checkout."""
    other = course.practice.folder / "other"
    remote = course.practice.folder / "remotes" / "instructors.git"
    git(course.practice.folder, "clone", "--quiet", str(remote), str(other))
    (other / "notes.md").write_text("Bring chalk.")
    git(other, "add", "--all")
    git(other, "commit", "--quiet", "--message", "Add notes")
    git(other, "push", "--quiet")


def test_git_status_answers_where_the_remote_does_not(course: SmallCourse) -> None:
    remote = course.practice.folder / "remotes" / "instructors.git"
    remote.rename(remote.with_name("away.git"))
    shown = course.rudaux("git", "status")
    assert "0 ahead, 0 behind" in shown.out
    assert "As of the last pull" in shown.err
    assert "git pull" not in course.rudaux("git", "pull", code=5).out


def test_only_what_failed_or_the_students_named_are_graded_again(graded: SmallCourse) -> None:
    right = student(graded, "right")
    again = graded.rudaux("grade", "homework_1", "--student", right, code=None)
    assert "Autograde: 1 to do" in again.err
    none = graded.rudaux("grade", "homework_1", "--only", "failed", code=None)
    assert "Autograde: nothing to do" in none.err
    assert "did you mean" in graded.rudaux("grade", "homework_1", "--student", "10", code=2).err
    assert "--student" in graded.rudaux("grade", "homework_1", "--accept-doubts", code=2).err


def test_gradebook_export_writes_canvas_import_file_and_keeps_an_older_one(
    graded: SmallCourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "grades.csv"
    command = ("gradebook", "export", "homework_1", "--output", str(file))
    graded.rudaux(*command, "--dry-run")
    assert not file.exists()
    graded.rudaux(*command)
    first = file.read_text()
    assert "homework_1 (" in first.splitlines()[0]
    scores = {row[1]: row[5] for row in csv.reader(first.splitlines()[2:])}
    assert {sid: Decimal(score) for sid, score in scores.items()} == graded.grades()
    assert "--overwrite" in graded.rudaux(*command, code=4).err
    for other in (str(graded.folder / "source"), "/dev/null"):  # never moved aside
        elsewhere = ("--output", other, "--overwrite", "--dry-run")
        assert "a folder or a device" in graded.rudaux(*command[:3], *elsewhere, code=2).err
    monkeypatch.delenv("CANVAS_TOKEN", raising=False)
    offline = graded.rudaux(*command, "--offline", "--overwrite")
    assert "Canvas was not asked" in offline.err
    assert file.with_name("grades.csv.old").read_text() == first
    assert len(file.read_text().splitlines()) == len(first.splitlines())


def test_gradebook_scores_backup_and_restore(graded: SmallCourse) -> None:
    assert "points of 10" in graded.rudaux("gradebook", "scores", "homework_1").out
    copy = graded.rudaux("gradebook", "backup").out.strip()
    (graded.folder / "gradebook.db").write_bytes(b"")
    before = graded.fingerprint()
    shown = graded.rudaux("gradebook", "restore", copy, "--dry-run").out
    assert re.search(r"backup +7 students · 2 assignments · 6 submissions", shown)
    assert re.search(r"now +no gradebook that can be read", shown)
    assert graded.fingerprint() == before
    assert "Replace" not in graded.rudaux("gradebook", "restore", "none.db", code=2).err
    graded.rudaux("gradebook", "restore", copy)
    assert "points of 10" in graded.rudaux("gradebook", "scores", "homework_1").out


def test_schedule_shows_installs_and_removes_only_its_own(course: SmallCourse) -> None:
    course.crontab.write_text("5 4 * * * echo mine\n")
    course.rudaux("schedule", "install", "--save-token")
    token = course.folder / ".rudaux" / "canvas-token"
    assert oct(token.stat().st_mode)[-3:] == "600"
    assert "homework_3" in course.rudaux("schedule", "show").out
    before = course.fingerprint()
    course.rudaux("schedule", "install")
    assert course.fingerprint() == before
    course.rudaux("schedule", "remove")
    assert course.crontab.read_text() == "5 4 * * * echo mine\n"
    course.rudaux("schedule", "remove")


def test_the_token_is_nowhere_but_in_its_file(graded: SmallCourse) -> None:
    secret = graded.world.tokens
    assert len(secret) == 1
    [token] = secret
    found = [
        path
        for path in graded.practice.folder.rglob("*")
        if path.is_file() and token.encode() in path.read_bytes()
    ]
    assert found == [graded.practice.folder / "canvas-token"]


def test_a_lost_ledger_is_no_loss(graded: SmallCourse) -> None:
    shutil.rmtree(graded.folder / ".rudaux")
    writes = graded.writes()
    graded.rudaux("grade", "homework_1")
    assert graded.writes() == writes


def test_the_module_runs_like_the_script(course: SmallCourse) -> None:
    command = [sys.executable, "-m", "rudaux", "--dir", str(course.folder), "-a", "canvas", "tools"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Jupyter" in done.stdout


def test_scores_have_four_decimals(graded: SmallCourse) -> None:
    assert graded.grades()[student(graded, "partly")] == Decimal("6.6667")


EVERYTHING = (
    ("init",),
    ("grade", "--auto"),
    ("grade", "homework_1", "--dry-run"),
    ("submit", "homework_1"),
    ("canvas", "push"),
    ("canvas", "log"),
    ("canvas", "undo"),
    ("git", "release"),
    ("gradebook", "sync"),
    ("gradebook", "scores", "homework_1"),
    ("gradebook", "export", "homework_1"),
    ("gradebook", "backup"),
    ("schedule", "install"),
)


def test_a_gradebook_that_is_gone_stops_every_command_until_it_is_back(
    graded: SmallCourse,
) -> None:
    gradebook = graded.folder / "gradebook.db"
    before, scores = graded.fingerprint(), graded.rudaux("gradebook", "scores", "homework_1").out
    gradebook.unlink()
    for command in EVERYTHING:
        said = graded.rudaux(*command, code=5).err
        assert f"{gradebook} is gone, and with it 6 submissions" in said, command
    assert not gradebook.exists()
    status = graded.rudaux("status", "--json")
    assert "is gone, and with it 6 submissions" in json.loads(status.out)["gradebook"]
    assert graded.grades() == graded.practice.expected("homework_1")
    restore = re.search(r"`rudaux (gradebook restore \S+)`", said)
    assert restore is not None
    graded.rudaux(*restore[1].split())
    assert graded.rudaux("gradebook", "scores", "homework_1").out == scores
    assert "There is nothing to grade" in graded.rudaux("grade", "--auto").err
    assert graded.fingerprint() == before


def test_another_gradebook_by_mistake_and_a_new_start_on_purpose(graded: SmallCourse) -> None:
    writes = graded.writes()
    config = graded.folder / "nbgrader_config.py"
    text = config.read_text() if config.exists() else ""
    config.write_text(f'{text}\nc.CourseDirectory.db_url = "sqlite:///gradebok.db"\n')
    graded.commit()
    assert (
        "gradebok.db is gone, and with it 6 submissions"
        in graded.rudaux("grade", "--auto", code=5).err
    )
    shown = graded.rudaux("gradebook", "sync", "--start-over", "--dry-run").out
    assert "homework_1: 6" in shown
    graded.rudaux("grade", "--auto", code=5)
    graded.rudaux("gradebook", "sync", "--start-over")
    graded.rudaux("grade", "--auto")
    assert graded.grades() == graded.practice.expected("homework_1")
    assert graded.writes() == writes


def test_with_gradebook_and_ledger_gone_everything_is_graded_anew_and_nothing_becomes_a_zero(
    graded: SmallCourse,
) -> None:
    (graded.folder / "gradebook.db").unlink()
    shutil.rmtree(graded.folder / ".rudaux")
    writes = graded.writes()
    graded.rudaux("grade", "--auto")
    assert graded.grades() == graded.practice.expected("homework_1")
    assert graded.writes() == writes


@pytest.mark.parametrize("whose", ["the class's", "their own"])
def test_grades_wait_for_a_deadline_that_has_moved(course_after: CourseAfter, whose: str) -> None:
    course = course_after(("init",), (*GRADE, "-m"), kinds=("right", "partly"))
    assignment = course.world.assignments[assignment_id(course)]
    later = datetime.now(timezone.utc) + timedelta(days=3)
    people = [int(sid) for sid in course.practice.kinds]

    if whose == "their own":
        course.world.add_override(assignment.id, student_ids=people, due_at=later)
    else:
        assignment.due_at = later
    said = course.rudaux("submit", "homework_1").out
    assert "2 not due" in said
    assert "no grade is pushed before, and the work is collected again then" in said
    assert "No grade of the 2 submissions" in course.rudaux(*GRADE).out
    counts = json.loads(course.rudaux("status", "--json").out)["assignments"][0]["counts"]
    assert counts["not_due"] == 2
    assert set(course.grades().values()) == {None}


def test_who_joined_after_the_deadline_gets_no_zero_before_a_person_decides(
    few: SmallCourse,
) -> None:
    late = str(few.world.add_student("Metis Jupiter", email="metis@example.edu"))
    said = few.rudaux("grade", code=6)
    assert "no grade until you decide; `rudaux canvas extend homework_1`" in said.out
    assert {s.user_id: s.entered_score for s in few.world.submissions.values()}[int(late)] is None
    assert "after the deadline" in few.rudaux("status", "homework_1").out
    assert "There is nothing to grade" in few.rudaux("grade").err
    few.rudaux("submit", "homework_1", "--accept-zeros")
    assert {s.user_id: s.entered_score for s in few.world.submissions.values()}[int(late)] == 0


def test_whose_account_was_merged_into_another_gets_no_zero_for_its_empty_home(
    course_after: CourseAfter,
) -> None:
    both = ("homework_1", "homework_2")
    course = course_after(("init",), ("grade", "homework_1"), assignments=both)
    io, world, due = next(iter(course.practice.kinds)), course.world, course.practice.due
    world.set_state(int(io), "deleted")
    new = str(world.add_student("Io Jupiter", "Jupiter, Io", email="io@example.edu"))
    for enrollment in world.enrollments.values():
        enrollment.created_at = due["homework_1"] - timedelta(days=30)
    said = course.rudaux("grade", code=6)
    assert f"Io Jupiter: may be Io Jupiter ({io}), who left the course" in said.out + said.err
    given = {s.entered_score for s in world.submissions.values() if s.user_id == int(new)}
    assert given <= {None}
    for homes in (course.practice.homes, *(course.practice.homes / ".zfs/snapshot").iterdir()):
        (homes / io).rename(homes / new)
    course.rudaux("grade", "homework_1")
    assert Decimal(10) in [
        s.entered_score for s in world.submissions.values() if s.user_id == int(new)
    ]
