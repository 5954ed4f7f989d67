"""From a collected submission to notebooks that are safe to execute; no student code runs here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbconvert.preprocessors import ExecutePreprocessor
from nbgrader.converters import Autograde
from nbgrader.preprocessors import (
    CheckCellMetadata,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
)

from rudaux.adapters.nbgrader import files
from rudaux.adapters.nbgrader.gradebook.catalogue import Catalogue
from rudaux.adapters.nbgrader.grading.choose import choose
from rudaux.adapters.nbgrader.grading.copies import answers_abroad
from rudaux.adapters.nbgrader.grading.hidden import Delimiters, without_hidden
from rudaux.adapters.nbgrader.grading.leaning import Modules, functions, taught
from rudaux.adapters.nbgrader.grading.looks import solved
from rudaux.adapters.nbgrader.grading.metadata import CheckKnownMetadata
from rudaux.adapters.nbgrader.grading.repair import repair
from rudaux.adapters.nbgrader.grading.replay import inputs_digest, inputs_of
from rudaux.adapters.nbgrader.grading.witness import plant, program
from rudaux.adapters.nbgrader.release.source import notebook_paths, read, write
from rudaux.adapters.nbgrader.settings import NbgraderCourse
from rudaux.config.private import make_folder
from rudaux.domain.execution import Broken, Job


class KnownKernelspec(OverwriteKernelspec):  # type: ignore[misc]
    """nbgrader's preprocessor with the catalogue's kernel: a student never chooses it."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        kernelspec = resources["known"].kernelspec
        nb.metadata.pop("kernelspec", None)
        if kernelspec:
            nb.metadata["kernelspec"] = dict(kernelspec)
        return nb, resources


