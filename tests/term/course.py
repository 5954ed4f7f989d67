"""A course of 45 on a clock that the test moves: people act on it, and cron runs what is due."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat
import pytest
import time_machine
from nbformat import v4

from rudaux.demo.course import build_course
from rudaux.demo.running import write_crontab_program
from rudaux.demo.simulator.server import serve
from rudaux.demo.simulator.state import World
from tests.course import TOKEN, Result, SmallCourse
from tests.term.facts import BROKEN, RIGHT, TASKS, ZONE, Facts, Saved, Task, day
from tests.test_unattended import Hook

FIRST_DAY = day(8, 25, 9, 0, 5)
SIZE = 45
SECTION = range(41, 45)
"""The numbers of those in the second section."""
_ENTRY = re.compile(
    r'(\d+) (\d+) (\d+) (\d+) \* \[ "\$\(date \+\\%Y\)" = (\d+) \] && .*-m rudaux (.+) # rudaux '
)
_CONFIG = """
[late_registration]
days = 7

[notify]
urls_file = "{urls}"

[[graders]]
name = "Ann"

[[graders]]
name = "Bo"
"""
_ASSIGNMENT = """
[[assignments]]
name = "{name}"
unlock = {opens}
due = {due}
points = {points}
{more}"""
_NBGRADER = """c = get_config()
c.CourseDirectory.course_id = ""
c.AssignLatePenalties.plugin_class = "rudaux.late.PercentPerDay"
c.PercentPerDay.percent = 10
c.PercentPerDay.at_most = 50
c.HTMLExporter.template_name = "plain"
c.HTMLExporter.extra_template_basedirs = ["{templates}"]
"""
_REPORT = """<html><head><title>{{ resources.nbgrader.assignment }}</title></head><body>
<p>{{ resources.nbgrader.score }} of {{ resources.nbgrader.max_score }}</p></body></html>
"""
"""A course's own feedback: nbgrader's long page, for each of the class in every run, is most of a
term's time."""
_TAKE = """#!/bin/sh
cd {homes} && mkdir -p .zfs/snapshot/"$1" && cp -a [0-9]* .zfs/snapshot/"$1"
"""


@dataclass(frozen=True)
class Run:
    """A run of cron's: its command's first word, and how it ended."""

    at: datetime
    command: str
    code: int


