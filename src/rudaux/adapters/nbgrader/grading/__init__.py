"""A student's work -> a job that can be run safely; what the run gave -> marks."""

from __future__ import annotations

from rudaux.adapters.nbgrader.grading.rehearsal import Rehearsal
from rudaux.adapters.nbgrader.grading.replay import outputs_digest, replay
from rudaux.adapters.nbgrader.grading.sanitise import Sanitiser
from rudaux.adapters.nbgrader.grading.score import Scorer

__all__ = ["Rehearsal", "Sanitiser", "Scorer", "outputs_digest", "replay"]
