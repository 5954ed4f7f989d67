"""From a student's work to a job that can be run safely, and from the run's outputs to marks."""

from __future__ import annotations

from rudaux.adapters.nbgrader.grading.rehearsal import Rehearsal
from rudaux.adapters.nbgrader.grading.replay import outputs_digest, replay
from rudaux.adapters.nbgrader.grading.sanitise import Sanitiser
from rudaux.adapters.nbgrader.grading.score import Scorer

__all__ = ["Rehearsal", "Sanitiser", "Scorer", "outputs_digest", "replay"]
