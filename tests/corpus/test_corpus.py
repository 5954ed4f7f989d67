"""Every submission of the corpus ends in a true state, whoever executes it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

import pytest

from rudaux.config import ExecutorName, GradingSettings
from tests.corpus import attacks, cheats, folders, looking, notebooks, runs
from tests.corpus.assignment import FULL
from tests.corpus.cases import Case, Graded
from tests.corpus.conftest import Results

pytestmark = pytest.mark.timeout(900)  # whoever comes first waits until all are graded
CORPUS = (*notebooks.CASES, *folders.CASES, *runs.CASES, *attacks.CASES)
HARMLESS = tuple(c for c in CORPUS if c.happened and not c.boxed_only)
CONTAINED = tuple(c for c in CORPUS if c.happened and c.boxed_only)

ON_THIS_MACHINE = pytest.mark.parametrize("grading", get_args(ExecutorName), indirect=True)
"""A cluster's sandboxes are no others: what is slow is not tried again in them."""


def name_of(case: Case) -> str:
    return re.sub(r"\W+", "-", case.name).strip("-")


def check(case: Case, result: Graded) -> None:
    assert case.state in (None, result.state), result
    assert case.score is None or result.score == str(case.score), result
    assert case.kind in ("", result.kind), result
    assert re.search(case.says, result.says), result.says
    assert re.search(case.outputs, result.outputs), result.outputs
    for repair in case.repairs:
        assert any(re.search(repair, said) for said in result.repairs), result.repairs


def test_the_corpus_is_large_and_names_each_case_once() -> None:
    names = [name_of(case) for case in CORPUS]
    assert len(names) >= 40
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", CORPUS, ids=name_of)
def test_a_submission_ends_in_its_true_state(
    case: Case, graded: Results, grading: GradingSettings
) -> None:
    if grading.executor != "process" and case.contained:
        case = replace(case, state=case.contained)
    check(case, graded("corpus", CORPUS)[case.name])


@pytest.mark.parametrize("case", HARMLESS, ids=name_of)
def test_an_attack_does_nothing(case: Case, graded: Results) -> None:
    assert graded("corpus", CORPUS)[case.name].happened == ""


@pytest.mark.parametrize("grading", ["docker", "sandbox"], indirect=True)
@pytest.mark.parametrize("case", CONTAINED, ids=name_of)
def test_an_attack_on_the_machine_does_nothing_from_a_box(case: Case, graded: Results) -> None:
    assert graded("corpus", CORPUS)[case.name].happened == ""


def test_nobody_else_is_the_worse_for_any_of_them(graded: Results) -> None:
    bystander = graded("corpus", CORPUS)["bystander"]
    assert (bystander.state, bystander.repairs) == ("graded", ())
    assert bystander.score == str(FULL)


@ON_THIS_MACHINE
@pytest.mark.parametrize("case", cheats.CHEATS, ids=name_of)
def test_tampering_with_tests_is_held_or_earns_nothing(case: Case, graded: Results) -> None:
    result = graded("cheats", cheats.CHEATS)[case.name]
    honest = 0 if case in cheats.HELPED else FULL - 2
    assert result.kind == "held" or float(result.score) <= honest, result


@ON_THIS_MACHINE
@pytest.mark.parametrize("case", looking.ALL, ids=name_of)
def test_looking_into_a_running_test_is_held_and_other_looking_is_not(
    case: Case, graded: Results
) -> None:
    check(case, graded("looking", looking.ALL)[case.name])


@ON_THIS_MACHINE
@pytest.mark.parametrize("case", runs.TOO_SLOW, ids=name_of)
def test_a_submission_that_takes_too_long_keeps_what_it_had(case: Case, graded: Results) -> None:
    check(case, graded("slow", runs.TOO_SLOW, timeout=8, cell_timeout=60)[case.name])


@ON_THIS_MACHINE
@pytest.mark.parametrize("case", runs.WARNED, ids=name_of)
def test_a_warning_costs_the_marks_where_the_course_says_so(case: Case, graded: Results) -> None:
    check(case, graded("warned", runs.WARNED, stderr_fails=True)[case.name])
