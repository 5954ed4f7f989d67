"""Pages in students' homes: whose they are, and everything that a student may have put there."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rudaux.adapters.storage import Homes, pages
from rudaux.config import GitSettings, HubSettings, SnapshotSettings
from rudaux.domain.collection import Absent
from rudaux.domain.returning import part_name
from rudaux.errors import StorageFailure

FOLDER, NAME = "feedback/homework_1", "nb.html"
OLD, NEW = b"<p>old marks</p>", b"<p>new marks</p>"
STUDENT = 4711
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a secret beside it, which no page may reach."""
    home = tmp_path / "homes" / "1"
    home.mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / NAME).write_bytes(b"secret")
    if os.geteuid() == 0:
        os.chown(home, STUDENT, STUDENT)
    return home


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return tmp_path / "outside"


def put(home: Path, content: bytes = NEW, *replaces: bytes) -> bool:
    return pages.put(home, FOLDER, NAME, content, {digest(c) for c in replaces})


def seen(home: Path) -> str | None:
    return pages.look(home, FOLDER, [NAME]).digests.get(NAME)


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """What is in a folder, links unfollowed: owner and content."""
    return {
        str(p.relative_to(folder)): (p.lstat().st_uid, p.read_bytes() if p.is_file() else b"")
        for p in folder.rglob("*")
    }


# --- whose they are ------------------------------------------------------------------------------


@as_root
def test_folders_and_page_belong_to_whoever_owns_the_home_and_nobody_else_reads_them(
    home: Path,
) -> None:
    assert put(home)
    made = (home / "feedback", home / FOLDER, home / FOLDER / NAME)
    assert [(p.stat().st_uid, p.stat().st_gid) for p in made] == [(STUDENT, STUDENT)] * 3
    assert [stat.S_IMODE(p.stat().st_mode) for p in made] == [0o700, 0o700, 0o600]
    assert (home / FOLDER / NAME).read_bytes() == NEW
    assert (os.geteuid(), os.getegid()) == (0, os.getgid())


@as_root
def test_an_ordinary_account_writes_files_of_its_own_that_the_student_can_read(home: Path) -> None:
    home.chmod(0o777)
    for parent in home.parents:
        if parent.stat().st_mode & stat.S_ISVTX:  # the one for everybody's temporary files
            break
        parent.chmod(0o755)

    def as_somebody() -> int:
        os.setgid(1234)
        os.setuid(1234)
        found = pages.look(home, FOLDER, [NAME])
        return int(not put(home)) + 2 * found.owned

    assert in_a_process(as_somebody) == 0
    made = (home / "feedback", home / FOLDER, home / FOLDER / NAME)
    assert [p.stat().st_uid for p in made] == [1234] * 3
    assert [stat.S_IMODE(p.stat().st_mode) for p in made] == [0o755, 0o755, 0o644]


def in_a_process(work: Callable[[], int]) -> int:
    """Run in a process of its own; return how that ended."""
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@as_root
def test_the_student_s_rights_decide_what_can_be_written(home: Path, outside: Path) -> None:
    """Also where a folder of somebody else's was moved into the home."""
    theirs = home / "feedback"
    theirs.mkdir(mode=0o755)  # root's
    with pytest.raises(StorageFailure, match="cannot be written"):
        put(home)
    assert everything(theirs) == {}
    assert theirs.stat().st_uid == 0


# --- what is there already -----------------------------------------------------------------------


def test_a_page_is_written_once_and_again_only_where_it_differs(home: Path) -> None:
    assert put(home)
    inode = (home / FOLDER / NAME).stat().st_ino
    assert put(home)
    assert (home / FOLDER / NAME).stat().st_ino == inode
    assert seen(home) == digest(NEW)
    assert [p.name for p in (home / FOLDER).iterdir()] == [NAME]


def test_a_page_of_our_own_is_replaced_and_a_file_of_the_student_s_stays(home: Path) -> None:
    put(home, OLD)
    assert put(home, NEW, OLD)
    (home / FOLDER / NAME).write_bytes(b"my notes on it")
    assert not put(home, OLD, NEW)
    assert (home / FOLDER / NAME).read_bytes() == b"my notes on it"
    assert [p.name for p in (home / FOLDER).iterdir()] == [NAME]


