"""A run that records what the notebooks use: one cell before all others, one after them.

Audit hooks see every file that is opened and every host that is called, even if that fails or the
error is caught. https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rudaux.domain.execution import Execution, Job

_SIGN = "rudaux-watched "
_PYTHON = re.compile(r"^(python|ipython|xpython)", re.IGNORECASE)
_BEGIN = """\
def _rudaux_begin():
    import json, os, sys
    running = [1]
    seen = {"opened": {}, "reached": {}, "peaks": {}}
    here = os.path.realpath(os.getcwd())
    known = [here, os.environ.get("HOME") or here, os.environ.get("TMPDIR") or here]
    known += [sys.prefix, sys.base_prefix, *(p for p in sys.path if p)]
    known += ["/usr", "/lib", "/proc", "/sys", "/dev", "/etc", "/run", "/var/cache"]
    known = tuple(os.path.realpath(p) for p in known if os.path.realpath(p) != os.sep)

    def note(kind, what):
        if len(seen[kind]) < 200:
            seen[kind].setdefault(what, running[0])

    def hook(event, args):
        try:
            if event == "open" and isinstance(args[0], (str, bytes)):
                path = os.path.abspath(os.fsdecode(args[0]))
                if not any(path == k or path.startswith(k + os.sep) for k in known):
                    note("opened", path)
            elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
                note("reached", str(args[0]))
            elif event == "socket.connect" and isinstance(args[1], tuple):
                note("reached", str(args[1][0]))
        except Exception:
            pass

    def after(result):
        running[0] = (result.execution_count or running[0]) + 1
        try:
            import resource
            used = max(resource.getrusage(who).ru_maxrss for who in (0, -1))
            seen["peaks"][result.execution_count] = used * (1 if sys.platform == "darwin" else 1024)
        except Exception:
            pass

    sys.addaudithook(hook)
    get_ipython().events.register("post_run_cell", after)
    sys._rudaux_seen = lambda: json.dumps(seen)


_rudaux_begin()
del _rudaux_begin"""
_END = f'print("{_SIGN}" + __import__("sys")._rudaux_seen())'
_OWN = frozenset({"", "None", "localhost", "::1", "0.0.0.0"})  # noqa: S104 - nothing is bound


@dataclass(frozen=True)
class Reached:
    """A file that was opened outside the working folder, or a host that was called."""

    cell: str
    what: str


@dataclass(frozen=True)
class Peak:
    """The most memory (bytes) that a kernel had used by the end of a cell."""

    cell: str
    bytes: int


@dataclass(frozen=True)
class Watched:
    """What was seen in notebooks whose kernel is Python."""

    files: tuple[Reached, ...] = ()
    hosts: tuple[Reached, ...] = ()
    peaks: tuple[Peak, ...] = ()


def watching(job: Job) -> Job:
    """Return the job with its Python notebooks under watch; its scores do not count."""
    notebooks = {name: _framed(text) for name, text in job.notebooks.items()}
    return replace(job, notebooks=notebooks, sealed={})


def observed(execution: Execution) -> Watched:
    """Read what was seen in a watched job; a notebook that did not finish shows nothing."""
    files: list[Reached] = []
    hosts: list[Reached] = []
    peaks: list[Peak] = []
    for name in execution.job.notebooks:
        said = _said(execution, name)
        if said is None:
            continue
        cells = _cells(execution, name)
        for where, what in said["peaks"].items():
            if where in cells:
                peaks.append(Peak(cells[where], int(what)))
        files += [Reached(cells.get(str(w), ""), f) for f, w in said["opened"].items()]
        hosts += [
            Reached(cells.get(str(where), ""), host)
            for host, where in said["reached"].items()
            if host not in _OWN and not host.startswith("127.")
        ]
    return Watched(tuple(files), tuple(hosts), tuple(peaks))


def cell_name(cell: Mapping[str, Any], number: int) -> str:
    """Return a cell's grade id, or else its number in the notebook, from 1 on."""
    grade_id = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
    return str(grade_id or f"cell {number}")


def _framed(text: str) -> str:
    notebook = json.loads(text)
    spec = notebook.get("metadata", {}).get("kernelspec", {})
    if not _PYTHON.match(str(spec.get("language") or spec.get("name") or "python")):
        return text
    named = notebook.get("nbformat_minor", 0) >= 5
    own = [_cell(name, source, named) for name, source in (("begin", _BEGIN), ("end", _END))]
    notebook["cells"] = [own[0], *notebook["cells"], own[1]]
    return json.dumps(notebook)


def _cell(name: str, source: str, named: bool) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": []}
    cell |= {"execution_count": None, "source": source}
    return {**cell, "id": f"rudaux-{name}"} if named else cell


def _said(execution: Execution, name: str) -> dict[str, Any] | None:
    results = execution.cells.get(name, ())
    for output in results[-1].outputs if results else ():
        text = output.get("text", "")
        text = "".join(text) if isinstance(text, list) else str(text)
        if text.startswith(_SIGN):
            try:
                found: dict[str, Any] = json.loads(text.removeprefix(_SIGN).splitlines()[0])
            except ValueError:
                return None
            return found
    return None


def _cells(execution: Execution, name: str) -> dict[str, str]:
    """Return the cells' names by their execution count; the first cell of all is ours."""
    cells = json.loads(execution.job.notebooks[name])["cells"]
    return {
        str(result.execution_count): cell_name(cells[result.index], result.index)
        for result in execution.cells.get(name, ())
        if 0 < result.index < len(cells) - 1
    }
