"""Fixtures for the tests of several folders."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from rudaux.executors.docker.engine import LABEL
from tests import docker_image as image
from tests.kept import CourseAfter, Shelf
from tests.postgres import Server, running

LONG = (
    "tests/term/", "tests/docs/test_console", "tests/corpus/", "tests/demo/test_",
    "tests/test_midterm", "tests/test_unattended", "tests/chaos/",
)  # fmt: skip
"""The longest tests: one that begins last keeps everybody waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest tests begin first; the others, and those of a file, keep their order."""
    items.sort(key=lambda item: [not item.nodeid.startswith(one) for one in LONG])


def pytest_collection_finish() -> None:
    """Look for garbage more seldom: it takes a tenth of all CPU time."""
    gc.set_threshold(20_000, 20, 10)


@pytest.fixture(scope="session")
def docker_image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the name of the image for containers; without an engine the test is skipped.

    If RUDAUX_REQUIRE_DOCKER is set, as in continuous integration, it fails instead. In the end no
    container of these tests may be left.
    """
    name = image.test_image()
    if name is None:
        (pytest.fail if os.environ.get(image.REQUIRED) else pytest.skip)(image.HOW_TO)
    yield name
    # Other test runs may use the same engine: their courses are in other folders.
    here = f"{LABEL}={socket.gethostname()}:{tmp_path_factory.getbasetemp()}/"
    shown = subprocess.run(
        ["docker", "ps", "--all", "--format", "{{.ID}} {{.Status}} {{.Labels}}"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert [line for line in shown.splitlines() if here in line] == []


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Yield a PostgreSQL server that the tests share, each with a database of its own."""
    with running() as server:
        if server is None:
            missing = "there is no PostgreSQL server: install postgresql"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
        yield server


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Yield the courses that several tests begin with."""
    with ExitStack() as stack:
        yield Shelf(tmp_path_factory.mktemp("kept"), stack)


@pytest.fixture
def course_after(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> CourseAfter:
    """Return what gives a practice course as some commands leave it, without running them anew."""
    return partial(shelf.course_after, monkeypatch)
