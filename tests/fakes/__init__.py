"""One typed fake per port: plain state in memory, so that workflow tests assert on state."""

from tests.fakes.canvas import FakeCanvas, student
from tests.fakes.clock import NEXT_WEEK, NOW, VANCOUVER, YESTERDAY
from tests.fakes.course import FakeContext, assignment, fake_course
from tests.fakes.grading import FakeGradebook
from tests.fakes.ledger import FakeLedger
from tests.fakes.notify import FakeNotifier

__all__ = [
    "NEXT_WEEK",
    "NOW",
    "VANCOUVER",
    "YESTERDAY",
    "FakeCanvas",
    "FakeContext",
    "FakeGradebook",
    "FakeLedger",
    "FakeNotifier",
    "assignment",
    "fake_course",
    "student",
]
