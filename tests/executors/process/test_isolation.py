"""What student code under the `process` executor can see, keep and spoil."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from rudaux.domain.execution import Job
from tests.executors.notebooks import (
    HIDDEN,
    ahead,
    cells,
    errors,
    executor,
    job,
    leftovers,
    processes_under,
    run_one,
    text,
)

SECRET = "canvas-token-that-nobody-may-see"


def test_the_environment_holds_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANVAS_TOKEN", SECRET)
    monkeypatch.setenv("SSH_AUTH_SOCK", "/somewhere/agent")
    look = textwrap.dedent(
        """
        import os
        from pathlib import Path
        print(dict(os.environ))
        pid = os.getpid()
        # Up to the fork server, whose parent is rudaux itself.
        for _ in range(3):
            try: print(pid, Path(f"/proc/{pid}/environ").read_bytes())
            except OSError as error: print(pid, error)
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        """
    )
    execution = run_one(executor(tmp_path), job(tmp_path, look))
    seen = text(cells(execution)[0])
    assert "PATH" in seen
    assert SECRET not in seen
    assert "SSH_AUTH_SOCK" not in seen
    assert str(Path.home()) + "'" not in seen


def test_another_process_of_this_user_cannot_read_our_environment_meanwhile(
    tmp_path: Path,
) -> None:
    script = textwrap.dedent(
        """
        import os, subprocess, sys
        from pathlib import Path
        from tests.executors.notebooks import cells, errors, executor, job, run_one
        folder, ours = Path(sys.argv[1]), f"/proc/{os.getpid()}/environ"
        execution = run_one(executor(folder), job(folder, f"open('{ours}').read()"))
        print(execution.verdict, errors(cells(execution)[0]), flush=True)
        subprocess.run(["cmp", "-n", "1", ours, ours], check=True)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_give_up_reading_any_process,
    )
    assert done.stdout == "ok ['PermissionError']\n", done.stderr
    assert done.returncode == 0


def _give_up_reading_any_process() -> None:
    """Be an ordinary user in this, also as root: drop the rights to look into any process."""
    for capability in (_CAP_SYS_PTRACE, _CAP_SYS_ADMIN, _CAP_PERFMON):
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


_PR_CAPBSET_DROP = 24
_CAP_SYS_PTRACE, _CAP_SYS_ADMIN, _CAP_PERFMON = 19, 21, 38


def test_home_and_temporary_folder_are_private(tmp_path: Path) -> None:
    look = "import os, tempfile\nprint(os.path.expanduser('~'))\nprint(tempfile.gettempdir())"
    execution = run_one(executor(tmp_path), job(tmp_path, look))
    for line in text(cells(execution)[0]).splitlines():
        assert line.startswith(str(tmp_path.resolve()))


def test_a_daemon_is_gone_when_the_run_is_over(tmp_path: Path) -> None:
    daemon = textwrap.dedent(
        """
        import os, signal, time, warnings
        warnings.simplefilter("ignore")  # of Python 3.12, where a process with threads forks
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(sign, signal.SIG_IGN)
                while True: time.sleep(1)
            os._exit(0)
        print("left one behind")
        """
    )
    execution = run_one(executor(tmp_path), job(tmp_path, daemon))
    assert text(cells(execution)[0]) == "left one behind\n"
    assert leftovers(tmp_path) == []


def test_a_fork_bomb_is_stopped_and_leaves_nothing(tmp_path: Path) -> None:
    bomb = "import os, time\nwhile True:\n    os.fork()\n    time.sleep(0.01)"
    execution = run_one(executor(tmp_path, cell_timeout=20), job(tmp_path, bomb, "print('never')"))
    assert execution.verdict in {"kernel_died", "out_of_memory"}
    assert errors(cells(execution)[0])
    assert leftovers(tmp_path) == []


def test_one_bad_submission_stops_no_other(tmp_path: Path) -> None:
    bad = "import os\nos.kill(os.getppid(), 9)"
    worse = "import os\nos._exit(1)"

    def jobs() -> Iterator[Job]:
        for number in range(12):
            source = {3: bad, 7: worse}.get(number, f"print({number})")
            yield job(tmp_path, source, student=str(number))

    executions = list(executor(tmp_path, jobs=4).run(jobs()))
    verdicts = {e.job.student_id: e.verdict for e in executions}
    assert len(executions) == 12
    assert verdicts.pop("3") == "failed"
    assert verdicts.pop("7") == "kernel_died"
    assert set(verdicts.values()) == {"ok"}
    assert leftovers(tmp_path) == []


