"""Turn the settings of an older rudaux into answers for a rudaux.toml, and notes on the rest.

2018: c.Canvas.canvas_url, c.GitHub.ins_repo_url, ... 2020 to 2022: c.canvas_domain, ...
https://github.com/UBC-DSCI/rudaux
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from rudaux.config.checking import CANVAS_TOKEN
from rudaux.config.draft import EXAMPLES, OTHERS, Planned, fits, wrong
from rudaux.config.older.advice import (
    COMPUTED,
    KEEP_OUT,
    LACKING,
    NAMELESS,
    NO_NEED,
    SUBCONFIG,
    advise,
)
from rudaux.config.older.courses import only_one
from rudaux.config.older.syntax import read_settings
from rudaux.config.older.timing import SNAPSHOT_KEYS, planned, snapshots
from rudaux.config.table import is_secret_key
from rudaux.domain.links import repo_folder
from rudaux.errors import ConfigError

KEYS = {
    "Canvas.canvas_url": "canvas_url",
    "Canvas.course_url": "canvas_url",
    "canvas_domain": "canvas_url",
    "Canvas.course_id": "course_id",
    "canvas_id": "course_id",
    "Canvas.token_name": "token_env",
    "Canvas.external_tool_name": "tool",
    "Canvas.external_tool_level": "level",
    "GitHub.ins_repo_url": "instructor_repo",
    "instructor_repo_url": "instructor_repo",
    "GitHub.stu_repo_url": "student_repo",
    "GitHub.assignment_release_path": "release_path",
    "JupyterHub.hub_url": "hub_url",
    "jupyterhub_host_root": "hub_url",
    "JupyterHub.base_url": "base_url",
    "JupyterHub.storage_path": "storage",
    "student_folder_root": "storage",
    "student_dataset_root": "storage",
    "Course.timezone": "timezone",
    "CourseDirectory.course_id": "name",
    "course_name": "name",
    "name": "name",
    "Course.grading_image": "image",
    "grading_image": "image",
    "grading_docker_image": "image",
    "docker_image": "image",
    "grading_docker_memory": "memory",
    "docker_memory": "memory",
    "num_docker_threads": "jobs",
}
_WORK = ("student_local_assignment_folder", "assignment_folder_root")
ASSIGNMENTS = ("Course.assignments", "graders", "nbgrader_graded_assignments")


@dataclass(frozen=True)
class Note:
    """What was not carried over, and one sentence about it."""

    keys: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Older:
    """What an older file says; `guesses` are not in it, but follow from it.

    `computed` are the answers that are only known when the file is run.
    """

    answers: Mapping[str, str] = field(default_factory=dict)
    guesses: Mapping[str, str] = field(default_factory=dict)
    assignments: tuple[Planned, ...] = ()
    notes: tuple[Note, ...] = ()
    computed: Mapping[str, str] = field(default_factory=dict)


def read_older(file: Path, course_id: str = "") -> Older:
    """Read an older configuration without running it; `course_id` chooses among several courses.

    Raises `ConfigError` for any other file, and for one that describes several courses.
    """
    settings = read_settings(file)
    if not settings.values and not settings.computed:
        raise ConfigError(
            f"{file} has no settings of an older rudaux, such as c.Canvas.course_id or "
            "c.canvas_id: name the rudaux_config.py of the course after --from."
        )
    values = only_one(settings.values, file.name, course_id)
    return _Translation(values, settings.computed).result(file)


class _Translation:
    def __init__(self, values: dict[str, object], computed: tuple[str, ...]) -> None:
        self.values, self.computed = values, computed
        self.answers: dict[str, str] = {}
        self.guesses: dict[str, str] = {}
        self.notes: list[Note] = []
        self.done: set[str] = set()

    def result(self, file: Path) -> Older:
        self._keep_secrets()
        for key, answer in KEYS.items():
            if key in self.values and key not in self.done:
                self._carry(key, answer)
        self._work_folder()
        self._snapshots()
        self._guess()
        assignments = self._assignments()
        self._computed()
        self._rest(file)
        asked = {a: k for k, a in KEYS.items() if k in self.computed and a not in self.answers}
        return Older(self.answers, self.guesses, assignments, tuple(self.notes), asked)

    def note(self, sentence: str, *keys: str) -> None:
        """Note what to do about these settings; none of them is mentioned again."""
        self.notes.append(Note(keys, sentence))
        self.done |= set(keys)

    def _keep_secrets(self) -> None:
        both = {**dict.fromkeys(self.computed), **self.values}
        secret = [key for key, value in both.items() if _is_secret(key, value)]
        self.secrets = {t for k in secret for t in _texts(self.values.get(k)) if len(t) > 7}
        tokens = [k for k in secret if not re.search(r"(?i)passw|smtp|sendmail", k)]
        for sentence, keys in (
            (KEEP_OUT, tokens),
            (NO_NEED, [k for k in secret if k not in tokens]),
        ):
            if keys:
                self.note(sentence, *keys)

    def _carry(self, key: str, answer: str) -> None:
        value = self.values[key]
        self.done.add(key)
        if value in (None, "") or answer in self.answers:
            return
        text = _CLEANERS.get(answer, str)(value) if _plain(value) else ""
        if answer == "hub_url" and urlsplit(_address(value)).path.strip("/"):
            self.answers["base_url"] = urlsplit(_address(value)).path
        verdict = wrong({}, answer, text) if text else "this should be text or a number"
        if any(secret in text for secret in self.secrets):
            self.note(KEEP_OUT, key)
        elif verdict:
            self.note(f"was not taken over: {verdict}", key)
        else:
            self.answers[answer] = text

    def _work_folder(self) -> None:
        """Read `dsci-100/materials` in each home: the student repository's folder and the path."""
        key = next((k for k in _WORK if isinstance(self.values.get(k), str)), "")
        if not key:
            return
        folder = str(self.values[key]).strip("/")
        repo, _, path = folder.partition("/")
        work = f"{{student_id}}/{folder}/{{assignment}}"
        if not repo or wrong({}, "work_path", work) or wrong({}, "release_path", path):
            return
        self.done.add(key)
        self.answers |= {"work_path": work, "release_path": path}
        theirs = self.answers.get("instructor_repo", "")
        beside = re.sub(r"[^/:]+?(\.git)?/?$", lambda last: repo + (last[1] or ""), theirs)
        if theirs and not wrong({"instructor_repo": theirs}, "student_repo", beside):
            self.guesses["student_repo"] = beside

    def _snapshots(self) -> None:
        found, sentence = snapshots(self.values)
        self.answers.update(found)
        keys = [k for k in SNAPSHOT_KEYS if k in self.values]
        self.done |= set(keys)
        if sentence:
            self.note(sentence, *(keys or ["[jupyterhub.snapshots]"]))

    def _guess(self) -> None:
        """Fill in what the older version did not need to know, or had a default for."""
        is_first = any(key.startswith(("Canvas.", "Course.")) for key in self.values)
        repo = self.answers.get("student_repo", "")
        zone = "US/Pacific" if is_first else str(self.values.get("notify_timezone") or "UTC")
        guesses = {
            "name": repo_folder(repo) if repo else "",
            "timezone": zone if not wrong({}, "timezone", zone) else "UTC",
            "tool": EXAMPLES["tool"],
            "level": OTHERS["level"],
            "release_path": "materials",
        }
        for key, value in guesses.items():
            if value and key not in self.answers and not wrong({}, key, value):
                self.guesses.setdefault(key, value)

    def _assignments(self) -> tuple[Planned, ...]:
        key = next((k for k in ASSIGNMENTS if k in self.values), "")
        found = planned(self.values.get(key))
        zone = {"timezone": {**self.guesses, **self.answers}["timezone"]}
        found = tuple(p if fits(zone, p) else replace(p, due=None) for p in found)
        if key == "Course.assignments":
            self.done.add(key)
        rows = self.values.get(key)
        if isinstance(rows, list) and len(rows) > len(found):
            self.note(NAMELESS, key)
        lacking = [p.name for p in found if not p.known]
        if lacking or (key and not found):
            self.note(LACKING, *(lacking or [key]))
        return found

    def _computed(self) -> None:
        matter = {*KEYS, *_WORK, *ASSIGNMENTS, *SNAPSHOT_KEYS, "course_groups"}
        keys = [k for k in self.computed if k in matter and k not in self.done]
        if keys:
            self.note(COMPUTED, *keys)
        if "load_subconfig" in self.computed:
            self.note(SUBCONFIG, "load_subconfig")

    def _rest(self, file: Path) -> None:
        ours = ("Canvas.", "GitHub.", "JupyterHub.", "Course.")
        at_home = file.name == "nbgrader_config.py"  # where nbgrader's own options belong
        left = [
            key
            for key in (*self.values, *self.computed)
            if key not in self.done and (not at_home or key.startswith(ours))
        ]
        for sentence, about in advise(left).items():
            self.note(sentence, *about)


def _plain(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _is_secret(key: str, value: object) -> bool:
    """Return whether a setting holds a secret; `token_name` is the name of a variable."""
    if any(CANVAS_TOKEN.search(text) for text in _texts(value)):
        return True
    if key == "Canvas.token_name":
        return value is not None and bool(wrong({}, "token_env", str(value)))
    last = key.rpartition(".")[2]
    return is_secret_key(last) and not last.endswith(("token_name", "token_names"))


def _address(value: object) -> str:
    address = str(value).strip().rstrip("/")
    return address if "://" in address else f"https://{address}"


def _site(value: object) -> str:
    scheme, _, rest = _address(value).partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _remote(value: object) -> str:
    """Remove a user name and a password from a web address."""
    return re.sub(r"^(https?://)[^/@]*@", r"\1", str(value).strip())


_CLEANERS: dict[str, Callable[[object], str]] = {
    "canvas_url": _site,
    "hub_url": _site,
    "instructor_repo": _remote,
    "student_repo": _remote,
    "release_path": lambda value: str(value).strip("/"),
}
