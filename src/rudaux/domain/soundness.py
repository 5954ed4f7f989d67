"""Whether an assignment is fit to go out, judged from its rehearsal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from rudaux.domain.checks import Check, Result
from rudaux.domain.grades import fixed_point
from rudaux.domain.messages import listed
from rudaux.domain.rehearsal import Attempt, Rehearsal, RehearsedMark

NEAR = 0.5
"""From this share of a limit on we warn: grading a whole class is slower than a rehearsal."""
_ENDED_BY = {"cell_timeout": "time", "timeout": "time", "out_of_memory": "memory"}
_NO_FILE = re.compile(r"No such file or directory:? *['\"](.+?)['\"]$|cannot open file '(.+?)'")
_NO_NETWORK = re.compile(
    r"getaddrinfo|[Nn]ame resolution|Name or service not known|[Nn]etwork is unreachable"
    r"|NameResolutionError|NewConnectionError|Max retries exceeded|Could not resolve host"
    r"|^(ConnectionError|ConnectTimeout|URLError|gaierror)|cannot open the connection to"
)


@dataclass(frozen=True)
class Limits:
    """What the executor allows: seconds for a cell and in all, bytes, and the network or not."""

    cell_timeout: int
    timeout: int
    memory: int
    network: bool


@dataclass(frozen=True)
class Wanted:
    """The assignment as configured; `private` are folders that only this machine has."""

    name: str
    points: Decimal
    private: tuple[str, ...] = ()


def judge(seen: Rehearsal, limits: Limits, wanted: Wanted) -> tuple[Check, ...]:
    """Return what is sound about the assignment and what is not, in the order to read it."""
    return (
        *_release(seen),
        *_points(seen, wanted),
        *_solution(seen),
        *_untouched(seen.untouched),
        *_time(seen, limits),
        *_memory(seen, limits),
        *_network(seen, limits),
        *_files(seen, wanted),
    )


def fails_itself(checks: Iterable[Check]) -> bool:
    """Return whether the solution missed full marks in some run: the tests are unreliable."""
    return any(c.name in {"solution", "flaky"} and c.result == "broken" for c in checks)


def summary(checks: Iterable[Check]) -> str:
    """Sum up in a clause an assignment that has nothing wrong."""
    texts = {c.name: c.text for c in checks}
    return f"the solution {texts['solution']}; {texts['untouched']}; {texts['release']}"


def _release(seen: Rehearsal) -> Iterator[Check]:
    for leak in seen.leaks:
        remedy = "take it out of the notebook, or put the region's delimiters around it"
        yield _broken("release", leak.rstrip("."), remedy)
    if not seen.leaks:
        yield Check("release", "ok", "it holds no solution and no hidden test")


def _points(seen: Rehearsal, wanted: Wanted) -> Iterator[Check]:
    marks = seen.untouched.marks
    total, points = sum((m.maximum for m in marks), Decimal(0)), wanted.points
    adds, shown = f"the cells add up to {fixed_point(total)}", fixed_point(points)
    if not total and points:
        text = f"no cell has points, but Canvas shows {shown}"
        yield _broken("points", text, "give the graded cells points in the source notebook")
    elif total == points:
        yield Check("points", "ok", f"{adds}, as in Canvas")
    elif _exactly(points, total):
        each = fixed_point(points / total)
        yield Check("points", "ok", f"{adds}; Canvas shows {shown}, so each counts {each}")
    else:
        each = f"{points / total:.4f}".rstrip("0")
        text = f"{adds}, but Canvas shows {shown}: each point counts {each} there"
        remedy = f"set points = {fixed_point(total)} in rudaux.toml, or change the cells' points"
        yield Check("points", "look", text, f"{remedy}; if you mean that scale, leave it")
    bare = [m for m in marks if m.by_hand and not m.maximum]
    for mark in bare:
        text = f"{_where(mark, marks)} is marked by hand but has no points"
        yield Check("marks by hand", "look", text, "give the cell points in the source notebook")
    by_hand = sum(m.by_hand for m in marks)
    if by_hand and not bare:
        yield Check("marks by hand", "ok", f"all {by_hand} cells marked by hand have points")


def _exactly(points: Decimal, total: Decimal) -> bool:
    """Return whether one nbgrader point is worth Canvas points with at most two decimals."""
    each = (points / total).quantize(Decimal("0.01"))
    return bool(each * total == points)


def _solution(seen: Rehearsal) -> Iterator[Check]:
    runs, tests = seen.solutions, seen.solutions[0].tests
    fine = True
    for number, test in enumerate(tests):
        earned = [run.tests[number].points for run in runs]
        where, full = _where(test, tests), [p >= test.maximum for p in earned]
        if all(full):
            continue
        fine = False
        failed = runs[full.index(False)]
        why = failed.why(test.notebook, test.cell)
        because = f" ({why})" if why else ""
        if len(set(earned)) > 1:
            text = f"{where}: the solution passed in {sum(full)} of {len(runs)} runs{because}"
            remedy = "make the test independent of chance, time and order (set a seed, sort lists)"
            yield _broken("flaky", text, remedy)
        else:
            got = f"{fixed_point(earned[0])} of {fixed_point(test.maximum)} points"
            yield _broken(
                "solution",
                f"{where}: the solution got {got}{because}",
                "correct the test or the solution",
            )
    for doubt in dict.fromkeys(d for run in runs for d in run.doubts):
        fine = False
        text = f"a student who hands in the solution would be held: {doubt}"
        yield _broken("solution", text, "change the test or the solution to avoid that")
    ended = next((r for r in runs if r.verdict != "ok" and r.verdict not in _ENDED_BY), None)
    if ended and fine:
        fine = False
        text = f"its run ended early: {ended.reason}"
        yield _broken("solution", text, "run the notebook yourself to see why")
    if fine:
        times = f"{len(runs)} times over"
        points = fixed_point(sum((t.maximum for t in tests), Decimal(0)))
        text = f"gets all {points} points of {len(tests)} tests, {times}"
        yield Check("solution", "ok", text if tests else "has no tests to pass")


def _untouched(run: Attempt) -> Iterator[Check]:
    given = [t for t in run.tests if t.points > 0]
    if not given:
        yield Check("untouched", "ok", "the release, handed in untouched, gets 0 points")
        return
    points = fixed_point(sum((t.points for t in given), Decimal(0)))
    names = listed([_where(t, run.tests) for t in given])
    text = f"the release, handed in untouched, gets {points} points: it passes {names}"
    remedy = "make the test fail without an answer, or lower its points"
    yield Check("untouched", "look", text, remedy)


def _time(seen: Rehearsal, limits: Limits) -> Iterator[Check]:
    runs = seen.solutions
    if cut := next((r for r in runs if _ENDED_BY.get(r.verdict) == "time"), None):
        remedy = "make the solution faster, or raise grading.cell_timeout and grading.timeout"
        yield _broken("time", f"the solution ran out of time: {cut.reason}", remedy)
        return
    times = [t for run in runs for t in run.times]
    if not times:
        yield Check("time", "ok", "there is no code to run")
        return
    slow = max(times, key=lambda t: t.seconds)
    whole = max(run.seconds for run in runs)
    text = (
        f"slowest cell: {slow.cell}, {_seconds(slow.seconds)} s of {limits.cell_timeout} s; "
        f"in total {_seconds(whole)} s of {limits.timeout} s"
    )
    near = slow.seconds > limits.cell_timeout * NEAR or whole > limits.timeout * NEAR
    yield _near("time", near, text, "make it faster, or raise grading.cell_timeout")


def _memory(seen: Rehearsal, limits: Limits) -> Iterator[Check]:
    if cut := next((r for r in seen.solutions if r.verdict == "out_of_memory"), None):
        remedy = "make the solution use less memory, or raise grading.memory"
        yield _broken("memory", f"the solution ran out of memory: {cut.reason}", remedy)
        return
    if not seen.watched.peaks:
        yield Check("memory", "ok", "not measured: only Python notebooks report it")
        return
    most = max(seen.watched.peaks, key=lambda p: p.bytes)
    # The peak never falls: the first cell that reached it is the one.
    first = next(p for p in seen.watched.peaks if p.bytes == most.bytes)
    text = f"at most {_size(most.bytes)} of {_size(limits.memory)}, reached in {first.cell}"
    near = most.bytes > limits.memory * NEAR
    yield _near("memory", near, text, "use less memory there, or raise grading.memory")


def _network(seen: Rehearsal, limits: Limits) -> Iterator[Check]:
    hosts: dict[str, str] = {r.what: r.cell for r in seen.watched.hosts}
    refused = [e for run in seen.solutions for e in run.errors if _NO_NETWORK.search(e.text)]
    if not hosts and not refused:
        yield Check("network", "ok", "none is needed")
        return
    where = listed(list(dict.fromkeys([*hosts.values(), *(e.cell for e in refused)])))
    whom = f" ({listed(list(hosts))})" if hosts else ""
    text = f"{where} uses the network{whom}"
    remedy = "put what it fetches into the assignment's folder as a file, and read the file"
    if limits.network:
        yield Check("network", "look", f"{text}: marks then depend on whether it answers", remedy)
    else:
        yield _broken("network", f"{text}, but grading has none (grading.network)", remedy)


def _files(seen: Rehearsal, wanted: Wanted) -> Iterator[Check]:
    lacking: dict[str, str] = {}
    for error in (e for run in seen.solutions for e in run.errors):
        if found := _NO_FILE.search(error.text):
            lacking.setdefault(found[1] or found[2], error.cell)
    folder = f"source/{wanted.name}"
    for file, cell in lacking.items():
        text = f"{cell} reads {file}, which is not released"
        remedy = f"put it into {folder}, and check that CourseDirectory.ignore does not exclude it"
        yield _broken("files", text, remedy)
    outside = {
        r.what: r.cell
        for r in seen.watched.files
        if r.what not in lacking and any(r.what.startswith(f"{p}/") for p in wanted.private)
    }
    for file, cell in outside.items():
        text = f"{cell} opens {file}, which students do not have"
        yield _broken("files", text, f"put it into {folder}, and open it by its name alone")
    if not lacking and not outside:
        yield Check("files", "ok", "all files that it reads are released")


def _near(name: str, near: bool, text: str, remedy: str) -> Check:
    result: Result = "look" if near else "ok"
    return Check(name, result, text, remedy if near else "")


def _broken(name: str, text: str, remedy: str) -> Check:
    return Check(name, "broken", text, remedy, ours=True)


def _where(mark: RehearsedMark, among: Iterable[RehearsedMark]) -> str:
    several = len({m.notebook for m in among}) > 1
    return f"{mark.cell} in {mark.notebook}" if several else mark.cell


def _seconds(seconds: float) -> str:
    if seconds < 0.05:
        return "under 0.1"
    return f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"


def _size(size: int) -> str:
    for unit, step in (("GB", 1 << 30), ("MB", 1 << 20)):
        if size >= step:
            return f"{size / step:.1f} {unit}".replace(".0 ", " ")
    return f"{size} bytes"
