"""The corpus is graded once per executor, also where several workers share the tests."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol, get_args

import pytest
from filelock import FileLock

from rudaux.config import ExecutorName, GradingSettings
from tests.corpus.cases import Case, Graded
from tests.corpus.grading import PROCESS, grade
from tests.dask import cluster

SOMEWHERE = "tcp://127.0.0.1:8786"
"""Stands for the scheduler that is started when there is something to grade."""


class Results(Protocol):
    """Grades a list of cases under a name with settings changed, or recalls what came of it."""

    def __call__(self, name: str, cases: Sequence[Case], **settings: Any) -> dict[str, Graded]: ...


@pytest.fixture(scope="session", params=(*get_args(ExecutorName), "cluster"))
def grading(request: pytest.FixtureRequest) -> GradingSettings:
    """Settings of one executor; `cluster` has two workers, with a sandbox for each submission."""
    if request.param == "cluster":
        return replace(PROCESS, executor="sandbox", scheduler=SOMEWHERE)
    settings = replace(PROCESS, executor=request.param)
    if settings.executor == "docker":
        return replace(settings, image=request.getfixturevalue("docker_image"))
    return settings


@pytest.fixture(scope="session")
def graded(grading: GradingSettings, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Grade each list of cases once, whoever asks first."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def results(name: str, cases: Sequence[Case], **settings: Any) -> dict[str, Graded]:
        kind = "cluster" if grading.scheduler else grading.executor
        place = shared / f"corpus-{kind}-{name}"
        with FileLock(f"{place}.lock"):
            if not place.with_suffix(".json").exists():
                _grade(place, replace(grading, **settings), cases)
        found = json.loads(place.with_suffix(".json").read_text())
        return {case: Graded(**{**row, "repairs": tuple(row["repairs"])})
                for case, row in found.items()}  # fmt: skip

    return results


def _grade(place: Path, grading: GradingSettings, cases: Sequence[Case]) -> None:
    place.mkdir()
    with cluster(2) if grading.scheduler else nullcontext() as workers:
        if workers:
            grading = replace(grading, scheduler=workers.address)
        results = grade(place, grading, cases)
    rows = {name: asdict(result) for name, result in results.items()}
    place.with_suffix(".json").write_text(json.dumps(rows))
    shutil.rmtree(place)
