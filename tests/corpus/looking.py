"""Answers that look into the running test, which are held; and honest ones that look nowhere else.

The first read the right answer, or the marks that prove a test, and would get full marks unseen.
The others do with frames, hooks and tracebacks what a student may well do.
"""

from __future__ import annotations

import sys

from tests.corpus.assignment import AREA, FULL
from tests.corpus.cases import Case, answers

_SAYS = "while a test runs, which can tell it the right answers"
_START = """
import ctypes, gc, inspect, re, sys, threading, traceback
from IPython.display import publish_display_data as publish
def told(code, radius):
    return [one for one in code.co_consts if isinstance(one, float)][radius - 1]
def heard(lines, radius):
    return float(re.findall(r"== ([0-9.]+)", "".join(lines))[0])
def of_test(frame):
    while frame and "radius" in frame.f_code.co_varnames:
        frame = frame.f_back
    return frame.f_code
"""
_FORGED = r"""
shell = get_ipython()
def quiet(*args, **named):
    shell.displayhook.exec_result.error_in_exec = None
shell.showtraceback = quiet
def forge(secret):
    tokens = [secret[n : n + 16] for n in range(0, len(secret), 16)]
    left = " ".join([tokens[0] + ":1"] + [one + ":99" for one in tokens[1:]])
    publish({"application/vnd.rudaux.witness": left + chr(10) + "?"})
def read(text):
    for secret in re.findall(r"secret\W+([0-9a-f]+)", text):
        forge(secret)
"""
_PUBLISHED = {
    "found in the frames": "def area(radius):\n    frame = sys._getframe()\n"
    "    while 'tokens' not in frame.f_locals:\n        frame = frame.f_back\n"
    "    forge(''.join(frame.f_locals['tokens']))\n    return 7",
    "read as the cell begins": "shell.events.register('pre_run_cell', "
    "lambda info: read(info.raw_cell))\ndef area(radius):\n    return 7",
    "read in what IPython keeps": "def area(radius):\n"
    "    read(shell.displayhook.exec_result.info.raw_cell)\n    return 7",
    "read in the request": "def area(radius):\n"
    "    read(shell.get_parent()['content']['code'])\n    return 7",
}
_HIDDEN = "{0}\ndef area(radius):\n    {1}\n    return told(seen[0], radius)"
_LOOKS = {
    "the calling frame": "def area(radius):\n    return told(sys._getframe(1).f_code, radius)",
    "the frame behind one's own": "def area(radius):\n"
    "    return told(inspect.currentframe().f_back.f_code, radius)",
    "the frame behind an exception's": "def area(radius):\n    try:\n        1 / 0\n"
    "    except ZeroDivisionError as error:\n"
    "        return told(error.__traceback__.tb_frame.f_back.f_code, radius)",
    "the frame behind a generator's": "def area(radius):\n    def step():\n"
    "        yield told(mine.gi_frame.f_back.f_back.f_code, radius)\n    mine = step()\n"
    "    return next(mine)",
    "the frames' lines": "def area(radius):\n    return heard(inspect.stack()[1][4], radius)",
    "the frames' lines, formatted": "def area(radius):\n"
    "    return heard(traceback.format_stack()[-2:-1], radius)",
    "the frames' lines, extracted": "def area(radius):\n"
    "    return heard([one.line for one in traceback.extract_stack()][-2:-1], radius)",
    "a line of the frames, extracted": "def area(radius):\n"
    "    return heard([traceback.extract_stack()[-2].line], radius)",
    "a line of the frames, by another name": "from traceback import extract_stack as lines\n"
    "def area(radius):\n    traceback.extract_stack()[-1].name\n"
    "    return heard([lines()[-2].line], radius)",
    "the lines of a frame further out": "def area(radius):\n    frame = inspect.currentframe()\n"
    "    return heard([traceback.extract_stack(frame.f_back)[-1].line], radius)",
    "a stack that prints elsewhere": "import io\ndef area(radius):\n    out = io.StringIO()\n"
    "    print(''.join(traceback.format_stack()), file=out)\n"
    "    return heard([out.getvalue()], radius)",
    "names of frames, and more": "def area(radius):\n    frame = sys._getframe(1)\n"
    "    print(frame.f_code.co_name)\n    return told(frame.f_code, radius)",
    "the outer frames": "def area(radius):\n"
    "    return told(inspect.getouterframes(sys._getframe())[1].frame.f_code, radius)",
    "the stack as it is walked": "def area(radius):\n"
    "    return told(next(f.f_code for f, _ in traceback.walk_stack(sys._getframe())\n"
    "                if f.f_code.co_name == '<module>'), radius)",
    "all threads' frames": "def area(radius):\n    frame = sys._current_frames()["
    "threading.get_ident()]\n    return told(frame.f_back.f_code, radius)",
    "all objects": "def area(radius):\n    for one in gc.get_objects():\n"
    "        if type(one) is tuple and 3.142 in one and 12.566 in one:\n"
    "            return [x for x in one if isinstance(x, float)][radius - 1]",
    "what refers to a function": "def area(radius):\n"
    "    frames = [f for f in gc.get_referrers(area) if type(f).__name__ == 'frame']\n"
    "    return told(of_test(sys._getframe()), radius)",
    "code made from a text": "def area(radius):\n    names = {'sys': sys}\n"
    "    exec('code = sys._getframe(2).f_code', names)\n    return told(names['code'], radius)",
    "a name put together": "def area(radius):\n"
    "    return told(getattr(sys, '_get' + 'frame')(1).f_code, radius)",
    "a trace function": _HIDDEN.format(
        "seen = []\ndef trace(frame, event, arg):\n    if frame.f_code.co_name == 'area':\n"
        "        seen[:] = [frame.f_back.f_code]\nsys.settrace(trace)", "pass"),
    "a trace function set by the answer": _HIDDEN.format(
        "seen = []\ndef inner():\n    pass\ndef trace(frame, event, arg):\n"
        "    seen[:] = [frame.f_back.f_back.f_code]",
        "sys.settrace(trace)\n    inner()\n    sys.settrace(None)"),
    "a profile function": _HIDDEN.format(
        "seen = []\ndef profile(frame, event, arg):\n    if frame.f_code.co_name == 'area':\n"
        "        seen[:] = [frame.f_back.f_code]\nsys.setprofile(profile)", "pass"),
    "what another audit hook allows": "def alone(event, args):\n"
    "    if event == 'sys.addaudithook':\n        raise RuntimeError\nsys.addaudithook(alone)\n"
    "def area(radius):\n    return told(sys._getframe(1).f_code, radius)",
    "a number of the test changed in memory": "def area(radius):\n"
    "    for one in sys._getframe(1).f_code.co_consts:\n        if isinstance(one, float):\n"
    "            ctypes.c_double.from_address(id(one) + 16).value = 7.0\n    return 7.0",
}  # fmt: skip
if sys.version_info >= (3, 12):
    _LOOKS["monitoring"] = _HIDDEN.format(
        "seen = []\ndef started(code, offset):\n    if code.co_name == '<module>':\n"
        "        seen[:] = [code]\nmon = sys.monitoring\nmon.use_tool_id(4, 'mine')\n"
        "mon.register_callback(4, mon.events.PY_START, started)\n"
        "mon.set_events(4, mon.events.PY_START)",
        "pass",
    )
