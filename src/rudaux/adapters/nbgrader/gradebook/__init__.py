"""nbgrader's database: who is in it, what the source marks, every mark; and its backups."""

from __future__ import annotations

from rudaux.adapters.nbgrader.gradebook.beside import GradebookBeside
from rudaux.adapters.nbgrader.gradebook.book import NbgraderGradebook

__all__ = ["GradebookBeside", "NbgraderGradebook"]
