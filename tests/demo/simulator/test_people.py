"""The roster in all its awkwardness."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rudaux.demo.simulator.entities import EnrollmentState, OtherCourse
from rudaux.demo.simulator.state import World

from .practice import Practice, practising


@pytest.fixture
def canvas() -> Iterator[Practice]:
    world = World.new()
    with practising(world) as practice:
        yield practice


def ids(rows: list[dict[str, object]], key: str = "user_id") -> list[object]:
    return [row[key] for row in rows]


def test_enrollments_list_everybody_unless_narrowed(canvas: Practice) -> None:
    world = canvas.world
    io = world.add_student("Io Jupiter")
    test = world.add_test_student()
    helper = world.add_person("Titan Saturn", "TaEnrollment")
    watcher = world.add_person("Rhea Saturn", "ObserverEnrollment")
    everybody = canvas.get("/enrollments").json()
    assert set(ids(everybody)) == {1001, io, test, helper, watcher}
    students = canvas.get("/enrollments?type[]=StudentEnrollment").json()
    assert ids(students) == [io]


def test_inactive_enrollments_come_without_being_asked_for_and_concluded_ones_do_not(
    canvas: Practice,
) -> None:
    kept: list[EnrollmentState] = ["inactive", "invited"]
    made = {s: canvas.world.add_student(f"{s} Uranus", state=s) for s in kept}
    gone: list[EnrollmentState] = ["completed", "deleted", "rejected"]
    for state in gone:
        canvas.world.set_state(canvas.world.add_student(f"{state} Uranus"), state)
    default = canvas.get("/enrollments?type[]=StudentEnrollment").json()
    assert set(ids(default)) == set(made.values())
    asked = canvas.get("/enrollments?type[]=StudentEnrollment&state[]=active&state[]=invited")
    assert ids(asked.json()) == [made["invited"]]


def test_a_student_in_two_sections_has_two_enrollments_and_is_one_user(canvas: Practice) -> None:
    other = canvas.world.add_section("Lab")
    io = canvas.world.add_student("Io Jupiter", sections=[1, other])
    rows = canvas.get("/enrollments?type[]=StudentEnrollment").json()
    assert [(r["user_id"], r["course_section_id"]) for r in rows] == [(io, 1), (io, other)]
    users = canvas.get("/users?enrollment_type[]=student&include[]=enrollments").json()
    assert ids(users, "id") == [io]
    assert len(users[0]["enrollments"]) == 2
    assert len(canvas.get(f"//sections/{other}/enrollments").json()) == 1


def test_enrollment_pages_are_opaque_bookmarks_without_a_last(canvas: Practice) -> None:
    for n in range(23):
        canvas.world.add_student(f"Moon{n} Saturn")
    answer = canvas.get("/enrollments?per_page=10")
    assert "page=bookmark" in answer.links["next"]["url"]
    assert "last" not in answer.links
    assert [len(p) for p in canvas.pages("/enrollments?per_page=10")] == [10, 10, 4]
    assert canvas.get("/enrollments?page=bookmark:***").status_code == 404


def test_the_test_student_leaves_a_short_or_empty_page_before_the_next(canvas: Practice) -> None:
    canvas.world.add_student("Io Jupiter", "Aa, Io")
    canvas.world.users[canvas.world.add_test_student()].sortable_name = "Bb, Test"
    canvas.world.add_student("Titan Saturn", "Cc, Titan")
    everybody = canvas.pages("/users?per_page=1")
    assert [len(p) for p in everybody] == [1, 0, 1, 1]
    assert len(canvas.get("/users?enrollment_type[]=student").json()) == 2


def test_what_the_token_may_not_see_is_absent_not_null(canvas: Practice) -> None:
    canvas.world.add_student("Io Jupiter", email="io@example.edu")
    seen = canvas.get("/users?enrollment_type[]=student").json()[0]
    assert (seen["email"], seen["login_id"], seen["sis_user_id"]) == (
        "io@example.edu", "io", "SIS1002",
    )  # fmt: skip
    canvas.switches.show_email = canvas.switches.show_login = canvas.switches.show_sis = False
    hidden = canvas.get("/users?enrollment_type[]=student").json()[0]
    assert not {"email", "login_id", "sis_user_id"} & set(hidden)
    assert "sis_user_id" not in canvas.get("/enrollments").json()[0]["user"]


def test_an_invited_student_has_no_email_yet(canvas: Practice) -> None:
    canvas.world.add_student("Io Jupiter", email="io@example.edu", state="invited")
    row = canvas.get("/users?enrollment_type[]=student").json()[0]
    assert "email" not in row
    assert row["sis_user_id"] == "SIS1002"


def test_users_are_sorted_by_last_name_and_have_no_last_page(canvas: Practice) -> None:
    for name in ("Titan Saturn", "Io Jupiter", "Ariel Uranus"):
        canvas.world.add_student(name)
    answer = canvas.get("/users?enrollment_type[]=student")
    assert [u["sortable_name"] for u in answer.json()] == [
        "Jupiter, Io", "Saturn, Titan", "Uranus, Ariel",
    ]  # fmt: skip
    assert "last" not in answer.links


def test_groups_show_members_in_every_state(canvas: Practice) -> None:
    one, two = canvas.world.add_student("Io Jupiter"), canvas.world.add_student("Titan Saturn")
    group = canvas.world.add_group("Moons", [one, two])
    canvas.world.groups[group].memberships[1].state = "invited"
    rows = canvas.get(f"//groups/{group}/memberships").json()
    assert [(m["user_id"], m["workflow_state"]) for m in rows] == [
        (one, "accepted"), (two, "invited"),
    ]  # fmt: skip
    accepted = canvas.get(f"//groups/{group}/memberships?filter_states[]=accepted").json()
    assert ids(accepted) == [one]
    assert [g["name"] for g in canvas.get("/groups").json()] == ["Moons"]


def test_the_course_may_show_the_owners_nickname(canvas: Practice) -> None:
    canvas.world.course.nickname = "My course"
    body = canvas.get("").json()
    assert (body["name"], body["original_name"]) == ("My course", "Practice course")
    assert body["time_zone"] == "America/Vancouver"


def test_inherited_tools_are_seen_only_with_their_parents(canvas: Practice) -> None:
    world = canvas.world
    here = world.add_tool("course", "Jupyter", url="https://hub.example.edu/lti")
    above = world.add_tool("account", "Jupyter", domain="hub.example.edu")
    group = world.add_group("Moons")
    inside = world.add_tool("group", "Jupyter notebooks", context_id=group)
    assert ids(canvas.get("/external_tools").json(), "id") == [here]
    assert ids(canvas.get("/external_tools?include_parents=true").json(), "id") == [here, above]
    assert ids(canvas.get("//accounts/1/external_tools").json(), "id") == [above]
    assert ids(canvas.get(f"//groups/{group}/external_tools").json(), "id") == [inside]
    wide = canvas.get(f"//groups/{group}/external_tools?include_parents=1")
    assert set(ids(wide.json(), "id")) == {here, above, inside}


def test_the_list_of_courses_is_narrowed_by_role_and_tells_terms_when_asked(
    canvas: Practice,
) -> None:
    canvas.world.other_courses += [
        OtherCourse(7, "Astronomy", "student", "Fall 2026"),
        OtherCourse(8, "Closed", restricted=True),
    ]

    def listed(query: str) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = canvas.get(f"//courses{query}").json()
        return rows

    assert ids(listed(""), "id") == [12345, 7, 8]
    taught = listed("?enrollment_type=teacher&include[]=term")
    assert ids(taught, "id") == [12345, 8]
    assert taught[0]["term"] == {
        "id": 1, "name": "Default Term", "start_at": None, "end_at": None,
        "workflow_state": "active",
    }  # fmt: skip
    assert taught[1] == {"id": 8, "access_restricted_by_date": True}
