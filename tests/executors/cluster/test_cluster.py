"""Submissions on real workers of a real Dask scheduler, and what is lost with one: nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from rudaux.config import GradingSettings
from rudaux.domain.execution import Execution, Job
from rudaux.errors import ExecutorFailure
from rudaux.executors.cluster import ClusterExecutor, slot
from rudaux.executors.cluster.wire import dump_job, dump_settings, load_execution
from rudaux.executors.forking import Pool
from rudaux.executors.sandbox import SandboxExecutor
from tests.dask import Cluster, cluster, wait_until
from tests.executors.notebooks import NAME, cells, errors, notebook, text

SETTINGS = GradingSettings(
    executor="sandbox", memory="512m", cell_timeout=30, timeout=60, scratch="64m"
)
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def two() -> Iterator[Cluster]:
    with cluster(2) as made:
        yield made


def executor(there: Cluster, **settings: object) -> ClusterExecutor:
    return ClusterExecutor(replace(SETTINGS, scheduler=there.address, **settings))  # type: ignore[arg-type]


def jobs(folder: Path, count: int, *sources: str) -> Iterator[Job]:
    for number in range(count):
        place = folder / str(number)
        place.mkdir(parents=True)
        (place / "data.txt").write_text(f"of {number}")
        yield Job("homework_1", str(number), {NAME: notebook(*sources)}, place)


def by_student(done: Iterator[Execution]) -> dict[str, Execution]:
    return {execution.job.student_id: execution for execution in done}


def test_each_submission_runs_with_its_own_files_and_comes_back(
    two: Cluster, tmp_path: Path
) -> None:
    grading = executor(two)
    grading.check({"python3"})
    done = by_student(grading.run(jobs(tmp_path, 5, "print(open('data.txt').read())", "1 / 0")))
    assert sorted(done) == ["0", "1", "2", "3", "4"]
    for number, execution in done.items():
        assert execution.verdict == "ok", execution.reason
        said, failed = cells(execution)
        assert text(said) == f"of {number}\n"
        assert errors(failed) == ["ZeroDivisionError"]
    assert grading.notices == ()


def test_at_most_two_submissions_for_each_slot_are_laid_out(two: Cluster, tmp_path: Path) -> None:
    taken: list[str] = []

    def watched() -> Iterator[Job]:
        for job in jobs(tmp_path, 8, "import time; time.sleep(0.3)"):
            taken.append(job.student_id)
            yield job

    ended = 0
    for _ in executor(two).run(watched()):
        ended += 1
        assert len(taken) - ended <= 4
    assert ended == 8


def test_a_worker_that_lacks_rudaux_is_left_out_and_named(tmp_path: Path) -> None:
    with cluster(1) as there:
        there.add_bare_worker()
        grading = executor(there)
        grading.check()
        (notice,) = grading.notices
        assert "is left out: it does not have rudaux" in notice
        assert [e.verdict for e in grading.run(jobs(tmp_path, 3, "1"))] == ["ok"] * 3


def test_a_kernel_that_no_worker_has_stops_the_run_before_the_first_student(two: Cluster) -> None:
    with pytest.raises(ExecutorFailure, match=r"there is no kernel .ir."):
        executor(two).check({"ir"})


def test_without_workers_or_scheduler_a_sentence_says_so() -> None:
    with cluster(0) as there:
        grading = executor(there)
        with pytest.raises(ExecutorFailure, match=r"has no workers: start one .`dask worker tcp"):
            grading.check()
    with pytest.raises(ExecutorFailure, match="does not answer: start it"):
        ClusterExecutor(replace(SETTINGS, scheduler="tcp://127.0.0.1:9", timeout=60)).check()


def test_tls_without_certificates_is_named_before_anything_is_tried() -> None:
    with pytest.raises(ExecutorFailure, match="wants certificates"):
        ClusterExecutor(replace(SETTINGS, scheduler="tls://127.0.0.1:9")).check()


def test_what_a_killed_worker_had_is_run_by_one_that_came_meanwhile(tmp_path: Path) -> None:
    with cluster(1) as there:
        done = []
        for execution in executor(there).run(jobs(tmp_path, 5, "import time; time.sleep(1)")):
            done.append(execution)
            if len(done) == 1:
                there.add_worker()
                there.kill(there.workers[0])
        assert [e.verdict for e in done] == ["ok"] * 5
        assert sorted(e.job.student_id for e in done) == ["0", "1", "2", "3", "4"]


def test_a_submission_that_is_lost_with_three_workers_fails(tmp_path: Path) -> None:
    with cluster(3) as there:
        ended: list[Execution] = []
        slow = jobs(tmp_path, 1, "import time; time.sleep(30)")
        thread = threading.Thread(target=lambda: ended.extend(executor(there).run(slow)))
        thread.start()
        killed: set[int] = set()
        while len(killed) < 3:
            wait_until(lambda: bool({*there.running()} - killed))
            (number,) = {*there.running()} - killed
            there.kill(there.workers[number])
            killed.add(number)
        thread.join(60)
    (lost,) = ended
    assert (lost.verdict, lost.reason) == ("failed", "3 workers were lost while running it")


def test_a_run_that_stops_in_the_middle_leaves_nothing_running(
    two: Cluster, tmp_path: Path
) -> None:
    sources = "import os, time; time.sleep(90 if open('data.txt').read() != 'of 0' else 0)"
    running = executor(two, cell_timeout=120, timeout=240).run(jobs(tmp_path, 4, sources))
    assert next(running).verdict == "ok"
    wait_until(lambda: len(two.running()) == 2)
    running.close()  # type: ignore[attr-defined]
    wait_until(lambda: two.running() == [], seconds=45)


def test_a_run_that_ends_while_a_worker_gets_ready_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, go = threading.Event(), threading.Event()
    pool = SandboxExecutor.pool

    @contextmanager
    def slow(executor: SandboxExecutor, imports: Sequence[str]) -> Iterator[Pool]:
        with pool(executor, imports) as made:
            ready.set()
            go.wait(60)
            yield made

    monkeypatch.setattr(SandboxExecutor, "pool", slow)
    told = dump_settings(SETTINGS)
    (job,) = jobs(tmp_path, 1, "print('ran')")
    answers: list[bytes] = []
    worker = threading.Thread(target=lambda: answers.append(slot.run(told, *dump_job(job))))
    worker.start()
    assert ready.wait(60)
    slot.close(told)
    go.set()
    worker.join(60)
    done = load_execution(job, answers[0])
    assert (done.verdict, done.reason) == ("failed", "its run is over")


def test_a_killed_scheduler_stops_the_run(tmp_path: Path) -> None:
    with cluster(1) as there:
        running = executor(there).run(jobs(tmp_path, 6, "import time; time.sleep(0.5)"))
        assert next(running).verdict == "ok"
        there.kill(there.scheduler)
        with pytest.raises(ExecutorFailure, match="start it"):
            assert [e.verdict for e in running] == ["ok"]
