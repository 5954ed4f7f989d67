"""Times autograding: the whole of `rudaux grade NAME -m`, nbgrader alone, nbgrader in containers.

Run it as `python -m tests.bench.autograde [STUDENTS ...]` on an idle machine; with 20 and 100 if
no number is given. Two courses: nbgrader's example, and one whose notebooks load numpy and draw.
Every side starts as a fresh process with warm byte code and must end with the same scores; rudaux
collects the work and reads the roster from a practice Canvas, too. Without a Docker Engine and the
test image the lines about containers are left out, and it says so.
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from rudaux.config import ExecutorName, GradingSettings
from rudaux.demo.simulator.server import serve
from rudaux.demo.simulator.state import World
from rudaux.domain.execution import Job
from rudaux.executors import Places, open_executor
from tests import docker_image, plots
from tests.executors.notebooks import NAME, notebook

ASSIGNMENTS = ("ps1", plots.NAME)
STUDENTS = (20, 100)
BOXES = 40
A_CONTAINER_EACH = 20
"""Up to how many students nbgrader is also timed in a container for each, which takes minutes."""
IMAGE = docker_image.NAME.replace("rudaux-test", "rudaux-bench")
_PACKAGES = f"/usr/local/lib/python{docker_image.PYTHON}/dist-packages"
WAITS = 6
"""The exit code where a person must mark answers by hand."""
Scores = dict[tuple[str, str], tuple[float, bool]]
_CONFIG = """\
[course]
name = "bench"
timezone = "UTC"

[canvas]
url = "{url}"
course_id = 12345
token_file = "{folder}/canvas-token"
external_tool_name = "Jupyter"

[git]
instructor_repo = "{folder}/instructors.git"
student_repo = "{folder}/course.git"

[jupyterhub]
url = "https://hub.example.edu"
storage_path = "{folder}/homes"
work_path = "{{student_id}}/{{assignment}}"

[grading]
executor = "EXECUTOR"
image = "{image}"

[[assignments]]
name = "{name}"
due = {due:%Y-%m-%dT%H:%M:%S}
points = 10
"""


def main() -> None:
    if sys.argv[1:2] == ["--rudaux"]:
        grade_with_rudaux(Path(sys.argv[2]), sys.argv[3])
        return
    with tempfile.TemporaryDirectory() as folder:
        say(f"{machine()}")
        one_box(Path(folder, "boxes"))
        for students in [int(word) for word in sys.argv[1:]] or STUDENTS:
            for name in ASSIGNMENTS:
                compare(Path(folder, f"{name}-{students}"), name, students)


def compare(folder: Path, name: str, students: int) -> None:
    """Grade the same course each way and print how long it took, against the others."""
    world = World.new(token="practice-token")
    ids = [str(world.add_student(f"Student {n:03}")) for n in range(students)]
    due = datetime.now(timezone.utc) - timedelta(days=1)
    world.add_assignment(name, due_at=due)
    sides: list[Side] = []

    def side(title: str, grade: Callable[[Path], None]) -> None:
        copy = folder / title.replace(" ", "-").replace(",", "")
        shutil.copytree(folder / "course", copy)
        before, started = spent(resource.RUSAGE_CHILDREN), time.perf_counter()
        grade(copy)
        took, core = time.perf_counter() - started, spent(resource.RUSAGE_CHILDREN) - before
        sides.append(Side(title, took, core, scores(copy, name)))

    folder.mkdir()
    with serve(world) as canvas:
        build_course(folder, name, ids, canvas.url, due)
        say(f"\n{students} students, {name}")
        side("nbgrader autograde", lambda c: run(nbgrader("autograde", name), c))
        side("rudaux, process", lambda c: rudaux(c, name, "process"))
        side("rudaux, sandbox", lambda c: rudaux(c, name, "sandbox"))
        if docker_image.test_image():
            build_nbgrader_image()
            side("rudaux, docker", lambda c: rudaux(c, name, "docker"))
            if students <= A_CONTAINER_EACH:
                side("nbgrader, a container each", lambda c: in_a_container_each(c, name))
        else:
            say(f"containers were left out: {docker_image.HOW_TO}")
        shutil.copytree(folder / "course", folder / "host")
        own = host(folder / "host", name)
    report(students, sides)
    say(f"host: {own:.3f} core-seconds per notebook, the command's start included")
    if any(side.scores != sides[0].scores for side in sides):
        raise SystemExit("the scores differ")
    say(f"same scores: yes, {len(sides[0].scores)} notebooks")
    shutil.rmtree(folder)


@dataclass(frozen=True)
class Side:
    """What one way of grading took: seconds, core-seconds of all its processes, its scores."""

    name: str
    seconds: float
    core: float
    scores: Scores


def report(students: int, sides: list[Side]) -> None:
    plain = sides[0]
    each = next((s.seconds for s in sides if s.name.endswith("each")), None)
    say(
        f"{'':<28}{'seconds':>9}{'a minute':>10}{'x nbgrader':>12}{'x container each':>18}"
        f"{'core-seconds each':>19}"
    )
    for side in sides:
        took, boxed = side.seconds, "docker" in side.name or side.name.endswith("each")
        against = f"{each / took:17.1f}x" if each else f"{'-':>18}"
        core = f"{'-':>19}" if boxed else f"{side.core / students:19.2f}"
        ratio = f"{plain.seconds / took:11.1f}x"
        say(f"{side.name:<28}{took:9.1f}{students / took * 60:10.0f}{ratio}{against}{core}")


def one_box(folder: Path) -> None:
    """Print what a box adds to the same notebook in a plain process, from start to end."""
    folder.mkdir()
    took: dict[str, list[float]] = {}
    ways: tuple[ExecutorName, ...] = ("process", "sandbox")
    for kind in ways * 2:
        settings = GradingSettings(executor=kind, jobs=1, memory="512m", scratch="64m")
        executor = open_executor(settings, Places(folder, folder / "homes", folder / kind))
        before = time.perf_counter()
        for execution in executor.run(jobs(folder / "files")):
            assert execution.verdict == "ok", execution.reason
            took.setdefault(kind, []).append(time.perf_counter() - before)
            before = time.perf_counter()
    middle = {kind: statistics.median(seconds) * 1000 for kind, seconds in took.items()}
    say(
        f"one notebook, start to end: {middle['process']:.0f} ms in a process, "
        f"{middle['sandbox']:.0f} ms in a sandbox: {middle['sandbox'] - middle['process']:+.0f} ms"
    )


def jobs(folder: Path) -> Iterator[Job]:
    folder.mkdir(exist_ok=True)
    for number in range(BOXES):
        yield Job("one", str(number), {NAME: notebook("1 + 1")}, folder)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def rudaux(course: Path, name: str, executor: str) -> None:
    settle(course, executor)
    run(
        [sys.executable, "-m", "rudaux", "grade", name, "-m", "--no-prompt", "--dir", str(course)],
        course,
        WAITS,
    )


def nbgrader(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "nbgrader", *arguments]


def host(course: Path, name: str) -> float:
    """Return the core-seconds of rudaux's own process for one notebook, its start left out."""
    settle(course, "process")
    run([sys.executable, "-m", "tests.bench.autograde", "--rudaux", str(course), name], Path.cwd())
    return float((course / "cpu").read_text()) / len(scores(course, name))


