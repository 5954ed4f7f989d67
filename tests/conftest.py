"""What tests of several folders need."""

from __future__ import annotations

import os

import pytest

from tests import docker_image as image


@pytest.fixture(scope="session")
def docker_image() -> str:
    """Name the image that containers are made of; without an engine the test is skipped.

    Where RUDAUX_REQUIRE_DOCKER is set, as for continuous integration, it fails instead.
    """
    name = image.test_image()
    if name is None:
        (pytest.fail if os.environ.get(image.REQUIRED) else pytest.skip)(image.HOW_TO)
    return name
