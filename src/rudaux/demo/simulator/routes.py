"""Which address is answered by what."""

from __future__ import annotations

from collections.abc import Callable

from rudaux.demo.simulator import (
    access,
    assignments,
    bulk,
    files,
    grading,
    graphql,
    lti,
    pages,
    people,
    submissions,
    tools,
)
from rudaux.demo.simulator.call import Call, Reply

Handler = Callable[[Call], Reply]

C = "/courses/{course}"
A = C + "/assignments/{assignment}"
S = A + "/submissions"

API: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/courses", people.own_courses),
    ("GET", "/users/{user}/user_generated_tokens", access.own_tokens),
    ("GET", C, people.get_course),
    ("GET", C + "/permissions", access.permissions),
    ("GET", C + "/effective_due_dates", assignments.effective_due_dates),
    ("GET", C + "/assignment_groups", assignments.list_groups),
    ("GET", C + "/users", people.list_users),
    ("GET", C + "/search_users", people.list_users),
    ("GET", C + "/enrollments", people.list_enrollments),
    ("DELETE", C + "/enrollments/{enrollment}", people.delete_enrollment),
    ("GET", C + "/groups", people.list_groups),
    ("GET", "/groups/{group}/memberships", people.list_memberships),
    ("GET", C + "/external_tools", tools.list_tools),
    ("GET", "/accounts/{account}", tools.get_account),
    ("GET", "/accounts/{account}/external_tools", tools.list_tools),
    ("GET", "/groups/{group}/external_tools", tools.list_tools),
    ("GET", C + "/late_policy", people.get_late_policy),
    ("GET", C + "/assignments", assignments.list_assignments),
    ("POST", C + "/assignments", assignments.create_assignment),
    ("GET", A, assignments.get_assignment),
    ("PUT", A, assignments.edit_assignment),
    ("GET", A + "/overrides", assignments.list_overrides),
    ("POST", A + "/overrides", assignments.create_override),
    ("PUT", A + "/overrides/{override}", assignments.edit_override),
    ("DELETE", A + "/overrides/{override}", assignments.delete_override),
    ("POST", S + "/update_grades", bulk.update_assignment_grades),
    ("GET", "/progress/{progress}", bulk.get_progress),
    ("GET", S, submissions.list_submissions),
    ("GET", S + "/{user}", submissions.get_submission),
    ("PUT", S + "/{user}", grading.put_submission),
    ("POST", S + "/{user}/comments/files", files.start_upload),
    ("GET", "/files/{file}/create_success", files.finish_upload),
    ("GET", "/files/{file}", files.get_file),
)
"""Under /api/v1, with a token."""

OPEN: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/files_api", files.receive_local),
    ("POST", "/files/{file}", files.receive_instfs),
    ("GET", "/files/{file}/download", files.download),
    ("GET", C + "/gradebook", pages.gradebook),
    ("GET", C + "/grades/{user}", pages.grades),
    ("GET", A, pages.assignment),
    ("GET", S + "/{user}", pages.submission),
    ("GET", A + "/launch", lti.open_tool),
    ("GET", lti.AUTHORIZE, lti.authorize),
    ("GET", lti.JWKS, lti.jwks),
    ("GET", C, pages.home),
    ("GET", "/", pages.home),
)
"""Without a token."""

GRAPHQL = ("POST", "/api/graphql", graphql.execute)
