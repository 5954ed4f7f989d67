"""What to do about settings of an older rudaux that a rudaux.toml has no place for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

KEEP_OUT = (
    "holds an access token, which was not copied: export it as CANVAS_TOKEN, or put it into a file "
    "that only you can read and name that file in canvas.token_file; then delete it here"
)
NO_NEED = "holds a password, which was not copied: rudaux needs none"
COMPUTED = "computed there, and the file is not run: give the value as an option, or in rudaux.toml"
LACKING = "no usable date or points there: complete what is a comment at the end of rudaux.toml"
NAMELESS = "some have no usable name, or the name of another: add those to rudaux.toml by hand"
SUBCONFIG = "rudaux reads one file and follows no other: give that one with --from as well"

_ADVICE = {
    "graders": "rudaux does not share out marking: agree on who marks what, and mark in formgrader",
    "latereg_* registration_deadline extensions": "rudaux makes no extensions: give late students "
    "one in Canvas, and each is graded at their own deadline",
    "return_solution_threshold earliest_solution_return_date "
    "ungraded_assignment_soln_release_days": "rudaux hands out no solutions: publish them yourself "
    "once everybody's deadline has passed",
    "notif* sendmail.* smtp.*": "rudaux sends no mail: `rudaux status` and the logs say what waits",
    "student_ssh student_zfs_path zfs_path snapshot_* zfs_snapshot_prefix": "rudaux takes no "
    "snapshots: have the file server take them, mount the homes on this machine, and fill in "
    "[jupyterhub.snapshots]",
    "user_folder_root user_root user_quota jupyterhub_config_dir jupyterhub_user jupyterhub_group "
    "grading_* instructor_user course_admin docker_bind_folder": "not needed any more: rudaux "
    "grades in the course folder, and makes no accounts or folders for graders",
    "submissions_folder feedback_folder autograded_folder nbgrader_root": "nbgrader's own names "
    "are used: set others in nbgrader_config.py, which rudaux reads",
    "Course.tmp_dir course_slug course_start_date state_file debug autoext_* grade_* "
    "ignored_assignments nbgrader_*": "not needed any more: leave it out",
    "GitHub.*token*": "git logs in by itself: give this account an ssh key, or set up git's "
    "credential helper",
}
_NBGRADER = "nbgrader's own: keep it in nbgrader_config.py, which rudaux reads"
_UNKNOWN = "no such setting is known: look for its like in docs/reference/configuration.md"


def advise(keys: Iterable[str]) -> Mapping[str, list[str]]:
    """Return what to do, each sentence with the settings that it is about."""
    found: dict[str, list[str]] = {}
    for key in keys:
        found.setdefault(_sentence(key), []).append(key)
    return found


def _sentence(key: str) -> str:
    for patterns, sentence in _ADVICE.items():
        if any(fnmatchcase(key, pattern) for pattern in patterns.split()):
            return sentence
    return (
        _NBGRADER
        if re.match(r"(?!Canvas|GitHub|JupyterHub|Course\b)[A-Z]\w+\.", key)
        else (_UNKNOWN)
    )
