"""A small image for the docker executor's tests: Debian, R, Python with ipykernel and nbclient.

It comes from package indexes alone, without an image registry. `sudo python3 -m tests.docker_image`
builds it (about two minutes, once); needs Debian or Ubuntu with debootstrap, and a running engine.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SUITE, PYTHON = "bookworm", "3.11"
DEBIAN = "python3,ca-certificates,r-cran-irkernel"
INDEX = ("ipykernel", "nbclient")
NAME = "rudaux-test:" + hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
REQUIRED = "RUDAUX_REQUIRE_DOCKER"
HOW_TO = "start Docker and build the test image: `sudo python3 -m tests.docker_image`"


def test_image() -> str | None:
    """Return the name of the image if an engine has it, else None."""
    try:
        found = subprocess.run(
            ["docker", "image", "inspect", NAME], capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return NAME if found.returncode == 0 else None


def build() -> None:
    """Build the image, unless the engine has it."""
    # If two are built at the same time, one of them loses its name to the other.
    with Path(tempfile.gettempdir(), "rudaux-test-image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not test_image():
            _build()


def _build() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        _run("debootstrap", "--variant=minbase", f"--include={DEBIAN}", SUITE, root, *_mirror())
        packages = root / f"usr/local/lib/python{PYTHON}/dist-packages"
        _run(
            sys.executable, "-m", "pip", "install", "--quiet", "--target", packages,
            "--python-version", PYTHON, "--only-binary=:all:", "--no-warn-conflicts", *INDEX,
        )  # fmt: skip
        inside = ("chroot", root, "python3", "-m")
        _run(*inside, "ipykernel", "install", "--prefix", "/usr/local")
        _run(*inside, "compileall", "-q", "/usr/local/lib")
        for folder_of_indexes in ("var/cache/apt", "var/lib/apt/lists"):
            _run("rm", "-rf", root / folder_of_indexes)
        packed = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
        subprocess.run(["docker", "import", "-", NAME], stdin=packed.stdout, check=True)
        if packed.wait():
            _run("docker", "image", "rm", NAME)
            sys.exit("The test image could not be packed: check that there is room on the disk.")


def _run(*command: object) -> None:
    # Not in a folder with sources: `-m` would find those before the image's own.
    subprocess.run([str(word) for word in command], check=True, cwd="/", stdout=sys.stderr)


def _mirror() -> list[str]:
    """Return the mirror that this machine uses for the suite, or else none for the default."""
    lines = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)", "Created-By: Packages"],
        capture_output=True, text=True, check=False,
    ).stdout.splitlines()  # fmt: skip
    return [line.split()[0] for line in lines if line.endswith(f" {SUITE}")][:1]


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("building the test image needs root: sudo python3 -m tests.docker_image")
    build()
