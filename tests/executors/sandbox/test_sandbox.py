"""What the `sandbox` executor keeps out, lets in, and says where a machine forbids it."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from rudaux.config import GradingSettings
from rudaux.domain.execution import Execution, Job
from rudaux.errors import ExecutorFailure
from rudaux.executors import sandbox
from rudaux.executors.sandbox import SandboxExecutor
from rudaux.runtime import cgroup
from tests.executors.notebooks import (
    HIDDEN,
    NAME,
    ahead,
    cells,
    errors,
    job,
    notebook,
    run_one,
    text,
)
from tests.executors.sandbox import attacks
from tests.executors.sandbox.as_user import ROOT, run_as_user

SETTINGS = GradingSettings(
    executor="sandbox", jobs=2, memory="512m", cell_timeout=30, timeout=120, scratch="128m"
)


def executor(folder: Path, **settings: object) -> SandboxExecutor:
    hidden = [folder / "course", folder / "homes"]
    for place in hidden:
        place.mkdir(exist_ok=True)
        (place / "secret").write_text("a secret of the course")
    return SandboxExecutor(replace(SETTINGS, **settings), folder / "scratch", hidden)  # type: ignore[arg-type]


def attack(folder: Path, **settings: object) -> Execution:
    """Run all attacks in one box, with things of the machine for them to find."""
    with socket.create_server(("127.0.0.1", 0)) as open_port, socket.socket(socket.AF_UNIX) as own:
        abstract = f"rudaux-test-{os.getpid()}"
        own.bind(f"\0{abstract}")
        own.listen()
        known = {
            "COURSE": str(folder / "course"),
            "HOMES": str(folder / "homes"),
            "SCRATCH": str(folder / "scratch"),
            "PORTS": [open_port.getsockname()[1]],
            "ABSTRACT": abstract,
        }
        return run_one(executor(folder, **settings), job(folder, *attacks.cells(**known)))


def report(execution: Execution) -> dict[str, str]:
    """Return what each attack got, errors of ours included, by its name."""
    assert execution.verdict == "ok", execution.reason
    first, *done = cells(execution)
    assert errors(first) == []
    got = [text(cell) + " ".join(errors(cell)) for cell in done]
    return dict(zip(attacks.ATTACKS, got, strict=True))


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return report(attack(tmp_path_factory.mktemp("attacked")))


@pytest.mark.parametrize("name", attacks.ATTACKS)
def test_an_attack_gets_nothing(name: str, attacked: dict[str, str]) -> None:
    assert attacked[name] == ""


def test_an_ordinary_user_s_box_is_as_tight(tmp_path: Path) -> None:
    said = run_as_user(
        "from tests.executors.sandbox.test_sandbox import attack, report\n"
        "from pathlib import Path; import json, sys\n"
        "print(json.dumps(report(attack(Path(sys.argv[1])))))",
        tmp_path,
    )
    assert json.loads(said) == dict.fromkeys(attacks.ATTACKS, "")


def test_a_box_has_what_notebooks_need(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "table.csv").write_text("a,b\n1,2\n")
    execution = run_one(
        executor(tmp_path),
        job(
            tmp_path,
            "import pandas, matplotlib.pyplot as plt\n"
            "print(pandas.read_csv('table.csv').b.sum())",
            "plt.plot([1, 2]); plt.savefig('figure.png'); plt.close()\n"
            "import os\nprint(os.path.exists('figure.png'))",
            "!echo from the shell",
            "import subprocess, sys\n"
            "print(subprocess.check_output([sys.executable, '-c', 'print(6 * 7)']))",
            "import socket\nserver = socket.create_server(('127.0.0.1', 0))\n"
            "print(socket.create_connection(server.getsockname()) is not None)",
            "import multiprocessing as several\n"
            "print(several.get_context('fork').Pool(2).map(abs, [-1, 2]))",
            "print(os.path.expanduser('~').startswith('/tmp/'), os.getcwd()[:5])",
        ),
    )  # fmt: skip
    assert [errors(cell) for cell in cells(execution)] == [[]] * 7
    said = [text(cell).strip() for cell in cells(execution)]
    assert said == ["2", "True", "from the shell", "b'42\\n'", "True", "[1, 2]", "True /tmp/"]


def test_a_box_is_as_large_as_the_settings_say(tmp_path: Path) -> None:
    fill = (
        "try:\n    open('full', 'wb').write(bytes(80 << 20))\n    print('wrote it')\n"
        "except OSError as error: print(error.errno)"
    )
    small = run_one(executor(tmp_path, scratch="64m"), job(tmp_path, fill))
    large = run_one(executor(tmp_path, scratch="256m"), job(tmp_path, fill))
    assert [text(cells(small)[0]), text(cells(large)[0])] == [f"{errno.ENOSPC}\n", "wrote it\n"]


def test_files_that_do_not_fit_are_our_failure_and_not_a_score(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "large").write_bytes(bytes(130 << 20))
    execution = run_one(executor(tmp_path), job(tmp_path, "1"))
    assert (execution.verdict, "grading.scratch" in execution.reason) == ("failed", True)


def test_a_notebook_is_not_readable_ahead_of_its_cells(tmp_path: Path) -> None:
    one = job(tmp_path, ahead("/tmp"), HIDDEN)
    assert text(cells(run_one(executor(tmp_path), one))[0]) == "[]\n"


def test_an_environment_in_the_folder_for_temporary_files_is_shown_on_top_of_it(
    tmp_path: Path,
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        environment = Path(folder, "venv")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        packages = next(environment.glob("lib/python*/site-packages"))
        (packages / "ours.pth").write_text("\n".join(path for path in sys.path if path))
        script = (
            "import sys; from pathlib import Path\n"
            "from tests.executors.sandbox.test_sandbox import cells, executor, job, run_one, text\n"
            "look = 'import sys, os; print(os.path.exists(sys.prefix), os.listdir(\"/tmp\"))'\n"
            "folder = Path(sys.argv[1])\n"
            "print(text(cells(run_one(executor(folder), job(folder, look)))[0]))"
        )
        said = subprocess.check_output(
            [environment / "bin/python", "-c", script, str(tmp_path)], cwd=ROOT, text=True
        )
    assert said.startswith("True ")


def test_a_course_inside_of_what_is_shown_is_covered(tmp_path: Path) -> None:
    inside = Path(sys.prefix, f"course-{os.getpid()}")
    inside.mkdir()
    try:
        (inside / "solution").write_text("42")
        box = SandboxExecutor(SETTINGS, tmp_path / "scratch", [inside])
        look = f"import os\nprint(os.listdir({str(inside)!r}), os.listdir({sys.prefix!r}) != [])"
        assert text(cells(run_one(box, job(tmp_path, look)))[0]) == "[] True\n"
    finally:
        (inside / "solution").unlink()
        inside.rmdir()


def test_nothing_of_a_box_is_left_when_the_run_is_over(tmp_path: Path) -> None:
    mounts, sleepy = _mounts(), f"86397.{os.getpid()}"
    stay = (
        "import subprocess\n"
        f"subprocess.Popen(['sleep', '{sleepy}'], start_new_session=True)\nprint('left')"
    )
    assert text(cells(run_one(executor(tmp_path), job(tmp_path, stay)))[0]) == "left\n"
    assert list(_running(sleepy)) == []
    assert list((tmp_path / "scratch").iterdir()) == []
    assert _mounts() == mounts


def _mounts() -> list[str]:
    """Return this machine's mounts, without those of containers that other tests run."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if "docker" not in line]


