"""What Canvas allows now in a course and an assignment, and what to do if it does not.

What Canvas does not say (None) counts as allowed; if Canvas then refuses, that is reported.
"""

from __future__ import annotations

from typing import Literal

from rudaux.domain.canvas import CanvasAssignment, CanvasCourse

Doing = Literal["grade", "undo", "edit", "post"]
KEEPS_NO_POINTS = frozenset({"pass_fail", "not_graded"})
"""Grading types with which Canvas silently turns most scores into no grade."""
FROZEN = frozenset({"points", "due", "unlock", "lock", "published"})
"""What nobody may change in Canvas in a closed grading period."""
SOME_SECTIONS = (
    "this token sees the students of some sections only: all others are neither graded nor dropped"
)
HIDDEN_NAMES = (
    "it is graded anonymously, and Canvas does not say whose submission is whose: post its grades "
    "there, or turn anonymous grading off (Edit), then run this again"
)
NOT_SEEN = "not gradable by this token, which sees the students of some sections only"
CLOSED_FOR_THEM = "their due date is in a closed grading period, for which Canvas takes no grades"


def course_refusal(course: CanvasCourse, grading: bool = True) -> str:
    """Return why nothing can be written to a course now, or "" if it can.

    With `grading`, the token's owner must be allowed to enter grades.
    """
    if course.may_grade is not False:
        return ""
    if course.concluded:
        return (
            f"{course.name} is concluded in Canvas, so it can only be read: nothing was written; "
            "move the end of the course or of its term there (Settings > Course Details), then "
            "run this again."
        )
    if not grading:
        return ""
    return (
        f"the owner of this access token may not enter grades in {course.name}: use the token of "
        "somebody who may, or ask your Canvas administrator."
    )


def course_remarks(course: CanvasCourse) -> tuple[str, ...]:
    """Return what a person should know about the course before they agree to a push."""
    perhaps = "the course is concluded in Canvas, which may refuse grades"
    over = (perhaps,) if course.concluded and course.may_grade is None else ()
    return (*over, SOME_SECTIONS) if course.limited else over


def refusal(doing: Doing, assignment: CanvasAssignment, open_for_some: bool = False) -> str:
    """Return why Canvas would not allow this for an assignment now, or "" if it would.

    `open_for_some`: some students' due dates are in an open grading period.
    """
    name = assignment.name
    if doing == "edit":
        return (
            f"{name} is in a closed grading period in Canvas: its dates and points stay as they are"
            if assignment.closed
            else ""
        )
    if assignment.moderated:
        return (
            f"{name} is moderated in Canvas and its grades are not released: release them there "
            "(Moderate > Release Grades), then run this again."
        )
    if doing == "undo":
        return ""
    if doing == "post":
        return (
            f"{name} is graded anonymously, so Canvas posts all its grades at once: post them in "
            "Canvas's gradebook."
            if assignment.anonymous
            else ""
        )
    if assignment.closed and not open_for_some:
        return (
            f"{name} is in a closed grading period in Canvas, which takes no grades for it: have "
            "the period reopened, or have an administrator of the account run this."
        )
    return _takes_no_points(assignment)


def remark(assignment: CanvasAssignment) -> str:
    """Return what is special about an assignment in Canvas, as far as it concerns grades."""
    stopped = assignment.closed or assignment.moderated
    return refusal("grade" if stopped else "post", assignment)


def _takes_no_points(assignment: CanvasAssignment) -> str:
    name = assignment.name
    if not assignment.published:
        return (
            f"{name} is not published in Canvas, so it takes no grades: publish it there, or "
            "run `rudaux canvas push`."
        )
    if assignment.grading_type in KEEPS_NO_POINTS:
        return (
            f"{name} is graded as {assignment.grading_type} in Canvas, which keeps no points and "
            "would wipe the grades: set it to points there (Edit > Display Grade as)."
        )
    if assignment.grades_groups:
        return (
            f"{name} is a group assignment in Canvas, where each grade goes to the whole group: "
            "set it there to assign grades to each student individually."
        )
    return ""