@pytest.mark.parametrize("kind", ["link", "dangling", "fifo", "socket", "folder", "full folder"])
def test_what_is_no_file_stays_and_nothing_behind_it_changes(
    home: Path, outside: Path, kind: str
) -> None:
    (home / FOLDER).mkdir(parents=True)
    target = home / FOLDER / NAME
    with in_the_way(target, outside, kind):
        give_to_student(home)
        before = everything(home), everything(outside)
        assert seen(home) == ""
        assert not put(home, NEW, b"secret", OLD)
        assert (everything(home), everything(outside)) == before


@contextmanager
def in_the_way(target: Path, outside: Path, kind: str) -> Iterator[None]:
    if kind == "link":
        target.symlink_to(outside / NAME)
    elif kind == "dangling":
        target.symlink_to(outside / "made by a link")
    elif kind == "fifo":
        os.mkfifo(target)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            here = Path.cwd()
            os.chdir(target.parent)  # a socket's address is short
            try:
                made.bind(target.name)
            finally:
                os.chdir(here)
            yield
            return
    else:
        target.mkdir()
        if kind == "full folder":
            (target / "work.txt").write_text("mine")
    yield


def give_to_student(home: Path) -> None:
    if os.geteuid() == 0:
        for path in (home, *home.rglob("*")):
            os.chown(path, STUDENT, STUDENT, follow_symlinks=False)


def test_a_hard_link_to_another_file_is_replaced_without_a_byte_of_the_other(home: Path) -> None:
    put(home, OLD)
    other = home / "copy.html"
    other.hardlink_to(home / FOLDER / NAME)
    assert put(home, NEW, OLD)
    assert other.read_bytes() == OLD
    assert (home / FOLDER / NAME).read_bytes() == NEW


@pytest.mark.parametrize("level", ["feedback", FOLDER])
@pytest.mark.parametrize("what", ["link out", "link within", "file", "fifo"])
def test_nothing_is_written_through_what_is_no_folder(
    home: Path, outside: Path, level: str, what: str
) -> None:
    (home / "elsewhere").mkdir()
    (home / level).parent.mkdir(exist_ok=True)
    if what.startswith("link"):
        (home / level).symlink_to(outside if what == "link out" else home / "elsewhere")
    elif what == "file":
        (home / level).write_text("mine")
    else:
        os.mkfifo(home / level)
    give_to_student(home)
    before = everything(home), everything(outside)
    for attempt in (put, seen):
        with pytest.raises(StorageFailure, match=f"{level} in their home is not a folder"):
            attempt(home)
    assert (everything(home), everything(outside)) == before


def test_a_folder_that_becomes_a_link_again_and_again_leads_nowhere(
    home: Path, outside: Path
) -> None:
    """A student's program swaps folder and link as fast as it can while pages are written."""
    (home / FOLDER).mkdir(parents=True)
    give_to_student(home)
    before = everything(outside)
    swap = (
        "import os, sys\n"
        "home, outside = sys.argv[1:]\n"
        "os.chdir(home)\n"
        "for n in range(10**9):\n"
        "    for name, aside in (('feedback', f'a{n}'), ('feedback/homework_1', f'b{n}')):\n"
        "        try:\n"
        "            os.rename(name, aside); os.symlink(outside, name)\n"
        "            os.unlink(name); os.rename(aside, name)\n"
        "        except OSError:\n"
        "            pass\n"
    )
    racing = subprocess.Popen([sys.executable, "-c", swap, str(home), str(outside)])
    written = refused = 0
    try:
        for n in range(2000):
            if written > 10 and refused > 10:
                break
            content, last = f"page {n}".encode(), f"page {n - 1}".encode()
            try:
                written += put(home, content, last)
            except StorageFailure:
                refused += 1
    finally:
        racing.kill()
        racing.wait()
    assert everything(outside) == before
    assert written
    assert refused, "the race was never met"


