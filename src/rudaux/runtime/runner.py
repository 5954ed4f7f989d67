"""Run one notebook's cells in a kernel, and report each as a JSON line.

The runner holds nbclient's ZeroMQ sockets and threads, so that the supervisor, which forks and
kills, needs none. What it reports is data: nothing from a kernel is ever unpickled.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.notebooknode import NotebookNode

from rudaux.runtime import limits as bounds
from rudaux.runtime.forked import ForkedKernel
from rudaux.runtime.limits import Limits, confine
from rudaux.runtime.lines import Writer
from rudaux.runtime.session import TOO_LONG, BoundedSession

_SPARE = 1 << 20
"""Bytes beyond the limits for what test cells publish when they end."""
_TIMED_OUT = {
    "ename": "CellTimeoutError",
    "evalue": "",
    "traceback": ["\x1b[0;31mCellTimeoutError\x1b[0m: No reply from kernel before timeout"],
}
_DIED = {
    "ename": "DeadKernelError",
    "evalue": "",
    "traceback": ["\x1b[0;31mDeadKernelError\x1b[0m: The kernel died while running this cell"],
}


class Runner(NotebookClient):  # type: ignore[misc]
    """An nbclient that limits outputs and reports each cell as soon as it has ended."""

    def __init__(
        self,
        nb: NotebookNode,
        km: AsyncKernelManager | None,
        report: Writer,
        spared: str,
        **kw: Any,
    ):
        super().__init__(nb, km=km, **kw)
        self.report = report
        self.spared = spared
        self.verdict = "ok"
        self.reason = ""
        self.used = 0
        self.used_before = 0
        self.heard_all = True

    async def async_execute_cell(
        self, cell: NotebookNode, cell_index: int, *args: Any, **kw: Any
    ) -> NotebookNode:
        """Run a cell and report it, even if the kernel died over it."""
        if cell.cell_type != "code" or not cell.source.strip():
            return cell
        self.report(start=cell_index)
        started = time.monotonic()
        self.used_before, self.raise_on_iopub_timeout, self.heard_all = self.used, False, False
        try:
            await super().async_execute_cell(cell, cell_index, *args, **kw)
            if not self.heard_all:
                cell.outputs.append(NotebookNode(output_type="stream", **_shortened({}, 0)))
            return cell
        except DeadKernelError:
            self._lost(cell, "kernel_died", f"the kernel died in cell {cell_index + 1}", _DIED)
            raise
        except CellTimeoutError:
            reason = f"cell {cell_index + 1} exceeded the cell timeout and ignored the interrupt"
            self._lost(cell, "cell_timeout", reason, _TIMED_OUT)
            raise
        finally:
            if not cell.get("execution_count"):
                cell["execution_count"] = self.code_cells_executed
            self._notice_memory(cell, cell_index)
            seconds = round(time.monotonic() - started, 3)
            self.report(cell=[cell_index, cell.execution_count, cell.outputs, seconds])

    def _lost(
        self, cell: NotebookNode, verdict: str, reason: str, error: Mapping[str, Any]
    ) -> None:
        self.verdict, self.reason = verdict, reason
        cell.outputs.append(NotebookNode(output_type="error", **error))

    def _notice_memory(self, cell: NotebookNode, index: int) -> None:
        errors = (o.get("ename") for o in cell.outputs if o.output_type == "error")
        if self.verdict == "ok" and "MemoryError" in errors:
            self.verdict, self.reason = "out_of_memory", f"cell {index + 1} ran out of memory"

    async def _async_handle_timeout(
        self, timeout: int, cell: NotebookNode | None = None
    ) -> dict[str, Any] | None:
        # From here on, a kernel that goes on sending output ignores interrupts.
        self.raise_on_iopub_timeout = True
        if self.verdict == "ok":
            self.verdict = "cell_timeout"
            self.reason = f"cell {self.nb.cells.index(cell) + 1} exceeded the cell timeout"
        reply: dict[str, Any] | None = await super()._async_handle_timeout(timeout, cell)
        return reply

    async def _async_poll_output_msg(self, *args: Any) -> None:
        # A kernel drops messages that are not read in time, even the one that a cell has ended.
        await super()._async_poll_output_msg(*args)
        self.heard_all = True

    def output(self, outs: list[Any], msg: Any, display_id: Any, cell_index: int) -> Any:
        """Keep an output if there is room for it, or else note once that there was not."""
        size = len(json.dumps(msg["content"]))
        # However much a cell has printed, there is room for the mark that it has ended.
        spare = _SPARE if self.spared in msg["content"].get("data", ()) else 0
        most, most_of_all = bounds.OUTPUT_OF_CELL + spare, bounds.OUTPUT_OF_SUBMISSION + spare
        full = self.used - self.used_before > most
        if msg["msg_type"] != "error" and (full or self.used + size > most_of_all):
            return None
        room = most - (self.used - self.used_before)
        self.used += size
        if size > room:
            msg = {**msg, "msg_type": "stream", "content": _shortened(msg, room)}
            msg["header"] = {**msg["header"], "msg_type": "stream"}
            display_id = None
        return super().output(outs, msg, display_id, cell_index)


def _shortened(msg: Mapping[str, Any], room: int) -> dict[str, Any]:
    content = msg.get("content", {})
    text = str(content.get("text", ""))[: max(0, room // 4)]
    return {"name": content.get("name", "stderr"), "text": text + TOO_LONG}


def run_notebook(
    text: str,
    name: str,
    forked: tuple[int, Path] | None,
    limits: Limits,
    pipe: int,
) -> None:
    """Run a notebook in the current folder; the last line of the report is its verdict."""
    report = Writer(pipe)
    notebook = nbformat.v4.reads(text)  # checked by the host
    session = BoundedSession()
    if forked:
        manager = ForkedKernel(*forked, session)
    else:
        manager = AsyncKernelManager(kernel_name=name, session=session)
    runner = Runner(
        notebook,
        manager,
        report,
        limits.spared,
        timeout=limits.cell_timeout,
        interrupt_on_timeout=True,
        error_on_timeout=_TIMED_OUT,
        allow_errors=True,
        store_widget_state=False,
        record_timing=False,
        skip_cells_with_tag="",
        on_cell_executed=_keep_reply_error,
    )
    try:
        asyncio.run(_run(runner, forked, limits))
    except (DeadKernelError, CellTimeoutError):
        if runner.verdict == "ok":
            runner.verdict, runner.reason = "failed", "the kernel died before the first cell"
    except Exception as error:
        why = f"the kernel did not start ({type(error).__name__}: {error})"
        runner.verdict, runner.reason = "failed", why
    report(verdict=runner.verdict, reason=runner.reason)


async def _run(runner: Runner, forked: tuple[int, Path] | None, limits: Limits) -> None:
    if isinstance(runner.km, ForkedKernel):
        await runner.km.listening()
    await runner.async_execute(preexec_fn=None if forked else partial(confine, limits))


def _keep_reply_error(
    cell: NotebookNode, cell_index: int, execute_reply: Mapping[str, Any]
) -> None:
    """Record an error that the kernel replied with but did not display.

    nbgrader does the same (nbgrader/preprocessors/execute.py): a cell without an error output is a
    passed test, and one whose traceback was suppressed must not look like it.
    """
    content = execute_reply["content"]
    if content["status"] != "error":
        return
    shown = (o.ename for o in cell.outputs if o.output_type == "error")
    if content["ename"] in shown:
        return
    error = NotebookNode(output_type="error", ename=content["ename"], evalue=content["evalue"])
    error.traceback = content["traceback"] or [
        "ERROR: An error occurred while showtraceback was disabled"
    ]
    cell.outputs.append(error)
