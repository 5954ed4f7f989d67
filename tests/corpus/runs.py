"""Submissions whose code runs in an unusual way, without ill will."""

from __future__ import annotations

from tests.corpus.assignment import AREA, COUNT, FULL, MEAN
from tests.corpus.cases import Case, answers

ENDLESS = "while True:\n    pass"
_WARNING = AREA.replace("    return", "    warnings.warn('old')\n    return") + "\nimport warnings"
_SLOW = "import time\ntime.sleep(60)"
_CRASH = "import ctypes\nctypes.string_at(0)"
_EATER = "hoard = []\nwhile True:\n    hoard.append(bytearray(10_000_000))"
_LOUD = "while True:\n    print('more and more' * 1000)"
_RECURSION = "def area(radius):\n    return area(radius)"
_REAL_RECURSION = "import sys\nsys.setrecursionlimit(10**9)\n\ndef deep(n):\n    return deep(n + 1)"

CASES = (
    Case("a warning on stderr",
         answers(area=_WARNING),
         outputs="UserWarning"),
    Case("endless answer", answers(area=ENDLESS), score=FULL - 2, says="cell timeout",
         outputs="CellTimeoutError"),
    Case("endless function", answers(count=f"def count_words(text):\n    {ENDLESS[:-4]}    pass"),
         score=FULL - 3, says="cell timeout"),
    Case("a cell that ignores the interrupt",
         answers(mean="import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + ENDLESS),
         score=FULL - 3, says="(time ran out|timeout)", outputs="did not run"),
    Case("kernel killed by its own code", answers(mean="import os\nos._exit(1)"), score=FULL - 3,
         says="kernel died", outputs="did not run: the kernel died"),
    Case("kernel crashed", answers(mean=_CRASH), score=FULL - 3, says="kernel died"),
    Case("kernel interrupted", answers(mean=f"{MEAN}\nraise KeyboardInterrupt")),
    Case("out of memory", answers(count=_EATER), score=FULL - 3, says="memory"),
    Case("one huge object", answers(count="hoard = bytearray(10**11)"), score=FULL - 3,
         outputs="MemoryError|did not run"),
    Case("exit()", answers(mean=f"{MEAN}\nexit()")),
    Case("quit()", answers(count=f"{COUNT}\nquit()")),
    Case("sys.exit()", answers(area=f"{AREA}\nimport sys\nsys.exit(1)"), outputs="SystemExit"),
    Case("endless output", answers(count=_LOUD), score=FULL - 3,
         says="cell timeout|memory|kernel died|^$"),
    Case("much output", answers(count=f"{COUNT}\nfor n in range(20):\n    print('x' * 10**6)"),
         outputs="truncated|too long"),
    Case("one huge line", answers(count=f"{COUNT}\nprint('x' * 3 * 10**7)"),
         outputs="truncated|too long"),
    Case("half a character printed", answers(
        area=f"{AREA}\nprint(chr(0xdc80))\nprint(chr(0xd800))"), score=None),
    Case("input()", answers(area=f"name = input('Name? ')\n{AREA}"), score=FULL - 2,
         outputs="StdinNotImplementedError"),
    Case("deep recursion", answers(area=_RECURSION), score=FULL - 2, outputs="RecursionError"),
    Case("recursion until it crashes", answers(count=f"{_REAL_RECURSION}\ndeep(0)"),
         score=FULL - 3),
    Case("a picture and a table", answers(
        area=f"{AREA}\nfrom IPython.display import HTML, display\ndisplay(HTML('<b>1</b>'))")),
    Case("magics and shell lines", answers(area=f"%time x = 1\n!echo from the shell\n{AREA}"),
         outputs="from the shell"),
    Case("asynchronous code", answers(
        area=f"import asyncio\nawait asyncio.sleep(0)\n{AREA}")),
    Case("a thread that goes on", answers(
        area=f"import threading, time\n{AREA}\n"
             "threading.Thread(target=time.sleep, args=(600,)).start()")),
    Case("exception that shows itself badly", answers(
        area="class Bad(Exception):\n    def __str__(self): raise self\nraise Bad"),
        score=FULL - 2),
)  # fmt: skip

TOO_SLOW = (
    Case("too slow as a whole", answers(mean=f"{MEAN}\n{_SLOW}"), score=2,
         says="longer than [0-9]+ seconds", outputs="ran out of time|longer than"),
)  # fmt: skip
WARNED = (Case("a warning that costs the marks", answers(area=_WARNING), score=FULL - 2),)
