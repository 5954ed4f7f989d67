"""Boxes whose root is an unpacked image, instead of this machine's Python and system."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from rudaux.domain.execution import Execution
from rudaux.errors import ExecutorFailure
from tests.executors.notebooks import HIDDEN, ahead, cells, job, leftovers, run_one, text
from tests.executors.sandbox import attacks
from tests.executors.sandbox.as_user import run_as_user
from tests.executors.sandbox.test_sandbox import attack, executor, report
from tests.unpacked_image import unpacked

THEIRS = "files of the host"
"""The attack that lists folders which an image has of its own."""


@pytest.fixture(scope="module")
def root(docker_image: str) -> str:
    """An unpacked image: Debian with Python, R and their kernels."""
    return str(unpacked())


def look(folder: Path, root: str) -> list[str]:
    """Return what Python and R say of where they run."""
    box = executor(folder, root=root)
    box.check(["python3", "ir"])
    python = (
        "import os, socket, sys, importlib.util as util\n"
        f"print(sys.prefix, util.find_spec('nbgrader'), os.path.exists({str(folder)!r}))\n"
        "print(os.getuid(), os.environ['HOME'][:5], socket.gethostbyname('localhost'))\n"
        "print(os.path.exists('/usr/lib/R'), open('between', 'w').write('kept'))"
    )
    ended = [
        run_one(box, job(folder, python)),
        run_one(box, job(folder, "cat(6 * 7)", kernel="ir")),
    ]
    assert [e.verdict for e in ended] == ["ok", "ok"], [e.reason for e in ended]
    return [text(cell) for e in ended for cell in cells(e)]


SEEN = ["/usr None False\n1000 /tmp/ 127.0.0.1\nTrue 4\n", "42"]


def test_notebooks_run_with_the_image_s_python_and_kernels(root: str, tmp_path: Path) -> None:
    assert look(tmp_path, root) == SEEN
    assert leftovers(tmp_path) == []
    assert root not in Path("/proc/self/mountinfo").read_text()


def test_an_ordinary_user_needs_nobody_s_help_for_it(root: str, tmp_path: Path) -> None:
    said = run_as_user(
        "from tests.executors.sandbox.test_image import attack, look, report\n"
        "from pathlib import Path; import json, sys\n"
        f"folder, root = Path(sys.argv[1]), {root!r}\n"
        "print(json.dumps([look(folder, root), report(attack(folder, root=root))]))",
        tmp_path,
    )
    seen, got = json.loads(said)
    assert seen == SEEN
    assert kept_out(got) == dict.fromkeys(attacks.ATTACKS, "")


def kept_out(got: dict[str, str]) -> dict[str, str]:
    """Leave out what an image shows of itself; nothing of the course may be among it."""
    shown = [line.split()[0] for line in got[THEIRS].splitlines()]
    allowed = {"/home", "/var", "/run", "/boot", "/mnt", "/srv", "/etc/cron.d"}
    return {**got, THEIRS: " ".join(set(shown) - allowed)}


def test_an_attack_gets_nothing(root: str, tmp_path: Path) -> None:
    got = report(attack(tmp_path, root=root))
    assert kept_out(got) == dict.fromkeys(attacks.ATTACKS, "")


def test_nobody_writes_to_the_image_nor_reads_the_test_to_come(root: str, tmp_path: Path) -> None:
    spoil = (
        "import os, glob, site\nfor place in (*site.getsitepackages(), '/', '/etc', '/opt'):\n"
        "    try: open(place + '/sitecustomize.py', 'w'); print('wrote to', place)\n"
        "    except OSError: pass"
    )
    execution = run_one(executor(tmp_path, root=root), job(tmp_path, spoil, ahead("/tmp"), HIDDEN))
    assert [text(cell) for cell in cells(execution)] == ["", "[]\n", ""]


def test_memory_and_time_end_one_submission_and_no_other(root: str, tmp_path: Path) -> None:
    codes = {
        "eater": "hoard = [bytearray(10_000_000) for _ in range(200)]",
        "sleeper": "import time; time.sleep(60)",
        "other": "print('on')",
    }
    box = executor(tmp_path, root=root, cell_timeout=8, jobs=3)
    jobs = [job(tmp_path, code, student=name) for name, code in codes.items()]
    ended: dict[str, Execution] = {e.job.student_id: e for e in box.run(jobs)}
    verdicts = {name: ended[name].verdict for name in codes}
    assert verdicts == {"eater": "out_of_memory", "sleeper": "cell_timeout", "other": "ok"}
    assert text(cells(ended["other"])[0]) == "on\n"


def test_modules_are_imported_once_for_all_from_the_image(root: str, tmp_path: Path) -> None:
    there = "import sys; print([name for name in ('wave', 'no_such') if name in sys.modules])"
    (execution,) = executor(tmp_path, root=root).run([job(tmp_path, there)], ["wave", "no_such"])
    assert text(cells(execution)[0]) == "['wave']\n"


def test_what_the_image_lacks_is_named(root: str, tmp_path: Path) -> None:
    with pytest.raises(ExecutorFailure, match=r'grading\.root.* lacks the kernel "cobol".*ir, pyt'):
        executor(tmp_path, root=root).check(["cobol", "python3"])


def test_a_folder_that_is_no_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExecutorFailure, match=f"names {tmp_path}, which holds no unpacked image"):
        executor(tmp_path, root=str(tmp_path)).check()


def test_an_image_without_python_is_named(tmp_path: Path) -> None:
    (tmp_path / "bare" / "usr" / "bin").mkdir(parents=True)
    with pytest.raises(ExecutorFailure, match="has no python3"):
        executor(tmp_path, root=str(tmp_path / "bare")).check()


def test_an_image_whose_python_cannot_run_is_named(tmp_path: Path) -> None:
    programs = tmp_path / "broken" / "usr" / "bin"
    programs.mkdir(parents=True)
    shutil.copy(os.path.realpath(sys.executable), programs / "python3")
    with pytest.raises(ExecutorFailure, match=r"the image's Python|cannot run Python"):
        executor(tmp_path, root=str(tmp_path / "broken")).check()


@pytest.mark.parametrize("mistake", ["holds the course", "is open to everybody"])
def test_a_folder_that_must_not_be_shown_is_refused(mistake: str, tmp_path: Path) -> None:
    (tmp_path / "usr").mkdir()
    root = tmp_path if mistake == "holds the course" else tmp_path / "open"
    (root / "usr").mkdir(parents=True, exist_ok=True)
    root.chmod(0o777 if root != tmp_path else 0o755)
    says = "unpack the image elsewhere" if root == tmp_path else "chmod o-w"
    with pytest.raises(ExecutorFailure, match=says):
        executor(tmp_path, root=str(root)).check()


def test_what_is_installed_into_the_image_changes_what_submissions_meet(tmp_path: Path) -> None:
    root = tmp_path / "image"
    (root / "usr").mkdir(parents=True)
    (root / "usr" / "packages").write_text("1")

    def meets() -> str:
        return executor(tmp_path, root=str(root)).environment(["python3"])

    before = meets()
    assert before == meets()
    (root / "usr" / "packages").write_text("12")
    assert meets() != before
