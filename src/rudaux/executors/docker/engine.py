"""The Docker Engine: the connection, its images, and what an earlier run left behind."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any

from docker import APIClient
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import kwargs_from_env
from requests.exceptions import RequestException

from rudaux.errors import ExecutorFailure

LABEL = "rudaux.course"
_SECONDS = 60
_FULL = "no space left on device"


@contextmanager
def reached() -> Generator[None]:
    """Raise `ExecutorFailure` for an engine that does not answer or cannot work."""
    try:
        yield
    except APIError as error:
        said = error.explanation or str(error)
        raise ExecutorFailure(f"Docker refused: {said}.") from error
    except (DockerException, RequestException, OSError) as error:
        raise ExecutorFailure(
            "Docker does not answer: start it (`sudo systemctl start docker`), check with `docker "
            "info` that you may use it, or set DOCKER_HOST to its address."
        ) from error


def connect(width: int, seconds: float = _SECONDS) -> Any:
    """Open the engine that DOCKER_HOST names, else the local one, for `width` threads."""
    with reached():
        return APIClient(**kwargs_from_env(), timeout=seconds, max_pool_size=width + 1,
                         version="auto")  # fmt: skip


def version(seconds: float) -> str:
    """Return the engine's name and version; Podman says its own name."""
    client = connect(1, seconds)
    with reached(), closing(client):
        told = client.version()
    parts = [part["Name"] for part in told.get("Components") or ()]
    name = "Podman" if any("Podman" in part for part in parts) else "Docker"
    return f"{name} {told.get('Version', '')}".strip()


def image(client: Any, name: str) -> Mapping[str, Any]:
    """Inspect an image; raises `ExecutorFailure` that says how to get it."""
    try:
        with reached():
            found: Mapping[str, Any] = client.inspect_image(name)
            return found
    except ExecutorFailure as error:
        if isinstance(error.__cause__, (ImageNotFound, NotFound)):
            raise ExecutorFailure(
                f"The image {name} (grading.image) is not on this machine: run `docker pull "
                f"{name}`, or build it (docs: Grading in containers)."
            ) from error.__cause__
        raise


def is_down(client: Any, error: BaseException) -> bool:
    """Return whether the engine itself has failed, so that the next submission would fail too."""
    if _FULL in str(error).lower():
        return True
    try:
        client.ping()
    except (DockerException, RequestException, OSError):
        return True
    return False


def sweep(client: Any, owner: str) -> int:
    """Remove the containers with this course's label and their volumes; return how many."""
    with reached():
        left = client.containers(all=True, filters={"label": f"{LABEL}={owner}"})
        for container in left:
            remove(client, container["Id"])
        return len(left)


def remove(client: Any, container: str) -> None:
    """Kill and remove a container with its anonymous volumes, unless it is gone already."""
    with suppress(NotFound):
        try:
            client.remove_container(container, force=True, v=True)
        except APIError as error:
            if error.status_code != 409:  # it is being removed already
                raise