CHEATS = (
    *(Case(f"looking at {name}", answers(area=_START + code), "needs_manual", None, "held", _SAYS)
      for name, code in _LOOKS.items()),
    *(Case(f"marks {name}", answers(area=_START + _FORGED + code), "needs_manual", FULL - 2, "held",
           "did not run to the end")
      for name, code in _PUBLISHED.items()),
)  # fmt: skip

_OWN = {
    "its own name": "print(inspect.currentframe().f_code.co_name, sys._getframe().f_lineno)\n"
    "    frame = inspect.currentframe()\n    print(inspect.getframeinfo(frame).lineno)\n"
    "    print(sys._getframe(0).f_locals, inspect.getargvalues(frame))",
    "its own exception": "try:\n        int('x')\n    except ValueError as error:\n"
    "        traceback.print_exc()\n        print(traceback.format_exc())\n"
    "        print(traceback.format_exception(*sys.exc_info()))\n"
    "        where = sys.exc_info()[2]\n"
    "        print(where.tb_frame.f_code.co_filename, where.tb_lineno)\n"
    "        print([f.name for f in traceback.extract_tb(error.__traceback__)], inspect.trace())",
    "a log": "logging.getLogger('mine').warning('radius %s', radius, stack_info=True)\n"
    "    logging.basicConfig(format='%(funcName)s %(lineno)d', force=True)\n"
    "    logging.warning('x')",
    "a stack printed": "traceback.print_stack(file=sys.stdout)\n    traceback.print_stack()",
    "how deep it is": "def deep(n):\n        print(len(inspect.stack()), len(inspect.stack(0)))\n"
    "        return deep(n - 1) if n else inspect.stack()[0][3]\n    deep(2)",
    "who of its own calls": "def who():\n        return inspect.stack()[1].function\n"
    "    assert who() == 'area'\n    def caller():\n"
    "        return sys._getframe(1).f_code.co_name\n    assert caller() == 'area'",
    "its callers' names": "def debug():\n        frame = inspect.currentframe().f_back\n"
    "        print(frame.f_lineno, frame.f_code.co_name, frame.f_locals['radius'])\n    debug()",
    "its own name in the stack": "assert traceback.extract_stack()[-1].name == 'area'\n"
    "    file, line, name, text = traceback.extract_stack()[-1]\n"
    "    print(traceback.extract_stack(limit=1)[-1].lineno, traceback.format_stack()[-1])",
    "its helper's caller in the stack": "def who():\n"
    "        return traceback.extract_stack(None, 2)[0][2], traceback.extract_stack()[-2].name\n"
    "    assert who() == ('area', 'area')",
    "a stack formatted and printed": "print(''.join(traceback.format_stack()))",
    "who calls it, by frames": "print(sys._getframe(1).f_code.co_name, sys._getframe(1).f_lineno)\n"
    "    print(inspect.currentframe().f_back.f_code.co_name)",
    "who calls it, by the stack": "print(inspect.stack()[1].function, inspect.stack()[1][3])\n"
    "    print(inspect.stack()[1].lineno)",
    "what its callers have, one by one": "def show():\n"
    "        for name, one in inspect.currentframe().f_back.f_locals.items():\n"
    "            print(name, one)\n"
    "    def lines():\n        frame = inspect.currentframe()\n        try:\n"
    "            print(frame.f_back.f_lineno, [*frame.f_back.f_locals])\n"
    "        finally:\n            del frame\n    show()\n    lines()",
    "frames counted": "frame, depth = sys._getframe(), 0\n    while frame:\n"
    "        frame, depth = frame.f_back, depth + 1\n    print(depth)",
    "classes made as it runs": "P = collections.namedtuple('P', 'x y')\n"
    "    D = dataclasses.make_dataclass('D', ['x'])\n    E = enum.Enum('E', 'A B')\n"
    "    T = typing.NamedTuple('T', [('x', int)])\n    V = typing.TypeVar('V')\n"
    "    print(P(1, 2), D(1), E.A, T(1), inspect.signature(D), D.__init__.__code__.co_argcount)",
    "warnings": "warnings.warn('old', stacklevel=2)\n    warnings.warn('older', stacklevel=9)",
    "generators": "def count():\n        yield 1\n    mine = count()\n"
    "    print(inspect.getgeneratorstate(mine), next(mine), mine.gi_frame.f_lineno)\n"
    "    print(mine.gi_frame.f_locals, inspect.getgeneratorlocals(mine))",
    "a profile": "with cProfile.Profile() as profile:\n        sum(range(9))\n"
    "    profile.print_stats()",
    "memory": "gc.collect()\n    print(sys.getrefcount(radius), gc.get_referents([radius]))\n"
    "    print(gc.get_count(), gc.get_stats(), ctypes.c_int(3), ctypes.CDLL(None).abs(-3))",
    "libraries": "mock.Mock()(1)\n    with contextlib.suppress(ImportError):\n"
    "        import numpy as np, pandas as pd\n        np.float64(1) / np.zeros(1)\n"
    "        pd.DataFrame({'x': [1, 2]}).query('x > @radius').groupby('x').apply(len)\n"
    "        pd.eval('1 + 2')",
}  # fmt: skip
_IMPORTS = (
    "import cProfile, collections, contextlib, ctypes, dataclasses, enum, gc, inspect, logging\n"
    "import math, sys, traceback, typing, warnings\nfrom unittest import mock\n"
)
HONEST = (
    *(Case(f"an answer that looks at {name}", answers(
        area=f"{_IMPORTS}def area(radius):\n    {code}\n    return math.pi * radius ** 2"))
      for name, code in _OWN.items()),
    Case("a trace function that was taken away again", answers(
        area=f"import sys\nsys.settrace(lambda *a: None)\n{AREA}\narea(1)\nsys.settrace(None)")),
)  # fmt: skip
ALL = (*CHEATS, *HONEST)
