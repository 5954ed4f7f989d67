"""Times autograding of the example course: rudaux, nbgrader alone, nbgrader in containers.

Run it as `python -m tests.bench.autograde [STUDENTS]` on an idle machine. Every side starts as a
fresh process with warm byte code and must end with the same scores. Without a Docker Engine and the
test image the lines about containers are left out, and it says so.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests import docker_image

ASSIGNMENT = "ps1"
STUDENTS = 20
NBGRADER_IMAGE = docker_image.NAME.replace("rudaux-test", "rudaux-bench-nbgrader")
Scores = dict[tuple[str, str], tuple[float, bool]]


def main() -> None:
    if sys.argv[1:2] == ["--rudaux"]:
        grade_with_rudaux(Path(sys.argv[2]), sys.argv[3])
        return
    students = int(sys.argv[1]) if len(sys.argv) > 1 else STUDENTS
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), students)


def compare(folder: Path, students: int) -> None:
    """Grade the same course each way and print how long it took, against the others."""
    course = folder / "course"
    build_course(course, students)
    seconds: dict[str, float] = {}
    found: dict[str, Scores] = {}
    cpu: dict[str, float] = {}

    def side(name: str, grade: Callable[[Path], None]) -> None:
        copy = folder / name.replace(" ", "-")
        shutil.copytree(course, copy)
        started = time.perf_counter()
        grade(copy)
        seconds[name] = time.perf_counter() - started
        found[name] = scores(copy)
        spent = copy / "cpu.json"
        if spent.exists():
            cpu[name] = json.loads(spent.read_text())

    say(f"{students} students, {ASSIGNMENT} of nbgrader's quickstart (2 notebooks); {machine()}")
    side("nbgrader autograde", lambda c: run(nbgrader("autograde", ASSIGNMENT), c))
    side("rudaux, process", lambda c: rudaux(c, "process"))
    if docker_image.test_image():
        side("rudaux, docker", lambda c: rudaux(c, "docker"))
        build_nbgrader_image()
        side("nbgrader, a container each", in_a_container_each)
    else:
        say(f"containers were left out: {docker_image.HOW_TO}")
    report(students, seconds, cpu)
    if len({json.dumps(sorted((str(k), v) for k, v in s.items())) for s in found.values()}) != 1:
        raise SystemExit("the scores differ")
    say("same scores: yes")


def report(students: int, seconds: dict[str, float], cpu: dict[str, float]) -> None:
    plain = seconds["nbgrader autograde"]
    each = seconds.get("nbgrader, a container each")
    say(f"{'':<28}{'seconds':>9}{'a minute':>10}{'x nbgrader':>12}{'x container each':>18}")
    for name, took in seconds.items():
        against = f"{each / took:17.1f}x" if each else f"{'-':>18}"
        say(f"{name:<28}{took:9.1f}{students / took * 60:10.0f}{plain / took:11.1f}x{against}")
    for name, spent in cpu.items():
        say(f"host CPU of {name}: {spent / students / 2:.3f} s per notebook")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def rudaux(course: Path, executor: str) -> None:
    command = [sys.executable, "-m", "tests.bench.autograde", "--rudaux", str(course), executor]
    run(command, Path.cwd())


def nbgrader(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "nbgrader", *arguments]


def run(command: list[str], folder: Path) -> None:
    # nbgrader starts alembic by its bare name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")


def build_course(folder: Path, students: int) -> None:
    """Make the quickstart course; every other student hands in the right answers."""
    run(nbgrader("quickstart", folder.name), folder.parent)
    run(nbgrader("generate_assignment", ASSIGNMENT), folder)
    for number in range(students):
        version = "source" if number % 2 else "release"
        submitted = folder / "submitted" / f"student{number:03}" / ASSIGNMENT
        shutil.copytree(folder / version / ASSIGNMENT, submitted)
    add_students(folder, students)


def add_students(folder: Path, students: int) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        for number in range(students):
            gradebook.update_or_create_student(f"student{number:03}")


def scores(folder: Path) -> Scores:
    """Every notebook's score and whether it waits for a person."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        return {
            (submission.student.id, notebook.name): (notebook.score, notebook.needs_manual_grade)
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
            for notebook in submission.notebooks
        }


def build_nbgrader_image() -> None:
    """Add nbgrader to the test image, installed by this machine's own pip."""
    there = ["docker", "image", "inspect", NBGRADER_IMAGE]
    if subprocess.run(there, capture_output=True, check=False).returncode == 0:
        return
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", f"{folder}/lib"]
        run([*pip, "--python-version", docker_image.PYTHON, "--only-binary=:all:", "nbgrader"],
            Path(folder))  # fmt: skip
        Path(folder, "Dockerfile").write_text(
            f"FROM {docker_image.NAME}\nCOPY lib /opt/nbgrader\n"
            "ENV PYTHONPATH=/opt/nbgrader PATH=/opt/nbgrader/bin:/usr/bin:/bin\n"
            "RUN python3 -m compileall -q /opt/nbgrader || true\n"
        )
        run(["docker", "build", "--quiet", "--tag", NBGRADER_IMAGE, "."], Path(folder))


def in_a_container_each(course: Path) -> None:
    """Grade as tools do that start nbgrader anew for each student, who share one gradebook."""
    for number in range(len(list((course / "submitted").iterdir()))):
        student = f"student{number:03}"
        run(
            ["docker", "run", "--rm", "--network=none", "--volume", f"{course}:/course",
             "--workdir", "/course", NBGRADER_IMAGE, "python3", "-m", "nbgrader", "autograde",
             ASSIGNMENT, "--student", student],
            course,
        )  # fmt: skip


def grade_with_rudaux(folder: Path, kind: str) -> None:
    from rudaux.adapters.nbgrader.grader import NbgraderGrader
    from rudaux.config import GradingSettings
    from rudaux.domain.execution import Broken, Job
    from rudaux.executors.docker import DockerExecutor
    from rudaux.executors.process import ProcessExecutor

    scratch = folder / ".rudaux" / "scratch"
    settings = GradingSettings(image=docker_image.NAME)
    process, docker = ProcessExecutor(settings, scratch), DockerExecutor(settings, folder)
    executor = docker if kind == "docker" else process
    grader = NbgraderGrader(folder, scratch, settings)
    grader.record_source(ASSIGNMENT)

    def job(student: str) -> Job:
        prepared = grader.prepare(ASSIGNMENT, student)
        if isinstance(prepared, Broken):
            raise SystemExit(f"{student}: {prepared.reason}")
        return prepared

    before = spent()
    students = sorted(path.name for path in (folder / "submitted").iterdir())
    for execution in executor.run(job(student) for student in students):
        if execution.verdict != "ok":
            raise SystemExit(f"{execution.job.student_id}: {execution.reason}")
        grader.score(execution, 0.0)
    (folder / "cpu.json").write_text(json.dumps(spent() - before))


def spent() -> float:
    """CPU seconds of this process, without its children."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
