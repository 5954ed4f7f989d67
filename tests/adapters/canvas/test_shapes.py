"""Answers with every field that Canvas documents, with fewer, with more, and with nulls.

The field sets are those of https://developerdocs.instructure.com/services/canvas/resources, the
values are ours.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rudaux.adapters.canvas import CanvasClient, decode
from rudaux.adapters.canvas.protocol import parse
from rudaux.domain.canvas import CanvasAssignment, CanvasCourse, ExternalTool
from rudaux.domain.deadlines import Override
from rudaux.domain.grades import CanvasSubmission
from rudaux.domain.roster import Student
from tests.adapters.canvas.scripted_server import Reply, ScriptedServer

DUE = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)
MADE = datetime(2026, 7, 2, 5, 59, tzinfo=timezone.utc)

COURSE: dict[str, Any] = {
    "id": 370663, "sis_course_id": None, "uuid": "WvAHhY5FINzq5IyRIJybGeiXyFkG3SqHUPb7jZY5",
    "integration_id": None, "sis_import_id": 34, "name": "Moons 101", "course_code": "MOON101",
    "original_name": "The moons of the solar system", "workflow_state": "available",
    "account_id": 81259, "root_account_id": 81259, "enrollment_term_id": 34,
    "grading_periods": None, "grading_standard_id": 25, "grade_passback_setting": "nightly_sync",
    "created_at": "2026-08-01T00:00:00Z", "start_at": None, "end_at": None, "locale": "en",
    "enrollments": None, "total_students": 32, "calendar": None, "default_view": "feed",
    "syllabus_body": "<p>Look up</p>", "needs_grading_count": 17, "term": None,
    "course_progress": None, "apply_assignment_group_weights": True,
    "permissions": {"create_discussion_topic": True}, "is_public": True,
    "is_public_to_auth_users": True, "public_syllabus": True, "public_description": "Moons",
    "storage_quota_mb": 5, "storage_quota_used_mb": 5, "hide_final_grades": False,
    "license": "private", "allow_student_assignment_edits": False, "open_enrollment": False,
    "restrict_enrollments_to_course_dates": False, "time_zone": "America/Denver",
    "blueprint": True, "blueprint_restrictions": {"points": True}, "template": False,
}  # fmt: skip

USER = {
    "id": 2, "name": "Io Jupiter", "sortable_name": "Jupiter, Io", "last_name": "Jupiter",
    "first_name": "Io", "short_name": "Io", "sis_user_id": "MOON-1", "sis_import_id": 18,
    "integration_id": "ABC", "login_id": "io@example.edu", "avatar_url": None,
    "avatar_state": "approved", "enrollments": None, "email": "io@example.edu", "locale": None,
    "last_login": "2026-05-30T17:45:25Z", "time_zone": "America/Denver", "bio": None,
    "pronouns": "she/her", "effective_locale": "en", "created_at": "2026-01-01T00:00:00-07:00",
}  # fmt: skip

ENROLLMENT = {
    "id": 1, "course_id": 370663, "sis_course_id": "SHEL93921", "course_integration_id": None,
    "course_section_id": 9, "section_integration_id": None, "sis_account_id": None,
    "sis_section_id": None, "sis_user_id": None, "enrollment_state": "active",
    "limit_privileges_to_course_section": True, "sis_import_id": 83, "root_account_id": 1,
    "type": "StudentEnrollment", "user_id": 2, "associated_user_id": None, "role": "Auditor",
    "role_id": 1, "created_at": "2026-04-18T23:08:51Z", "updated_at": "2026-04-18T23:08:51Z",
    "start_at": None, "end_at": None, "last_activity_at": None, "last_attended_at": None,
    "total_activity_time": 260, "html_url": "https://canvas.example.edu/courses/1/users/2",
    "grades": {"html_url": "https://canvas.example.edu/g", "current_score": None,
               "current_grade": "", "final_score": 12.5, "current_points": 150,
               "unposted_final_grade": None},
    "user": {"id": 2, "name": "Io Jupiter", "sortable_name": "Jupiter, Io", "short_name": "Io"},
    "override_grade": "A", "override_score": 99.99, "unposted_current_grade": "",
    "has_grading_periods": True, "totals_for_all_grading_periods_option": True,
    "current_grading_period_title": None, "current_grading_period_id": 5,
    "current_period_override_score": None, "temporary_enrollment_source_user_id": None,
}  # fmt: skip

ASSIGNMENT = {
    "id": 4, "name": "homework_1", "description": None, "created_at": "2026-07-01T23:59:00-06:00",
    "updated_at": "2026-07-01T23:59:00-06:00", "due_at": "2026-10-02T00:59:59-06:00",
    "lock_at": None, "unlock_at": None, "has_overrides": True, "all_dates": None,
    "course_id": 370663, "html_url": "https://canvas.example.edu/courses/1/assignments/4",
    "submissions_download_url": "https://canvas.example.edu/x?zip=1", "assignment_group_id": 2,
    "due_date_required": False, "allowed_extensions": None, "max_name_length": 255,
    "turnitin_enabled": False, "vericite_enabled": False, "turnitin_settings": None,
    "grade_group_students_individually": False,
    "external_tool_tag_attributes": {"url": "https://hub.example.edu/x", "new_tab": True,
                                     "resource_link_id": "ab81173af98b", "external_data": None,
                                     "content_type": "ContextExternalTool", "content_id": 33},
    "peer_reviews": False, "automatic_peer_reviews": False, "peer_review_count": 0,
    "peer_reviews_assign_at": None, "intra_group_peer_reviews": False, "group_category_id": None,
    "needs_grading_count": 17, "needs_grading_count_by_section": [], "position": 1,
    "post_to_sis": None, "integration_id": None, "integration_data": None,
    "points_possible": 12.0, "submission_types": ["external_tool"],
    "has_submitted_submissions": True, "grading_type": "points", "grading_standard_id": None,
    "published": True, "unpublishable": False, "only_visible_to_overrides": False,
    "locked_for_user": False, "lock_info": None, "lock_explanation": None, "quiz_id": None,
    "anonymous_submissions": None, "discussion_topic": None, "freeze_on_copy": False,
    "frozen": False, "frozen_attributes": [], "submission": None, "use_rubric_for_grading": None,
    "rubric_settings": None, "rubric": None, "assignment_visibility": [2], "overrides": None,
    "omit_from_final_grade": None, "hide_in_gradebook": False, "moderated_grading": False,
    "grader_count": 0, "final_grader_id": None, "graders_anonymous_to_graders": None,
    "anonymous_grading": None, "allowed_attempts": -1, "post_manually": True,
    "score_statistics": None, "can_submit": None, "ab_guid": [], "annotatable_attachment_id": None,
    "anonymize_students": None, "require_lockdown_browser": None, "important_dates": False,
    "muted": True, "anonymous_peer_reviews": False, "restrict_quantitative_data": None,
    "workflow_state": "published", "secure_params": "eyJ0", "lti_context_id": "e7bc",
}  # fmt: skip

OVERRIDE = {
    "id": 8, "assignment_id": 4, "quiz_id": None, "context_module_id": None,
    "discussion_topic_id": None, "student_ids": [2, 3], "title": "2 students",
    "due_at": "2026-10-02T06:59:59Z", "all_day": False, "all_day_date": "2026-10-02",
    "unlock_at": None, "lock_at": None, "unassign_item": False,
}  # fmt: skip

SUBMISSION = {
    "assignment_id": 4, "assignment": None, "course": None, "attempt": 1, "body": None,
    "grade": "8.5", "grade_matches_current_submission": True, "id": 6,
    "html_url": "https://canvas.example.edu/s", "preview_url": "https://canvas.example.edu/p",
    "score": 6.5, "entered_score": 8.5, "entered_grade": "8.5",
    "submission_comments": [
        {"id": 37, "author_id": 134, "author_name": "Instructor", "author": {}, "media_comment":
         None, "comment": "Well done", "created_at": "2026-01-01T01:00:00Z", "edited_at": None,
         "attempt": None,
         "attachments": [{"id": 569, "uuid": "a", "folder_id": None,
                          "display_name": "homework_1.html", "filename": "homework_1.html",
                          "content-type": "text/html", "size": 43451,
                          "url": "https://canvas.example.edu/f", "upload_status": "success",
                          "created_at": "2026-07-06T14:58:50Z", "unlock_at": None, "locked": False,
                          "hidden": False, "lock_at": None, "thumbnail_url": None,
                          "mime_class": "html", "media_entry_id": None, "preview_url": None}]},
        {"id": 38, "comment": "Thank you", "attachments": None},
    ],
    "submission_type": "basic_lti_launch", "submitted_at": None, "url": None, "user_id": 2,
    "grader_id": 86, "graded_at": "2026-10-03T03:05:34Z", "user": None, "late": False,
    "assignment_visible": True, "excused": None, "missing": False, "late_policy_status": None,
    "points_deducted": 2.0, "seconds_late": 300, "workflow_state": "graded",
    "extra_attempts": None, "anonymous_id": "acJ4Q", "posted_at": None, "read_status": "read",
    "redo_request": False, "sticker": None, "custom_grade_status_id": None,
    "cached_due_date": None, "external_tool_url": None, "proxy_submitter": None,
}  # fmt: skip

TOOL = {
    "id": 33, "domain": None, "url": "https://hub.example.edu/launch", "consumer_key": "N/A",
    "name": "Jupyter", "description": None, "created_at": "2026-07-06T14:58:50Z",
    "updated_at": "2026-07-06T14:58:50Z", "privacy_level": "anonymous", "workflow_state": "public",
    "custom_fields": {"key": "value"}, "is_rce_favorite": False, "is_top_nav_favorite": False,
    "account_navigation": None, "assignment_selection": None, "course_home_sub_navigation": None,
    "course_navigation": {"enabled": "true", "label": "Hub"}, "editor_button": None,
    "homework_submission": None, "link_selection": None, "migration_selection": None,
    "resource_selection": None, "tool_configuration": None, "user_navigation": None,
    "selection_width": 500, "selection_height": 500, "icon_url": None, "not_selectable": False,
    "version": "1.3", "deployment_id": None, "developer_key_id": 10000000000007,
    "unified_tool_id": None, "allow_membership_service_access": None, "prefer_sis_email": None,
}  # fmt: skip

MEMBERSHIP = {
    "id": 92, "group_id": 17, "user_id": 2, "workflow_state": "accepted", "moderator": True,
    "just_created": True, "sis_import_id": 4, "sis_group_id": None, "created_at": None,
}  # fmt: skip

PROGRESS = {
    "id": 1, "context_id": 370663, "context_type": "Course", "user_id": None,
    "tag": "submissions_update", "completion": None, "workflow_state": "queued",
    "created_at": "2026-01-15T15:00:00Z", "updated_at": "2026-01-15T15:04:00Z", "message": None,
    "results": None, "url": "https://canvas.example.edu/api/v1/progress/1",
}  # fmt: skip

FILE = {
    "id": 569, "uuid": "SUj23659sdfASF35h265kf352YTdnC4", "folder_id": None,
    "display_name": "homework_1.html", "filename": "homework_1.html", "upload_status": "success",
    "content-type": "text/html", "url": "https://canvas.example.edu/files/569", "size": 43451,
    "created_at": "2026-07-06T14:58:50Z", "updated_at": None, "unlock_at": None, "lock_at": None,
    "locked": False, "hidden": False, "hidden_for_user": False, "visibility_level": None,
    "thumbnail_url": None, "modified_at": None, "mime_class": "html", "media_entry_id": None,
    "locked_for_user": False, "lock_info": None, "lock_explanation": None, "preview_url": None,
}  # fmt: skip

TICKET: dict[str, Any] = {
    "upload_url": "https://files.example.edu/upload?token=x", "file_param": "file",
    "upload_params": {"key": "/files/homework_1.html", "acl": "private", "Policy": None},
    "progress": None,
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """A documented object: how it is read, what that gives, and what it cannot do without."""

    row: Mapping[str, Any]
    read: Callable[[object], object]
    expected: object
    needed: frozenset[str] = frozenset({"id"})


IO = Student("2", "Io Jupiter", "Jupiter, Io", section_ids=frozenset({9}))
SHAPES = {
    "course": Shape(COURSE, decode.course, CanvasCourse(
        370663, COURSE["original_name"], "America/Denver",
    )),
    "user": Shape(USER, lambda row: decode.emails([row]), {"2": "io@example.edu"}),
    "enrollment": Shape(ENROLLMENT, lambda row: decode.students([row]), (IO,),
                        frozenset({"user_id", "type", "enrollment_state"})),
    "assignment": Shape(ASSIGNMENT, decode.assignment, CanvasAssignment(
        4, "homework_1", Decimal(12), DUE, None, None, True, "https://hub.example.edu/x", 33, True,
        post_manually=True, created_at=MADE, moderated=False)),
    "override": Shape(OVERRIDE, decode.override,
                      Override(8, DUE, student_ids=frozenset({"2", "3"}),
                               overrides_unlock=True, overrides_lock=True)),
    "submission": Shape(SUBMISSION, decode.submission, CanvasSubmission(
        "2", Decimal("8.5"), False, datetime(2026, 10, 3, 3, 5, 34, tzinfo=timezone.utc),
        ("homework_1.html",)), frozenset({"user_id"})),
    "tool": Shape(TOOL, decode.tool,
                  ExternalTool(33, "Jupyter", "https://hub.example.edu/launch", None)),
    "membership": Shape(MEMBERSHIP, lambda row: decode.members([row]), frozenset({"2"}),
                        frozenset({"user_id", "workflow_state"})),
    "progress": Shape(PROGRESS, decode.progress, decode.Progress(1, "queued", "")),
    "file": Shape(FILE, lambda row: (decode.file_id(row), decode.file_is_ready(row)), (569, True),
                  frozenset({"id", "url", "upload_status"})),
    "ticket": Shape(TICKET, decode.ticket, decode.Ticket(
        TICKET["upload_url"], {"key": "/files/homework_1.html", "acl": "private", "Policy": ""},
        "file"), frozenset({"upload_url"})),
}  # fmt: skip

OPTIONAL = [(name, key) for name, s in SHAPES.items() for key in sorted({*s.row} - s.needed)]


def sent(row: Mapping[str, Any]) -> Any:
    """A row as it comes out of an answer: decimals for fractions."""
    return parse(json.dumps(row))


@pytest.mark.parametrize("name", SHAPES)
def test_a_whole_documented_object_is_read(name: str) -> None:
    shape = SHAPES[name]
    assert shape.read(sent(shape.row)) == shape.expected


@pytest.mark.parametrize(("name", "key"), OPTIONAL)
def test_every_optional_field_may_be_absent_or_null(name: str, key: str) -> None:
    shape = SHAPES[name]
    absent = {k: v for k, v in shape.row.items() if k != key}
    for row in (absent, {**shape.row, key: None}):
        assert type(shape.read(sent(row))) is type(shape.expected)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("name", SHAPES)
@given(extra=st.dictionaries(st.text(max_size=8).map("new_{}".format), JSON, max_size=4))
def test_fields_that_canvas_adds_later_change_nothing(name: str, extra: dict[str, Any]) -> None:
    shape = SHAPES[name]
    assert shape.read(sent({**shape.row, **extra})) == shape.expected


def stringified(value: Any, key: str = "") -> Any:
    """Ids as the content type application/json+canvas-string-ids writes them."""
    if isinstance(value, dict):
        return {k: stringified(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [stringified(v, key[:-1] if key.endswith("ids") else "") for v in value]
    an_id = key == "id" or key.endswith("_id")
    return str(value) if an_id and isinstance(value, int) else value


@pytest.mark.parametrize("name", SHAPES)
def test_ids_as_text_are_the_same_ids(name: str) -> None:
    shape = SHAPES[name]
    assert shape.read(sent(stringified(copy.deepcopy(dict(shape.row))))) == shape.expected


# --- What only some tokens and some installations show ------------------------------------------


def test_a_submission_without_an_entered_score_has_what_was_deducted_added_again() -> None:
    row = {k: v for k, v in SUBMISSION.items() if not k.startswith("entered")}
    assert decode.submission(sent(row)).entered == Decimal("8.5")
    assert decode.submission(sent({**row, "points_deducted": None})).entered == Decimal("6.5")
    assert decode.submission(sent({**row, "score": None})).entered is None
    assert decode.submission(sent({**SUBMISSION, "entered_score": None})).entered is None


def test_an_override_that_names_all_its_kinds_with_nulls_is_for_the_one_that_is_none() -> None:
    nulls = {"student_ids": None, "group_id": None, "course_section_id": None, "noop_id": None}
    row = {"id": 8, "due_at": None, **nulls}
    assert decode.override({**row, "course_id": 5}).whole_course
    assert decode.override({**row, "course_section_id": 3, "course_id": 5}).section_id == 3
    assert not decode.override({**row, "course_section_id": 3, "course_id": 5}).whole_course
    assert decode.override({**row, "group_id": 6}).group_id == 6


@pytest.mark.parametrize(
    "text",
    ["2026-10-02T06:59:59Z", "2026-10-02T06:59:59.1Z", "2026-10-02T06:59:59.123456789Z",
     "2026-10-02T00:59:59-06:00", "2026-10-02T06:59:59", "2026-10-02T06:59:59.000+00:00"],
)  # fmt: skip
def test_every_spelling_of_a_moment_is_the_same_moment(text: str) -> None:
    assert decode.override({"id": 1, "due_at": text}).due_at == DUE


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1971, 1, 1)))
def test_a_moment_in_any_zone_is_read_as_that_moment(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    found = decode.override({"id": 1, "due_at": whole.isoformat()}).due_at
    assert found == whole.astimezone(timezone.utc)


# --- The same, over the wire --------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def test_the_client_reads_whole_documented_answers(server: ScriptedServer) -> None:
    course = "/api/v1/courses/370663"
    server.on("GET", course, Reply(COURSE))
    server.on("GET", f"{course}/enrollments", Reply([ENROLLMENT]))
    server.on("GET", f"{course}/users", Reply([USER]))
    server.on("GET", f"{course}/assignments", Reply([ASSIGNMENT]))
    server.on("GET", f"{course}/assignments/4/overrides", Reply([OVERRIDE]))
    server.on("GET", f"{course}/assignments/4/submissions", Reply([SUBMISSION]))
    server.on("GET", f"{course}/external_tools", Reply([TOOL]))
    server.on("GET", "/api/v1/groups/17/memberships", Reply([MEMBERSHIP]))
    with httpx.Client() as http:
        canvas = CanvasClient(server.url, 370663, "abc", http=http)
        (io,) = canvas.students()
        assert (io.id, io.email) == ("2", "io@example.edu")
        assert canvas.course() == SHAPES["course"].expected
        assert canvas.assignments() == (SHAPES["assignment"].expected,)
        assert canvas.overrides(4) == (SHAPES["override"].expected,)
        assert canvas.submissions(4) == (SHAPES["submission"].expected,)
        assert canvas.tools("course") == (SHAPES["tool"].expected,)
        assert canvas.group_members(17) == frozenset({"2"})
