"""rudaux.toml -> frozen dataclasses, with every mistake in it named at once."""

from __future__ import annotations

from pathlib import Path

from rudaux.config.file import assignment_names, find_course_folder, parse, read_text
from rudaux.config.settings import (
    FILE,
    LEVELS,
    AssignmentSettings,
    BackupSettings,
    CanvasSettings,
    Config,
    CourseSettings,
    ExecutorName,
    GitSettings,
    GradingSettings,
    HiddenTests,
    HubSettings,
    Level,
    Posting,
    ScheduleSettings,
    SnapshotSettings,
    find_assignment,
    private_folder,
)
from rudaux.config.token import has_token, read_token, save_token, saved_token_file

__all__ = [
    "FILE",
    "LEVELS",
    "AssignmentSettings",
    "BackupSettings",
    "CanvasSettings",
    "Config",
    "CourseSettings",
    "ExecutorName",
    "GitSettings",
    "GradingSettings",
    "HiddenTests",
    "HubSettings",
    "Level",
    "Posting",
    "ScheduleSettings",
    "SnapshotSettings",
    "assignment_names",
    "find_assignment",
    "find_course_folder",
    "has_token",
    "load_config",
    "parse",
    "private_folder",
    "read_token",
    "save_token",
    "saved_token_file",
]


def load_config(folder: Path) -> Config:
    """Read the rudaux.toml in `folder`; raises one `ConfigError` with a line for every mistake."""
    from rudaux.config.reading import read

    folder = folder.expanduser().resolve()
    return read(folder, read_text(folder / FILE))
