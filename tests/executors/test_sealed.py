"""Sealed hidden tests: whatever a submission tries, students see what never saw one."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import nbformat
import pytest
from nbformat import v4

from rudaux.adapters.nbgrader.grader import NbgraderGrader
from rudaux.config import ExecutorName, GradingSettings
from rudaux.domain.execution import CellResult, Execution, Job, Verdict
from rudaux.errors import ExecutorFailure, NeedsPersonError
from rudaux.executors import Places, open_executor
from rudaux.executors.sealed import SealedExecutor
from tests.adapters.nbgrader.course import RIGHT, Course, cell_named, make_course

SEALED = GradingSettings(
    executor="process", jobs=2, memory="512m", cell_timeout=30, timeout=120, hidden_tests="sealed"
)
THIEF = """
import base64, gc, os, re, sys
from IPython.display import HTML, Image, display
stolen = set()
def look():
    shell, frame = get_ipython(), sys._getframe()
    texts = [*In, *shell.history_manager.input_hist_raw, str(shell.kernel.get_parent("shell"))]
    while frame:
        texts += [str(frame.f_code.co_consts), str(frame.f_code.co_names), str(frame.f_locals)]
        frame = frame.f_back
    texts += [text for text in gc.get_objects() if isinstance(text, str)]
    for text in texts: stolen.update(re.findall("[a-z]+[_]and_(?:venus|phobos)", text))
def tell():
    look()
    for word in sorted(stolen):
        said = base64.b64encode(word.encode()).decode()
        for place in PLACES:
            try:
                with open(os.path.join(place, "stolen-by-me"), "a") as file: file.write(said)
            except OSError:
                pass
        print(said); print(said, file=sys.stderr)
        display(HTML(f"<b>{said}</b>"), Image(b"\\x89PNG" + said.encode(), format="png"))
def squares(n):
    tell()
    if stolen:
        raise type(base64.b64encode("".join(sorted(stolen)).encode()).decode(), (Exception,), {})
    return [i ** 2 for i in range(1, n + 1)]
"""
TELL = """tell()
for place in PLACES:
    try: print(open(os.path.join(place, "stolen-by-me")).read())
    except OSError: pass
raise type("Stolen" + "".join(word.encode().hex() for word in sorted(stolen)), (Exception,), {})"""
LATER = """import os
for place in PLACES:
    try: print(open(os.path.join(place, "stolen-by-me")).read())
    except OSError: pass"""
SHARED = (".", "/tmp", "/var/tmp", "/dev/shm")
WORDS = ("mercury_and_venus", "deimos_and_phobos")


@pytest.fixture(params=get_args(ExecutorName))
def settings(request: pytest.FixtureRequest) -> GradingSettings:
    if request.param == "docker":
        image = request.getfixturevalue("docker_image")
        return replace(SEALED, executor="docker", image=image)
    return replace(SEALED, executor=request.param)


def course_with(folder: Path, word: str) -> Course:
    """Make the example course; a hidden test calls the answer and has this word in it."""
    course = make_course(folder)

    def change(content: dict[str, Any]) -> None:
        source = f"assert squares(1) == [1]\n### BEGIN HIDDEN TESTS\n{word} = squares(2)\n"
        cell = cell_named(content, "correct_squares")
        cell["source"] = f"{source}assert {word} == [1, 4]\n### END HIDDEN TESTS"

    course.edit_source(change)
    course.release()
    return course


def graded(course: Course, settings: GradingSettings, *students: str) -> NbgraderGrader:
    """Grade what these students handed in."""
    grader = NbgraderGrader(course.folder, course.folder / ".rudaux" / "scratch", settings)
    places = Places(course.folder, course.folder / "homes", course.folder / ".rudaux" / "scratch")
    jobs = [grader.prepare("ps1", student) for student in students]
    for execution in open_executor(settings, places).run(j for j in jobs if isinstance(j, Job)):
        assert execution.verdict == "ok", execution.reason
        grader.score(execution, 0.0)
    return grader


def thief(places: Sequence[str]) -> dict[str, str]:
    """Answers that look for a hidden test's word everywhere, and carry it out in every way."""
    code = f"PLACES = {places!r}\n{THIEF}"
    return {**RIGHT, "squares": code, "sum_of_squares_application": TELL}


def test_feedback_is_the_same_whatever_the_hidden_test_says(
    tmp_path: Path, settings: GradingSettings
) -> None:
    # With "process", code that runs as you finds the source itself: nothing there is sealed.
    places = (".",) if settings.executor == "process" else SHARED
    pages = []
    for number, word in enumerate(WORDS):
        course = course_with(tmp_path / f"{number}", word)
        folder = course.hand_in("11", thief(places))
        notebook = nbformat.read(folder / "problem2.ipynb", 4)
        later = f"PLACES = {places!r}\n{LATER}"
        notebook.cells.append(v4.new_code_cell(later))
        del notebook.cells[-1]["id"]  # the notebook's format is older
        nbformat.write(notebook, folder / "problem2.ipynb")
        grader = graded(course, settings, "11")
        kept = str(course.autograded("11")["cells"])
        told = base64.b64encode(word.encode()).decode()
        assert told in kept  # the attack itself works, also from one notebook to the next
        assert told in str(course.autograded("11", "problem2")["cells"])
        made = grader.feedback("ps1", "11")
        assert [file.content for file in made] == [
            file.content for file in grader.feedback_files("ps1", "11")
        ]
        pages.append([file.content for file in made])
    assert pages[0] == pages[1]


