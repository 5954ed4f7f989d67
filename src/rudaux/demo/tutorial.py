"""What the tutorial needs beside rudaux: an untouched practice course, and what others do in it.

`python3 -m rudaux.demo.tutorial build DIR` builds a course in which no command has run yet. In
its course folder, `mark NAME` marks by hand as a teaching assistant would; `drop STUDENT` and
`type STUDENT NAME POINTS` do in its Canvas what a student and a colleague do there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from rudaux.config import find_course_folder, load_config, read_token
from rudaux.demo.marking import mark_by_hand
from rudaux.demo.run import build
from rudaux.demo.story import course_in
from rudaux.errors import RudauxError


def _build(folder: str) -> None:
    place = Path(folder).resolve()
    course, port = build(place)
    _say(f"Built a practice course with {len(course.kinds)} students in {place}.")
    _say(f"No command has run in it yet. Its Canvas will be at http://127.0.0.1:{port}")


def _mark(assignment: str) -> None:
    course = course_in(find_course_folder(Path()).parent)
    marked = mark_by_hand(course.instructors, assignment, course.kinds)
    _say(f"{marked} answers of {assignment} are marked.")


def _drop(student: str) -> None:
    found = _ask("GET", "users", search_term=student, **{"include[]": "enrollments"})[0]
    _ask("DELETE", f"enrollments/{found['enrollments'][0]['id']}", task="delete")
    _say(f"{found['name']} has dropped the course.")


def _type(student: str, assignment: str, points: str) -> None:
    found = _ask("GET", "users", search_term=student)[0]
    [there] = [a for a in _ask("GET", "assignments") if a["name"] == assignment]
    place = f"assignments/{there['id']}/submissions/{found['id']}"
    _ask("PUT", place, **{"submission[posted_grade]": points})
    _say(f"Somebody has typed {points} for {found['name']} into Canvas.")


def _ask(method: str, path: str, **fields: str) -> Any:
    config = load_config(find_course_folder(Path()))
    answer = httpx.request(
        method,
        f"{config.canvas.url}/api/v1/courses/{config.canvas.course_id}/{path}",
        params=fields,
        headers={"Authorization": f"Bearer {read_token(config)}"},
        timeout=60.0,
    )
    answer.raise_for_status()
    return answer.json()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


_DOES: dict[str, tuple[Callable[..., None], int]] = {
    "build": (_build, 1),
    "mark": (_mark, 1),
    "drop": (_drop, 1),
    "type": (_type, 3),
}


def main(words: Sequence[str]) -> int:
    """Do one thing; return the exit code."""
    does, count = _DOES.get(words[0] if words else "", (None, 0))
    if does is None or len(words) != count + 1:
        sys.stderr.write(f"{__doc__}")
        return 2
    try:
        does(*words[1:])
    except RudauxError as error:
        sys.stderr.write(f"rudaux: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