def test_code_that_kills_the_fork_server_costs_nobody_else_their_result(tmp_path: Path) -> None:
    killer = textwrap.dedent(
        """
        import os, signal
        from pathlib import Path
        parent = int(Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(parent, signal.SIGKILL)
        """
    )
    jobs = [job(tmp_path, killer, student="bad")]
    jobs += [job(tmp_path, f"print({n})", student=str(n)) for n in range(5)]
    runner = executor(tmp_path)
    verdicts = {e.job.student_id: e.verdict for e in runner.run(jobs)}
    assert verdicts.pop("bad") != "ok"
    assert set(verdicts.values()) <= {"ok", "failed"}
    # As `workflows/autograde` does with what failed: once more, by itself.
    verdicts.update(
        {one.student_id: run_one(runner, one).verdict for one in jobs[1:]
         if verdicts[one.student_id] == "failed"}
    )  # fmt: skip
    assert verdicts == {str(n): "ok" for n in range(5)}
    assert leftovers(tmp_path) == []


def test_jobs_are_taken_only_as_fast_as_they_can_run(tmp_path: Path) -> None:
    taken: list[int] = []

    def jobs() -> Iterator[Job]:
        for number in range(6):
            taken.append(number)
            yield job(tmp_path, "1", student=str(number))

    run = executor(tmp_path, jobs=2).run(jobs())
    next(iter(run))
    assert len(taken) == 2
    assert len(list(run)) == 5


def test_closing_a_run_early_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    sleepy = "import time\ntime.sleep(100)"
    run = executor(tmp_path, jobs=3).run(
        [job(tmp_path, code, student=str(n)) for n, code in enumerate(["1", sleepy, sleepy])]
    )
    assert next(iter(run)).job.student_id == "0"
    assert list(processes_under(tmp_path))
    run.close()  # type: ignore[attr-defined]
    assert leftovers(tmp_path) == []


def test_what_was_started_ahead_serves_the_next_run_and_ends_with_it(tmp_path: Path) -> None:
    look = "import os, sys\nprint(os.environ['HOME'], 'wave' in sys.modules)"
    for started, wanted in ((["wave"], ["wave"]), (["wave"], []), ([], ["wave"])):
        one = executor(tmp_path)
        with one.prepare(started), one.prepare(started):
            (ahead,) = (tmp_path / "scratch").iterdir()
            assert list(processes_under(tmp_path))
            (execution,) = one.run([job(tmp_path, look)], wanted)
            home, _, known = text(cells(execution)[0]).strip().rpartition(" ")
            assert known == str(bool(wanted))
            assert Path(home).is_relative_to(ahead.resolve()) is (started == wanted)
            assert leftovers(tmp_path) == []


def test_what_was_started_ahead_of_no_run_ends_all_the_same(tmp_path: Path) -> None:
    one = executor(tmp_path)
    with one.prepare([]):
        with one.prepare(["wave"]):
            assert len(list((tmp_path / "scratch").iterdir())) == 1
        assert leftovers(tmp_path) == []


def test_folders_that_student_code_has_locked_are_removed(tmp_path: Path) -> None:
    lock = "import os\nos.makedirs('a/b/c')\nos.chmod('a/b', 0)\nos.chmod('a', 0)"
    assert run_one(executor(tmp_path), job(tmp_path, lock)).verdict == "ok"
    assert leftovers(tmp_path) == []


def test_a_notebook_is_not_readable_ahead_of_its_cells(tmp_path: Path) -> None:
    one = job(tmp_path, ahead(".."), HIDDEN)
    assert text(cells(run_one(executor(tmp_path), one))[0]) == "[]\n"


def test_our_own_memory_can_be_looked_at_again_afterwards(tmp_path: Path) -> None:
    run_one(executor(tmp_path), job(tmp_path, "1"))
    assert Path("/proc/self/environ").stat().st_uid == os.getuid()