def test_closing_a_run_early_ends_its_boxes(tmp_path: Path) -> None:
    sleepy = f"86396.{os.getpid()}"
    wait = f"import subprocess\nsubprocess.run(['sleep', '{sleepy}'])"
    run = executor(tmp_path).run(
        [job(tmp_path, code, student=str(n)) for n, code in enumerate(["1", wait, wait])]
    )
    assert next(iter(run)).verdict == "ok"
    run.close()  # type: ignore[attr-defined]
    assert list(_running(sleepy)) == []
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_run_that_is_killed_leaves_no_box(tmp_path: Path) -> None:
    sleepy = f"86395.{os.getpid()}"
    script = (
        "import sys; from pathlib import Path\n"
        "from tests.executors.sandbox.test_sandbox import executor, job, run_one\n"
        "print('begun', flush=True); folder = Path(sys.argv[1])\n"
        f"wait = \"import subprocess; subprocess.run(['sleep', '{sleepy}'])\"\n"
        "run_one(executor(folder), job(folder, wait))"
    )
    killed = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        _until(lambda: list(_running(sleepy)) != [])
    finally:
        killed.kill()
        killed.communicate()
    _until(lambda: list(_running(sleepy)) == [])


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def _running(argument: str) -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if argument.encode() in file.read_bytes().split(b"\0"):
                yield file.parent.name


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "userns_clone=1"),
        ("user/max_user_namespaces", "0", "max_user_namespaces=15000"),
    ],
)
def test_a_machine_that_forbids_boxes_is_told_of_by_the_very_setting(
    setting: str, value: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_setting", lambda name: value if name == setting else "")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    refused = {"step": "namespaces", "errno": errno.EPERM}
    monkeypatch.setattr(sandbox, "trial", lambda box: refused)
    with pytest.raises(ExecutorFailure, match=f"{setting.replace('/', '.')}.*{says}") as caught:
        executor(tmp_path).check()
    assert "Nothing was run" in str(caught.value)


def test_a_machine_whose_users_may_have_no_namespaces_runs_nobody(tmp_path: Path) -> None:
    inside = """
from pathlib import Path
from rudaux.config import GradingSettings
from rudaux.errors import ExecutorFailure
from rudaux.executors.sandbox import SandboxExecutor
from rudaux.runtime import cgroup
taken = []
jobs = (taken.append(number) for number in range(3))
box = SandboxExecutor(GradingSettings(executor="sandbox"), Path.cwd() / "scratch", [])
try: print(list(box.run(jobs)))
except ExecutorFailure as failure: print(failure, taken)
"""
    said = text(cells(run_one(executor(tmp_path), job(tmp_path, inside)))[0])
    assert "forbids it by user.max_user_namespaces = 0" in said
    assert said.strip().endswith("[]")


def test_a_submission_names_the_kernel_that_a_box_lacks(tmp_path: Path) -> None:
    with pytest.raises(ExecutorFailure, match='no kernel "cobol"'):
        executor(tmp_path).check(["cobol"])


def test_memory_beyond_the_limit_ends_one_submission_and_no_other(tmp_path: Path) -> None:
    eat = "hoard = [bytearray(10_000_000) for _ in range(200)]"
    jobs = [job(tmp_path, eat, student="eater"), job(tmp_path, "print('on')", student="other")]
    ended: dict[str, Execution] = {e.job.student_id: e for e in executor(tmp_path).run(jobs)}
    assert ended["eater"].verdict == "out_of_memory"
    assert text(cells(ended["other"])[0]) == "on\n"


def test_every_notebook_of_a_submission_shares_the_box(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write = notebook("open('between', 'w').write('kept')")
    read = notebook("print(open('between').read())")
    one = Job("homework", "io", {"a.ipynb": write, NAME: read}, tmp_path / "data")
    assert text(cells(run_one(executor(tmp_path), one))[0]) == "kept\n"


def test_memory_that_processes_share_counts_where_the_system_keeps_a_box_within_its_own(
    tmp_path: Path,
) -> None:
    place = cgroup.find()
    hoard = "import mmap\nm = mmap.mmap(-1, 1 << 30)\nfor _ in range(1024): m.write(bytes(1 << 20))"
    jobs = [job(tmp_path, hoard, student="eater"), job(tmp_path, "print('on')", student="other")]
    ended: dict[str, Execution] = {e.job.student_id: e for e in executor(tmp_path).run(jobs)}
    assert ended["eater"].verdict == ("ok" if place is None else "out_of_memory")
    assert text(cells(ended["other"])[0]) == "on\n"
    groups = place.folder.glob("rudaux-*") if place else ()
    # Other tests have boxes, too; the server of these ones has ended.
    assert [g for g in groups if not Path("/proc", g.name.split("-")[1]).exists()] == []