class KnownCells(OverwriteCells):  # type: ignore[misc]
    """nbgrader's preprocessor with the catalogue's cells instead of a query for each."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        self.notebook_id = resources["nbgrader"]["notebook"]
        self.assignment_id = resources["nbgrader"]["assignment"]
        self.gradebook = resources["catalogue"]
        nb, resources = NbGraderPreprocessor.preprocess(self, nb, resources)
        return nb, resources


class Sanitiser:
    """nbgrader's sanitising preprocessors for one course, made once for all submissions."""

    def __init__(self, course: NbgraderCourse, scratch: Path, seals: bool = False) -> None:
        self._course, self._scratch, self._seals = course, scratch, seals
        self._delimiters = Delimiters.of(course.config)
        self._asked: dict[str, dict[str, tuple[frozenset[str], str]]] = {}
        self._beside: dict[str, Modules] = {}
        converter = course.converter(Autograde)
        self._exclude = converter.exclude_overwriting
        ours = {OverwriteKernelspec: KnownKernelspec, OverwriteCells: KnownCells}
        self._steps = make_steps(converter, converter.sanitize_preprocessors, ours)
        self._restorer = KnownCells(config=course.config)

    def prepare(self, catalogue: Catalogue, student_id: str) -> Job | Broken:
        """Repair and sanitise a submission, and lay out its files in the scratch folder."""
        assignment = catalogue.assignment
        submitted = self._course.submitted(assignment, student_id)
        if not submitted.is_dir() or submitted.is_symlink():
            return Broken(f"nothing has been collected: there is no folder {submitted}")
        chosen = choose(submitted, catalogue)
        if isinstance(chosen, Broken):
            return chosen
        chosen.doubts += answers_abroad(chosen.notebooks, catalogue.notebooks)
        texts, witnesses, sealed, clean = {}, {}, {}, {}
        hides = False
        for name, notebook in chosen.notebooks.items():
            known = catalogue.notebooks
            clauses = repair(name, notebook, known, self._restorer, chosen.doubts)
            chosen.repairs += [f"{name}: {clause}" for clause in clauses]
            try:
                done = self._sanitise(notebook, catalogue, name, student_id)
            except Exception as refused:
                return Broken(f"{name}.ipynb cannot be prepared for grading: {first_line(refused)}")
            clean[name] = inputs_of(name, done)
            if self._seals:
                sealed[f"{name}.ipynb"] = write(without_hidden(done, self._delimiters))
                hides = hides or bool(self._delimiters.tests(done))
            asked, solution = self._solution(assignment, name)
            witnesses[f"{name}.ipynb"] = plant(
                done, known[name].kernelspec, asked, self._modules(assignment), solution
            )
            # Nobody reads it, and writing indented JSON is far slower.
            texts[f"{name}.ipynb"] = json.dumps(done)
        folder = self._scratch / assignment / student_id
        files.remove(folder)
        make_folder(folder)
        self.lay_out(assignment, student_id, folder)
        repairs, doubts = tuple(chosen.repairs), tuple(chosen.doubts)
        sealed = sealed if hides else {}  # notebooks share a folder: all are run sealed, or none
        digest = inputs_digest(clean, folder)
        return Job(
            assignment, student_id, texts, folder, repairs, doubts, witnesses,
            sealed=sealed, digest=digest, proof=program(),
        )  # fmt: skip

    def _solution(self, assignment: str, name: str) -> tuple[frozenset[str], str]:
        """Return the names that students are asked to define, and the text of the solution."""
        if assignment not in self._asked:
            paths = notebook_paths(self._course, assignment)
            notebooks = {p.stem: read(p, assignment) for p in paths}
            self._asked[assignment] = {
                stem: (taught(nb), solved(nb)) for stem, nb in notebooks.items()
            }
        return self._asked[assignment].get(name, (frozenset(), ""))

    def _modules(self, assignment: str) -> Modules:
        """Return what the modules define that the course puts beside its notebooks."""
        if assignment not in self._beside:
            source, skip = self._course.source(assignment), self._exclude.get(assignment, ())
            found = {}
            for path in files.walk(source, self._course.ignore, follow=True):
                if path.suffix == ".py" and path.as_posix() not in skip:
                    parts = path.with_suffix("").parts
                    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                    found[name] = functions((source / path).read_text("utf-8", "replace"))
            self._beside[assignment] = found
        return self._beside[assignment]

    def lay_out(self, assignment: str, student_id: str, into: Path) -> None:
        """Copy the student's other files, then the assignment's data files over them."""
        ignore = self._course.ignore
        files.copy_tree(self._course.submitted(assignment, student_id), into, ignore)
        skip = self._exclude.get(assignment, ())
        source = self._course.source(assignment)
        files.copy_tree(source, into, ignore, follow=True, skip=skip)

    def _sanitise(self, notebook: Any, catalogue: Catalogue, name: str, student_id: str) -> Any:
        resources = {
            "unique_key": name,
            "nbgrader": {
                "student": student_id,
                "assignment": catalogue.assignment,
                "notebook": name,
                "db_url": self._course.db_url,
            },
            "catalogue": catalogue,
            "known": catalogue.notebooks[name],
        }
        return run_steps(self._steps, notebook, resources)


def first_line(error: Exception) -> str:
    """Return the first line of an error of nbgrader or nbconvert, short enough for a sentence."""
    return str(error).strip().split("\n")[0][:200] or type(error).__name__


def make_steps(converter: Any, classes: Any, ours: dict[Any, Any]) -> list[Any]:
    """Make a converter's preprocessors, with ours in place of nbgrader's and none that executes."""
    ours = {CheckCellMetadata: CheckKnownMetadata, **ours}
    return [
        ours.get(cls, cls)(parent=converter, config=converter.config)
        for cls in classes
        if not issubclass(cls, ExecutePreprocessor)
    ]


def run_steps(steps: list[Any], notebook: Any, resources: dict[str, Any]) -> Any:
    """Run the enabled preprocessors over a notebook."""
    for step in steps:
        if step.enabled:
            notebook, _ = step.preprocess(notebook, resources)
    return notebook
