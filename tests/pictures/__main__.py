"""Take the pictures of the pages from one practice course: `nox -s pictures`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from shutil import rmtree

from rudaux.demo.story import course_page
from rudaux.wiring import open_course
from tests.docs.stage import HOME, a_stage
from tests.pictures.browser import photograph
from tests.pictures.drawing import drawn
from tests.pictures.screen import seen
from tests.pictures.story import ASSIGNMENT, FOLDER, LOST, STORY, STUDENT

_WELL = {0, 6}
"""Two of the practice course's submissions cannot be graded."""


def main() -> None:
    """Take all pictures anew."""
    FOLDER.mkdir(exist_ok=True)
    with a_home() as home, a_stage(home) as stage:
        stage.run("python3 -m rudaux.demo.tutorial build practice")
        stage.run('export PATH="$PWD/practice/bin:$PATH"')
        stage.run("cd practice/instructors")
        for step in STORY:
            if step.picture:
                svg = drawn(step.command, seen(stage, step.command, step.question))
                (FOLDER / f"{step.picture}.svg").write_text(svg)
            else:
                stage.run(step.command)
            assert stage.code in _WELL, f"`{step.command}` ended with {stage.code}"
        photograph(_pages(home / "practice"), FOLDER)


@contextmanager
def a_home() -> Iterator[Path]:
    """Make a folder whose name is as long as the one in the pictures: lines break where they do."""
    home = Path("/tmp") / token_hex(len(HOME))[: len(HOME) - len("/tmp/")]
    home.mkdir()
    try:
        yield home
    finally:
        rmtree(home)


def _pages(practice: Path) -> dict[str, str]:
    course, page = practice / "instructors", course_page(practice)
    canvas = open_course(course).canvas
    [student] = [s.id for s in canvas.students() if s.name == STUDENT]
    [work] = [a.id for a in canvas.assignments() if a.name == ASSIGNMENT]
    [feedback] = (course / "feedback" / student / ASSIGNMENT).glob("problem1.html")
    report = course / ".rudaux" / "reports" / f"{ASSIGNMENT}.html"
    return {
        "report-page.png": report.as_uri(),
        "feedback-page.png": f"{feedback.as_uri()}#{LOST}",
        "canvas-gradebook.png": f"{page}/gradebook",
        "canvas-submission.png": f"{page}/assignments/{work}/submissions/{student}",
    }


if __name__ == "__main__":
    main()
