"""Tests that look wrong before a push: failed by all, not reached, failed by good students."""

from __future__ import annotations

from collections.abc import Sequence

from rudaux.domain.alarms import (
    Alarm,
    Graded,
    discrimination_alarms,
    failed_test_alarms,
    mixed_alarm,
)
from rudaux.domain.statistics import analyse_items
from rudaux.ports import Context
from rudaux.workflows.report import unreached_tests
from rudaux.workflows.standings import Standings


def alarms_about_tests(
    ctx: Context, standings: Standings, handed_in: Sequence[Graded]
) -> tuple[Alarm, ...]:
    """Look for tests that gave nobody a point; they stop a push until a person has looked."""
    name = standings.settings.name
    cells = ctx.gradebook.cell_scores(name)
    missed: frozenset[str] = frozenset()
    if any(cell.failed_by_all for cell in cells):
        keys = unreached_tests(ctx, name, _graded(ctx, standings))
        missed = frozenset(f"{cell} in {notebook}" for notebook, cell in keys)
    return failed_test_alarms(cells, handed_in, missed)


def warnings_about_tests(
    ctx: Context, standings: Standings, alarms: Sequence[Alarm]
) -> tuple[str, ...]:
    """Find what a person should know about the tests; none of it stops an unattended push.

    A weak correlation can be chance, and late work is graded with the tests of its day: holding a
    night's grades back for that would only delay them. The remedy is named once.
    """
    name, students = standings.settings.name, _graded(ctx, standings)
    tests = analyse_items(ctx.gradebook.marks(name), students, {}, {}, float("inf"))
    graded_with = ctx.ledger.graded_with(name)
    wrong = discrimination_alarms(tests)
    mixed = mixed_alarm(graded_with[sid] for sid in students if sid in graded_with)
    texts = [alarm.text for alarm in (*wrong, *mixed)]
    if wrong or any(alarm.kind == "test" for alarm in alarms):
        texts.append(
            f"if a test is wrong, correct it in the source; `rudaux regrade {name} --what-if` then "
            "shows whose grade changes"
        )
    elif mixed:
        texts.append(f"`rudaux regrade {name} --what-if` shows whose grade the same tests change")
    return tuple(texts)


def _graded(ctx: Context, standings: Standings) -> list[str]:
    return standings.complete(ctx.gradebook.submissions(standings.settings.name))
