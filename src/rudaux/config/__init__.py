"""rudaux.toml as frozen dataclasses; all mistakes in it are reported at once."""

from __future__ import annotations

from pathlib import Path

from rudaux.config.extends import assignment_names
from rudaux.config.file import find_course_folder, parse, read_text
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
    GraderSettings,
    GradingSettings,
    HiddenTests,
    HubSettings,
    LateEdits,
    LateRegistrationSettings,
    Level,
    NotifySettings,
    Posting,
    ReturnSettings,
    ScheduleSettings,
    SnapshotSettings,
    find_assignment,
    private_folder,
    read_memory,
    seconds,
)
from rudaux.config.token import (
    has_token,
    read_addresses,
    read_token,
    save_token,
    saved_token_file,
)

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
    "GraderSettings",
    "GradingSettings",
    "HiddenTests",
    "HubSettings",
    "LateEdits",
    "LateRegistrationSettings",
    "Level",
    "NotifySettings",
    "Posting",
    "ReturnSettings",
    "ScheduleSettings",
    "SnapshotSettings",
    "assignment_names",
    "find_assignment",
    "find_course_folder",
    "has_token",
    "load_config",
    "load_partly",
    "parse",
    "private_folder",
    "read_addresses",
    "read_memory",
    "read_token",
    "save_token",
    "saved_token_file",
    "seconds",
]


def load_config(folder: Path) -> Config:
    """Read the rudaux.toml in `folder`; raises one `ConfigError` with a line for every mistake."""
    from rudaux.config.reading import read

    folder = folder.expanduser().resolve()
    return read(folder, read_text(folder / FILE))


def load_partly(folder: Path) -> tuple[Config | None, str, NotifySettings | None]:
    """Return the configuration, the course's name and [notify], each as far as it can be read."""
    from rudaux.config.reading import read_partly
    from rudaux.errors import ConfigError

    try:
        config = load_config(folder)
    except ConfigError:
        try:
            return None, *read_partly(folder, read_text(folder / FILE))
        except ConfigError:
            return None, folder.name, None
    return config, config.course.name, config.notify
