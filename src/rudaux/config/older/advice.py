"""What to do about an older rudaux's settings that have no counterpart in a rudaux.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

KEEP_OUT = (
    "holds an access token, which was not copied: export it as CANVAS_TOKEN, or save it in a "
    "file that only you can read and name that file in canvas.token_file; then delete it here"
)
NO_NEED = "holds a password, which was not copied: rudaux needs none"
COMPUTED = (
    "is computed in the file, which is not run: give the value as an option, or in rudaux.toml"
)
LACKING = "has no usable date or points: complete the commented lines at the end of rudaux.toml"
NAMELESS = "some have no usable name, or one that is taken: add those to rudaux.toml by hand"
SUBCONFIG = "loads another file, which is not read: copy its settings into this file and run again"

_ADVICE = {
    "graders": "list those who mark in formgrader as [[graders]]; `rudaux gradebook share` then "
    "divides the marking among them",
    "latereg_* registration_deadline extensions": "set days in [late_registration] for students "
    "who join late; `rudaux canvas extend` gives anybody more time in Canvas",
    "return_solution_threshold earliest_solution_return_date "
    "ungraded_assignment_soln_release_days": "to hand out solutions, set solution_share or "
    "solution_not_before in [return]",
    "notif* sendmail.* smtp.*": "to be told how runs ended, fill in [notify]",
    "student_ssh student_zfs_path zfs_path snapshot_* zfs_snapshot_prefix": "mount the homes on "
    "this machine and fill in [jupyterhub.snapshots]; with take, rudaux takes the snapshots",
    "user_folder_root user_root user_quota jupyterhub_config_dir jupyterhub_user jupyterhub_group "
    "grading_* instructor_user course_admin docker_bind_folder": "is no longer needed: rudaux "
    "grades in the course folder, and makes no accounts or folders for graders",
    "submissions_folder feedback_folder autograded_folder nbgrader_root": "rudaux uses nbgrader's "
    "own folder names: set others in nbgrader_config.py, which rudaux reads",
    "Course.tmp_dir course_slug course_start_date state_file debug autoext_* grade_* "
    "ignored_assignments nbgrader_*": "is no longer needed: leave it out",
    "GitHub.*token*": "git logs in by itself: give this account an SSH key, or set up git's "
    "credential helper",
}
_NBGRADER = "is a setting of nbgrader: keep it in nbgrader_config.py, which rudaux reads"
_UNKNOWN = "is not a setting that rudaux knows: look for a similar one in the documentation"


def advise(keys: Iterable[str]) -> Mapping[str, list[str]]:
    """Return what to do: each sentence, with the settings that it is about."""
    found: dict[str, list[str]] = {}
    for key in keys:
        found.setdefault(_sentence(key), []).append(key)
    return found


def _sentence(key: str) -> str:
    for patterns, sentence in _ADVICE.items():
        if any(fnmatchcase(key, pattern) for pattern in patterns.split()):
            return sentence
    is_nbgraders = re.match(r"(?!Canvas|GitHub|JupyterHub|Course\b)[A-Z]\w+\.", key)
    return _NBGRADER if is_nbgraders else _UNKNOWN
