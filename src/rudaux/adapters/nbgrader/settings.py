"""`nbgrader_config.py` next to rudaux.toml, read as nbgrader reads it in the course folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any, Literal

from nbgrader.coursedir import CourseDirectory
from traitlets import TraitError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from rudaux.config.private import PRIVATE, Rights, set_right
from rudaux.errors import ConfigError

FILE = "nbgrader_config.py"
Kept = Literal["gradebook", "submitted", "autograded", "feedback"]
_CONVERTERS: dict[Kept, tuple[str, ...]] = {
    "autograded": ("Autograde", "BaseConverter"),
    "feedback": ("GenerateFeedback", "Feedback", "BaseConverter"),
}
"""Sections that may set `permissions` for what a converter writes; the first that does wins."""


@dataclass(frozen=True)
class NbgraderCourse:
    """nbgrader's options of one course; every path in here is absolute."""

    folder: Path
    config: Any
    directory: Any

    @property
    def db_url(self) -> str:
        """The gradebook's SQLAlchemy URL."""
        return str(self.directory.db_url)

    @property
    def course_id(self) -> str:
        """nbgrader's id of the course; "" if none is configured."""
        return str(self.directory.course_id)

    @property
    def ignore(self) -> tuple[str, ...]:
        """Globs for the base names of files and folders that nbgrader never copies."""
        return tuple(self.directory.ignore)

    def source(self, assignment: str) -> Path:
        """Return the folder of the instructor's version."""
        return self._path(self.directory.source_directory, ".", assignment)

    def release(self, assignment: str) -> Path:
        """Return the folder of the students' version, where nbgrader's own commands keep it."""
        return self._path(self.directory.release_directory, ".", assignment)

    def submitted(self, assignment: str, student_id: str) -> Path:
        """Return the folder of what a student handed in."""
        return self._path(self.directory.submitted_directory, student_id, assignment)

    def handed_in(self) -> frozenset[tuple[str, str]]:
        """Return whose collected work exists, as (assignment, student id)."""
        step, structure = self.directory.submitted_directory, self.directory.directory_structure
        anyone = structure.format(nbgrader_step=step, student_id="*", assignment_id="*")
        shape = self.directory.format_path(step, "(?P<who>[^/]+)", "(?P<what>[^/]+)", escape=True)
        # Unlike Path.glob this leaves out hidden folders: copies that are not finished.
        paths = (self.folder / path for path in glob(anyone, root_dir=self.folder))  # noqa: PTH207
        found = (re.fullmatch(shape, str(path)) for path in paths if path.is_dir())
        return frozenset((m["what"], m["who"]) for m in found if m)

    def autograded(self, assignment: str, student_id: str) -> Path:
        """Return the folder of a submission with the outputs that it was scored by."""
        return self._path(self.directory.autograded_directory, student_id, assignment)

    def feedback(self, assignment: str, student_id: str) -> Path:
        """Return the folder of a submission's feedback pages."""
        return self._path(self.directory.feedback_directory, student_id, assignment)

    def make(self, cls: Any) -> Any:
        """Make one of nbgrader's configurable objects with the course's options."""
        return cls(config=self.config)

    def converter(self, cls: Any) -> Any:
        """Make one of nbgrader's converters, to ask for its preprocessors and defaults."""
        return cls(coursedir=self.directory, config=self.config)

    def beside(self, folder: Path, submissions: bool = False) -> CourseBeside:
        """Return this course with what grading writes, and maybe `submissions`, in `folder`."""
        return CourseBeside(self.folder, self.config, self.directory, folder, submissions)

    def rights(self, kept: Kept) -> Rights:
        """Return who may read what is kept: only rudaux's account, unless the options share it.

        The options are `CourseDirectory.groupshared` and a converter's `permissions`, with the
        modes that nbgrader sets (converters/base.py, set_permissions). Those who may read files may
        also enter their folders, which nbgrader leaves to the umask.
        """
        shared = bool(self.directory.groupshared)
        group = 0o2070 if shared else 0
        permissions = self._permissions(kept)
        if permissions is not None:
            readers = permissions & 0o044
            return Rights(0o700 | group | readers | readers >> 2, permissions)
        if shared:
            return Rights(0o700 | group, 0o664 if kept in _CONVERTERS else 0o660)
        return Rights(PRIVATE.folder, 0o400 if kept == "autograded" else PRIVATE.file)

    def set_right(self) -> None:
        """Correct the modes of the folders of students' work that are in the course folder."""
        steps: dict[Kept, str] = {
            "submitted": self.directory.submitted_directory,
            "autograded": self.directory.autograded_directory,
            "feedback": self.directory.feedback_directory,
        }
        for kept, step in steps.items():
            top = Path(os.path.normpath(self._path(step, ".", ".")))
            if self.folder in top.parents:
                set_right(top, self.rights(kept))

    def _permissions(self, kept: Kept) -> int | None:
        """Return the mode for files that the options set; None if they set none."""
        for section in _CONVERTERS.get(kept, ()):
            value = self.config.get(section, {}).get("permissions")
            if value is not None:
                if re.fullmatch(r"[0-7]{1,3}", str(value)):
                    return int(str(value), 8)
                raise ConfigError(
                    f"{section}.permissions in {self.folder / FILE} is {value}: it should be a "
                    "file's mode in octal digits, such as 640"
                )
        return None

    def _path(self, step: str, student_id: str, assignment: str) -> Path:
        return Path(self.directory.format_path(step, student_id, assignment))


