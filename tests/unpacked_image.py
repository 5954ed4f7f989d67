"""The test image as a folder, for boxes with an unpacked image as their root."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.docker_image import NAME


def unpacked() -> Path:
    """Unpack the image, once for all tests on this machine, and return the folder."""
    place = Path(tempfile.gettempdir(), "rudaux-test-image-" + NAME.partition(":")[2])
    with Path(f"{place}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _unpack(place)
    return place


def _unpack(place: Path) -> None:
    half = Path(tempfile.mkdtemp(prefix=f"{place.name}-", dir=place.parent))
    half.chmod(0o755)
    container = subprocess.check_output(["docker", "create", NAME, "true"], text=True).strip()
    try:
        files = subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE)
        unpack = ["tar", "-x", "-C", str(half), "--exclude=dev/*"]
        subprocess.run(unpack, stdin=files.stdout, check=True)
        if files.wait():
            sys.exit("The test image could not be unpacked: check that there is room on the disk.")
    finally:
        subprocess.run(["docker", "rm", container], check=True, stdout=subprocess.DEVNULL)
    half.rename(place)
