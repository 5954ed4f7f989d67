"""A course of 2,000 in Canvas: rudaux against loops over the public `canvasapi` package.

Run it as `python -m tests.bench.canvas [STUDENTS]`. The practice Canvas runs in a process of its
own and waits 20 ms before each answer; both sides do the same, one after the other, and must leave
the same grades behind. Loops that would take minutes are cut short, and the output says so.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rudaux.adapters.canvas import CanvasClient
from rudaux.domain.artifacts import FeedbackComment, FeedbackFile

STUDENTS = 2000
LOOPED = 500
"""Students that the public client grades: the rest is worked out, for all take over 3 minutes."""
LATENCY_MS = 20.0
COURSE, TOKEN = 12345, "practice-token"
ASSIGNMENTS = ("theirs", "ours", "one", "eight")
REPORT_SIZE = 20_000


def main() -> None:
    if sys.argv[1:2] == ["--serve"]:
        serve_forever(int(sys.argv[2]))
        return
    students = int(sys.argv[1]) if len(sys.argv) > 1 else STUDENTS
    with practice_canvas(students) as server:
        compare(server, students)


def serve_forever(students: int) -> None:
    """Serve a course until standard input ends; a line on it asks for the number of requests."""
    from rudaux.demo.simulator.server import serve
    from rudaux.demo.simulator.state import World
    from rudaux.demo.simulator.switches import Switches

    world = World.new()
    for n in range(students):
        world.add_student(f"Moon Number{n}", email=f"moon{n}@example.edu")
    for name in ASSIGNMENTS:
        world.add_assignment(name)
    with serve(world, Switches(latency_ms=LATENCY_MS)) as simulator:
        print(simulator.url, flush=True)
        for _ in sys.stdin:
            print(len(simulator.requests), flush=True)


@dataclass
class Server:
    """The practice Canvas's process."""

    process: subprocess.Popen[str]
    url: str = ""

    def line(self) -> str:
        return self.process.stdout.readline().strip() if self.process.stdout else ""

    def requests(self) -> int:
        """How many it was sent so far."""
        if self.process.stdin:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        return int(self.line())


