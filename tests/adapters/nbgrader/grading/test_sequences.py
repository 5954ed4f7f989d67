"""Events in any order: what may happen to a submission, against a model of what must come of it.

Hypothesis invents sequences of what students, graders, instructors and machines do to a submission:
work is handed in, changed, left out; runs pass, fail, time out or break down; graders mark as
formgrader does, also during a regrade; the source changes; a test is credited; rows are lost. After
each event the gradebook must hold what the model says, which is written from nbgrader's
documentation and the rules of the domain, and not from the code:

- a mark that a person gave is never changed, and stands only for the work that they saw: otherwise
  it waits for a second look;
- what was not handed in is 0 and waits for nobody, and a person is asked about marks that it has;
- what needs a person waits until there is a mark, and formgrader can show it;
- our own failure changes nothing, and grading twice is the same as once;
- a submission is graded if each of its cells was graded since it came;
- its score is the sum of its marks, without the penalty, and never below 0.

`SEQUENCES=2000` looks at so many, other ones each time.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rudaux.adapters.nbgrader import load_course
from rudaux.adapters.nbgrader.gradebook.rows import find_submission
from rudaux.adapters.nbgrader.gradebook.sheet import load_sheets
from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.domain.allowances import Allowance
from rudaux.domain.execution import Broken, Execution, Job, Suspicion
from rudaux.errors import ExecutorFailure, MarksInTheWay
from tests.adapters.nbgrader.course import ERROR, Course, make_course, pretend

CONFIG = """
c.AssignLatePenalties.plugin_class = "rudaux.late.PercentPerDay"
c.PercentPerDay.percent = 50
"""
NOTEBOOKS = ("problem1", "problem2")
BLANK = "as released"
ANSWERS = {
    "problem1": ("squares", "sum_of_squares_equation", "sum_of_squares_application"),
    "problem2": ("part-a", "part-b"),
}
TEXTS = st.sampled_from([BLANK, "1 + 1", "2 + 2"])
OUTPUTS: dict[str, list[dict[str, Any]]] = {
    "passes": [],
    "fails": [ERROR],
    "half": [{"output_type": "execute_result", "data": {"text/plain": "0.5"}, "metadata": {}}],
    "too much": [{"output_type": "execute_result", "data": {"text/plain": "77"}, "metadata": {}}],
}
EXTRA = st.sampled_from([None, None, 1.0])
Key = tuple[str, str]


@dataclass
class Cell:
    """A cell of the source that earns points; `text` stands for what students are asked."""

    kind: str
    points: float
    text: int = 0


@dataclass
class Row:
    """What the gradebook should hold about a cell, and the work that a mark by hand was for."""

    auto: float | None = None
    manual: float | None = None
    extra: float | None = None
    waits: bool = True
    new: bool = True
    """Whether it was not graded since it came, or came back."""
    seen: Any = None


@dataclass
class Model:
    source: dict[Key, Cell]
    recorded: dict[Key, Cell] = field(default_factory=dict)
    rows: dict[Key, Row] = field(default_factory=dict)
    work: dict[str, dict[str, str]] = field(default_factory=dict)
    """Answers by notebook, as handed in."""
    graded: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What each notebook in the autograded folder holds."""
    penalty: dict[str, float] = field(default_factory=dict)
    credited: set[Key] = field(default_factory=set)
    given: dict[Key, float] = field(default_factory=dict)
    """Extra credit that rudaux entered, and not a person."""
    folder: bool = False


def seen(model: Model, key: Key) -> Any:
    """Return what a person who marks a cell now has before them, as far as it bears on the mark."""
    shown = model.graded.get(key[0])
    cell = model.recorded[key]
    if shown is None or not model.folder:
        return None
    if cell.kind == "answer":
        return shown["answers"].get(key[1])
    if cell.kind == "task":
        return {**shown["answers"], "tasks": shown["tasks"]}
    return {**shown["answers"], "auto": model.rows[key].auto, "text": shown["tests"].get(key[1])}


