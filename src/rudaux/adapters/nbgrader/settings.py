"""`nbgrader_config.py` beside rudaux.toml, read as nbgrader would read it in the course folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from traitlets import TraitError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from rudaux.errors import ConfigError

FILE = "nbgrader_config.py"


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
        """nbgrader's id of the course; empty where none is configured."""
        return str(self.directory.course_id)

    @property
    def ignore(self) -> tuple[str, ...]:
        """Globs over base names of files and folders that nbgrader never copies."""
        return tuple(self.directory.ignore)

    def source(self, assignment: str) -> Path:
        """The instructor's version."""
        return self._path(self.directory.source_directory, ".", assignment)

    def release(self, assignment: str) -> Path:
        """The students' version, as nbgrader's own commands keep it."""
        return self._path(self.directory.release_directory, ".", assignment)

    def submitted(self, assignment: str, student_id: str) -> Path:
        """What a student handed in."""
        return self._path(self.directory.submitted_directory, student_id, assignment)

    def autograded(self, assignment: str, student_id: str) -> Path:
        """A submission with the outputs that it was scored by."""
        return self._path(self.directory.autograded_directory, student_id, assignment)

    def feedback(self, assignment: str, student_id: str) -> Path:
        """The HTML reports of a submission."""
        return self._path(self.directory.feedback_directory, student_id, assignment)

    def make(self, cls: Any) -> Any:
        """Make one of nbgrader's configurable objects with the course's options."""
        return cls(config=self.config)

    def converter(self, cls: Any) -> Any:
        """Make one of nbgrader's converters, whose preprocessors and defaults are then asked."""
        return cls(coursedir=self.directory, config=self.config)

    def _path(self, step: str, student_id: str, assignment: str) -> Path:
        return Path(self.directory.format_path(step, student_id, assignment))


def load_course(folder: Path) -> NbgraderCourse:
    """Read the options, with the course folder as nbgrader's root whatever the working folder is.

    Raises `ConfigError` where the file is not Python or holds an option of a wrong type.
    """
    folder = folder.absolute()
    config = _read(folder)
    config.CourseDirectory.root = str(folder)
    _anchor(config, folder)
    try:
        directory = CourseDirectory(config=config)
    except TraitError as wrong:
        raise ConfigError(f"{folder / FILE}: {wrong}") from wrong
    return NbgraderCourse(folder, config, directory)


def _read(folder: Path) -> Any:
    if not (folder / FILE).is_file():
        return Config()
    try:
        return PyFileConfigLoader(FILE, path=str(folder)).load_config()
    except Exception as broken:
        raise ConfigError(
            f"{folder / FILE} cannot be read: {type(broken).__name__}: {broken}"
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
