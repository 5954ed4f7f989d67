"""The practice course from `init` to grades: each command as a person would type it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

from rudaux.config import ExecutorName, HubSettings, load_config
from rudaux.demo.background import free_port, listens, running
from rudaux.demo.course import PracticeCourse, build_course
from rudaux.demo.marking import mark_by_hand
from rudaux.demo.simulator.state import World
from rudaux.demo.students import STUDENTS, Kind
from rudaux.errors import SystemFailure, UsageError

Say = Callable[[str], None]
WORLD = "canvas.json"

_CRONTAB = """\
#!/bin/sh
# The practice course's crontab: a file beside this folder, so that your own stays as it is.
table="$(dirname "$0")/../crontab"
case "$1" in
  -l) if [ -f "$table" ]; then cat "$table"; else echo "no crontab for practice" >&2; exit 1; fi ;;
  -r) rm -f "$table" ;;
  -|"") cat > "$table" ;;
  *) cp "$1" "$table" ;;
esac
"""


def need_new_folder(folder: Path) -> None:
    """Raise `UsageError` where something lies in the folder already."""
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name a new folder, as in `rudaux demo practice`.")


def build(folder: Path, say: Say, executor: ExecutorName = "process") -> tuple[PracticeCourse, int]:
    """Build the practice course in a new folder; return it and the port of its Canvas."""
    need_new_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    port, hub_url = free_port(), f"http://127.0.0.1:{free_port()}"
    kinds = _fill_canvas(folder, hub_url)
    say(f"Building a practice course with {len(kinds)} students in {folder}.")
    course = build_course(
        folder,
        f"http://127.0.0.1:{port}",
        kinds,
        datetime.now(timezone.utc),
        hub_url=hub_url,
        executor=executor,
        flawed=True,
    )
    write_crontab_program(folder)
    return course, port


def run_course(folder: Path, say: Say, executor: ExecutorName = "process") -> None:
    """Build the practice course in a new folder and run it; raises where a score is not right."""
    course, port = build(folder, say, executor)
    with serve_in_background(folder, port):
        _run(course, say)
    wrong = compare(course)
    if wrong:
        raise SystemFailure("the practice course did not end as it should: " + "; ".join(wrong))
    say("\nEvery score in the practice Canvas is the expected one.")
    say(f"Play on: `rudaux demo {shlex.quote(str(folder))}` starts its Canvas again.")


def play(folder: Path, say: Say, hub: bool = False) -> None:
    """Serve the Canvas of an earlier practice course, on request with its hub, until Ctrl-C."""
    config = load_config(folder / "instructors")
    port = urlsplit(config.canvas.url).port or 0
    beside = _hub(folder, config.jupyterhub, say) if hub else nullcontext()
    for end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, signal.default_int_handler)
    try:
        with serve_in_background(folder, port, hub), beside:
            _invite(folder, config.canvas.url, say, hub)
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        say(f"\nThe practice Canvas {'and its hub have' if hub else 'has'} stopped.")


def _hub(folder: Path, settings: HubSettings, say: Say) -> AbstractContextManager[None]:
    from rudaux.demo.hub import lti_11_login, make_clones, serve_hub

    [tool] = World.load(folder / WORLD).tools.values()
    if not tool.secret:
        raise UsageError(
            f"the practice course in {folder} was built by an earlier rudaux, without a hub: "
            "name a new folder, as in `rudaux demo practice --hub`."
        )
    make_clones(folder / "homes", folder / "remotes" / "practice-course.git")
    say("\nStarting the practice hub.")
    return serve_hub(folder / "hub", settings, lti_11_login(tool))


def _invite(folder: Path, address: str, say: Say, hub: bool) -> None:
    say(f"\nThe practice Canvas is at {address}/courses/12345/gradebook (open it in a browser).")
    if hub:
        say("Click an assignment there, choose who you are, and load it: it opens on a real hub.")
        say("To grade what you answered in homework_3: in rudaux.toml, set its due date to")
        say("yesterday and delete [jupyterhub.snapshots], then run `rudaux init` and")
        say("`rudaux grade homework_3 --student ID`.")
    say("In another terminal:")
    say(f'  export PATH={shlex.quote(str(folder / "bin"))}:"$PATH"    # a crontab of its own')
    say(f"  cd {shlex.quote(str(folder / 'instructors'))}")
    say("  rudaux status homework_1")
    say("Things to try: change a due date in rudaux.toml and run `rudaux init`, a grade in")
    say(f"Canvas and submit again, a student's work in {folder / 'homes'} and grade it with")
    say("`rudaux grade homework_2 --student ID`.")
    say(f"Ctrl-C ends the practice Canvas{' and hub' * hub}; everything stays in its folder.")


def compare(course: PracticeCourse) -> list[str]:
    """Name every score in the practice Canvas that is not the expected one."""
    world = World.load(course.folder / WORLD)
    wrong = []
    for name in ("homework_1", "homework_2"):
        shown = scores(world, name)
        for sid, expected in course.expected(name).items():
            if shown.get(sid) != expected:
                wrong.append(f"{name} of {sid} is {shown.get(sid)}, not {expected}")
    return wrong


def scores(world: World, assignment: str) -> Mapping[str, Decimal | None]:
    """Give each student's score of an assignment in the practice Canvas."""
    [found] = [a for a in world.assignments.values() if a.name == assignment]
    return {
        str(s.user_id): None
        if s.entered_score is None
        else Decimal(str(s.entered_score)).quantize(Decimal("0.0001"))
        for s in world.submissions.values()
        if s.assignment_id == found.id
    }


