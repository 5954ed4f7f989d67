"""A practice course: build it, tell its story, and let somebody play with it."""

from __future__ import annotations

import shlex
import signal
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

from rudaux.config import ExecutorName, HubSettings, load_config
from rudaux.demo.background import free_port
from rudaux.demo.course import PracticeCourse, build_course
from rudaux.demo.running import serve_in_background, write_crontab_program
from rudaux.demo.simulator.state import World
from rudaux.demo.story import (
    COUNT,
    MADE,
    MAKE,
    WORLD,
    Teller,
    course_in,
    course_page,
    headline,
    remember,
    tell,
    told,
    try_these,
)
from rudaux.demo.students import STUDENTS, Kind
from rudaux.errors import SystemFailure, UsageError


def need_new_folder(folder: Path) -> None:
    """Raise `UsageError` if there is something in the folder already."""
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a new folder, as in `rudaux demo practice`.")


def steps_left(folder: Path) -> int:
    """Return how many steps of the story are still to be told in a folder."""
    return COUNT - told(folder) if (folder / WORLD).exists() else COUNT


def run_course(folder: Path, teller: Teller, executor: ExecutorName = "process") -> None:
    """Build the practice course in a new folder, or go on with it, and tell its story.

    Raises `SystemFailure` where a score in Canvas is not the expected one at the end.
    """
    if not (folder / WORLD).exists():
        need_new_folder(folder)
        _begin(folder, teller, executor)
    course = course_in(folder)
    with serve_in_background(folder / WORLD, _port(folder)):
        tell(course, teller)
    wrong = compare(course)
    if wrong:
        raise SystemFailure("the practice course did not end as it should: " + "; ".join(wrong))
    teller.line("\nEvery score in the practice Canvas is the expected one.")


def _begin(folder: Path, teller: Teller, executor: ExecutorName) -> None:
    teller.line(
        "This is a term in five steps. Canvas is simulated on this machine; rudaux, nbgrader and "
        "git are the real ones. What rudaux asks is answered for you."
    )
    headline(teller, 1, MAKE)
    course, _ = build(folder, executor, steps=1)
    teller.line(f"The practice course is in {folder}")
    teller.line(f"\n→ {MADE.format(students=len(course.kinds))}", "green")
    teller.pause()


def build(
    folder: Path, executor: ExecutorName = "process", steps: int = COUNT
) -> tuple[PracticeCourse, int]:
    """Build the practice course in a new folder; return it and the port of its Canvas.

    So many `steps` of the story are behind it then.
    """
    need_new_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    port, hub_url = free_port(), f"http://127.0.0.1:{free_port()}"
    world, kinds = _canvas(hub_url)
    course = build_course(
        folder,
        f"http://127.0.0.1:{port}",
        kinds,
        datetime.now(timezone.utc),
        hub_url=hub_url,
        executor=executor,
        flawed=True,
        manual=("homework_2",),
    )
    course.instructors.chmod(0o750)  # the solutions are in it
    write_crontab_program(folder)
    remember(folder, steps)
    world.save(folder / WORLD)  # the last, so that a course with a Canvas is whole
    return course, port


def play(folder: Path, teller: Teller, hub: bool = False) -> None:
    """Serve the Canvas of an earlier practice course, on request with its hub, until Ctrl-C."""
    config = load_config(folder / "instructors")
    beside = _hub(folder, config.jupyterhub, teller) if hub else nullcontext()
    for end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, signal.default_int_handler)
    try:
        with serve_in_background(folder / WORLD, _port(folder), hub), beside:
            _invite(folder, teller, hub)
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        what = "The practice Canvas and its hub have" if hub else "The practice Canvas has"
        teller.line(f"\n{what} stopped. This starts it again:")
        teller.typed(f"  rudaux demo {shlex.quote(str(folder))}{' --hub' * hub}")


def _port(folder: Path) -> int:
    return urlsplit(load_config(folder / "instructors").canvas.url).port or 0


def _hub(folder: Path, settings: HubSettings, teller: Teller) -> AbstractContextManager[None]:
    from rudaux.demo.hub import lti_11_login, make_clones, serve_hub

    [tool] = World.load(folder / WORLD).tools.values()
    if not tool.secret:
        raise UsageError(
            f"the practice course in {folder} was built by an earlier rudaux, without a hub: "
            "name a new folder, as in `rudaux demo practice --hub`."
        )
    make_clones(folder / "homes", folder / "remotes" / "practice-course.git")
    teller.line("\nStarting the practice hub.")
    return serve_hub(folder / "hub", settings, lti_11_login(tool))


def _invite(folder: Path, teller: Teller, hub: bool) -> None:
    teller.line("\nThe practice Canvas is running. Open it in a browser:\n")
    teller.typed(f"  {course_page(folder)}/gradebook")
    if hub:
        teller.line(
            "\nClick an assignment there, choose who you are, and load it: it opens on a real hub. "
            "To grade what you answer in homework_3, set its due date in rudaux.toml to yesterday "
            "and delete [jupyterhub.snapshots] there, then run `rudaux init` and "
            "`rudaux grade homework_3 --student ID`."
        )
    if World.load(folder / WORLD).assignments:
        try_these(folder, teller)
    what = "the practice Canvas and its hub" if hub else "the practice Canvas"
    teller.line(f"\nCtrl-C stops {what}; everything stays in its folder.")


def compare(course: PracticeCourse) -> list[str]:
    """Return a sentence for every score in the practice Canvas that is not the expected one."""
    world = World.load(course.folder / WORLD)
    wrong = []
    for name in ("homework_1", "homework_2"):
        shown = scores(world, name)
        for sid, expected in course.expected(name).items():
            if shown.get(sid) != expected:
                wrong.append(f"{name} of {sid} is {shown.get(sid)}, not {expected}")
    return wrong


def scores(world: World, assignment: str) -> Mapping[str, Decimal | None]:
    """Return each student's score of an assignment in the practice Canvas."""
    [found] = [a for a in world.assignments.values() if a.name == assignment]
    return {
        str(s.user_id): None
        if s.entered_score is None
        else Decimal(str(s.entered_score)).quantize(Decimal("0.0001"))
        for s in world.submissions.values()
        if s.assignment_id == found.id
    }


def _canvas(hub_url: str) -> tuple[World, dict[str, Kind]]:
    world = World.new(12345, "Practice course")
    launch = f"{hub_url}/jupyter/hub/lti/launch"
    world.add_tool("course", "Jupyter", launch, version="1.1", secret=token_hex(16))
    world.add_test_student()
    kinds = {str(world.add_student(s.name, s.sortable_name, s.email)): s.kind for s in STUDENTS}
    world.backdate()
    return world, kinds
