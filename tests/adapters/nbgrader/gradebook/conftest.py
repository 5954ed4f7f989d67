"""The gradebook's tests run twice: on an SQLite file, and on a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

import pytest

from rudaux.adapters.nbgrader.gradebook import NbgraderGradebook
from tests.adapters.nbgrader.course import Course, make_course, name_database


@pytest.fixture(params=["sqlite", "postgresql"])
def db_url(request: pytest.FixtureRequest) -> str:
    """What nbgrader_config.py names; empty: nothing, which is SQLite."""
    return "" if request.param == "sqlite" else request.getfixturevalue("postgres").database()


@pytest.fixture
def course(tmp_path: Path, db_url: str) -> Course:
    return make_course(tmp_path / "course", db_url)


@pytest.fixture
def gradebook(tmp_path: Path, db_url: str, monkeypatch: pytest.MonkeyPatch) -> NbgraderGradebook:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # as cron has it: without alembic
    name_database(tmp_path, db_url)
    return NbgraderGradebook(tmp_path)