@dataclass(frozen=True)
class Term(SmallCourse):
    """The course, what happened in it, and what cron and the messages have told of it."""

    clock: time_machine.Traveller
    hook: Hook
    section: int
    facts: Facts = field(default_factory=Facts)
    students: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    told: list[tuple[datetime, str, str]] = field(default_factory=list)
    """Each message that arrived: when, its title and its text."""
    early: list[str] = field(default_factory=list)
    """Who had their first grade before their deadline."""
    left_with: dict[str, dict[str, Decimal | None]] = field(default_factory=dict)
    """What Canvas showed of those who left, on the day they did."""
    lists: list[dict[str, list[str]]] = field(default_factory=list)
    """Each time the marking was divided: whose work is on whose list."""
    _scored: set[tuple[str, str]] = field(default_factory=set)
    _started: set[tuple[datetime, str]] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    # --- the clock, and cron --------------------------------------------------------------------

    def until(self, moment: datetime) -> None:
        """Let time pass, and cron run what stands in the crontab for it."""
        while (found := min(self._entries(), default=None)) and found[0] <= moment:
            at, command = found
            self._started.add(found)
            self._move(max(at + timedelta(seconds=5), self.now))
            result = self.run(*shlex.split(command), code=None)
            self.runs.append(Run(at.astimezone(ZONE), command.split()[0], result.code))
            self._look()
        self._move(moment)

    def _entries(self) -> Iterator[tuple[datetime, str]]:
        table = self.crontab.read_text() if self.crontab.exists() else ""
        for minute, hour, on, month, year, command in _ENTRY.findall(table):
            at = datetime(int(year), int(month), int(on), int(hour), int(minute)).astimezone()
            words = re.sub(r" --dir .*", "", command)
            if at > self.now - timedelta(minutes=30) and (at, words) not in self._started:
                yield at, words

    def _move(self, moment: datetime) -> None:
        assert moment >= self.now - timedelta(minutes=2), "time runs forward"
        # In UTC: with a named zone the machine's own would be moved, too.
        self.clock.move_to(max(moment, self.now).astimezone(timezone.utc))

    def run(self, *args: str, code: int | None = 0) -> Result:
        """Run a command, and keep what it told anybody."""
        result = self.rudaux(*args, code=code)
        for message in self.hook.got:
            self.told.append((self.now.astimezone(ZONE), message["title"], message["message"]))
        self.hook.got.clear()
        return result

    def _look(self) -> None:
        """See that nobody who has a grade now and had none before is graded early."""
        for task in TASKS:
            for sid in (s for s, score in self.shown(task).items() if score is not None):
                due = self.facts.deadline(sid, task, self.now)
                if (sid, task.name) not in self._scored and due > self.now:
                    self.early.append(f"{sid} {task.name} at {self.now:%d %b %H:%M}, due {due}")
                self._scored.add((sid, task.name))

    # --- what Canvas shows ----------------------------------------------------------------------

    def assignment(self, task: Task) -> int:
        """Return the assignment's id in Canvas."""
        return next(a.id for a in self.world.assignments.values() if a.name == task.name)

    def shown(self, task: Task) -> dict[str, Decimal | None]:
        """Return the students' scores."""
        scores = self.world.scores(self.assignment(task))
        found = {sid: scores.get(int(sid)) for sid in self.students}
        return {
            s: None if x is None else Decimal(str(x)).quantize(Decimal("0.0001"))
            for s, x in found.items()
        }

    # --- what people do -------------------------------------------------------------------------

    def join(self, name: str, section: int = 0) -> str:
        """Let somebody join the course in Canvas; their home is there from then on."""
        sections = [section] if section else []
        sid = str(self.world.add_student(name, sections=sections))
        self.facts.joined[sid] = self.now
        self.students.append(sid)
        (self.practice.homes / sid).mkdir()
        return sid

    def leave(self, sid: str) -> None:
        """Let somebody drop the course."""
        self.left_with[sid] = {task.name: self.shown(task)[sid] for task in TASKS}
        self.world.set_state(int(sid), "deleted")
        self.facts.left[sid] = self.now

    def come_back(self, sid: str) -> None:
        """Let somebody who dropped the course join again."""
        self.world.set_state(int(sid), "active")
        self.facts.joined[sid] = self.now
        del self.facts.left[sid]

    def work(self, sid: str, task: Task) -> Path:
        """Return where a student's notebook of an assignment is."""
        folder = self.practice.homes / sid / "practice-course" / "materials" / task.name
        return folder / f"{task.name}.ipynb"

    def save(self, sid: str, task: Task, answer: str) -> None:
        """Let a student save an answer on the hub."""
        file = self.work(sid, task)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(written(task, answer))
        os.utime(file, (self.now.timestamp(), self.now.timestamp()))
        saved = self.facts.saved.setdefault((sid, task.name), [])
        saved.append(Saved(self.now, answer))

    def extend(self, sid: str, task: Task, until: datetime) -> None:
        """Give a student more time, as the instructor does."""
        when = until.strftime("%Y-%m-%d")
        self.run("canvas", "extend", task.name, "--student", sid, "--until", when)
        self.facts.given.setdefault((sid, task.name), []).append((self.now, until))

    def mend(self) -> None:
        """Put the broken test right, and grade anew."""
        self.edit("double(0) == 1", "double(0) == 0", f"source/{BROKEN.name}/{BROKEN.name}.ipynb")
        self.run("regrade", BROKEN.name, "--never-lower", "--yes", "--accept-alarms")


