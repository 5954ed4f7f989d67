"""Snapshots with real programs: ZFS itself, a command of one's own, and bad ones."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rudaux.adapters.snapshots import SnapshotProgram
from rudaux.adapters.storage import Homes
from rudaux.config import GitSettings, HubSettings, SnapshotSettings
from rudaux.demo.students import Kind
from rudaux.errors import StorageFailure
from tests.course import SmallCourse
from tests.kept import CourseAfter

KINDS: tuple[Kind, ...] = ("right", "right")
NAME = "2026-10-02-0030"
AT = datetime(2026, 10, 2, 0, 30, tzinfo=timezone.utc)


def settings(take: object, **more: object) -> SnapshotSettings:
    zone = ZoneInfo("UTC")
    pattern, layout = r"\d{4}-\d{2}-\d{2}-\d{4}", "%Y-%m-%d-%H%M"
    return SnapshotSettings(".zfs/snapshot", pattern, layout, zone, take, **more)  # type: ignore[arg-type]


def program(folder: Path, name: str, text: str) -> Path:
    """Write a program that stands first on PATH."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


# --- commands of one's own ------------------------------------------------------------------------


@pytest.fixture
def course(course_after: CourseAfter, monkeypatch: pytest.MonkeyPatch) -> SmallCourse:
    """A course whose file server has no snapshot since the deadline."""
    built = course_after(assignments=("homework_1",), kinds=KINDS)
    for snapshot in sorted((built.practice.homes / ".zfs" / "snapshot").iterdir())[1:]:
        shutil.rmtree(snapshot)
    monkeypatch.setattr("rudaux.workflows.snapshots.LOOKS", (0.1, 0.1))
    return built


def taken_by(course: SmallCourse, text: str) -> Path:
    """Let snapshots be taken by a shell command, which is told the name as $1."""
    file = program(course.practice.folder / "snap", "take", text)
    course.edit(
        "[jupyterhub.snapshots]\n", f'[jupyterhub.snapshots]\ntake = ["{file}", "{{name}}"]\n'
    )
    return file


def names(course: SmallCourse) -> list[str]:
    return sorted(p.name for p in (course.practice.homes / ".zfs" / "snapshot").iterdir())


def copying(course: SmallCourse) -> str:
    homes = course.practice.homes
    return f'cd {homes} && mkdir -p .zfs/snapshot/"$1" && cp -a [0-9]* .zfs/snapshot/"$1"'


def test_a_command_of_ones_own_takes_what_grading_needs_once(course: SmallCourse) -> None:
    taken_by(course, copying(course))
    course.rudaux("init")
    before = names(course)
    assert "homework_1" in course.rudaux("snapshot", "--dry-run").out
    assert names(course) == before
    course.rudaux("snapshot", "--auto")
    [new] = set(names(course)) - set(before)
    assert f"{datetime.now(timezone.utc):%Y-%m-%d-%H}" == new[:13]
    assert "Every deadline so far has its snapshot" in course.rudaux("snapshot", "--auto").out
    assert names(course) == sorted([*before, new])
    course.rudaux("grade", "--auto")
    assert course.grades() == course.practice.expected("homework_1")


