"""A sentence about what an image lacks to run notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OLDEST = [3, 9]


def what_it_lacks(image: str, said: Mapping[str, Any]) -> str:
    """Return a sentence about what `rudaux.runtime.inside.probe` misses; empty if nothing."""
    lack = []
    if said["python"] < _OLDEST:
        lack.append(f"Python 3.9 or newer (it has {'.'.join(map(str, said['python']))})")
    lack += [f"the package {module}" for module in said["missing"]]
    if not said["missing"]:
        lack += [f'the kernel "{kernel}"' for kernel in said["lacking"]]
    if not lack:
        return ""
    kernels_there = f" Its kernels: {', '.join(said['known'])}." if said["known"] else ""
    return (
        f"The image {image} lacks {' and '.join(lack)}: add what is missing, or use another "
        f"image.{kernels_there}"
    )