def source(task: Task) -> Any:
    """Write an assignment as its author does: one function, two tests, on request a question."""

    def cell(kind: str, name: str, text: str, points: int | None, **flags: bool) -> Any:
        data: dict[str, Any] = {
            "grade_id": name, "schema_version": 3, "task": False,
            "grade": points is not None, "locked": False, "solution": False, **flags,
        }  # fmt: skip
        if points is not None:
            data["points"] = points
        make = v4.new_markdown_cell if kind == "markdown" else v4.new_code_cell
        return make(text, metadata={"nbgrader": data}, id=name)

    zero = 1 if task is BROKEN else 0
    solution = f"def double(n):\n    ### BEGIN SOLUTION\n    {RIGHT}\n    ### END SOLUTION"
    cells = [
        cell("code", "double", solution, None, solution=True),
        cell("code", "test_double", "assert double(3) == 6", 2, locked=True),
        cell("code", "test_zero", f"assert double(0) == {zero}", 1, locked=True),
    ]
    if task.manual:
        cells.append(cell("markdown", "why", "Because.", 3, solution=True))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def written(task: Task, answer: str) -> str:
    """Write the notebook of a student who answers so."""
    notebook = source(task)
    notebook.cells[0].source = f"def double(n):\n    {answer}"
    return str(nbformat.writes(notebook))


@contextmanager
def a_term(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Term]:
    """Build the course on its first day; its Canvas, its messages and the moved clock last as long
    as the block."""
    hook = Hook()
    travel = time_machine.travel(FIRST_DAY.astimezone(timezone.utc), tick=True)
    clock = travel.start()
    try:
        world = World.new(12345, "Practice course", token=TOKEN)
        world.add_tool("course", "Jupyter", url="https://hub.example.edu/jupyter/hub/lti/launch")
        world.add_test_student()
        second = world.add_section("Evening")
        with serve(world) as canvas:
            canvas.switches.throttling = False
            practice = build_course(folder, canvas.url, {}, FIRST_DAY, token=TOKEN, assignments=())
            write_crontab_program(folder)
            monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
            for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
                monkeypatch.setenv(f"{name}_NAME", "Practice")
                monkeypatch.setenv(f"{name}_EMAIL", "practice@example.edu")
            term = Term(practice, canvas, clock, hook, second)
            for number in range(SIZE):
                term.join(f"Moon{number} Planet", second if number in SECTION else 0)
            _write(term)
            yield term
    finally:
        travel.stop()
        hook.server.shutdown()


def _write(term: Term) -> None:
    folder, checkout = term.practice.folder, term.folder
    urls, take = folder / "addresses", folder / "bin" / "take-snapshot"
    urls.touch(0o600)
    urls.write_text(term.hook.url + "\n")
    take.write_text(_TAKE.format(homes=term.practice.homes))
    take.chmod(0o755)
    file = checkout / "rudaux.toml"
    text = file.read_text().replace(
        "[jupyterhub.snapshots]\n", f'[jupyterhub.snapshots]\ntake = ["{take}", "{{name}}"]\n'
    )
    text += _CONFIG.format(urls=urls)
    for task in TASKS:
        more = f"late_until = {_local(task.late_until)}\n" if task.late_until else ""
        more += "manual = true\n" if task.manual else ""
        text += _ASSIGNMENT.format(
            name=task.name, opens=_local(task.opens), due=_local(task.due), points=task.points,
            more=more,
        )  # fmt: skip
        there = checkout / "source" / task.name
        there.mkdir(parents=True)
        nbformat.write(source(task), there / f"{task.name}.ipynb")
    file.write_text(text)
    plain = checkout / "templates" / "plain"
    plain.mkdir(parents=True)
    (plain / "index.html.j2").write_text(_REPORT)
    (plain / "conf.json").write_text('{"mimetypes": {"text/html": true}}')
    settings = _NBGRADER.format(templates=plain.parent)
    (checkout / "nbgrader_config.py").write_text(settings)
    term.commit()


def _local(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat()