def test_who_passes_and_who_fails_a_hidden_test_gets_points_and_a_word(tmp_path: Path) -> None:
    course = course_with(tmp_path / "course", WORDS[0])
    wrong = "def squares(n):\n    print('for all to see')\n    return [1] * n"
    course.hand_in("11", RIGHT)
    course.hand_in("12", {**RIGHT, "squares": wrong})
    grader = graded(course, SEALED, "11", "12")
    right, failed = (grader.feedback("ps1", who)[0].content.decode() for who in ("11", "12"))
    assert "this test was not passed" not in right
    assert "this test was not passed" in failed
    assert "for all to see" in failed
    assert WORDS[0] not in right + failed
    assert float(course.score("11")) > float(course.score("12"))


def test_what_was_graded_unsealed_has_no_feedback_until_it_is_graded_again(tmp_path: Path) -> None:
    course = course_with(tmp_path / "course", WORDS[0])
    course.hand_in("11", RIGHT, lambda content: content["metadata"].update(rudaux_sealed={}))
    before = graded(course, replace(SEALED, hidden_tests="redacted"), "11")
    assert len(before.feedback("ps1", "11")) == 2
    sealed = NbgraderGrader(course.folder, tmp_path / "scratch", SEALED)
    with pytest.raises(NeedsPersonError, match="grade it again"):
        sealed.feedback("ps1", "11")
    assert sealed.feedback_files("ps1", "11") == ()
    assert len(graded(course, SEALED, "11").feedback("ps1", "11")) == 2


class Runs:
    """An executor whose runs end as it is told, the last first; it notes what was run."""

    def __init__(self, shown: Verdict = "ok", marks: Verdict = "ok") -> None:
        self.ends = {"without": shown, "with": marks}
        self.ran: list[str] = []

    where = ""
    notices: tuple[str, ...] = ()

    def check(self, kernels: Iterable[str] = ()) -> None: ...

    def environment(self, kernels: Iterable[str]) -> str:
        return "here"

    def prepare(self, imports: Sequence[str]) -> AbstractContextManager[None]:
        return nullcontext()

    def run(self, jobs: Iterable[Job], imports: Sequence[str] = ()) -> Iterator[Execution]:
        for job in reversed(list(jobs)):
            assert not job.sealed
            (text,) = job.notebooks.values()
            self.ran.append(text)
            cells = {"nb.ipynb": (CellResult(0, 1),)}
            yield Execution(job, self.ends[text], f"{text} ended", cells=cells)


JOB = Job("hw", "io", {"nb.ipynb": "with"}, Path(), sealed={"nb.ipynb": "without"})


def test_both_runs_make_one_execution_in_whichever_order_they_end() -> None:
    (done,) = SealedExecutor(Runs()).run([JOB])
    assert done.job is JOB
    assert (done.reason, done.shown and done.shown.reason) == ("with ended", "without ended")


@pytest.mark.parametrize(("shown", "marks"), [("failed", "ok"), ("ok", "failed")])
def test_a_failure_of_either_run_is_ours_and_both_are_tried_again(
    shown: Verdict, marks: Verdict, tmp_path: Path
) -> None:
    (done,) = SealedExecutor(Runs(shown, marks)).run([JOB])
    assert (done.verdict, done.job) == ("failed", JOB)
    with pytest.raises(ExecutorFailure, match="gets no score"):
        make_course(tmp_path / "course").grader.score(done, 0.0)
    again = Runs()
    assert [run.verdict for run in SealedExecutor(again).run([done.job])] == ["ok"]
    assert sorted(again.ran) == ["with", "without"]


def test_without_a_hidden_test_there_is_one_run(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    course.edit_source(_nothing_hidden)
    course.edit_source(_nothing_hidden, "problem2")
    course.release()
    course.hand_in("11", RIGHT)
    grader = NbgraderGrader(course.folder, tmp_path / "scratch", SEALED)
    job = grader.prepare("ps1", "11")
    assert isinstance(job, Job)
    assert job.sealed == {}
    assert len(graded(course, SEALED, "11").feedback("ps1", "11")) == 2


def _nothing_hidden(content: dict[str, Any]) -> None:
    for cell in content["cells"]:
        assert isinstance(cell["source"], (str, list))
        if "HIDDEN TESTS" in "".join(cell["source"]):
            cell["source"] = "assert True"
