"""The `docker` executor on a real engine: what a container can reach, and what is left of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import docker
import pytest

from rudaux.config import GradingSettings
from rudaux.domain.execution import CellResult, Execution, Job
from rudaux.errors import ExecutorFailure
from rudaux.executors.docker import DockerExecutor, container
from rudaux.executors.docker.engine import LABEL
from tests.executors.docker.engine_link import Link
from tests.executors.notebooks import HIDDEN, NAME, ahead, cells, errors, job, notebook, text

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def settings(docker_image: str) -> GradingSettings:
    return GradingSettings(
        image=docker_image, jobs=2, memory="512m", scratch="128m", cell_timeout=30, timeout=90
    )


@pytest.fixture
def engine(docker_image: str) -> Iterator[Any]:
    client = docker.from_env()
    yield client
    client.close()


def containers(engine: Any, executor: DockerExecutor) -> list[str]:
    found = engine.containers.list(all=True, filters={"label": f"{LABEL}={executor.owner}"})
    return [c.id for c in found]


def run_one(settings: GradingSettings, one: Job, tmp_path: Path) -> Execution:
    (execution,) = DockerExecutor(settings, tmp_path).run([one])
    return execution


def ask(settings: GradingSettings, tmp_path: Path, *sources: str) -> tuple[CellResult, ...]:
    execution = run_one(settings, job(tmp_path, *sources), tmp_path)
    assert execution.verdict == "ok", execution.reason
    return cells(execution)


def test_outputs_counts_and_data_files_are_those_of_the_submission(
    settings: GradingSettings, tmp_path: Path
) -> None:
    one = job(tmp_path, "print(open('table/a.csv').read())", "import os; sorted(os.listdir('.'))")
    (one.folder / "table").mkdir()
    (one.folder / "table" / "a.csv").write_text("x,y\n")
    (one.folder / "secret").symlink_to("/etc/passwd")
    execution = run_one(settings, one, tmp_path)
    assert execution.image.startswith("sha256:")
    first, second = cells(execution)
    assert (first.execution_count, text(first)) == (1, "x,y\n\n")
    assert text(second) == "['table']"


def test_a_container_has_no_network_no_rights_and_nothing_of_the_host(
    settings: GradingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANVAS_TOKEN", "never-to-be-seen")
    marker = tmp_path / "gradebook.db"
    marker.write_text("grades")
    network, rights, host, root, environment = ask(
        settings,
        tmp_path,
        "import socket\nsocket.create_connection(('192.0.2.1', 80), 3)",
        "import re\nrights = open('/proc/self/status').read()\n"
        "print(re.findall(r'(?:CapEff|CapBnd|NoNewPrivs|Uid):.*', rights))",
        f"import os\nos.path.exists({str(marker)!r})",
        "open('/usr/mine', 'w')",
        "print({**os.environ}, open(f'/proc/{os.getppid()}/cmdline').read())",
    )
    assert errors(network) == ["OSError"]
    for line in ("CapEff:\\t0000000000000000", "CapBnd:\\t0000000000000000", "NoNewPrivs:\\t1"):
        assert line in text(rights)
    assert "Uid:\\t1000\\t1000\\t1000\\t1000" in text(rights)
    assert text(host) == "False"
    assert errors(root) == ["OSError"]
    assert "never-to-be-seen" not in text(environment)


def test_a_network_is_there_where_the_course_asks_for_it(
    settings: GradingSettings, tmp_path: Path
) -> None:
    look = "import os; sorted(os.listdir('/sys/class/net'))"
    (without,) = ask(settings, tmp_path, look)
    (with_,) = ask(replace(settings, network=True), tmp_path, look)
    assert text(without) == "['lo']"
    assert text(with_) == "['eth0', 'lo']"


def test_the_supervisor_can_be_neither_read_nor_signalled_nor_spoken_for(
    settings: GradingSettings, tmp_path: Path
) -> None:
    forged = json.dumps({"verdict": "ok", "reason": "", "seconds": 0})
    results = ask(
        settings,
        tmp_path,
        "import os, signal\nfor s in (9, 15, 2, 19): os.kill(1, s)",
        "open('/proc/1/environ').read()",
        f"open('/proc/1/fd/1', 'w').write({forged!r})",
        f"os.write(1, {forged!r}.encode())\nos.system('echo ' + {forged!r})",
        "print('still graded')",
    )
    assert [errors(r) for r in results[1:3]] == [["PermissionError"], ["PermissionError"]]
    assert text(results[4]) == "still graded\n"


def test_what_is_written_is_bounded_and_ends_with_the_container(
    settings: GradingSettings, tmp_path: Path
) -> None:
    full, shared, after = ask(
        settings,
        tmp_path,
        "open('big', 'wb').write(bytes(200 << 20))",
        "open('/dev/shm/big', 'wb').write(bytes(100 << 20))",
        "print('after')",
    )
    assert (errors(full), errors(shared)) == (["OSError"], ["OSError"])
    assert text(after) == "after\n"
    (later,) = ask(settings, tmp_path, "import os; os.listdir('/dev/shm') + os.listdir('.')")
    assert text(later) == "[]"


def test_output_without_end_is_cut(settings: GradingSettings, tmp_path: Path) -> None:
    first, second = ask(settings, tmp_path, "print('x' * (30 << 20))", "print('on')")
    assert 0 < len(text(first)) < 9 << 20
    assert text(second) == "on\n"


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("while True: pass", "cell_timeout"),
        ("import os; os._exit(1)", "kernel_died"),
        ("x = bytearray(3 << 30)", "out_of_memory"),
        ("import os\nwhile True:\n    os.fork()", "kernel_died"),
    ],
)
def test_a_runaway_is_the_students_result_and_the_cells_before_it_count(
    settings: GradingSettings, tmp_path: Path, source: str, verdict: str
) -> None:
    short = replace(settings, cell_timeout=5, timeout=60)
    execution = run_one(short, job(tmp_path, "print('before')", source, "3"), tmp_path)
    before, at, _ = cells(execution)
    assert execution.verdict in {verdict, "out_of_memory"}, execution.reason
    assert text(before) == "before\n"
    assert errors(at) != []


def test_the_whole_submissions_time_is_up(settings: GradingSettings, tmp_path: Path) -> None:
    short = replace(settings, cell_timeout=20, timeout=20)
    slow = ["import time", *["time.sleep(8)"] * 4]
    execution = run_one(short, job(tmp_path, *slow), tmp_path)
    assert execution.verdict == "timeout"
    assert [c.execution_count is None for c in cells(execution)] == [False] * 4 + [True]


def test_an_r_notebook_runs(settings: GradingSettings, tmp_path: Path) -> None:
    sources = ('x <- c(1, 2)\ncat("sum", sum(x))', 'stopifnot("two" == 2)')
    executor = DockerExecutor(settings, tmp_path)
    executor.check({"ir"})
    (execution,) = executor.run([job(tmp_path, *sources, kernel="ir")])
    first, second = cells(execution)
    assert text(first) == "sum 3"
    assert len(errors(second)) == 1


def test_many_submissions_come_back_each_once_whatever_their_order(
    settings: GradingSettings, tmp_path: Path, engine: Any
) -> None:
    jobs = [job(tmp_path, f"print({n})", student=str(n)) for n in range(6)]
    executor = DockerExecutor(settings, tmp_path)
    done = {e.job.student_id: text(cells(e)[0]) for e in executor.run(jobs)}
    assert done == {str(n): f"{n}\n" for n in range(6)}
    assert containers(engine, executor) == []


def test_containers_are_gone_when_a_run_is_given_up(
    settings: GradingSettings, tmp_path: Path, engine: Any
) -> None:
    executor = DockerExecutor(settings, tmp_path)
    jobs = [job(tmp_path, "1", student="fast"), job(tmp_path, "import time; time.sleep(60)")]
    run = executor.run(iter(jobs + jobs))
    assert next(iter(run)).job.student_id == "fast"
    run.close()  # type: ignore[attr-defined]
    assert containers(engine, executor) == []


KILLED = """
import sys
from pathlib import Path
from rudaux.executors.docker import DockerExecutor
from rudaux.config import GradingSettings
from tests.executors.notebooks import job
folder = Path(sys.argv[1])
settings = GradingSettings(image=sys.argv[2], jobs=1, memory="512m")
list(DockerExecutor(settings, folder).run([job(folder, "import time; time.sleep(500)")]))
"""


def test_the_next_run_sweeps_what_a_killed_one_left_and_nobody_elses(
    settings: GradingSettings, tmp_path: Path, engine: Any
) -> None:
    executor = DockerExecutor(settings, tmp_path)
    killed = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path), settings.image])
    until = time.monotonic() + 60
    while not containers(engine, executor) and time.monotonic() < until:
        time.sleep(0.1)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    other = engine.containers.create(
        settings.image, ["sleep", "60"], labels={LABEL: f"{executor.owner}/other"}
    )
    try:
        assert len(containers(engine, executor)) == 1
        executor.check({"python3"})
        assert containers(engine, executor) == []
        assert engine.containers.get(other.id).status == "created"
    finally:
        other.remove(force=True)


@contextmanager
def variant(engine: Any, image: str, *command: str, changes: str = "") -> Iterator[str]:
    """Make an image of what a command leaves of another one; gone afterwards, whatever happens.

    Each has a name of its own: another test run could take it, and leave this image nameless.
    """
    name = f"rudaux-test:{uuid4().hex}"
    base = engine.containers.create(image, [*command], user="root")
    try:
        base.start()
        base.wait()
        base.commit(name, changes=changes or None)
    finally:
        base.remove(force=True)
    try:
        yield name
    finally:
        engine.images.remove(name)


def test_a_volume_of_the_image_is_no_way_to_the_hosts_disk(
    settings: GradingSettings, tmp_path: Path, engine: Any
) -> None:
    changes = "VOLUME /data\nHEALTHCHECK CMD true"
    with variant(engine, settings.image, "true", changes=changes) as name:
        before = len(engine.volumes.list())
        (written,) = ask(replace(settings, image=name), tmp_path, "open('/data/x', 'w')")
        assert errors(written) != []
        assert len(engine.volumes.list()) == before


def check_fails(settings: GradingSettings, tmp_path: Path, *kernels: str) -> str:
    with pytest.raises(ExecutorFailure) as failure:
        DockerExecutor(settings, tmp_path).check(kernels)
    return str(failure.value)


def test_a_kernel_that_the_image_lacks_is_named_with_those_it_has(
    settings: GradingSettings, tmp_path: Path
) -> None:
    said = check_fails(settings, tmp_path, "python3", "julia-1.10")
    assert 'lacks the kernel "julia-1.10"' in said
    assert "ir, python3" in said


def test_an_image_without_nbclient_or_python_says_so(
    settings: GradingSettings, tmp_path: Path, engine: Any
) -> None:
    with variant(engine, settings.image, "rm", "-rf", *BARE) as bare:
        assert "lacks the package nbclient" in check_fails(replace(settings, image=bare), tmp_path)
    empty = f"rudaux-test:{uuid4().hex}"
    engine.api.import_image_from_data(EMPTY_TAR, *empty.split(":"))
    try:
        said = check_fails(replace(settings, image=empty), tmp_path)
        assert "cannot run Python" in said
        assert "nbclient" in said
    finally:
        engine.images.remove(empty)


BARE = ("/usr/local/lib/python3.11/dist-packages/nbclient",)
EMPTY_TAR = bytes(10240)


def test_an_image_that_is_not_there_is_named_with_the_way_to_get_it(
    settings: GradingSettings, tmp_path: Path
) -> None:
    missing = replace(settings, image="rudaux-test:no-such-image")
    assert "docker pull rudaux-test:no-such-image" in check_fails(missing, tmp_path)


def test_an_engine_that_does_not_answer_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    said = check_fails(GradingSettings(), tmp_path)
    assert "Docker does not answer" in said
    assert "DOCKER_HOST" in said


def test_an_engine_that_goes_down_stops_the_run_and_scores_nobody(
    settings: GradingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Any
) -> None:
    link = Link(tmp_path / "docker.sock", Path("/var/run/docker.sock"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{link.path}")
    executor = DockerExecutor(replace(settings, jobs=1), tmp_path)
    with link:
        run = iter(executor.run(job(tmp_path, "1", student=str(n)) for n in range(5)))
        assert next(run).verdict == "ok"
        link.cut()
        with pytest.raises(ExecutorFailure, match="Docker"):
            list(run)
    monkeypatch.delenv("DOCKER_HOST")
    again = DockerExecutor(settings, tmp_path)
    # What the cut requests began, the engine may still be ending.
    until = time.monotonic() + 60
    while time.monotonic() < until:
        again.check({"python3"})
        if not containers(engine, again):
            break
    assert containers(engine, again) == []


def test_a_notebook_is_not_readable_ahead_of_its_cells(
    settings: GradingSettings, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    later = notebook("1", HIDDEN)
    one = Job(
        "homework", "io", {NAME: notebook(ahead("/tmp"), HIDDEN), "zweitens.ipynb": later}, folder
    )
    assert text(cells(run_one(settings, one, tmp_path))[0]) == "[]\n"


def test_files_that_do_not_fit_are_said_so_at_once(
    settings: GradingSettings, tmp_path: Path
) -> None:
    large = job(tmp_path, "1")
    with (large.folder / "movie.bin").open("wb") as file:
        file.truncate(40 << 20)
    execution = run_one(replace(settings, scratch="32m"), large, tmp_path)
    assert execution.verdict == "failed"
    assert "its files take 40 MB, and grading.scratch allows 32 MB" in execution.reason


def test_a_container_that_takes_nothing_is_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(container, "_STALLED", 1.0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sink = container._Sink(ours, Event())
        with pytest.raises(TimeoutError, match="did not read its files"):
            sink.write(bytes(50 << 20))


def test_no_more_run_at_a_time_than_fit_into_memory(settings: GradingSettings) -> None:
    assert DockerExecutor(replace(settings, jobs=0, memory="65536g"), Path()).width == 1
    assert DockerExecutor(replace(settings, jobs=3, memory="65536g"), Path()).width == 3


def test_libraries_start_no_thread_for_each_core_of_the_host(
    settings: GradingSettings, tmp_path: Path
) -> None:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    look = f"import os\nprint([os.environ[name] for name in {names}])"
    execution = run_one(settings, job(tmp_path, look), tmp_path)
    assert text(cells(execution)[0]) == "['1', '1', '1']\n"


def built(engine: Any, base: str) -> Any:
    """Build the image of the Dockerfile, in layers that no other test run shares."""
    folder = Path(__file__).parents[3] / "docker"
    image, _ = engine.images.build(
        path=str(folder), buildargs={"BASE_IMAGE": base}, nocache=True, rm=True, forcerm=True
    )
    return image


def test_the_dockerfile_makes_an_image_that_grades(
    settings: GradingSettings, tmp_path: Path, engine: Any
) -> None:
    image = built(engine, settings.image)
    layers = [layer["Id"] for layer in image.history()]
    mine = set(layers[: layers.index(engine.images.get(settings.image).id)])
    try:
        ours = replace(settings, image=image.id)
        DockerExecutor(ours, tmp_path).check({"python3"})
        assert text(ask(ours, tmp_path, "6 * 7")[0]) == "42"
    finally:
        engine.images.remove(image.id, force=True)
    assert len(mine) > 1
    assert not mine & {c["ImageID"] for c in engine.api.containers(all=True)}
    assert not mine & {left["Id"] for left in engine.api.images(all=True)}
