"""Pages for a person: the course's gradebook in a browser, read-only and without a token."""

from __future__ import annotations

from html import escape

from rudaux.demo.simulator.call import Call, Reply
from rudaux.demo.simulator.entities import Assignment, User
from rudaux.demo.simulator.scores import ruby_text
from rudaux.demo.simulator.visibility import CURRENT, students

STYLE = """
body { font-family: system-ui, sans-serif; margin: 2rem; color: #2d3b45 }
table { border-collapse: collapse } th, td { border: 1px solid #c7cdd1; padding: .4rem .8rem }
th { background: #f5f5f5; text-align: left } td { text-align: right } a { color: #0374b5 }
small { color: #6b7780; font-weight: normal; display: block }
select, button { font: inherit; padding: .5rem; border: 1px solid #c7cdd1; border-radius: 4px }
button { background: #0374b5; border-color: #0374b5; color: #fff; cursor: pointer }
"""


def home(call: Call) -> Reply:
    """GET /: to the gradebook."""
    return Reply("", 302, {"Location": f"/courses/{call.world.course.id}/gradebook"}, "text/html")


def gradebook(call: Call) -> Reply:
    """GET /courses/:id/gradebook: students by assignments, scores, links to feedback."""
    call.course()
    world = call.world
    columns = [a for a in world.assignments.values() if not a.deleted]
    people = [world.users[uid] for uid in students(world, CURRENT) if not world.users[uid].test]
    people.sort(key=lambda u: u.sortable_name.lower())
    heads = "".join(_head(call, a) for a in columns)
    rows = "".join(_row(call, person, columns) for person in people)
    title = world.course.name
    return page(
        title,
        f"<h1>{escape(title)}</h1>"
        f"<p>A practice Canvas on this machine. {len(people)} students, times in "
        f"{escape(world.course.time_zone or 'UTC')}.</p>"
        f"<table><tr><th>Student</th>{heads}</tr>{rows}</table>",
    )


def page(title: str, body: str) -> Reply:
    """Return a whole page."""
    return Reply(
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>"
        f"<style>{STYLE}</style></head><body>{body}</body></html>",
        media_type="text/html",
    )


def facts(call: Call, row: Assignment) -> str:
    """Return an assignment's points, and its due date in the course's time zone."""
    due = row.due_at.astimezone(call.zone).strftime("due %d %b %Y %H:%M") if row.due_at else ""
    return f"{row.points_possible or 0:g} points · {due or 'no due date'}"


def _head(call: Call, row: Assignment) -> str:
    state = "" if row.published else " · not published"
    address = f"/courses/{call.world.course.id}/assignments/{row.id}"
    return f"<th><a href='{address}'>{escape(row.name)}</a><small>{facts(call, row)}{state}</small>"


def _row(call: Call, person: User, columns: list[Assignment]) -> str:
    cells = "".join(_cell(call, person, a) for a in columns)
    name = f"{escape(person.sortable_name)}<small>{person.id}</small>"
    return f"<tr><th>{name}</th>{cells}</tr>"


def _cell(call: Call, person: User, assignment: Assignment) -> str:
    row = call.world.submissions.get(f"{assignment.id}/{person.id}")
    if row is None:
        return "<td>-</td>"
    score = "-" if row.entered_score is None else ruby_text(row.entered_score)
    text = "excused" if row.excused else score
    ids = [i for c in row.comments for i in c.file_ids if i in call.world.files]
    return f"<td>{text}{''.join(_link(call, i) for i in ids)}</td>"


def _link(call: Call, file_id: int) -> str:
    file = call.world.files[file_id]
    address = f"/files/{file.id}/download?verifier={file.uuid}"
    return f"<small><a href='{address}'>{escape(file.name)}</a></small>"
