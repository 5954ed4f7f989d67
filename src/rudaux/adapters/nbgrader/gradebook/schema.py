"""The schema revisions that the installed nbgrader knows."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

from nbgrader import dbutil


@cache
def revisions() -> dict[str, str | None]:
    """Return the revisions of nbgrader's schema, each with the one that it is based on.

    They are read from the migrations' text: alembic would import them, which takes seconds.
    """
    found: dict[str, str | None] = {}
    for file in Path(dbutil.ALEMBIC_DIR, "versions").glob("*.py"):
        names: dict[str, Any] = {}
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                names.update(
                    (t.id, node.value.value) for t in node.targets if isinstance(t, ast.Name)
                )
        if "revision" in names:
            found[names["revision"]] = names.get("down_revision")
    return found


def schema_head() -> str:
    """Return the schema revision that the installed nbgrader uses."""
    known = revisions()
    (head,) = set(known) - set(known.values())
    return head
