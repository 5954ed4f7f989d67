"""Checks as JSON, and what a run of them says at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rudaux.domain.checks import CONFIGURATION, LOOK, exit_code, verdict
from rudaux.errors import ConfigError, PartlyDone, RudauxError, SystemFailure

if TYPE_CHECKING:
    from rudaux.domain.checks import Check

KEYS = ("system", "name", "result", "text", "remedy")


def as_json(checks: Iterable[Check]) -> dict[str, object]:
    """Return the document that `check --json` prints."""
    return {"checks": [{key: getattr(check, key) for key in KEYS} for check in checks]}


def conclude(checks: Sequence[Check], closing: str) -> None:
    """Raise what has the exit code of the worst that was found, if anything was."""
    code = exit_code(checks)
    if code:
        kinds: dict[int, type[RudauxError]] = {LOOK: PartlyDone, CONFIGURATION: ConfigError}
        raise kinds.get(code, SystemFailure)(f"{verdict(checks)}{closing}")
