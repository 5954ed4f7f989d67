"""The practice course as a story of five steps: what happens in a term, and what each step did."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rudaux.config import load_config
from rudaux.demo.course import PracticeCourse
from rudaux.demo.marking import mark_by_hand
from rudaux.demo.running import command
from rudaux.demo.simulator.state import World
from rudaux.demo.students import STUDENTS

WORLD = "canvas.json"
_DONE = "story"
"""The file in the practice course that holds how many steps of the story have been told."""
_MOSTLY = {0, 6}
"""Right exit codes: two files cannot be graded, or an earlier run has done all there was to do."""


class Teller(Protocol):
    """Whoever tells the story."""

    def line(self, text: str = "", style: str = "") -> None:
        """Say something; it may be broken between words."""

    def typed(self, text: str) -> None:
        """Show what a person types; it stays on one line, so that it can be copied."""

    def pause(self, look: str = "") -> None:
        """Wait until somebody wants to go on, where somebody is there; `look` is an address."""


@dataclass(frozen=True)
class Step:
    """Something that happens in a term."""

    title: str
    happens: Callable[[PracticeCourse, Teller], None]
    did: str


def _init(course: PracticeCourse, teller: Teller) -> None:
    command(course, teller.typed, "init", codes={0})


def _grade(course: PracticeCourse, teller: Teller) -> None:
    command(course, teller.typed, "grade --auto", codes=_MOSTLY)


def _submit(course: PracticeCourse, teller: Teller) -> None:
    marked = mark_by_hand(course.instructors, "homework_2", course.kinds)
    if marked:
        teller.line(f"(A person has marked {marked} answers of homework_2 in nbgrader.)\n")
    command(course, teller.typed, "submit homework_2", codes=_MOSTLY)


def _look(course: PracticeCourse, teller: Teller) -> None:
    command(course, teller.typed, "status", codes={0})
    world = World.load(course.folder / WORLD)
    pages = course_page(course.folder)
    somebody = next(iter(course.kinds))
    first = min(world.assignments)
    reports = course.instructors / ".rudaux" / "reports"
    teller.line("\nThe gradebook:")
    teller.typed(f"  {pages}/gradebook")
    teller.line("A student's feedback:")
    teller.typed(f"  {pages}/assignments/{first}/submissions/{somebody}")
    teller.line("The same student's grades, as they see them:")
    teller.typed(f"  {pages}/grades/{somebody}")
    teller.line("Your report on homework_2:")
    teller.typed(f"  {reports / 'homework_2.html'}")


MAKE = "A course is made"
MADE = (
    "It has {students} students named after moons, two git repositories, and the students' homes "
    "with snapshots from before and after each deadline."
)
STEPS = (
    Step(
        "The course is set up",
        _init,
        "rudaux rehearsed each assignment, released it without its solutions, made it in Canvas, "
        "and scheduled the grading of homework_3.",
    ),
    Step(
        "Two deadlines have passed, and cron grades",
        _grade,
        "homework_1 is graded, with feedback in Canvas; homework_2 waits for marks by hand. In "
        "each, two files are not notebooks: they have no grade, which is not a 0.",
    ),
    Step(
        "Marks by hand are in",
        _submit,
        "The grades and feedback of homework_2 are in Canvas too, and rudaux noticed that good "
        "students fail one of its tests.",
    ),
    Step(
        "What everyone sees",
        _look,
        "Instructors see the gradebook and the report, students their own grades and feedback.",
    ),
)
"""After the first, which makes the course."""
COUNT = 1 + len(STEPS)
"""All steps. The texts say five."""


def told(folder: Path) -> int:
    """Return how many steps of the story a practice course has behind it.

    A course that an earlier rudaux made, without steps, is whole.
    """
    try:
        text = (folder / _DONE).read_text().strip()
    except FileNotFoundError:
        return COUNT
    return int(text) if text.isdigit() else 1  # cut short: every step can be told again


def remember(folder: Path, steps: int) -> None:
    """Write down how many steps have been told, so that the story can go on from there."""
    (folder / _DONE).write_text(f"{steps}\n")


def tell(course: PracticeCourse, teller: Teller) -> None:
    """Tell the steps that are left, with a pause between two; its Canvas runs."""
    begun = told(course.folder)
    for number, step in list(enumerate(STEPS, 2))[begun - 1 :]:
        if number > begun + 1:
            teller.pause(f"{course_page(course.folder)}/gradebook")
        headline(teller, number, step.title)
        step.happens(course, teller)
        remember(course.folder, number)
        teller.line(f"\n→ {step.did}", "green")


def headline(teller: Teller, number: int, title: str) -> None:
    """Print which step comes."""
    teller.line(f"\nStep {number} of {COUNT} · {title}\n", "bold")


def try_these(folder: Path, teller: Teller) -> None:
    """Print three things to try in another terminal while the Canvas runs."""
    teller.line("\nThree things to try in another terminal. Begin there with:\n")
    teller.typed(f"  cd {shlex.quote(str(folder / 'instructors'))}")
    teller.typed(f'  export PATH={shlex.quote(str(folder / "bin"))}:"$PATH"')
    teller.line("\nThe second line leaves your own crontab alone.")
    for number, (why, what) in enumerate(_TRY, 1):
        teller.line(f"\n{number}. {why}\n")
        teller.typed(f"  {what}")


_TRY = (
    ("One test of homework_2 is wrong. Which one?", "rudaux report homework_2"),
    ("Dione's loop never ended. What became of her grade?", "rudaux explain dione homework_1"),
    (
        "Give Rhea three more days, then look at homework_3 in Canvas.",
        "rudaux canvas extend homework_3 --student rhea --until +3d",
    ),
)


def course_page(folder: Path) -> str:
    """Return the address of the course in its practice Canvas."""
    canvas = load_config(folder / "instructors").canvas
    return f"{canvas.url}/courses/{canvas.course_id}"


def course_in(folder: Path) -> PracticeCourse:
    """Return the practice course that lies in a folder."""
    kinds = {student.name: student.kind for student in STUDENTS}
    users = World.load(folder / WORLD).users.values()
    due = {a.name: a.due for a in load_config(folder / "instructors").assignments}
    mine = {str(user.id): kinds[user.name] for user in users if user.name in kinds}
    return PracticeCourse(folder, mine, due, flawed=True)