def test_a_file_that_takes_the_page_s_name_meanwhile_is_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each of the moments at which a page's name is looked at or moved."""
    put(home, OLD)
    real = os.rename

    def swapped(one: str, other: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        os.unlink(one, dir_fd=src_dir_fd)
        with os.fdopen(os.open(one, os.O_CREAT | os.O_WRONLY, dir_fd=src_dir_fd), "wb") as file:
            file.write(b"mine, just now")
        real(one, other, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "rename", swapped)
    assert not put(home, NEW, OLD)
    assert (home / FOLDER / NAME).read_bytes() == b"mine, just now"
    assert [p.name for p in (home / FOLDER).iterdir()] == [NAME]


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["write", "link", "rename", "unlink", "mkdir", "fsync"])
def test_killed_at_any_moment_the_next_run_ends_in_the_same_state(home: Path, call: str) -> None:
    for before in (None, OLD):
        if before:
            put(home, before)

        def until_killed() -> int:
            name = call if hasattr(os, call) and call != "write" else "fsync"
            setattr(os, name, lambda *args, **more: os.kill(os.getpid(), signal.SIGKILL))
            put(home, NEW, OLD)
            return 0

        in_a_process(until_killed)
        assert put(home, NEW, OLD)
        assert [p.name for p in (home / FOLDER).iterdir()] == [NAME]
        assert (home / FOLDER / NAME).read_bytes() == NEW
        (home / FOLDER / NAME).unlink()


def test_the_rest_of_a_killed_run_is_seen_and_a_file_that_only_looks_like_it_stays(
    home: Path,
) -> None:
    put(home, NEW)
    part = home / FOLDER / part_name(NAME, digest(NEW), "part")
    part.write_bytes(NEW[:3])
    like_it = home / FOLDER / part_name(NAME, "0123456789abcdef", "part")
    like_it.write_bytes(b"a student's")
    give_to_student(home)
    assert (NAME, digest(NEW)[:12]) in pages.look(home, FOLDER, [NAME]).leftovers
    assert put(home, NEW)
    assert not part.exists()
    assert like_it.read_bytes() == b"a student's"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EDQUOT, "their home is full"),
        (errno.ENOSPC, "their home is full"),
        (errno.EROFS, "cannot be written"),
        (errno.EIO, "cannot be used"),
    ],
)
def test_a_disk_that_refuses_is_told_in_words_and_nothing_half_written_stays(
    home: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    put(home, OLD)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFailure, match=words):
        put(home, NEW, OLD)
    assert [p.name for p in (home / FOLDER).iterdir()] == [NAME]
    assert (home / FOLDER / NAME).read_bytes() == OLD


@as_root
def test_a_real_full_disk_is_that_student_s_alone(home: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(home)],
        check=False, capture_output=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        os.chown(home, STUDENT, STUDENT)
        with pytest.raises(StorageFailure, match="their home is full"):
            put(home, b"x" * 50_000)
        assert [p.name for p in home.rglob("*")] == ["feedback", "homework_1"]
        assert put(home, NEW)
    finally:
        subprocess.run(["umount", str(home)], check=True)


# --- through the port ----------------------------------------------------------------------------


def test_pages_go_to_the_live_home_where_work_is_read_from_snapshots(home: Path) -> None:
    from zoneinfo import ZoneInfo

    root = home.parent
    (root / ".zfs" / "snapshot" / "2026-10-01-0000" / "1").mkdir(parents=True)
    stamps = SnapshotSettings(
        ".zfs/snapshot", r"\d{4}-\d{2}-\d{2}-\d{4}", "%Y-%m-%d-%H%M", ZoneInfo("UTC")
    )
    hub = HubSettings("https://hub.example.edu", root, snapshots=stamps)
    storage = Homes(hub, GitSettings("git@host:org/teach.git", "git@host:org/dsci100.git"))
    assert storage.put_page("1", FOLDER, NAME, NEW, ())
    assert (home / FOLDER / NAME).read_bytes() == NEW
    assert isinstance(storage.pages("2", FOLDER, [NAME]), Absent)
    with pytest.raises(StorageFailure, match="cannot be the name of a folder"):
        storage.put_page("..", FOLDER, NAME, NEW, ())