def test_the_first_snapshot_of_a_course_makes_their_folder(course: SmallCourse) -> None:
    shutil.rmtree(course.practice.homes / ".zfs")
    course.rudaux("init")
    assert "cannot be read" in course.rudaux("grade", "--auto", code=5).err
    taken_by(course, copying(course))
    assert "due, but not collected yet" in course.rudaux("grade", "--auto", code=6).err
    course.rudaux("snapshot", "--auto")
    course.rudaux("grade", "--auto")
    assert course.grades() == course.practice.expected("homework_1")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("echo the pool is full >&2; exit 1", "the pool is full"),
        ("exit 0", "where work is collected from"),
        ("exec sleep 60", "no answer within 1 seconds"),
    ],
)
def test_a_command_that_takes_none_is_told(
    course: SmallCourse, text: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rudaux.adapters.snapshots.SECONDS", 1.0)
    taken_by(course, text)
    before = names(course)
    assert told in course.rudaux("snapshot", "--auto", code=5).err
    assert names(course) == before


def test_canvas_may_be_down_at_a_deadline(
    course: SmallCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rudaux.adapters.canvas.wire.BUDGET", 0.0)
    taken_by(course, copying(course))
    before = names(course)
    course.canvas.switches.fault = lambda method, path: "maintenance"
    assert "Canvas" in course.rudaux("snapshot", "--auto", code=5).err
    assert len(names(course)) == len(before) + 1
    course.canvas.switches.fault = None
    assert "Every deadline so far has its snapshot" in course.rudaux("snapshot", "--auto").out


def test_a_run_killed_in_the_middle_is_made_good_by_the_next(course: SmallCourse) -> None:
    file = taken_by(course, "exec sleep 60")
    command = [sys.executable, "-m", "rudaux", "snapshot", "--dir", str(course.folder)]
    run = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(3)
    run.kill()
    run.wait()
    file.write_text(f"#!/bin/sh\n{copying(course)}\n")
    course.rudaux("snapshot", "--auto")
    assert "Every deadline so far has its snapshot" in course.rudaux("snapshot", "--auto").out


def test_cron_has_entries_for_coming_deadlines(course_after: CourseAfter) -> None:
    course = course_after(assignments=("homework_3",), kinds=KINDS)
    taken_by(course, "true")
    course.rudaux("init")
    [line] = [x for x in course.crontab.read_text().splitlines() if " snapshot --auto " in x]
    assert line.endswith("%28snapshot%29".replace("%", r"\%"))
    assert "(snapshot)" in course.rudaux("schedule", "show").out
    before = course.fingerprint()
    course.rudaux("init")
    assert course.fingerprint() == before


def test_zfs_is_found_where_cron_does_not_look_and_over_ssh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    program(tmp_path / "bin", "ssh", f'for last; do :; done; echo "$@" >{said}; exec sh -c "$last"')
    program(tmp_path / "bin", "zfs", f'echo "$@" >>{said}')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    there = settings("zfs", dataset="tank/home", host="rudaux@files.example.edu")
    SnapshotProgram(there).take(NAME)
    ssh, zfs = said.read_text().splitlines()
    assert "BatchMode=yes" in ssh
    assert "rudaux@files.example.edu" in ssh
    assert zfs == f"snapshot -r tank/home@{NAME}"


# --- ZFS itself -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pool:
    """A pool in a file, its dataset mounted at `homes`."""

    dataset: str
    homes: Path


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    """A real ZFS pool, by Debian's zfs-fuse where the kernel has no ZFS."""
    daemon = shutil.which("zfs-fuse", path="/usr/sbin:/sbin")
    if daemon is None or not Path("/dev/fuse").exists():
        missing = "there is no /dev/fuse" if daemon else "there is no zfs-fuse: install it"
        required = os.environ.get("CI") and Path("/dev/fuse").exists()
        (pytest.fail if required else pytest.skip)(missing)
    with Path("/tmp/rudaux-tests-zfs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = subprocess.Popen([daemon, "-n"], stderr=subprocess.DEVNULL)
        name = f"rudaux{os.getpid()}"
        try:
            until = time.monotonic() + 20
            while not Path("/run/zfs/zfs_socket").exists() and time.monotonic() < until:
                time.sleep(0.1)
            file = tmp_path / "pool"
            with file.open("wb") as out:
                out.truncate(100 << 20)
            zfs("zpool", "create", "-m", "none", name, str(file))
            homes = tmp_path / "homes"
            zfs("zfs", "create", "-o", f"mountpoint={homes}", f"{name}/home")
            yield Pool(f"{name}/home", homes)
        finally:
            subprocess.run(["/sbin/zpool", "destroy", "-f", name], check=False, capture_output=True)
            running.terminate()
            running.wait(20)


def zfs(program: str, *args: str) -> str:
    done = subprocess.run([f"/sbin/{program}", *args], check=True, capture_output=True, text=True)
    return done.stdout


def test_zfs_takes_a_snapshot_that_is_found_where_work_is_collected(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = pool.homes / "1001" / "dsci100" / "homework_1"
    work.mkdir(parents=True)
    (work / "homework_1.ipynb").write_text("before")
    # zfs-fuse has no .zfs folder: a clone mounted there shows what a file server's would.
    clone = f"{pool.dataset.partition('/')[0]}/clone"
    there = pool.homes / ".zfs" / "snapshot"
    program(
        tmp_path / "bin",
        "zfs",
        f'/sbin/zfs "$@" && /sbin/zfs clone -o mountpoint="{there}/${{3#*@}}" "$3" {clone}',
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    wanted = settings("zfs", dataset=pool.dataset)
    hub = HubSettings("https://hub.example.edu", pool.homes, snapshots=wanted)
    git = GitSettings("git@example.edu:org/i.git", "git@example.edu:org/dsci100.git")
    there.mkdir(parents=True)
    homes = Homes(hub, git)
    assert homes.lacks_snapshot(AT, ["1001"])
    SnapshotProgram(wanted).take(NAME)
    assert not homes.lacks_snapshot(AT, ["1001"])
    (work / "homework_1.ipynb").write_text("after the deadline")
    found = homes.locate("1001", "homework_1", AT)
    assert (found.folder / "homework_1.ipynb").read_text() == "before"  # type: ignore[union-attr]
    with pytest.raises(StorageFailure, match="dataset already exists"):
        SnapshotProgram(wanted).take(NAME)
    assert f"{pool.dataset}@{NAME}" in zfs("zfs", "list", "-H", "-t", "snapshot", "-o", "name")
    with pytest.raises(StorageFailure, match="does not exist"):
        SnapshotProgram(settings("zfs", dataset="nowhere/at-all")).take(NAME)
