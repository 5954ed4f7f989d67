"""Sizes of memory and disk as rudaux.toml writes them."""

from __future__ import annotations

from rudaux.errors import ConfigError

_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def read_memory(text: str) -> int:
    """Return in bytes a size that is written as Docker does: "512m", "1g", "1073741824"."""
    number = text.strip().lower().removesuffix("ib").rstrip("b") or text
    unit = number[-1] if number[-1] in "kmgt" else ""
    try:
        size = int(float(number.removesuffix(unit)) * _UNITS[unit])
    except ValueError:
        size = 0
    if size <= 0:
        raise ConfigError(
            f'rudaux.toml: grading.memory = "{text}": should be a size such as "512m" or "1g".'
        )
    return size
