"""The upload of a feedback file, in three steps.

https://canvas.instructure.com/doc/api/file.file_uploads.html
"""

from __future__ import annotations

import mimetypes
import re
from urllib.parse import urlsplit

from rudaux.adapters.canvas import calls, decode
from rudaux.adapters.canvas.patience import ATTEMPTS, pauses
from rudaux.adapters.canvas.protocol import Answer, may_carry_secrets, parse, resolve, spell
from rudaux.adapters.canvas.refusals import complaint
from rudaux.adapters.canvas.wire import Wire
from rudaux.domain.artifacts import FeedbackFile
from rudaux.errors import (
    CanvasFailure,
    LostAnswer,
    NotFound,
    PermissionRefused,
    RequestRefused,
)

# https://canvas.example.edu/api/v1/files/99/create_success?uuid=...
_NAMED = re.compile(r"/files/(\d+)/create_success$")


def upload(
    wire: Wire,
    course_id: int,
    assignment_id: int,
    student_id: str,
    file: FeedbackFile,
    tries: int = ATTEMPTS,
) -> int:
    """Upload a file for that student's comments and return its id.

    If the file store's answer is lost, start over from the first step: the bytes cannot be sent to
    the same address twice, and nobody sees a file that no comment refers to.
    """
    try:
        return _attempt(wire, course_id, assignment_id, student_id, file)
    except LostAnswer as lost:
        if tries == 1:
            raise CanvasFailure(
                f'the file "{file.name}" for student {student_id} could not be uploaded in '
                "several attempts: run this again later"
            ) from lost
    wire.sleep(next(pauses()))
    return upload(wire, course_id, assignment_id, student_id, file, tries - 1)


def _attempt(
    wire: Wire, course_id: int, assignment_id: int, student_id: str, file: FeedbackFile
) -> int:
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    size = len(file.content)
    announced = calls.announce_file(
        course_id, assignment_id, student_id, file.name, size, media_type
    )
    ticket = decode.ticket(wire.json(announced))
    _refuse_insecure(ticket.url, file.name)
    part = (ticket.file_field, file.name, file.content, media_type)
    answer = wire.upload(ticket.url, ticket.fields, part, announced.task)
    return _finish(wire, answer, file.name, announced.task)


def _finish(wire: Wire, answer: Answer, name: str, task: str) -> int:
    """Finish the upload: a file store that is not Canvas says where to confirm it."""
    if answer.status >= 400:
        said = complaint(answer.body)
        refused = RequestRefused if answer.status < 500 else CanvasFailure
        raise refused(
            f'the file store at {spell(answer.url)} refused the file "{name}" '
            f"({answer.status}{': ' + said if said else ''}): run this again"
        )
    done = _file_id(answer) if answer.status < 300 else None
    if done is not None:
        return done
    location = resolve(answer.url, answer.header("Location"))
    if not location:
        raise LostAnswer(
            f'the file store at {spell(answer.url)} did not say where it put the file "{name}": '
            "run this again"
        )
    _refuse_insecure(location, name)
    done = _confirm(wire, location, task)
    if done is None:
        raise CanvasFailure(f'Canvas did not confirm that it has the file "{name}": run this again')
    return done


def _confirm(wire: Wire, location: str, task: str, tries: int = 3) -> int | None:
    """Tell Canvas that the bytes are stored; that works once, so look up what a lost answer did."""
    try:
        return _file_id(wire.follow(location, task))
    except LostAnswer:
        named = _NAMED.search(urlsplit(location).path)
        if named is None or tries == 1:
            raise
    number = int(named[1])
    return number if _is_there(wire, number) else _confirm(wire, location, task, tries - 1)


def _is_there(wire: Wire, number: int) -> bool:
    wire.sleep(next(pauses()))
    try:
        return decode.file_is_ready(wire.json(calls.file(number)))
    except (NotFound, PermissionRefused):
        return False


def _file_id(answer: Answer) -> int | None:
    try:
        return decode.file_id(parse(answer.body))
    except ValueError:
        return None


def _refuse_insecure(url: str, name: str) -> None:
    if not may_carry_secrets(url):
        raise CanvasFailure(
            f'Canvas asks for the file "{name}" to be sent unencrypted to {spell(url)}: ask your '
            "Canvas administrator for an https address"
        )