def settle(course: Path, executor: str) -> None:
    """Choose the executor, and leave the work to be collected from the homes."""
    shutil.rmtree(course / "submitted")
    config = course / "rudaux.toml"
    config.write_text(config.read_text().replace("EXECUTOR", executor))


def run(command: list[str], folder: Path, *also: int) -> None:
    # nbgrader starts alembic by its bare name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode not in {0, *also}:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")


def build_course(folder: Path, name: str, ids: list[str], url: str, due: datetime) -> None:
    """Make the course in `folder` with what rudaux needs beside it: homes, and its configuration.

    The work is handed in in time.
    """
    course = folder / "course"
    hand_in(course, name, ids)
    handed_in = (due - timedelta(days=1)).timestamp()
    for student in ids:
        home = folder / "homes" / student / name
        shutil.copytree(course / "submitted" / student / name, home)
        for path in home.iterdir():
            os.utime(path, (handed_in, handed_in))
    token = folder / "canvas-token"
    token.touch(mode=0o600)
    token.write_text("practice-token")
    text = _CONFIG.format(url=url, folder=folder, name=name, due=due, image=IMAGE)
    (course / "rudaux.toml").write_text(text)


def hand_in(course: Path, name: str, ids: list[str]) -> None:
    """Make a course of nbgrader's; every other student hands in the right answers."""
    run(nbgrader("quickstart", course.name), course.parent)
    if name == plots.NAME:
        plots.write_source(course / "source" / name)
    run(nbgrader("generate_assignment", name), course)
    for number, student in enumerate(ids):
        version = course / ("source" if number % 2 else "release") / name
        shutil.copytree(version, course / "submitted" / student / name)
    add_students(course, ids)


def add_students(course: Path, ids: list[str]) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        for student in ids:
            gradebook.update_or_create_student(student)


def scores(course: Path, name: str) -> Scores:
    """Every notebook's score and whether it waits for a person."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        return {
            (submission.student.id, notebook.name): (notebook.score, notebook.needs_manual_grade)
            for submission in gradebook.assignment_submissions(name)
            for notebook in submission.notebooks
        }


def build_nbgrader_image() -> None:
    """Add nbgrader and what the plots load to the test image, by this machine's own pip."""
    there = ["docker", "image", "inspect", IMAGE]
    if subprocess.run(there, capture_output=True, check=False).returncode == 0:
        return
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", f"{folder}/lib"]
        pip += ["--python-version", docker_image.PYTHON, "--only-binary=:all:"]
        run([*pip, "nbgrader", *plots.PACKAGES], Path(folder))
        Path(folder, "Dockerfile").write_text(
            f"FROM {docker_image.NAME}\nCOPY lib {_PACKAGES}\n"
            f"ENV PATH={_PACKAGES}/bin:/usr/local/bin:/usr/bin:/bin\n"
            f"RUN python3 -m compileall -q {_PACKAGES} || true\n"
        )
        run(["docker", "build", "--quiet", "--tag", IMAGE, "."], Path(folder))


def in_a_container_each(course: Path, name: str) -> None:
    """Grade as tools do that start nbgrader anew for each student, who share one gradebook."""
    for student in sorted(path.name for path in (course / "submitted").iterdir()):
        run(
            ["docker", "run", "--rm", "--network=none", "--volume", f"{course}:/course",
             "--workdir", "/course", IMAGE, "python3", "-m", "nbgrader", "autograde",
             name, "--student", student],
            course,
        )  # fmt: skip


def grade_with_rudaux(course: Path, name: str) -> None:
    """Run the command in this process, which notes what it spent beside importing itself."""
    from rudaux.adapters.nbgrader.grader import NbgraderGrader  # noqa: F401 - takes half a second
    from rudaux.cli.app import app

    before = spent(resource.RUSAGE_SELF)
    try:
        app(["grade", name, "-m", "--no-prompt", "--dir", str(course)])
    except SystemExit as end:
        if end.code not in {0, WAITS}:
            raise
    (course / "cpu").write_text(str(spent(resource.RUSAGE_SELF) - before))


def spent(who: int) -> float:
    """Return the core-seconds of this process, or of its children that have ended."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
