"""From the end of a run to messages, on fakes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from rudaux.domain.messages import Digest, End, Topic
from rudaux.domain.submissions import SHOWN, Shown
from rudaux.ports import Teller
from rudaux.workflows import notify
from tests.fakes import NOW, FakeLedger, FakeNotifier


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def post() -> FakeNotifier:
    return FakeNotifier()


@pytest.fixture
def teller(clock: Clock, post: FakeNotifier) -> Teller:
    on: tuple[Topic, ...] = ("problem", "done", "todo")
    return Teller(Path("/srv/dsci 100"), "dsci100", FakeLedger(), on, post, now=clock.now)


def digest(name: str = "homework_1", **more: object) -> Digest:
    counts: dict[Shown, int] = dict.fromkeys(SHOWN, 0)
    return replace(Digest(name, {**counts, "pushed": 4}, Decimal(10)), **more)  # type: ignore[arg-type]


def ends(teller: Teller, end: End) -> tuple[list[str], str]:
    """Tell a run's end; return the titles sent for it, and what cron mails."""
    post = teller.notifier
    before = len(post.sent) if isinstance(post, FakeNotifier) else 0
    plan = notify.plan(teller, end, {"Rhea Saturn"})
    mail = notify.short_text(teller, plan, notify.apply(teller, plan))
    return [m.title for m in post.sent[before:]] if isinstance(post, FakeNotifier) else [], mail


OUTAGE = End("grade", 5, "CanvasFailure", "Canvas cannot be reached: try later")
FINE = End("grade", 0, through=True)


def test_an_outage_of_a_night_is_told_once_and_so_is_its_end(teller: Teller, clock: Clock) -> None:
    told = "dsci100: `rudaux grade` stopped: another system failed"
    assert ends(teller, OUTAGE) == ([told], "")
    clock.at += timedelta(minutes=30)
    assert ends(teller, OUTAGE) == ([], "")
    clock.at += timedelta(hours=24)
    assert ends(teller, OUTAGE) == ([told], "")
    assert ends(teller, FINE) == ([f"Over: {told}"], "")
    assert ends(teller, FINE) == ([], "")


def test_a_run_of_another_command_does_not_end_a_problem(teller: Teller) -> None:
    ends(teller, OUTAGE)
    assert ends(teller, End("snapshot", 0, through=True)) == ([], "")


def test_a_failure_is_over_when_a_run_for_everything_has_no_trouble_with_it(
    teller: Teller,
) -> None:
    bad = digest(failed={"the kernel died": ["Rhea Saturn"]})
    [title], _ = ends(teller, End("grade", 6, "PartlyDone", "...", True, (bad,)))
    assert title == "dsci100 homework_1: 1 submission could not be graded"
    assert (
        ends(teller, End("grade homework_2", 0, through=True, digests=(digest("homework_2"),)))[0]
        == []
    )
    assert ends(teller, FINE)[0] == [f"Over: {title}"]


def test_who_is_only_held_is_no_problem_but_something_to_do(teller: Teller) -> None:
    held = digest(counts={**digest().counts, "needs_manual": 2}, hidden=3, edited=["Rhea Saturn"])
    end = End("grade", 6, "PartlyDone", "...", True, (held,))
    assert ends(teller, end) == (["dsci100 homework_1: something waits for you"], "")
    assert ends(teller, end) == ([], "")


def test_a_stopped_push_names_the_command_and_no_grade_with_a_name(
    teller: Teller, post: FakeNotifier
) -> None:
    why = "homework_1: Rhea Saturn has 12 of 10 points. Push nevertheless?"
    ends(teller, End("grade", 4, "NeedsPersonError", why, True, (digest(stopped=why),)))
    [message] = post.sent
    assert "Rhea" not in message.body
    assert "`rudaux submit homework_1 --dir '/srv/dsci 100'`" in message.body


def test_what_reaches_nobody_is_for_cron_to_mail_and_is_told_by_the_next_run(
    teller: Teller, post: FakeNotifier
) -> None:
    post.down = True
    titles, mail = ends(teller, OUTAGE)
    assert titles == []
    assert mail.startswith("dsci100: `rudaux grade` stopped")
    assert "Not reached: line 1: a mailbox" in mail
    post.down = False
    assert len(ends(teller, OUTAGE)[0]) == 1


def test_without_addresses_cron_mails_each_bad_end_and_no_good_one(teller: Teller) -> None:
    alone = replace(teller, notifier=None, on=(), trouble="")
    for _ in range(2):
        assert "Canvas cannot be reached" in ends(alone, OUTAGE)[1]
    assert ends(alone, replace(FINE, digests=(digest(changed=True),)))[1] == ""


@pytest.mark.parametrize("code", [0, 2, 130])
def test_a_good_end_a_wrong_command_line_and_an_interruption_are_no_problem(
    teller: Teller, code: int
) -> None:
    assert ends(teller, End("grade", code)) == ([], "")
