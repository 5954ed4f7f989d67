"""Which ways of looking into a running test are noted in a notebook, and how far each may go.

An answer may look at its own frame, and at its callers in the notebook: how many frames out the
notebook's own cells go is read from their text. What the source's solution does is not noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from nbgrader.utils import is_grade, is_locked, is_solution

from rudaux.adapters.nbgrader.grading.watch import ANYWHERE, EVENTS, SHOWING

_OWN = (
    *("inspect.currentframe", "traceback.tb_frame", "generator.gi_frame"),
    *("coroutine.cr_frame", "async_generator.ag_frame", "traceback.walk_stack"),
)
_FRAMES = re.compile(
    r"\binspect\b|_getframe|_current_|f_back|f_code|(extract|format|walk)_stack|(tb|gi|cr|ag)_frame"
)
_OTHERS = re.compile(r"\b(gc|ctypes|settrace|setprofile|monitoring|addaudithook)\b")
_NAME = r"\.f_code\.co_(?:name|qualname|filename|firstlineno)\b"
"""Who calls, and where: it says nothing of the right answers."""
_GETFRAME = re.compile(rf"_getframe\(\s*(\d*)\s*(\)?)({_NAME}|\.f_lineno\b)?")
_STACK = re.compile(
    r"(?:\b(len)\(\s*)?(?:\w+\.)?\bstack\((?:context=)?[01]?\)"
    r"(?:\[(\d+)\](\.(?:function|lineno|filename)\b|\[[123]\])?)?"
)
_LINES = r"(?:\w+\.)?\b(?:extract|format)_stack\((?:None|limit=|[\d, ])*\)"
_SHOWN = re.compile(
    rf"(\bprint\((?:''|\"\")\.join\({_LINES}\)\))"
    rf"|{_LINES}(?:\[(-?\d+)\](\.(?:name|lineno|filename)\b|\[[012]\])?)?"
    r"|(?<!import )(?:extract|format)_stack|_stack as\b"
)
_MINE = r"(?:currentframe|_getframe)\(\)"
_LOOP = re.compile(r"\b(for|while|walk_stack)\b")


def looks(notebook: Any, solution: str) -> dict[str, Any]:
    """Return what the kernel must know to watch a notebook's own cells; see `watch.Watched`."""
    own, locked = list[str](), list[str]()
    for cell in notebook.cells:
        if cell.cell_type == "code" and (is_solution(cell) or not is_locked(cell)):
            own.append(cell.source)
        elif cell.cell_type == "code" and not is_grade(cell) and _ways(cell.source):
            locked.append(cell.source)
    return {"reach": _reach(own, _ways(solution)), "locked": locked}


def solved(notebook: Any) -> str:
    """Return the text of the solution cells of an instructor's notebook."""
    return "\n".join(c.source for c in notebook.cells if c.cell_type == "code" and is_solution(c))


def _ways(text: str) -> set[str]:
    """Return in which ways a text looks into running code."""
    return {found[0] for found in _OTHERS.finditer(text)} | {"f" for _ in _FRAMES.findall(text)}


def _reach(own: Sequence[str], solution: set[str]) -> dict[str, int]:
    """Return how many frames out each way of looking gets, where it is not as for a blank text."""
    text, back = "\n".join(own), _back(own)
    found = dict.fromkeys(_OWN, back) if back else {}
    if "_getframe" in text:
        found["sys._getframe"] = back + max(_steps(text), default=ANYWHERE)
    if "stack" in text:
        found["inspect.stack"] = back + max(_indices(text), default=ANYWHERE)
    if "extract_stack" in text or "format_stack" in text:
        shown = max(_lines(text), default=ANYWHERE)
        found |= {"traceback.extract_stack": shown, "traceback.format_stack": shown}
    if "f_code" in text and not re.search(r"f_code|\bco_", re.sub(_NAME, "", text)):
        found["frame.f_code"] = 0
    if "co_consts" in text:
        found["function.__code__"] = ANYWHERE
    names = (*EVENTS, *SHOWING, *found, "inspect.stack") if solution else ()
    return found | {name: 0 for name in names if (_ways(name) or {"f"}) & solution}


def _steps(text: str) -> Iterator[int]:
    for number, end, named in _GETFRAME.findall(text):
        yield 0 if named else int(number or 0) if end else ANYWHERE


def _indices(text: str) -> Iterator[int]:
    """Yield which of the frames that `inspect.stack` returns are used; `len` uses none."""
    for counted, index, named in _STACK.findall(text):
        yield 0 if counted or named else int(index) if index else ANYWHERE


def _lines(text: str) -> Iterator[int]:
    """Yield the same for what `traceback` returns, innermost last, and 0 if it is just printed."""
    for printed, index, named in _SHOWN.findall(text):
        inner = index.startswith("-")
        yield 0 if printed or named else -int(index) - 1 if inner else ANYWHERE


def _back(own: Sequence[str]) -> int:
    """Return how many frames further out the cells go to read names."""
    text = "\n".join(text for text in own if "f_back" in text or "walk_stack" in text)
    if not re.search("f_locals|f_globals", "\n".join(own)):
        return 0
    begins = "|".join([_MINE, *(rf"(?<![\w.]){name}" for name in _own_frames(text))])
    chains = [chain.count("f_back") for chain in re.findall(rf"(?:{begins})((?:\.f_back)+)", text)]
    total = text.count("f_back")
    if sum(chains) == total and "walk_stack" not in text:
        return max(chains, default=0)
    return ANYWHERE if _LOOP.search(text) else total


def _own_frames(text: str) -> Iterator[str]:
    """Yield the names that are nothing but the frame of the function that binds them."""
    for name in {*re.findall(rf"\b(\w+) *= *(?:\w+\.)?{_MINE}(?!\.)", text)}:
        right = rf"\bdel +{name}\b|\b{name}(?:\.\w| *= *(?:\w+\.)?{_MINE}(?!\.))"
        if not re.search(rf"\b{name}\b", re.sub(right, "", text)):
            yield name
