"""How an unattended run ended -> the messages about it that are new, and sending them."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from rudaux.domain.messages import (
    Digest,
    Message,
    Sent,
    Told,
    listed,
    open_problems,
    untold,
    without_names,
)
from rudaux.domain.submissions import State
from rudaux.errors import RudauxError
from rudaux.ports import Teller

_STOPPED = {
    1: "was stopped by a mistake in rudaux itself",
    3: "did not start: something is set up wrong",
    4: "stopped: a person must decide",
    5: "stopped: another system failed",
    6: "is only partly done",
}

_STATES: dict[State, str] = {
    "pushed": "in Canvas",
    "graded": "graded, not in Canvas",
    "missing": "missing",
    "needs_manual": "waiting for a person",
    "failed": "failed",
    "collected": "collected, not graded",
    "not_due": "not due",
}


@dataclass(frozen=True)
class End:
    """How a run ended: its exit code, its error's class and sentences, where its log is.

    `through`: it got to its end with every assignment that it had to do; each has a digest, and
    `text` says nothing beyond them.
    """

    command: str
    code: int
    kind: str = ""
    text: str = ""
    through: bool = False
    digests: tuple[Digest, ...] = ()
    log: str = ""

    @property
    def scope(self) -> str:
        """What the run was about: all runs of `grade` are about the same."""
        return "grade" if self.command.split()[:1] == ["grade"] else self.command


@dataclass(frozen=True)
class NotifyPlan:
    """`problems` are all of this end, `messages` what is to be sent of them and beside them."""

    problems: tuple[Message, ...]
    messages: tuple[Message, ...]
    known: frozenset[str] = frozenset()
    """Keys of problems that somebody was told of within the last day."""


def plan(teller: Teller, end: End, names: Collection[str] = ()) -> NotifyPlan:
    """Decide what to tell; `names` are students', whose grades an error may hold."""
    problems = tuple(_problems(teller, end, names))
    told = _told(teller)
    found = [*problems, *_over(teller, end, told, {m.key for m in problems})]
    for digest in end.digests:
        found += [*_done(teller, digest), *_todo(teller, digest)]
    new = untold(found, told, teller.now())
    sent = tuple(m for m in new if m.topic in teller.on)
    known = {m.key for m in problems if m not in new} if "problem" in teller.on else set()
    return NotifyPlan(problems, sent if teller.notifier else (), frozenset(known))


def apply(teller: Teller, plan: NotifyPlan) -> Sent:
    """Send, and remember what has reached somebody."""
    if teller.notifier is None or not plan.messages:
        return Sent(())
    sent = teller.notifier.send(plan.messages)
    with suppress(RudauxError):  # at worst it is told once more
        for m in sent.reached:
            teller.ledger.record_message(Told(m.topic, m.key, m.title, teller.now(), m.over))
    return sent


def short_text(teller: Teller, plan: NotifyPlan, sent: Sent) -> str:
    """Write what cron mails: the problems that no message has told of; nothing if there is none."""
    reached = {m.key for m in sent.reached} | plan.known
    texts = [f"{m.title}\n\n{m.body}" for m in plan.problems if m.key not in reached]
    if not texts:
        return ""
    trouble = [f"No message was sent: {teller.trouble}"] if teller.trouble else []
    trouble += [f"Not reached: {', '.join(sent.missed)}"] if sent.missed else []
    return "\n\n".join([*texts, *trouble])


def example(teller: Teller) -> Message:
    """Write the message of `rudaux notify --test`."""
    body = f"This is a test. Messages about {teller.course} reach you here."
    return Message("done", "test", f"{teller.course}: a test message", body)


def _told(teller: Teller) -> tuple[Told, ...]:
    with suppress(RudauxError):
        return teller.ledger.messages()
    return ()


