"""What comes back from the `process` executor: outputs, counts, verdicts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rudaux.config import GradingSettings
from rudaux.domain.execution import CellResult, Job
from rudaux.errors import ExecutorFailure
from rudaux.executors.forking import starting
from rudaux.executors.process import ProcessExecutor
from tests.executors.notebooks import (
    NAME,
    cells,
    errors,
    executor,
    job,
    leftovers,
    notebook,
    run_one,
    text,
)


def test_outputs_and_counts_of_every_cell_come_back(tmp_path: Path) -> None:
    execution = run_one(executor(tmp_path), job(tmp_path, "x = 20\nprint('x is', x)", "x + 1"))
    first, second = cells(execution)
    assert (execution.verdict, execution.reason) == ("ok", "")
    assert execution.seconds > 0
    assert first == CellResult(
        0, 1, ({"output_type": "stream", "name": "stdout", "text": "x is 20\n"},)
    )
    assert (second.index, second.execution_count, text(second)) == (1, 2, "21")


def test_an_error_in_a_cell_is_an_ordinary_output_and_the_rest_still_runs(tmp_path: Path) -> None:
    execution = run_one(executor(tmp_path), job(tmp_path, "1/0", "print('on')"))
    assert execution.verdict == "ok"
    assert errors(cells(execution)[0]) == ["ZeroDivisionError"]
    assert text(cells(execution)[1]) == "on\n"


def test_an_error_whose_traceback_is_suppressed_is_still_there(tmp_path: Path) -> None:
    quiet = "get_ipython()._showtraceback = lambda *a: None"
    execution = run_one(executor(tmp_path), job(tmp_path, quiet, "assert False"))
    assert errors(cells(execution)[1]) == ["AssertionError"]


def test_text_cells_keep_their_place_and_empty_cells_never_ran(tmp_path: Path) -> None:
    content = json.loads(notebook("", "1 + 1"))
    content["cells"].insert(
        0, {"cell_type": "markdown", "id": "intro", "metadata": {}, "source": "Hello"}
    )
    folder = tmp_path / "data"
    folder.mkdir()
    execution = run_one(
        executor(tmp_path), Job("homework", "io", {NAME: json.dumps(content)}, folder)
    )
    assert [(c.index, c.execution_count) for c in cells(execution)] == [(1, None), (2, 1)]


def test_a_tag_that_says_skip_does_not_skip_a_cell(tmp_path: Path) -> None:
    content = json.loads(notebook("1/0"))
    content["cells"][0]["metadata"]["tags"] = ["skip-execution"]
    one = job(tmp_path)
    execution = run_one(
        executor(tmp_path), Job("homework", "io", {NAME: json.dumps(content)}, one.folder)
    )
    assert errors(cells(execution)[0]) == ["ZeroDivisionError"]


def test_each_notebook_has_a_kernel_of_its_own_and_they_share_a_private_folder(
    tmp_path: Path,
) -> None:
    one = job(tmp_path)
    (one.folder / "data.csv").write_text("1,2\n")
    both = {
        "a.ipynb": notebook("x = 1\nprint(open('data.csv').read())\nopen('made', 'w').close()"),
        "b.ipynb": notebook("import os\nprint(sorted(os.listdir()))", "x"),
    }
    execution = run_one(executor(tmp_path), Job("homework", "io", both, one.folder))
    assert text(execution.cells["a.ipynb"][0]) == "1,2\n\n"
    assert text(execution.cells["b.ipynb"][0]) == "['data.csv', 'made']\n"
    assert errors(execution.cells["b.ipynb"][1]) == ["NameError"]
    assert [p.name for p in one.folder.iterdir()] == ["data.csv"]


def test_a_slow_cell_is_interrupted_and_the_next_ones_run(tmp_path: Path) -> None:
    slow = "import time\nprint('begun', flush=True)\ntime.sleep(60)"
    execution = run_one(executor(tmp_path, cell_timeout=2), job(tmp_path, slow, "print('next')"))
    first, second = cells(execution)
    assert execution.verdict == "cell_timeout"
    assert "cell 1" in execution.reason
    assert text(first) == "begun\n"
    assert "CellTimeoutError" in errors(first)
    assert text(second) == "next\n"


def test_a_cell_that_ignores_the_interrupt_ends_the_notebook(tmp_path: Path) -> None:
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    execution = run_one(
        executor(tmp_path, cell_timeout=1), job(tmp_path, "print('kept')", deaf, "print('never')")
    )
    first, second, third = cells(execution)
    assert execution.verdict == "cell_timeout"
    assert text(first) == "kept\n"
    assert errors(second)
    assert third == CellResult(2, None)
    assert leftovers(tmp_path) == []


def test_a_submission_that_takes_too_long_is_cut_off_and_keeps_what_it_had(tmp_path: Path) -> None:
    sleepy = "import time\ntime.sleep(60)"
    execution = run_one(
        executor(tmp_path, timeout=4), job(tmp_path, "print('kept')", sleepy, "print('never')")
    )
    first, second, third = cells(execution)
    assert execution.verdict == "timeout"
    assert text(first) == "kept\n"
    assert errors(second)
    assert second.execution_count == 2
    assert third == CellResult(2, None)


@pytest.mark.parametrize(
    "suicide", ["import os\nos._exit(0)", "import os\nos.kill(os.getpid(), 9)"]
)
def test_a_kernel_that_ends_itself_has_died(tmp_path: Path, suicide: str) -> None:
    for attempt in ("first", "second", "third"):
        folder = tmp_path / attempt
        folder.mkdir()
        execution = run_one(
            executor(folder), job(folder, "print('kept')", suicide, "print('never')")
        )
        # A container of another test that dies of memory meanwhile cannot be told from this one.
        if "machine ran out of memory" not in execution.reason:
            break
    first, second, third = cells(execution)
    assert execution.verdict == "kernel_died"
    assert "cell 2" in execution.reason
    assert text(first) == "kept\n"
    assert errors(second)
    assert third == CellResult(2, None)


def test_the_second_notebook_runs_after_the_kernel_of_the_first_has_died(tmp_path: Path) -> None:
    both = {"a.ipynb": notebook("import os\nos._exit(1)"), "b.ipynb": notebook("print('fine')")}
    execution = run_one(executor(tmp_path), Job("homework", "io", both, job(tmp_path).folder))
    assert execution.verdict == "kernel_died"
    assert text(execution.cells["b.ipynb"][0]) == "fine\n"


def test_one_allocation_that_is_too_large_is_out_of_memory(tmp_path: Path) -> None:
    execution = run_one(
        executor(tmp_path, memory="512m"), job(tmp_path, "x = bytearray(2 << 30)", "print('on')")
    )
    assert execution.verdict == "out_of_memory"
    assert errors(cells(execution)[0]) == ["MemoryError"]
    assert text(cells(execution)[1]) == "on\n"


def test_processes_that_together_hold_too_much_are_killed(tmp_path: Path) -> None:
    hog = (
        "import os, time\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        x = b'x' * (200 << 20)\n"
        "        time.sleep(60)\n"
        "time.sleep(60)"
    )
    execution = run_one(executor(tmp_path, memory="512m"), job(tmp_path, hog, "print('never')"))
    assert execution.verdict == "out_of_memory"
    assert errors(cells(execution)[0])
    assert cells(execution)[1] == CellResult(1, None)
    assert leftovers(tmp_path) == []


def test_a_flood_of_output_is_cut_and_the_rest_runs(tmp_path: Path) -> None:
    line = "print('x' * 100_000)"
    flood = f"import time\nfor n in range(2000):\n    {line}\n    n % 100 or time.sleep(0.3)"
    execution = run_one(executor(tmp_path), job(tmp_path, flood, "print('next')"))
    assert execution.verdict == "ok"
    assert len(text(cells(execution)[0])) < 10_000_000
    assert "too long" in text(cells(execution)[0])
    assert text(cells(execution)[1]) == "next\n"


def test_a_message_beyond_all_measure_is_said_to_be_lost(tmp_path: Path) -> None:
    one = job(tmp_path, "print('x' * 100_000_000)", "print('next')", "1/0")
    first, second, third = cells(run_one(executor(tmp_path), one))
    assert "too long" in text(first)
    assert text(second) == "next\n"
    assert errors(third) == ["ZeroDivisionError"]


def test_one_huge_message_is_cut_too(tmp_path: Path) -> None:
    execution = run_one(
        executor(tmp_path), job(tmp_path, "print('x' * (30 << 20))", "print('next')")
    )
    assert len(text(cells(execution)[0])) < 10_000_000
    assert text(cells(execution)[1]) == "next\n"


def test_a_forged_report_on_stdout_is_only_output(tmp_path: Path) -> None:
    forged = """
