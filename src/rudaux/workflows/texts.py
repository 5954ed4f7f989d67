"""The words of messages: course, assignment, what happened, to whom, and the command that helps."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from rudaux.domain.grades import fixed_point
from rudaux.domain.messages import Digest, End, Message, counted, listed, without_names
from rudaux.domain.submissions import Shown
from rudaux.errors import RudauxError
from rudaux.ports import Teller

_STOPPED = {
    1: "was stopped by a bug in rudaux",
    3: "did not start: something is set up wrong",
    4: "stopped: a person must decide",
    5: "stopped: another system failed",
    6: "is only partly done",
}

_STATES: dict[Shown, str] = {
    "pushed": "in Canvas",
    "graded": "graded, not in Canvas",
    "missing": "missing",
    "needs_manual": "waiting for a person",
    "failed": "failed",
    "collected": "collected, not graded",
    "to_collect": "to collect",
    "not_due": "not due",
}


def problems(teller: Teller, end: End, names: Collection[str]) -> Iterator[Message]:
    """Write the problems of a run; `names` are students', whose grades an error may contain."""
    for digest in end.digests:
        yield from _of_assignment(teller, digest, end.log, names)
    if end.code not in _STOPPED or end.through:
        return
    lines = [
        ("Course", str(teller.folder)),
        ("Assignment", _waiting(teller)),
        ("What happened", without_names(end.text, names)),
        ("Concerns", _everybody(teller)),
        ("What helps", _remedy(teller, end)),
        ("Log", end.log),
    ]
    title = f"{teller.course}: `rudaux {end.command}` {_STOPPED[end.code]}"
    yield Message("problem", f"{end.scope}:{end.kind}", title, _body(lines))


def _of_assignment(
    teller: Teller, digest: Digest, log: str, names: Collection[str]
) -> Iterator[Message]:
    name, count = digest.assignment, sum(len(who) for who in digest.failed.values())
    head = [("Course", str(teller.folder)), ("Assignment", name)]
    if count:
        what = counted(count, "submission")
        reasons = [f"{listed(who)}: {why}" for why, who in digest.failed.items()]
        again = _command(teller, f"grade {name} --only failed")
        lines = [
            *head,
            ("What happened", f"{what} could not be graded. Nobody got a grade because of that."),
            ("Concerns", "\n".join(reasons[:5] + ["..."] * (len(reasons) > 5))),
            ("What helps", f"{_command(teller, f'status {name}')} says more; {again} tries again."),
            ("Log", log),
        ]
        title = f"{teller.course} {name}: {what} could not be graded"
        yield Message("problem", f"failed:{name}", title, _body(lines))
    if uncollected := digest.counts["to_collect"]:
        look, grade = _command(teller, "snapshot"), _command(teller, f"grade {name}")
        who = counted(uncollected, "student")
        remedy = f"Check that the file server takes snapshots, then run {grade}."
        lines = [
            *head,
            ("What happened", "There is no snapshot from the deadline or later to collect from."),
            ("Concerns", f"{who} who are due. Their work is not lost."),
            ("What helps", f"{remedy} If jupyterhub.snapshots.take is set, {look} takes one."),
            ("Log", log),
        ]
        title = f"{teller.course} {name}: no snapshot to collect from"
        yield Message("problem", f"uncollected:{name}", title, _body(lines))
    if digest.stopped:
        lines = [
            *head,
            ("What happened", f"No grades were pushed. {without_names(digest.stopped, names)}"),
            ("Concerns", _everybody(teller)),
            ("What helps", f"{_command(teller, f'submit {name}')} on a terminal asks you."),
            ("Log", log),
        ]
        title = f"{teller.course} {name}: the grades wait for your decision"
        yield Message("problem", f"stopped:{name}", title, _body(lines))


def done(teller: Teller, digest: Digest) -> Iterator[Message]:
    """Write what was graded, if anything was."""
    if not digest.changed:
        return
    name, counts = digest.assignment, digest.counts
    parts = [f"{counts[state]} {word}" for state, word in _STATES.items() if counts.get(state)]
    median = ""
    if digest.median is not None:
        median = f"{fixed_point(digest.median)} of {fixed_point(digest.points)}"
    lines = [
        ("Course", str(teller.folder)),
        ("Assignment", name),
        ("Students", ", ".join(parts)),
        ("Median", median),
        ("Report", digest.report),
        ("More", _command(teller, f"status {name}")),
    ]
    title = f"{teller.course} {name}: {digest.graded} graded"
    yield Message("done", f"done:{name}:{digest.graded}", title, _body(lines))


def todo(teller: Teller, digest: Digest) -> Iterator[Message]:
    """Write what waits for a person, if anything does."""
    name, things = digest.assignment, []
    if waiting := digest.counts["needs_manual"]:
        verb = "waits" if waiting == 1 else "wait"
        things.append(
            f"{counted(waiting, 'submission')} {verb} for a person: mark in formgrader, then run "
            f"{_command(teller, f'submit {name}')}."
        )
    if digest.edited:
        things.append(
            f"Somebody edited grades in Canvas, and they were kept: {listed(digest.edited)}. "
            f"{_command(teller, f'submit {name}')} shows both grades and asks."
        )
    if digest.hidden:
        things.append(
            f"Students cannot see {counted(digest.hidden, 'grade')} yet: "
            f"{_command(teller, f'canvas post {name}')} shows them."
        )
    if things:
        lines = [("Course", str(teller.folder)), ("Assignment", name),
                 ("To do", "\n".join(things))]  # fmt: skip
        key = f"todo:{name}:{waiting}:{len(digest.edited)}:{digest.hidden}"
        yield Message("todo", key, f"{teller.course} {name}: something waits for you", _body(lines))


def _waiting(teller: Teller) -> str:
    """Return the names of configured assignments that are due and have no grade in Canvas."""
    if teller.config is None:
        return ""
    due = [a.name for a in teller.config.assignments if a.due <= teller.now()]
    with suppress(RudauxError):
        due = [name for name in due if not teller.ledger.push_records(name)] or due[-1:]
    return ", ".join(due)


def _everybody(teller: Teller) -> str:
    with suppress(RudauxError):
        size = teller.ledger.roster_size()
        return f"all {size} students" if size else ""
    return ""


def _remedy(teller: Teller, end: End) -> str:
    command = f"{end.command} --auto" if end.command == "grade" else end.command
    again = _command(teller, command)
    return {
        1: f"Please report it, with the end of the log. {again} goes on where it stopped.",
        3: f"Correct that, then run {again}.",
        4: f"Look at it, then run {again}.",
    }.get(end.code, f"The next run goes on by itself. To run it now: {again}.")


def _command(teller: Teller, words: str) -> str:
    return f"`rudaux {words} --dir {shlex.quote(str(teller.folder))}`"


def _body(lines: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{label}: {text}" for label, text in lines if text)
