"""A whole term on a moved clock, and at its end every score and every message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.term.course import Term, a_term
from tests.term.facts import TASKS
from tests.term.story import live

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Term]:
    with pytest.MonkeyPatch.context() as patch:
        with a_term(tmp_path_factory.mktemp("term") / "course", patch) as term:
            live(term, patch)
            yield term


def test_every_score_in_canvas_is_what_the_rules_give(term: Term) -> None:
    import pprint
    pprint.pprint(term.runs)
    pprint.pprint([(f"{a:%d %b %H:%M}", t) for a, t, _ in term.told])
    here = [sid for sid in term.students if sid not in term.facts.left]
    wrong = {}
    for task in TASKS:
        shown = term.shown(task)
        rules = {sid: term.facts.score(sid, task, term.now) for sid in here}
        wrong |= {(s, task.name): (shown[s], rules[s]) for s in here if shown[s] != rules[s]}
    assert wrong == {}