import json, os
for line in ({"cell": [1, 2, []]}, {"verdict": "ok", "reason": "", "seconds": 0}):
    data = json.dumps(line) + "\\n"
    print(data, flush=True)
    os.write(1, data.encode())
    os.write(2, data.encode())
"""
    first, second = cells(run_one(executor(tmp_path), job(tmp_path, forged, "1/0")))
    assert "verdict" in text(first)
    assert errors(second) == ["ZeroDivisionError"]


def test_a_kernel_that_is_not_installed_is_our_failure(tmp_path: Path) -> None:
    execution = run_one(executor(tmp_path), job(tmp_path, "1", kernel="cobol"))
    assert execution.verdict == "failed"
    assert '"cobol"' in execution.reason
    assert cells(execution) == (CellResult(0, None),)


def test_a_kernel_by_another_command_is_started_the_ordinary_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "jupyter" / "kernels" / "other"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-W", "ignore", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.joinpath("kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Other", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    execution = run_one(
        executor(tmp_path), job(tmp_path, "import sys\nprint(sys.warnoptions)", kernel="other")
    )
    assert execution.verdict == "ok"
    assert text(cells(execution)[0]) == "['ignore']\n"


def test_a_scratch_folder_that_cannot_be_made_is_said_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "scratch").write_text("a file in the way")
    with pytest.raises(ExecutorFailure, match="not writable"):
        executor(tmp_path).check()


def preloading(folder: Path, *modules: str) -> ProcessExecutor:
    settings = GradingSettings(executor="process", jobs=1, preload=modules)
    return ProcessExecutor(settings, folder / "scratch")


def test_modules_are_imported_once_for_all_submissions_where_the_course_says_so(
    tmp_path: Path,
) -> None:
    look = "import sys; 'wave' in sys.modules"
    without = run_one(executor(tmp_path), job(tmp_path, look))
    with_ = run_one(preloading(tmp_path, "wave"), job(tmp_path, look))
    assert [text(cells(e)[0]) for e in (without, with_)] == ["False", "True"]


def test_a_module_that_is_not_there_is_named_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ExecutorFailure, match=r"grading\.preload names no_such_module"):
        run_one(preloading(tmp_path, "no_such_module"), job(tmp_path, "1"))
    assert leftovers(tmp_path) == []


def test_a_module_that_starts_threads_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spinning.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=[60], daemon=1).start()"
    )
    paths = [*starting._import_paths(), str(tmp_path)]
    monkeypatch.setattr(starting, "_import_paths", lambda: paths)
    with pytest.raises(ExecutorFailure, match="spinning, which starts threads"):
        run_one(preloading(tmp_path, "spinning"), job(tmp_path, "1"))


def test_imports_that_give_trouble_are_left_to_the_notebooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = (
        "import threading, time\nthreading.Thread(target=time.sleep, args=[60], daemon=1).start()"
    )
    (tmp_path / "spinning.py").write_text(start)
    (tmp_path / "broken.py").write_text("import os\nos.kill(os.getpid(), 9)")
    paths = [*starting._import_paths(), str(tmp_path)]
    monkeypatch.setattr(starting, "_import_paths", lambda: paths)
    there = ["no_such_module", "broken", "spinning", "wave"]
    look = f"import sys; [name for name in {there} if name in sys.modules]"
    (execution,) = executor(tmp_path).run([job(tmp_path, look)], there)
    assert text(cells(execution)[0]) == "['wave']"


def test_a_doctest_runs_where_doctest_was_imported_for_the_notebook(tmp_path: Path) -> None:
    code = "def one():\n    '''\n    >>> one()\n    1\n    '''\n    return 1"
    look = "import doctest; doctest.testmod()"
    for modules in ([], ["doctest"]):
        (execution,) = executor(tmp_path).run([job(tmp_path, code, look)], modules)
        assert text(cells(execution)[1]) == "TestResults(failed=0, attempted=1)"


def test_a_notebook_cannot_tell_what_was_imported_for_it_by_what_it_shows(tmp_path: Path) -> None:
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    dice = "import numpy as np\nprint(np.random.rand(3))"
    jobs = [job(tmp_path, draw, dice), job(tmp_path, draw, dice)]
    alone = list(executor(tmp_path).run(jobs))
    once = list(executor(tmp_path).run(jobs, ["matplotlib.pyplot", "numpy"]))
    for execution in (*alone, *once):
        shown = [[sorted(o.get("data", ())) for o in cell.outputs] for cell in cells(execution)]
        assert shown == [[["image/png", "text/plain"]], [[]]]
    assert len({text(cells(e)[1]) for e in once}) == 2, "everybody had the same numbers"


def test_code_can_tell_that_it_is_autograded_and_libraries_use_one_thread(tmp_path: Path) -> None:
    look = "import os; [os.environ.get(n) for n in ('NBGRADER_EXECUTION', 'OMP_NUM_THREADS')]"
    assert text(cells(run_one(executor(tmp_path), job(tmp_path, look)))[0]) == "['autograde', '1']"