def _run(course: PracticeCourse, say: Say) -> None:
    command(course, say, "init", codes={0})
    command(course, say, "grade homework_1", codes={6})
    command(course, say, "grade homework_2 --manual", codes={6})
    marked = mark_by_hand(course.instructors, "homework_2", course.kinds)
    say(f"\n(A person marks {marked} answers of homework_2 by hand, in nbgrader.)")
    command(course, say, "submit homework_2", codes={6})
    command(course, say, "init", codes={0})
    command(course, say, "status", codes={0})


def command(course: PracticeCourse, say: Say, words: str, codes: set[int]) -> None:
    """Run a command in the course folder and show it; raises where it ends otherwise."""
    say(f"\n$ rudaux {words}")
    sys.stdout.flush()
    env = {**os.environ, "PATH": f"{course.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    argv = [sys.executable, "-m", "rudaux", *words.split(), "--no-prompt"]
    done = subprocess.run(argv, cwd=course.instructors, env=env, check=False)
    if done.returncode not in codes:
        raise SystemFailure(f"`rudaux {words}` ended with {done.returncode}, not {sorted(codes)}.")


@contextmanager
def serve_in_background(folder: Path, port: int, hub: bool = False) -> Iterator[None]:
    """Run the practice Canvas as a process of its own, until the block ends."""
    argv = [sys.executable, "-m", "rudaux.demo.simulator", "--state", str(folder / WORLD)]
    argv += ["--port", str(port)] + ["--tool-answers"] * hub
    log = folder / "canvas.log"
    with running("the practice Canvas", argv, log, lambda: listens(port)):
        yield


def _fill_canvas(folder: Path, hub_url: str) -> dict[str, Kind]:
    world = World.new(12345, "Practice course")
    launch = f"{hub_url}/jupyter/hub/lti/launch"
    world.add_tool("course", "Jupyter", launch, version="1.1", secret=token_hex(16))
    world.add_test_student()
    kinds = {str(world.add_student(s.name, s.sortable_name, s.email)): s.kind for s in STUDENTS}
    world.save(folder / WORLD)
    return kinds


def write_crontab_program(folder: Path) -> None:
    """Put a `crontab` into `folder`/bin that keeps its table in `folder`, not the user's own."""
    program = folder / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(_CRONTAB)
    program.chmod(0o755)
