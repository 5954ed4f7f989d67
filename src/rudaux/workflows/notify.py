"""How an unattended run ended -> the messages about it that are new, and sending them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from rudaux.domain.messages import End, Message, Sent, Told, open_problems, untold
from rudaux.errors import RudauxError
from rudaux.ports import Teller
from rudaux.workflows import texts


@dataclass(frozen=True)
class NotifyPlan:
    """`problems` are all those of this run's end, `messages` everything that is to be sent."""

    problems: tuple[Message, ...]
    messages: tuple[Message, ...]
    known: frozenset[str] = frozenset()
    """Keys of problems that somebody was told about within the last day."""


def plan(teller: Teller, end: End, names: Collection[str] = ()) -> NotifyPlan:
    """Decide what to send; `names` are those of students, whose grades an error may contain."""
    problems = tuple(texts.problems(teller, end, names))
    told = _told(teller)
    found = [*problems, *_over(teller, end, told, {m.key for m in problems})]
    for digest in end.digests:
        found += [*texts.done(teller, digest), *texts.todo(teller, digest)]
    new = untold(found, told, teller.now())
    sent = tuple(m for m in new if m.topic in teller.on)
    known = {m.key for m in problems if m not in new} if "problem" in teller.on else set()
    return NotifyPlan(problems, sent if teller.notifier else (), frozenset(known))


def apply(teller: Teller, plan: NotifyPlan) -> Sent:
    """Send, and record what has reached somebody."""
    if teller.notifier is None or not plan.messages:
        return Sent(())
    sent = teller.notifier.send(plan.messages)
    with suppress(RudauxError):  # at worst it is sent again
        for m in sent.reached:
            teller.ledger.record_message(Told(m.topic, m.key, m.title, teller.now(), m.over))
    return sent


def short_text(teller: Teller, plan: NotifyPlan, sent: Sent) -> str:
    """Write what cron mails: the problems that no message has reported; "" if there are none."""
    reached = {m.key for m in sent.reached} | plan.known
    told = [f"{m.title}\n\n{m.body}" for m in plan.problems if m.key not in reached]
    if not told:
        return ""
    trouble = [f"No message was sent: {teller.trouble}"] if teller.trouble else []
    trouble += [f"Not reached: {', '.join(sent.missed)}"] if sent.missed else []
    return "\n\n".join([*told, *trouble])


def example(teller: Teller) -> Message:
    """Write the message of `rudaux notify --test`."""
    body = f"This is a test. Messages about {teller.course} will reach you here."
    return Message("done", "test", f"{teller.course}: a test message", body)


def _told(teller: Teller) -> tuple[Told, ...]:
    with suppress(RudauxError):
        return teller.ledger.messages()
    return ()


def _over(
    teller: Teller, end: End, told: Sequence[Told], still: Collection[str]
) -> Iterator[Message]:
    """Report problems that this run has shown to be over."""
    for key, first in open_problems(told).items():
        if key not in still and _settles(end, key):
            when = _moment(teller, first.at)
            body = f"It was first reported on {when}. This run did not run into it again."
            yield Message("problem", key, f"Over: {first.title}", body, over=True)


def _settles(end: End, key: str) -> bool:
    about, _, name = key.partition(":")
    if about in {"failed", "stopped", "uncollected"}:
        seen = {d.assignment for d in end.digests}
        # A run for everything due has no problem with an assignment it had nothing to do for.
        return end.through and (end.command == "grade" or name in seen)
    return about == end.scope and (end.through or end.code in {0, 6})


def _moment(teller: Teller, at: datetime) -> str:
    zone = teller.config.course.timezone if teller.config else None
    return f"{at.astimezone(zone):%a %-d %b %H:%M}"
