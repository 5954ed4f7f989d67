"""nbgrader's database: its students, assignments, cells and marks; and its backups."""

from __future__ import annotations

from rudaux.adapters.nbgrader.gradebook.beside import GradebookBeside
from rudaux.adapters.nbgrader.gradebook.book import NbgraderGradebook

__all__ = ["GradebookBeside", "NbgraderGradebook"]
