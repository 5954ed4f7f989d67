"""Hands in a list of cases, has them graded once by one executor, and says what became of each."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from rudaux.config import (
    AssignmentSettings,
    CanvasSettings,
    Config,
    CourseSettings,
    GitSettings,
    GradingSettings,
    HubSettings,
)
from rudaux.domain.roster import Student
from rudaux.wiring import CourseContext
from rudaux.workflows import autograde, collect
from rudaux.workflows.standings import Standings, read_standings
from tests.corpus.assignment import NAME, write_source
from tests.corpus.attacks import THOUGHT
from tests.corpus.cases import Case, Graded, Site, Work, right
from tests.fakes import FakeCanvas

SECRET = "a-token-that-no-submission-may-see"
UTC = ZoneInfo("UTC")
PROCESS = GradingSettings(
    executor="process", memory="512m", cell_timeout=8, timeout=40, scratch="64m"
)


def students(cases: Sequence[Case]) -> tuple[Student, ...]:
    """Make a student per case, numbered; the bystander, whose work is right, comes first."""
    names = ["bystander", *(case.name for case in cases)]
    return tuple(
        Student(str(1000 + n), name, name, f"moon{n}@example.edu", frozenset({1}))
        for n, name in enumerate(names)
    )


def grade(folder: Path, grading: GradingSettings, cases: Sequence[Case]) -> dict[str, Graded]:
    """Collect and autograde all cases in a new course at `folder`; give the results by name."""
    roster = students(cases)
    ctx = _course(folder, grading, roster)
    with _listening(ctx.config.folder) as port, _secret():
        homes, contained = ctx.config.jupyterhub.storage_path, grading.executor != "process"
        site = Site(ctx.config.folder, homes, roster[0].id, SECRET, port, os.getpid(), contained)
        _release(ctx, roster)
        _hand_in(site, roster, cases)
        said = _run(ctx)
        states = {s.student_id: s for s in _standings(ctx).by_student}
        results = {}
        for case, student in zip(cases, roster[1:], strict=True):
            outputs = _outputs(ctx.config.folder, student.id)
            happened = case.happened(site, outputs) if case.happened else ""
            results[case.name] = _result(ctx, student, states[student.id].state, said, outputs)
            results[case.name] = replace(results[case.name], happened=happened)
        results["bystander"] = _result(ctx, roster[0], states[roster[0].id].state, said, "")
    return results


def _course(folder: Path, grading: GradingSettings, roster: Sequence[Student]) -> CourseContext:
    course = folder / "course"
    write_source(course / "source" / NAME)
    (folder / "homes").mkdir()
    (course / "rudaux.toml").write_text("course_id = 12345\n")
    due = datetime.now(timezone.utc) - timedelta(hours=1)
    config = Config(
        course,
        CourseSettings("dsci100", UTC),
        CanvasSettings("https://canvas.example.edu", 12345, "Jupyter"),
        GitSettings("git@example.edu:org/teach.git", "git@example.edu:o/dsci100.git", "materials"),
        HubSettings("https://hub.example.edu", folder / "homes"),
        grading,
        assignments=(AssignmentSettings(NAME, due.astimezone(UTC), Decimal(10)),),
    )
    ctx = CourseContext(config)
    vars(ctx)["canvas"] = FakeCanvas(list(roster))
    return ctx


def _release(ctx: CourseContext, roster: Sequence[Student]) -> None:
    ctx.gradebook.save_assignment(NAME, ctx.config.assignments[0].due)
    ctx.gradebook.save_students(roster)
    built = ctx.grader.build_release(NAME, ctx.config.folder / "release")
    assert built.folder == ctx.grader.release_folder(NAME)
    ctx.grader.record_source(NAME)


def _hand_in(site: Site, roster: Sequence[Student], cases: Sequence[Case]) -> None:
    everybody = [Case("bystander", _think), *cases]
    for student, case in zip(roster, everybody, strict=True):
        folder = site.homes / student.id / "dsci100" / "materials" / NAME
        shutil.copytree(site.course / "release" / NAME, folder)
        case.build(Work(folder, site))


def _think(work: Work) -> None:
    right(work)
    work.answer(mean=work.read()["cells"][4]["source"] + f"\n# {THOUGHT}")


def _standings(ctx: CourseContext) -> Standings:
    return read_standings(ctx, ctx.config.assignments[0])


def _run(ctx: CourseContext) -> dict[str, str]:
    """Grade as `rudaux grade` does; give what the report says of each student."""
    said: dict[str, str] = {}
    outcomes = [*collect.apply(ctx, collect.plan(ctx, _standings(ctx)))]
    outcomes += autograde.apply(ctx, autograde.plan(ctx, _standings(ctx)))
    for outcome in outcomes:
        said[outcome.item] = f"{said.get(outcome.item, '')} {outcome.reason}".strip()
    return said


def _result(
    ctx: CourseContext, student: Student, state: str, said: dict[str, str], outputs: str
) -> Graded:
    record = ctx.ledger.records(NAME).get(student.id)
    submission = ctx.gradebook.submissions(NAME).get(student.id)
    score = f"{submission.score.normalize():f}" if submission and submission.autograded else ""
    repairs = _repairs(ctx.config.folder, student.id)
    kind = record.kind if record else ""
    return Graded(state, kind, score, said.get(student.name, ""), repairs, outputs, "")


def _repairs(course: Path, student_id: str) -> tuple[str, ...]:
    with closing(sqlite3.connect(course / ".rudaux" / "ledger.db")) as ledger:
        query = "SELECT repairs FROM executions WHERE student = ? ORDER BY id DESC"
        row = ledger.execute(query, (student_id,)).fetchone()
    return tuple(json.loads(row[0])) if row else ()


def _outputs(course: Path, student_id: str) -> str:
    """Give all that the autograded notebooks show, as text."""
    parts: list[str] = []
    for path in sorted((course / "autograded" / student_id / NAME).glob("*.ipynb")):
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", ()):
                parts.append("".join(output.get("text", "")))
                parts += output.get("traceback", ())
                parts += [output.get("ename", ""), output.get("evalue", "")]
    return "\n".join(parts)


@contextmanager
def _secret() -> Iterator[None]:
    before = os.environ.get("CANVAS_TOKEN")
    os.environ["CANVAS_TOKEN"] = SECRET
    try:
        yield
    finally:
        os.environ.pop("CANVAS_TOKEN")
        if before is not None:
            os.environ["CANVAS_TOKEN"] = before


@contextmanager
def _listening(course: Path) -> Iterator[int]:
    """Listen on 127.0.0.1; who connects leaves a file "reached" in the course folder."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_take_calls, args=(server, course), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _take_calls(server: socket.socket, course: Path) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        (course / "reached").touch()
        connection.close()
