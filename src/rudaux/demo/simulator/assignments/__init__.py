"""Assignments and their overrides, as Canvas's API has them."""

from __future__ import annotations

from rudaux.demo.simulator.assignments.calls import (
    create_assignment,
    edit_assignment,
    effective_due_dates,
    get_assignment,
    list_assignments,
    list_groups,
)
from rudaux.demo.simulator.assignments.overrides import (
    create_override,
    delete_override,
    edit_override,
    list_overrides,
)

__all__ = [
    "create_assignment",
    "create_override",
    "delete_override",
    "edit_assignment",
    "edit_override",
    "effective_due_dates",
    "get_assignment",
    "list_assignments",
    "list_groups",
    "list_overrides",
]
