"""Note in a Python kernel when a notebook's own code looks into a running test.

An audit hook, which Python never removes, sees what is done while a test runs. Only what code of
the notebook's own cells does counts, and not what libraries do for it. Sent as text with `testify`,
under the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

LOOKED = ">"
"""Begins what is published about this, to tell it from the names that were replaced."""
FAILED = "!"
"""Published by a test that fails, in case its marks were taken and its error is hidden."""
ANYWHERE = 999
"""How many frames out is far enough for every test."""
READ = "object.__getattr__"
FROM_C = ("sys.setprofile", "sys.monitoring.register_callback")
"""Profilers written in C raise these events in the name of whoever starts them."""
EVENTS = (
    *("sys._getframe", "sys._current_frames", "sys._current_exceptions", "sys.addaudithook"),
    *("gc.get_objects", "gc.get_referrers", "ctypes.cdata", "ctypes.string_at"),
    *("sys.settrace", *FROM_C),
)
SHOWING = (
    *("frame.f_code", "inspect.getouterframes", "inspect.getframeinfo", "inspect.getargvalues"),
    *("traceback.extract_stack", "traceback.format_stack", "traceback.print_stack"),
)
"""What counts if it reads the code of a frame that is the test's, or further out."""


def watcher(getframe: Any, key: str) -> Callable[[str, Any], None]:
    """Return an audit hook; the event `key` says which test runs. Nothing else refers to it."""
    test: Any = None
    busy = False
    events = {}.fromkeys((READ, *EVENTS))
    tests: dict[str, Any] = {}

    def hook(event: str, args: Any) -> None:
        nonlocal test, busy
        if event == key:
            test = args[0]
            if test:
                tests[test.file], test.tests = None, tests
        if test and not busy and event in events:
            busy = True
            try:
                test.look(event, args, getframe(1))
            except Exception:  # noqa: S110 - a test must not notice it
                pass
            finally:
                busy = False

    return hook


class Watched:
    """A test, and how the notebook's own code looks into it.

    `order["reach"]` says how many frames out some ways of looking get; see `looks`.
    """

    def __init__(self, kernel: Any, order: Mapping[str, Any], say: Any) -> None:
        self.kernel, self.key, self.say, self.file = kernel, order["key"], say, ""
        self.system, modules = kernel.modules["sys"], kernel.modules
        self.reach = {
            **{}.fromkeys((*EVENTS, "inspect.stack", *SHOWING), ANYWHERE),
            **order["reach"],
        }
        libraries = [(name + ".", modules.get(name)) for name in ("inspect", "traceback")]
        self.libraries = [(path, getattr(library, "__dict__", 0)) for path, library in libraries]
        called = kernel.shell.compile.get_code_name
        self.locked = [called(source, source, 0) for source in order["locked"]]
        self.tests: Any = None
        self.found: list[str] = []

    def begin(self, file: str) -> None:
        """Watch from now on; a test that cannot be watched is noted, and runs all the same."""
        self.file = file
        try:
            self._begin()
        except Exception:
            self.note("sys.addaudithook", True)

    def _begin(self) -> None:
        """Note also what has been set to see each step of the test."""
        system = self.system
        system.audit(self.key, self)
        if not self.tests:
            system.addaudithook(watcher(system._getframe, self.key))
            system.audit(self.key, self)
        ours, known = self.kernel.ours, self.kernel.modules
        self.note("sys.addaudithook", not self.tests)
        self.note("sys.settrace", ours(system.gettrace()))
        self.note("sys.setprofile", ours(system.getprofile()))
        self.note(FROM_C[1], [1 for tool in self._tools() if tool.partition(".")[0] not in known])

    def end(self) -> None:
        """Watch no longer."""
        self.system.audit(self.key, None)

    def _tools(self) -> list[str]:
        """Return which tools learn of each step by `sys.monitoring`, of Python 3.12 and newer."""
        steps: Any = getattr(self.system, "monitoring", None)
        used = [n for n in (0, 1, 2, 3, 4, 5) if steps and steps.get_tool(n)]
        return [steps.get_tool(n) for n in used if steps.get_events(n)]

    def note(self, name: str, far: Any) -> None:
        """Say once, and at once, what was done: the test may never reach its end."""
        if far and self.reach.pop(name, 0):
            self.found.append(LOOKED + name)
            self.say(LOOKED + name)

    def look(self, event: str, args: Any, frame: Any) -> None:
        """Note what is done if it reaches the test."""
        name, inner = event, frame
        if event == READ:
            name = args[0].__class__.__name__ + "." + args[1]
        read = name
        while by := [path for path, names in self.libraries if frame and frame.f_globals is names]:
            name, inner, frame = by[0] + frame.f_code.co_name, frame, frame.f_back
        if not self.reach.get(name) or not self._is_theirs(frame):
            return
        if read == "frame.f_code":
            far = name in SHOWING and self._is_of_test(args[0], frame)
            far = far and self._distance(frame) <= self.reach[name]
            if name == "traceback.print_stack":  # where students see it anyway
                shown = None, self.system.stdout, self.system.stderr
                far = far and not [1 for file in shown if inner.f_locals.get("file") is file]
        elif name == "function.__code__":
            far = args[0].__code__.co_filename in self.tests
        elif name in FROM_C:
            far = name.rpartition(".")[2] in frame.f_code.co_names
        else:
            far = name not in SHOWING and self._distance(frame) <= self.reach[name]
        self.note(name, far)

    def _is_theirs(self, frame: Any) -> bool:
        """Return whether a frame is of the notebook's own cells."""
        file = frame.f_code.co_filename if frame else ""
        if not file or file in self.tests or file in self.locked:
            return False
        typed = "/ipykernel_" in file or file == "<string>"
        return typed or frame.f_globals is self.kernel.shell.user_ns

    def _distance(self, frame: Any) -> int:
        """Return how many frames out the first is that is not of the notebook's own cells."""
        steps = 0
        while self._is_theirs(frame):
            steps, frame = steps + 1, frame.f_back
        return steps

    def _is_of_test(self, wanted: Any, frame: Any) -> bool:
        """Return whether a frame is the test's, or further out than the test."""
        inside = False
        while frame and not self._is_theirs(wanted):
            inside = inside or frame.f_code.co_filename == self.file
            if frame is wanted:
                return inside
            frame = frame.f_back
        return False
