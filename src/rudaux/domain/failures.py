"""What failed tests said, in groups: without numbers, addresses and names, many say the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from rudaux.domain.roster import Student
from rudaux.domain.statistics import TestKey

NOT_RUN = "NotRun"
"""The name of the error of a test that was not reached."""
_OUT = "…"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[/\\][\w.~-]+){2,}/?")
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?j?")
_SERIES = re.compile(rf"{_OUT}(?:[\s,;]+{_OUT})+")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_WORD = re.compile(r"[\w.@+-]*\w")
_SHORTEST = 3
"""A shorter part of a name would be found in too many words."""


@dataclass(frozen=True)
class FailureGroup:
    """One kind of error: the line, how many students met it, and in which tests, most first."""

    line: str
    students: int
    tests: tuple[TestKey, ...]


def names_of(students: Iterable[Student]) -> frozenset[str]:
    """Return the words by which somebody could tell who a student is."""
    words: set[str] = set()
    for s in students:
        words |= {w for w in (s.id, s.login, s.sis_id, s.email, s.canvas_id) if w}
        parts = _WORD.findall(f"{s.name} {s.sortable_name}")
        words |= {part for part in parts if len(part) >= _SHORTEST}
    return frozenset(words)


def mask(line: str, names: Collection[str]) -> str:
    """Take numbers, addresses, paths and people's names out of an error line."""
    for pattern in (_EMAIL, _PATH, _NUMBER):
        line = pattern.sub(_OUT, line)
    line = _WORD.sub(lambda word: _OUT if word[0] in names else word[0], line)
    return " ".join(_SERIES.sub(_OUT, line).split())


def group_failures(
    errors: Mapping[str, Mapping[TestKey, str]], names: Collection[str], closely: bool = False
) -> tuple[FailureGroup, ...]:
    """Group the last error lines of each student's failed tests, the largest group first.

    Quoted words are kept only if most of a group share them, and never with `closely`.
    """
    known: dict[str, str] = {}
    lines: dict[str, Counter[str]] = {}
    students: dict[str, set[str]] = {}
    tests: dict[str, Counter[TestKey]] = {}
    for student, mine in errors.items():
        for test, line in mine.items():
            masked = known.setdefault(line, "") or mask(line, names)
            known[line] = masked
            key = _QUOTED.sub(f"'{_OUT}'", masked)
            lines.setdefault(key, Counter())[masked] += 1
            students.setdefault(key, set()).add(student)
            tests.setdefault(key, Counter())[test] += 1
    choose: Callable[[str], str] = (lambda key: key) if closely else lambda k: _shown(k, lines[k])
    found = (
        FailureGroup(choose(key), len(who), tuple(t for t, _ in tests[key].most_common()))
        for key, who in students.items()
    )
    return tuple(sorted(found, key=lambda group: (-group.students, group.line)))


def _shown(key: str, lines: Counter[str]) -> str:
    line, count = lines.most_common(1)[0]
    return line if 2 * count > lines.total() else key


def not_reached(errors: Mapping[str, Mapping[TestKey, str]]) -> dict[str, frozenset[TestKey]]:
    """Return the tests that did not run, by student."""
    return {
        sid: frozenset(test for test, line in mine.items() if line.startswith(NOT_RUN))
        for sid, mine in errors.items()
    }
