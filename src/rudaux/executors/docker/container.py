"""One container: what it may do and use, and the streams in and out of it."""

from __future__ import annotations

import json
import socket
import struct
import tarfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any, cast

from rudaux.config import GradingSettings
from rudaux.domain.execution import Job
from rudaux.executors.docker import engine
from rudaux.executors.packing import pack
from rudaux.executors.request import read_memory
from rudaux.runtime import limits as bounds
from rudaux.runtime import sent

OWN = bounds.OWN
_OPEN_FILES = 4096
_STDOUT = 1
_FRAME = struct.Struct(">BxxxL")
_STALLED = 30.0  # seconds for which a container may read nothing of what it is sent
_LISTEN = 0.5  # seconds between two checks whether to go on


def options(
    client: Any, settings: GradingSettings, image: Mapping[str, Any], owner: str
) -> dict[str, Any]:
    """Return the container's description: all protection is decided here.

    docs/explanation/security.md says what each line keeps out;
    https://docs.docker.com/reference/cli/docker/container/run/ has the options.
    """
    scratch, memory = read_memory(settings.scratch), read_memory(settings.memory)
    whole = memory + scratch + OWN
    cpus = min(settings.cpus, float(client.info()["NCPU"]))
    # An image's own volumes would be writable folders on the host's disk, outside all limits.
    volumes = image.get("Config", {}).get("Volumes") or {}
    host = client.create_host_config(
        network_mode=None if settings.network else "none",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        read_only=True,
        tmpfs={
            "/tmp": f"rw,exec,nosuid,nodev,size={scratch},mode=1777",  # noqa: S108 - the container's
            **dict.fromkeys(volumes, "ro,size=64k"),
        },
        mem_limit=whole,
        memswap_limit=whole,
        nano_cpus=int(cpus * 1e9),
        pids_limit=4 * bounds.PROCESSES,
        shm_size=64 << 20,
        ulimits=[
            {"Name": "core", "Soft": 0, "Hard": 0},
            # Podman's default may be more than the machine allows.
            {"Name": "nofile", "Soft": _OPEN_FILES, "Hard": _OPEN_FILES},
        ],
        log_config={"Type": "none", "Config": {}},
        ipc_mode="private",
    )
    return {
        "image": image["Id"],
        "entrypoint": ["python3", "-I", "-c", sent.program()],
        "user": "1000:100",  # as in Jupyter's docker-stacks; the name need not exist
        "working_dir": "/tmp",  # noqa: S108 - the container's
        "environment": {
            "HOME": "/tmp",  # noqa: S108
            "TMPDIR": "/tmp",  # noqa: S108
            "USER": "student",
            # Libraries would start a thread, with its own memory, for each core of the host.
            **dict.fromkeys(bounds.THREADS, str(max(1, int(cpus)))),
        },
        "stdin_open": True,
        "labels": {engine.LABEL: owner},
        "healthcheck": {"test": ["NONE"]},
        "host_config": host,
        "use_config_proxy": False,
    }


@contextmanager
def started(client: Any, description: Mapping[str, Any]) -> Generator[tuple[str, socket.socket]]:
    """Start a container, yield its id and a socket to it, and remove it whatever happens."""
    container = client.create_container(**description)["Id"]
    try:
        streams = client.attach_socket(
            container, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        )
        raw = getattr(streams, "_sock", streams)
        try:
            client.start(container)
            yield container, raw
        finally:
            streams.close()
            raw.close()
    finally:
        engine.remove(client, container)


def send_probe(streams: socket.socket, kernels: Sequence[str]) -> None:
    """Ask what the image lacks."""
    _send(_Sink(streams, Event()), {"probe": list(kernels)})


def _send(sink: _Sink, request: Mapping[str, object]) -> None:
    data = json.dumps(request).encode()
    sink.write(b"%16d" % len(data) + data)


def send_job(streams: socket.socket, job: Job, request: Mapping[str, object], stop: Event) -> None:
    """Send rudaux's runtime, the notebooks and the files beside them.

    Raises `OSError` if the container reads nothing for a while, or `stop` is set.
    """
    sink = _Sink(streams, stop)
    notebooks = json.dumps(dict(job.notebooks)).encode()
    _send(sink, {"modules": sent.modules(), **request, "notebooks": len(notebooks)})
    sink.write(notebooks)
    with tarfile.open(fileobj=cast(Any, sink), mode="w|") as files:
        pack(files, job.folder)


class _Sink:
    """Writes to a container as long as it reads something."""

    def __init__(self, streams: socket.socket, stop: Event) -> None:
        self.streams = streams
        self.stop = stop
        streams.settimeout(_LISTEN)

    def write(self, data: bytes) -> int:
        rest, until = memoryview(data), time.monotonic() + _STALLED
        while rest:
            if self.stop.is_set() or time.monotonic() > until:
                raise TimeoutError("it did not read its files")
            try:
                rest = rest[self.streams.send(rest) :]
            except TimeoutError:
                continue
            until = time.monotonic() + _STALLED
        return len(data)


def listen(streams: socket.socket, until: float, stop: Event) -> Iterator[tuple[bool, bytes]]:
    """Yield (is standard output, bytes) until the container ends, `until`, or `stop`.

    Docker multiplexes the streams: https://docs.docker.com/reference/api/engine/#tag/Container
    ("Stream format"). `until` is a moment of `time.monotonic`.
    """
    streams.settimeout(_LISTEN)
    header, kind, due = b"", 0, 0
    while time.monotonic() < until and not stop.is_set():
        try:
            data = streams.recv(1 << 16)
        except TimeoutError:
            continue
        except ConnectionError:
            return
        if not data:
            return
        while data:
            if due == 0:
                wanted = _FRAME.size - len(header)
                header, data = header + data[:wanted], data[wanted:]
                if len(header) == _FRAME.size:
                    kind, due = _FRAME.unpack(header)
                    header = b""
                continue
            piece, data = data[:due], data[due:]
            due -= len(piece)
            yield kind == _STDOUT, piece