def _problems(teller: Teller, end: End, names: Collection[str]) -> Iterator[Message]:
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
        what = "1 submission" if count == 1 else f"{count} submissions"
        reasons = [f"{listed(who)}: {why}" for why, who in digest.failed.items()]
        again = _command(teller, f"grade {name} --only failed")
        lines = [
            *head,
            ("What happened", f"{what} could not be graded. No grade was given for that."),
            ("Concerns", "\n".join(reasons[:5] + ["..."] * (len(reasons) > 5))),
            ("What helps", f"{_command(teller, f'status {name}')} says more, {again} tries again."),
            ("Log", log),
        ]
        title = f"{teller.course} {name}: {what} could not be graded"
        yield Message("problem", f"failed:{name}", title, _body(lines))
    if digest.uncollected:
        lines = [
            *head,
            ("What happened", "No snapshot from the deadline or later is there to collect from."),
            ("Concerns", f"{digest.uncollected} who are due; their work is not lost."),
            (
                "What helps",
                f"See that the file server takes snapshots ({_command(teller, 'snapshot')} "
                f"does it where jupyterhub.snapshots.take is set), then {_command(teller, f'grade {name}')}.",
            ),
            ("Log", log),
        ]
        title = f"{teller.course} {name}: no snapshot to collect from"
        yield Message("problem", f"uncollected:{name}", title, _body(lines))
    if digest.stopped:
        lines = [
            *head,
            ("What happened", f"No grades were pushed. {without_names(digest.stopped, names)}"),
            ("Concerns", _everybody(teller)),
            ("What helps", f"{_command(teller, f'submit {name}')} on a terminal shows and asks."),
            ("Log", log),
        ]
        title = f"{teller.course} {name}: the grades wait for your decision"
        yield Message("problem", f"stopped:{name}", title, _body(lines))


def _over(
    teller: Teller, end: End, told: Sequence[Told], still: Collection[str]
) -> Iterator[Message]:
    """Tell of problems that this run has shown to be over."""
    for key, first in open_problems(told).items():
        if key not in still and _settles(end, key):
            body = f"It was told on {_moment(teller, first.at)}. This run did not meet it again."
            yield Message("problem", key, f"Over: {first.title}", body, over=True)


def _settles(end: End, key: str) -> bool:
    about, _, name = key.partition(":")
    if about in {"failed", "stopped", "uncollected"}:
        seen = {d.assignment for d in end.digests}
        # A run for all that is due has seen no trouble where it had nothing to do.
        return end.through and (end.command == "grade" or name in seen)
    return about == end.scope and (end.through or end.code in {0, 6})


def _done(teller: Teller, digest: Digest) -> Iterator[Message]:
    if not digest.changed:
        return
    name, counts = digest.assignment, digest.counts
    parts = [f"{counts[state]} {word}" for state, word in _STATES.items() if counts.get(state)]
    median = ""
    if digest.median is not None:
        median = f"{_number(digest.median)} of {_number(digest.points)}"
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


def _todo(teller: Teller, digest: Digest) -> Iterator[Message]:
    name, things = digest.assignment, []
    if waiting := digest.counts["needs_manual"]:
        what = "1 submission waits" if waiting == 1 else f"{waiting} submissions wait"
        things.append(
            f"{what} for a person: mark in nbgrader's formgrader, then run "
            f"{_command(teller, f'submit {name}')}."
        )
    if digest.edited:
        things.append(
            f"Somebody edited grades in Canvas, and theirs were kept: {listed(digest.edited)}. "
            f"{_command(teller, f'submit {name}')} shows both and asks."
        )
    if digest.hidden:
        things.append(
            f"{digest.hidden} grades are hidden from students: "
            f"{_command(teller, f'canvas post {name}')} shows them."
        )
    if things:
        lines = [("Course", str(teller.folder)), ("Assignment", name),
                 ("To do", "\n".join(things))]  # fmt: skip
        key = f"todo:{name}:{waiting}:{len(digest.edited)}:{digest.hidden}"
        yield Message("todo", key, f"{teller.course} {name}: something waits for you", _body(lines))


def _waiting(teller: Teller) -> str:
    """Name the assignments that are due by the configuration and of which Canvas has no grade."""
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


def _moment(teller: Teller, at: datetime) -> str:
    zone = teller.config.course.timezone if teller.config else None
    return f"{at.astimezone(zone):%a %-d %b %H:%M}"


def _number(value: object) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