class Sequences(RuleBasedStateMachine):
    """One student's submission, and what is done to it."""

    @initialize(first=st.sampled_from(["both handed in and graded", "nothing"]))
    def begin(self, first: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rudaux-sequences-"))
        self.course = make_course(self.folder / "course")
        config = self.course.folder / "nbgrader_config.py"
        config.write_text(config.read_text() + CONFIG)
        self.course = Course(self.course.folder)
        source = {}
        for name in NOTEBOOKS:
            for cell in json.loads(self.course.source(name).read_text())["cells"]:
                meta = cell["metadata"].get("nbgrader", {})
                if meta.get("task") or meta.get("grade"):
                    kind = "task" if meta.get("task") else "answer" if meta["solution"] else "test"
                    source[name, meta["grade_id"]] = Cell(kind, float(meta["points"]))
        self.model = Model(source, deepcopy(source))
        self.number = 0
        if first != "nothing":
            self._hand_in({name: dict.fromkeys(ANSWERS[name], "1 + 1") for name in NOTEBOOKS})
            self._grade({k: "passes" for k, cell in source.items() if cell.kind == "test"}, 0.0)

    def teardown(self) -> None:
        if hasattr(self, "course"):
            self.course.gradebook.close()
            self.course.grader.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    # What a student does.

    @rule(
        data=st.data(), names=st.sampled_from([NOTEBOOKS, NOTEBOOKS, ("problem1",), ("problem2",)])
    )
    def hand_in(self, data: Any, names: tuple[str, ...]) -> None:
        self._hand_in({n: {c: data.draw(TEXTS, c) for c in ANSWERS[n]} for n in names})

    def _hand_in(self, work: dict[str, dict[str, str]]) -> None:
        self.model.work = work
        texts = {c: t for answers in work.values() for c, t in answers.items() if t != BLANK}
        folder = self.course.hand_in("11", texts)
        for name in NOTEBOOKS:
            if name not in work:
                (folder / f"{name}.ipynb").unlink()

    # What a grading run does.

    @precondition(lambda self: self.model.work)
    @rule(data=st.data(), late=st.sampled_from([0.0, 0.0, 3600.0]))
    def grade(self, data: Any, late: float) -> None:
        tests = [key for key, cell in self.model.recorded.items() if cell.kind == "test"]
        outcomes = {key: data.draw(st.sampled_from(sorted(OUTPUTS)), key[1]) for key in tests}
        self._grade(outcomes, late)
        before = self.rows()
        self._score(self._executed(outcomes), late)
        assert self.rows() == before, "grading twice is not the same as once"

    @precondition(lambda self: self.model.work)
    @rule(verdict=st.sampled_from(["timeout", "kernel_died"]))
    def grade_without_end(self, verdict: Any) -> None:
        outcomes = {k: "fails" for k, c in self.model.recorded.items() if c.kind == "test"}
        self._score(Execution(self._job(), verdict, "it took too long"), 0.0)
        self._expect(outcomes, 0.0)

    @precondition(lambda self: self.model.work)
    @rule()
    def our_own_failure(self) -> None:
        before = self.rows()
        with pytest.raises(ExecutorFailure):
            self._score(Execution(self._job(), "failed", "no space left"), 0.0)
        assert self.rows() == before

    @precondition(lambda self: self._is_graded())
    @rule(data=st.data(), outcome=st.sampled_from(["passes", "fails", "half"]))
    def regrade_one_test(self, data: Any, outcome: str) -> None:
        tests = sorted(k for k, c in self.model.recorded.items() if c.kind == "test")
        if not tests:
            return
        key = data.draw(st.sampled_from(tests))
        self._grade(dict.fromkeys(tests, outcome), 0.0, frozenset({key}))

    @rule(data=st.data())
    def credit(self, data: Any) -> None:
        """Give everybody a test's points, or take them back; the next grading does it."""
        tests = sorted(k for k, c in self.model.recorded.items() if c.kind == "test")
        if tests:
            self.model.credited ^= {data.draw(st.sampled_from(tests))}

    def _is_graded(self) -> bool:
        """Whether its newest work is graded: the commands regrade no other."""
        model = self.model
        then = {name: shown["answers"] for name, shown in model.graded.items()}
        whole = model.rows.keys() == model.recorded.keys()
        new = any(row.new for row in model.rows.values())
        return bool(model.work) and model.folder and model.work == then and whole and not new

    def _grade(self, outcomes: Mapping[Key, str], late: float, only: Any = frozenset()) -> None:
        self._score(self._executed(outcomes, only), late)
        self._expect(outcomes, late, only)

    def _job(self) -> Job:
        job = self.course.grader.prepare("ps1", "11")
        assert not isinstance(job, Broken), job
        allowances = {
            key: Allowance(
                full=key in self.model.credited,
                given=Decimal(str(self.model.given.get(key, 0))),
            )
            for key in {*self.model.credited, *self.model.given}
        }
        return replace(job, allowances=allowances)

    def _executed(self, outcomes: Mapping[Key, str], only: Any = frozenset()) -> Execution:
        job = replace(self._job(), only=only)
        return pretend(job, outputs={key[1]: OUTPUTS[how] for key, how in outcomes.items()})

    def _score(self, execution: Execution, late: float) -> None:
        reasons = self.course.grader.score(execution, late)
        asked = {r.partition(".")[0] for r in reasons if isinstance(r, Suspicion)}
        assert asked == {
            k[0]
            for k, (_, manual, extra, _) in self.rows().items()
            if k[0] not in self.model.work and (manual or extra)
        }

    def _expect(self, outcomes: Mapping[Key, str], late: float, only: Any = frozenset()) -> None:
        model = self.model
        before = model.graded if model.folder else {}
        model.graded = {name: self._shown(name) for name in model.work}
        model.folder = True
        for key, cell in model.recorded.items():
            row = model.rows.setdefault(key, Row())
            if only and key not in only and cell.kind == "test":
                continue
            if key[0] not in model.work:
                row.auto, row.waits, row.new = 0.0, False, False
                continue
            waited, row.new = row.waits, False
            if cell.kind == "test":
                how = outcomes[key]
                points = {"passes": cell.points, "fails": 0.0, "half": 0.5, "too much": 0.0}[how]
                odd = how == "too much" or (how == "half" and cell.points < 0.5)
                row.auto = 0.0 if odd else points
                row.waits = odd
            elif cell.kind == "answer":
                blank = model.work[key[0]].get(key[1]) == BLANK  # if it is absent, it is put back
                row.auto = 0.0 if blank else None
                row.waits = not blank
            else:
                row.auto, row.waits = None, True
            if row.manual is not None:
                unknown = key[0] not in before  # what they saw is not there to compare
                row.waits = waited or unknown or seen(model, key) != row.seen
        self._set_credits()
        self._set_penalties(late)

    def _shown(self, notebook: str) -> dict[str, Any]:
        cells = {k[1]: c for k, c in self.model.recorded.items() if k[0] == notebook}
        return {
            "answers": dict(self.model.work[notebook]),
            "tasks": {name: c.text for name, c in cells.items() if c.kind != "test"},
            "tests": {name: c.text for name, c in cells.items() if c.kind == "test"},
        }

    def _set_credits(self) -> None:
        model = self.model
        for key in {*model.credited, *model.given} & model.rows.keys():
            row = model.rows[key]
            if row.extra and row.extra != model.given.get(key, 0.0):
                model.given.pop(key, None)  # a person's
                continue
            mark = (row.auto if row.manual is None else row.manual) or 0.0
            wanted = max(0.0, model.recorded[key].points - mark) if key in model.credited else 0.0
            row.extra = wanted if wanted and key[0] in model.work else None
            model.given[key] = row.extra or 0.0

    def _set_penalties(self, late: float) -> None:
        self.model.penalty = {
            name: 0.5 * self._sum(name) if late else 0.0 for name in self.model.work
        }

    def _sum(self, notebook: str | None = None) -> float:
        total = 0.0
        for key, row in self.model.rows.items():
            mark = row.auto if row.manual is None else row.manual
            if mark is not None and notebook in (None, key[0]):
                total += mark + (row.extra or 0.0)
        return total

    # What graders do in formgrader.

    @precondition(lambda self: self.model.rows)
    @rule(data=st.data(), share=st.sampled_from([None, 0.0, 0.5, 1.0, 1.5]), extra=EXTRA)
    def mark(self, data: Any, share: float | None, extra: float | None) -> None:
        key = data.draw(st.sampled_from(sorted(self.model.rows)))
        points = None if share is None else share * self.model.recorded[key].points
        self._save(key, points, extra)

    @precondition(lambda self: self._waiting())
    @rule(data=st.data())
    def mark_what_waits(self, data: Any) -> None:
        """Mark it, or confirm the mark that it has."""
        key = data.draw(st.sampled_from(self._waiting()))
        row = self.model.rows[key]
        self._save(key, 1.0 if row.manual is None else row.manual, row.extra)

    def _save(self, key: Key, points: float | None, extra: float | None) -> None:
        """Save a mark as nbgrader's GradeHandler.put does; None takes it away."""
        row = self.model.rows[key]
        row.manual, row.extra, row.seen = points, extra, seen(self.model, key)
        row.waits = row.manual is None and row.auto is None
        with self.course.gradebook.database.session() as session:
            grade = self._grades(session)[key]
            grade.manual_score, grade.extra_credit = row.manual, row.extra
            grade.needs_manual_grade = row.waits

    def _waiting(self) -> list[Key]:
        return sorted(key for key, row in self.model.rows.items() if row.waits and not row.new)

    # What the instructor does to the source.

    @rule(notebook=st.sampled_from(NOTEBOOKS), kind=st.sampled_from(["test", "task", "answer"]))
    def add_a_cell(self, notebook: str, kind: str) -> None:
        self.number += 1
        name = f"new-{self.number}"
        self.model.source[notebook, name] = Cell(kind, 2.0)
        meta = {
            "grade_id": name, "points": 2, "schema_version": 3, "grade": kind != "task",
            "solution": kind == "answer", "task": kind == "task", "locked": kind != "answer",
        }  # fmt: skip
        cell: dict[str, Any] = {
            "cell_type": "markdown",
            "source": f"cell {name}",
            "metadata": {"nbgrader": meta},
        }
        if kind == "test":
            cell |= {
                "cell_type": "code",
                "source": "assert True",
                "outputs": [],
                "execution_count": None,
            }
        self._edit(notebook, lambda content: content["cells"].append(cell))

    def _own(self, data: Any) -> Key:
        """Draw a cell of the source that is the instructor's alone."""
        own = sorted(k for k, c in self.model.source.items() if c.kind != "answer")
        key: Key = data.draw(st.sampled_from(own))
        return key

    @precondition(lambda self: any(c.kind != "answer" for c in self.model.source.values()))
    @rule(data=st.data())
    def remove_a_cell(self, data: Any) -> None:
        key = self._own(data)
        del self.model.source[key]
        self._edit(key[0], lambda content: content["cells"].remove(_cell(content, key[1])))

    @precondition(lambda self: any(c.kind != "answer" for c in self.model.source.values()))
    @rule(data=st.data())
    def change_points(self, data: Any) -> None:
        key = self._own(data)
        self.model.source[key].points += 1
        self._edit(
            key[0],
            lambda c: _cell(c, key[1])["metadata"]["nbgrader"].update(
                points=self.model.source[key].points
            ),
        )

    @precondition(lambda self: any(c.kind != "answer" for c in self.model.source.values()))
    @rule(data=st.data())
    def reword(self, data: Any) -> None:
        key = self._own(data)
        self.number += 1
        self.model.source[key].text = self.number

        def change(content: dict[str, Any]) -> None:
            cell = _cell(content, key[1])
            cell["source"] = f"{''.join(cell['source'])}\n# {self.number}"

        self._edit(key[0], change)

    def _edit(self, notebook: str, change: Any) -> None:
        self.course.edit_source(change, notebook)

    @rule()
    def record(self) -> None:
        before = self.rows()
        if self._marks_in_the_way():
            with pytest.raises(MarksInTheWay):
                self.course.grader.record_source("ps1")
            assert self.rows() == before
            return
        self.course.grader.record_source("ps1")
        self._expect_recorded()

    def _marks_in_the_way(self) -> bool:
        gone = self.model.rows.keys() - self.model.source.keys()
        rows = [self.model.rows[key] for key in gone]
        return any(r.manual is not None or r.extra is not None for r in rows)

    def _expect_recorded(self) -> None:
        model = self.model
        if model.recorded == model.source:
            return
        model.recorded = deepcopy(model.source)
        new = {key: Row() for key in model.recorded} if model.rows else {}
        model.rows = new | {k: r for k, r in model.rows.items() if k in model.recorded}
        model.credited &= model.recorded.keys()
        model.given = {k: g for k, g in model.given.items() if k in model.recorded}

    @precondition(lambda self: self._is_graded() and not self._marks_in_the_way())
    @rule(data=st.data(), outcome=st.sampled_from(sorted(OUTPUTS)), marks=st.integers(0, 2))
    def regrade_while_somebody_marks(self, data: Any, outcome: str, marks: int) -> None:
        """Regrade beside the course; it must end as if the marks had been there before."""
        folder, here = self.folder / "beside", self.course.grader
        folder.mkdir()
        here.make_beside("ps1", folder)
        beside = load_course(self.course.folder).beside(folder)
        self.course.grader = NbgraderGrader(self.course.folder, folder / "x", course=beside)
        self.course.grader.record_source("ps1")
        self.model.credited.clear()
        tests = [key for key, cell in self.model.source.items() if cell.kind == "test"]
        outcomes = dict.fromkeys(tests, outcome)
        self.course.grader.score(self._executed(outcomes), 0.0)
        self.course.grader.close()
        self.course.grader = here
        same = self.model.source == self.model.recorded and not any(self.model.given.values())
        for _ in range(marks if same else 0):  # what they see does not depend on the order
            if self._waiting():
                self.mark_what_waits(data)
            else:
                self.mark(data, 0.5, None)
        here.take_over(folder, "ps1", ["11"])
        shutil.rmtree(folder)
        self._expect_recorded()
        self._expect(outcomes, 0.0)

    # What befalls the machine.

    @precondition(lambda self: self.model.folder)
    @rule()
    def discard(self) -> None:
        self.course.grader.discard_autograded("ps1", "11")
        self.model.folder = False

    @precondition(lambda self: self.model.rows)
    @rule(data=st.data())
    def lose_a_row(self, data: Any) -> None:
        key = data.draw(st.sampled_from(sorted(self.model.rows)))
        del self.model.rows[key]
        with self.course.gradebook.database.session() as session:
            session.delete(self._grades(session)[key])

    @precondition(lambda self: self.model.rows)
    @rule(notebook=st.sampled_from(NOTEBOOKS))
    def lose_a_notebook(self, notebook: str) -> None:
        self.model.rows = {k: r for k, r in self.model.rows.items() if k[0] != notebook}
        self.model.penalty.pop(notebook, None)
        with self.course.gradebook.database.session() as session:
            sheet = load_sheets(session, find_submission(session, "ps1", "11").id).get(notebook)
            lost = [*sheet.grades.values(), *sheet.comments.values(), sheet.row] if sheet else []
            for row in lost:
                session.delete(row)

    # What must hold.

    @invariant()
    def the_gradebook_holds_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        found = self.rows()
        wanted = {k: (r.auto, r.manual, r.extra) for k, r in self.model.rows.items()}
        assert {k: r[:3] for k, r in found.items()} == wanted
        graded = {k for k, r in self.model.rows.items() if not r.new}
        assert {k for k in graded if found[k][3]} == {k for k in graded if self.model.rows[k].waits}

    @invariant()
    def the_submission_is_what_its_cells_make_it(self) -> None:
        if not hasattr(self, "model") or not self.model.rows:
            return
        model = self.model
        submission = self.course.gradebook.submissions("ps1")["11"]
        whole = model.folder and model.rows.keys() == model.recorded.keys()
        new = {k for k, r in model.rows.items() if r.new and r.manual is None}
        assert submission.autograded == (whole and not new), (new, whole)
        score = max(0.0, self._sum() - sum(model.penalty.values()))
        assert submission.score == pytest.approx(Decimal(str(score)))
        if submission.autograded:
            waiting = {k for k, r in model.rows.items() if r.waits}
            assert submission.needs_manual == bool(waiting)
            marks = self.course.gradebook.open_marks("ps1")
            assert {(m.notebook, m.cell) for m in marks} == waiting
            for notebook, cell in waiting:
                _cell(self.course.autograded("11", notebook), cell)

    def rows(self) -> dict[Key, tuple[Any, ...]]:
        with self.course.gradebook.database.session() as session:
            return {
                key: (g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade)
                for key, g in self._grades(session).items()
            }

    def _grades(self, session: Any) -> dict[Key, Any]:
        found = find_submission(session, "ps1", "11")
        sheets = load_sheets(session, found.id) if found else {}
        return {(n, c): g for n, sheet in sheets.items() for c, g in sheet.grades.items()}


def _cell(content: dict[str, Any], name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [
        c for c in content["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name
    ]
    assert len(found) == 1, (name, len(found))
    return found[0]


def test_any_sequence_of_events_leaves_the_marks_that_it_should() -> None:
    run_state_machine_as_test(
        Sequences,
        settings=settings(
            max_examples=int(os.environ.get("SEQUENCES", "25")),
            stateful_step_count=25,
            phases=[Phase.generate],  # to shrink takes minutes
            derandomize="SEQUENCES" not in os.environ,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