@contextmanager
def practice_canvas(students: int) -> Iterator[Server]:
    command = [sys.executable, "-m", "tests.bench.canvas", "--serve", str(students)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        server = Server(process)
        server.url = server.line()
        yield server
        if process.stdin:
            process.stdin.close()


@dataclass(frozen=True)
class Timed:
    """What something gave, and what it took."""

    result: Any
    seconds: float
    requests: int

    def __str__(self) -> str:
        return f"{self.seconds:8.1f} s {self.requests:7} requests"


def timed(server: Server, work: Callable[[], Any]) -> Timed:
    before, started = server.requests(), time.perf_counter()
    result = work()
    seconds = time.perf_counter() - started
    return Timed(result, seconds, server.requests() - before)


def compare(server: Server, students: int) -> None:
    """Print what each part takes on both sides."""
    course, canvas = public_course(server.url), CanvasClient(server.url, COURSE, TOKEN)
    ids = {a.name: a.id for a in canvas.assignments()}
    their_list = timed(server, lambda: read_with_canvasapi(course))
    our_list = timed(server, lambda: (len(canvas.students()), len(canvas.assignments())))
    rows = timed(server, lambda: submissions_with_canvasapi(course, ids["theirs"]))
    looped = min(students, LOOPED)
    loop = timed(server, lambda: grade_with_canvasapi(rows.result, looped))
    ours = timed(server, lambda: grade(canvas, ids["ours"]))
    whole = 2 * rows.seconds + loop.seconds * students / looped
    lines = (
        f"{students} students, {LATENCY_MS:.0f} ms latency",
        f"roster and assignments    canvasapi  {their_list}",
        f"                          rudaux     {our_list}",
        f"grades of {looped:<5}           canvasapi  {loop}",
        f"grades of {students}, read back canvasapi  {whole:8.1f} s, worked out from those",
        f"                          rudaux     {ours}   {whole / ours.seconds:.1f} times as fast",
        f"both                      ratio      "
        f"{(their_list.seconds + whole) / (our_list.seconds + ours.seconds):8.1f}",
    )
    print("\n".join(lines), flush=True)
    print(feedback(server, ids, students))
    wrong = {sid: score for sid, score in loop.result.items() if ours.result[sid] != score}
    same = their_list.result == our_list.result and not wrong
    few = max(our_list.requests, ours.requests) <= 60
    if not (same and few and whole > 10 * ours.seconds):
        raise SystemExit("the figures are not what they should be")


def public_course(url: str) -> Any:
    import canvasapi  # type: ignore[import-untyped]  # ships no types

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns about http://
        return canvasapi.Canvas(url, TOKEN).get_course(COURSE)


def read_with_canvasapi(course: Any) -> tuple[int, int]:
    people = course.get_users(enrollment_type=["student"], include=["email"], per_page=100)
    work = course.get_assignments(override_assignment_dates=False, per_page=100)
    return len(list(people)), len(list(work))


def wanted(student_ids: list[str]) -> dict[str, Decimal]:
    return {sid: Decimal(n % 1000) / 100 for n, sid in enumerate(student_ids)}


def submissions_with_canvasapi(course: Any, assignment_id: int) -> Mapping[str, Any]:
    shown = course.get_assignment(assignment_id).get_submissions(per_page=100)
    return {str(row.user_id): row for row in shown}


def grade_with_canvasapi(rows: Mapping[str, Any], count: int) -> Mapping[str, Decimal]:
    """Grade students by a request each, as a loop does; return what Canvas then shows."""
    targets = wanted(sorted(rows))
    chosen = sorted(rows)[:count]
    for student_id in chosen:
        rows[student_id].edit(submission={"posted_grade": str(targets[student_id])})
    return {sid: Decimal(str(rows[sid].entered_score)) for sid in chosen}


def grade(canvas: CanvasClient, assignment_id: int) -> Mapping[str, Decimal | None]:
    """Plan, push, read back: the requests of a push without feedback."""
    ids = sorted(s.student_id for s in canvas.submissions(assignment_id))
    if trouble := canvas.push_grades(assignment_id, wanted(ids)):
        raise SystemExit(trouble)
    return {s.student_id: s.entered for s in canvas.submissions(assignment_id)}


def feedback(server: Server, ids: Mapping[str, int], students: int) -> str:
    """Attach a report for everyone, 8 at a time; one at a time only for a tenth of them."""
    one = timed(server, lambda: attach(server.url, ids["one"], 1, max(students // 10, 1)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    eight = timed(server, lambda: attach(server.url, ids["eight"], 8, students))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    total = REPORT_SIZE * students / 1024**2
    return "\n".join(
        (
            f"feedback of {one.result:<13} 1 at a time{one}",
            f"feedback of {eight.result:<13} 8 at a time{eight}   "
            f"{one.seconds / one.result * eight.result / eight.seconds:.1f} times as fast for each",
            f"memory grew by {grown:.0f} MiB while {total:.0f} MiB of reports went out",
        )
    )


def attach(url: str, assignment_id: int, at_once: int, count: int) -> int:
    """Attach reports that are made as they are asked for; return how many Canvas then shows."""
    canvas = CanvasClient(url, COURSE, TOKEN, at_once=at_once)
    ids = [s.student_id for s in canvas.submissions(assignment_id)][:count]

    def report(student_id: str) -> FeedbackComment:
        content = student_id.encode().ljust(REPORT_SIZE, b".")
        file = FeedbackFile(f"homework_1-{student_id}.html", content)
        return FeedbackComment(student_id, (file,), "Feedback on homework_1.")

    refused = [why for _, why in canvas.attach_all(assignment_id, map(report, ids)) if why]
    shown = [s for s in canvas.submissions(assignment_id) if len(s.attached) == 1]
    if refused or len(shown) != count:
        raise SystemExit(f"{len(shown)} of {count} got their feedback: {refused[:1]}")
    return count


if __name__ == "__main__":
    main()
