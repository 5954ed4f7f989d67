"""Pages for a person with a browser: read-only and without a token, on this machine alone."""

from rudaux.demo.simulator.pages.assignment import assignment
from rudaux.demo.simulator.pages.gradebook import gradebook, home
from rudaux.demo.simulator.pages.grades import grades
from rudaux.demo.simulator.pages.submission import submission

__all__ = ["assignment", "gradebook", "grades", "home", "submission"]
