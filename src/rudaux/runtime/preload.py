"""Import once what the notebooks of an assignment import, so that each fork has it already."""

from __future__ import annotations

import importlib
import importlib.util
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

_BUDGET = 30.0
"""Seconds for all modules; notebooks import by themselves what is left then."""
_MATPLOTLIB = "module://matplotlib_inline.backend_inline"


def import_for_notebooks(names: Sequence[str] = (), tried: bool = False) -> str:
    """Import modules; return what prevents it, if anything does.

    With `tried`, a module that fails, starts threads or takes too long is left out instead.
    """
    # A kernel would have set it before matplotlib is imported, which reads it then.
    if importlib.util.find_spec("matplotlib_inline"):
        os.environ.setdefault("MPLBACKEND", _MATPLOTLIB)
    _replace_debugger()
    until = time.monotonic() + _BUDGET
    for name in names:
        if tried and not (name in sys.modules or _goes_well(name, until)):
            continue
        try:
            importlib.import_module(name)
        except Exception as error:
            return (
                f"grading.preload names {name}, which cannot be imported ({error}): install it, or "
                "remove it from the list"
            )
        if _threads() > 1:
            return (
                f"grading.preload names {name}, which starts threads that a fork would not have: "
                "remove it from the list"
            )
    return ""


def _replace_debugger() -> None:
    """Give `pdb` IPython's debugger, as a kernel does: doctest keeps the one that it finds."""
    with suppress(ImportError, AttributeError):
        pdb: Any = importlib.import_module("pdb")
        debugger: Any = importlib.import_module("IPython.core.debugger")
        debugger.Pdb = pdb.Pdb = debugger.InterruptiblePdb
        pdb.set_trace = debugger.set_trace


def _goes_well(name: str, until: float) -> bool:
    """Try to import a module in a process of its own; return whether that went well."""
    if time.monotonic() > until:
        return False
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setpgid(0, 0)
            with suppress(ModuleNotFoundError):
                importlib.import_module(name)
                status = 0 if _threads() == 1 else 1
        finally:
            os._exit(status)
    os.close(writer)
    ended, _, _ = select.select([reader], [], [], max(0.0, until - time.monotonic()))
    os.close(reader)
    if not ended:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1] == 0 and bool(ended)


def renew_chance() -> None:
    """Seed NumPy's old random generator afresh: every fork would draw the same numbers."""
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - threads of C code, too
    except FileNotFoundError:
        return threading.active_count()