@dataclass(frozen=True)
class CourseBeside(NbgraderCourse):
    """The same course with its own gradebook and autograded work in `own`."""

    own: Path
    has_submissions: bool

    @property
    def db_url(self) -> str:
        """The SQLAlchemy URL of the gradebook in `own`."""
        return f"sqlite:///{self.own / 'gradebook.db'}"

    def autograded(self, assignment: str, student_id: str) -> Path:
        """Return the folder of a submission with its outputs in `own`."""
        return self.own / "autograded" / student_id / assignment

    def submitted(self, assignment: str, student_id: str) -> Path:
        """Return what was handed in, beside the course's if `has_submissions`."""
        ours = self.own / "submitted" / student_id / assignment
        return ours if self.has_submissions else super().submitted(assignment, student_id)


def load_course(folder: Path) -> NbgraderCourse:
    """Read the options; nbgrader's root is the course folder, whatever the working folder is.

    Raises `ConfigError` if the file is not Python or an option has the wrong type.
    """
    folder = folder.absolute()
    config = _read(folder)
    config.CourseDirectory.root = str(folder)
    _anchor(config, folder)
    try:
        directory = CourseDirectory(config=config)
    except TraitError as wrong:
        raise ConfigError(f"{folder / FILE} has a wrong option ({wrong}): correct it") from wrong
    return NbgraderCourse(folder, config, directory)


def _read(folder: Path) -> Any:
    if not (folder / FILE).is_file():
        return Config()
    try:
        return PyFileConfigLoader(FILE, path=str(folder)).load_config()
    except Exception as broken:
        raise ConfigError(
            f"{folder / FILE} cannot be read ({type(broken).__name__}: {broken}): correct it"
        ) from broken


def _anchor(config: Any, folder: Path) -> None:
    """Make relative paths absolute: nbgrader resolves them against the working folder."""
    for option in ("header", "footer"):
        value = config.IncludeHeaderFooter.get(option)
        if isinstance(value, str) and value:
            config.IncludeHeaderFooter[option] = str(folder / value)
    url = config.CourseDirectory.get("db_url")
    scheme = "sqlite:///"
    if isinstance(url, str) and url.startswith(scheme) and url != scheme:
        config.CourseDirectory.db_url = f"{scheme}{folder / url[len(scheme) :]}"
