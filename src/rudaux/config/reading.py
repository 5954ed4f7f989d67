"""The tables of rudaux.toml -> settings; all mistakes are raised together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from rudaux.config import checking as values
from rudaux.config import unattended
from rudaux.config.checking import Wrong
from rudaux.config.extends import KEY, Layer, document, layers, together
from rudaux.config.marking import address, read_graders, read_return
from rudaux.config.settings import (
    FILE,
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
    LateEdits,
    LateRegistrationSettings,
    NotifySettings,
    Posting,
    ScheduleSettings,
    SnapshotSettings,
)
from rudaux.config.table import Table, is_secret_key
from rudaux.domain.links import https_form
from rudaux.domain.messages import Topic
from rudaux.domain.naming import StudentKey
from rudaux.errors import ConfigError


def read(folder: Path, text: str) -> Config:
    """Turn the text of the rudaux.toml in `folder` (absolute) into a configuration."""
    found = layers(folder, text)
    mistakes = [told for layer in found for told in _secrets(layer)]
    root = Table("", together(found), mistakes)
    root.optional(KEY, values.text, "")
    config = _config(folder, root)
    root.finish()
    if mistakes:
        raise ConfigError(*dict.fromkeys(mistakes))
    return config


def read_partly(folder: Path, text: str) -> tuple[str, NotifySettings | None]:
    """Return the course's name and [notify], as far as they are right, whatever else is wrong."""
    mistakes: list[str] = []
    root = Table("", document(folder, text), mistakes)
    name = root.table("course").optional("name", values.text, folder.name)
    if "notify" not in root.content:
        return name, None
    mistakes.clear()
    notify = read_notify(root.table("notify"), folder)
    return name, None if mistakes else notify


def _config(folder: Path, root: Table) -> Config:
    course = _course(root.table("course"))
    _check_delay(root)
    return Config(
        folder=folder,
        course=course,
        canvas=_canvas(root.table("canvas"), folder),
        git=_git(root.table("git")),
        jupyterhub=_hub(root.table("jupyterhub")),
        grading=_grading(root.table("grading")),
        backups=_backups(root.table("backups")),
        schedule=_schedule(root.table("schedule")),
        returning=read_return(root.table("return"), course.timezone),
        graders=read_graders(root),
        notify=read_notify(root.table("notify"), folder) if "notify" in root.content else None,
        late_registration=_late_registration(root),
        assignments=_assignments(root, course.timezone),
    )


def _check_delay(root: Table) -> None:
    """Refuse to grade so soon after a deadline that its snapshot may not be finished."""
    hub, schedule = (root.content.get(name) for name in ("jupyterhub", "schedule"))
    snapshots = hub.get("snapshots") if isinstance(hub, dict) else None
    if isinstance(snapshots, dict) and "take" in snapshots and isinstance(schedule, dict):
        delay = schedule.get("delay_minutes")
        if isinstance(delay, int) and 0 <= delay < 2:
            root.table("schedule").wrong(
                "delay_minutes",
                "should be at least 2, because a snapshot is taken at the deadline",
            )


def _course(table: Table) -> CourseSettings:
    return CourseSettings(
        name=table.required("name", values.text, '"dsci100"'),
        timezone=table.required("timezone", values.zone, '"America/Vancouver"'),
    )


def _canvas(table: Table, folder: Path) -> CanvasSettings:
    default = CanvasSettings("", 0, "")
    token_file = table.optional("token_file", values.home_path, None)
    place = table.place("token_file")
    choices: tuple[Posting, ...] = get_args(Posting)
    settings = CanvasSettings(
        url=table.required("url", values.site, '"https://canvas.example.edu"'),
        course_id=table.required("course_id", values.course_id, "12345"),
        external_tool_name=table.required("external_tool_name", values.text, '"Jupyter"'),
        external_tool_level=table.optional(
            "external_tool_level",
            values.one_of("course", "account", "group"),
            default.external_tool_level,
        ),
        token_env=table.optional("token_env", values.variable, default.token_env),
        token_file=(place.layer.file.parent if place else folder) / token_file
        if token_file
        else None,
        posting=table.optional("posting", values.one_of(*choices), None),
    )
    _own_course(table)
    return settings


def _own_course(table: Table) -> None:
    """Refuse a shared course id: two folders would overwrite each other's grades."""
    place = table.place("course_id")
    if place and "course_id" in table.content and place.layer.name != FILE:
        table.wrong(
            "course_id",
            f"belongs in the {FILE} of each course: two folders with the same Canvas course would "
            "overwrite each other's grades",
        )


def _git(table: Table) -> GitSettings:
    settings = GitSettings(
        instructor_repo=table.required(
            "instructor_repo", values.remote, '"git@github.com:org/dsci100-instructors.git"'
        ),
        student_repo=table.required(
            "student_repo", values.remote, '"git@github.com:org/dsci100.git"'
        ),
        release_path=table.optional("release_path", values.inner_path, ""),
        push=table.optional("push", values.boolean, True),
    )
    if _same_remote(settings.instructor_repo, settings.student_repo):
        table.wrong(
            "student_repo",
            "should not be the same repository as instructor_repo, which holds the solutions",
        )
    return settings


def _same_remote(one: str | None, other: str | None) -> bool:
    if not one or not other:
        return False
    try:
        return https_form(one).lower() == https_form(other).lower()
    except ValueError:
        return one == other


def _hub(table: Table) -> HubSettings:
    storage = table.required("storage_path", values.absolute_path, '"/tank/home/dsci100"')
    default = HubSettings("", Path())
    given = "snapshots" in table.content
    inner = table.table("snapshots")
    work_path = values.template("student_id", "assignment", optional=("repo", "release_path"))
    return HubSettings(
        url=table.required("url", values.site, '"https://hub.example.edu"'),
        storage_path=storage,
        base_url=table.optional("base_url", values.hub_prefix, default.base_url),
        student_id=table.optional(
            "student_id", values.one_of(*get_args(StudentKey)), default.student_id
        ),
        work_path=table.optional("work_path", work_path, default.work_path),
        snapshots=_snapshots(inner) if given else None,
    )


def _snapshots(table: Table) -> SnapshotSettings:
    settings = SnapshotSettings(
        path=table.required("path", _snapshot_path, '".zfs/snapshot"'),
        pattern=table.required("pattern", values.pattern, r"'\d{4}-\d{2}-\d{2}-\d{4}'"),
        format=table.required("format", values.time_format, '"%Y-%m-%d-%H%M"'),
        timezone=table.required("timezone", values.zone, '"UTC"'),
        take=table.optional("take", _take, None),
        dataset=table.optional("dataset", unattended.dataset, None),
        host=table.optional("host", unattended.ssh_host, None),
    )
    _check_take(table, settings)
    # A pattern with a lookaround may need more of the name than the time stamp.
    if settings.pattern and settings.format and "(?" not in settings.pattern:
        sample = datetime(2026, 10, 2, 0, 30).strftime(settings.format)
        found = re.search(settings.pattern, sample)
        if not found or found[0] != sample:
            table.wrong(
                "pattern", f'should match all of "{sample}", which is how format writes a time'
            )
    return settings


def _take(value: object) -> Literal["zfs"] | tuple[str, ...]:
    return "zfs" if value == "zfs" else unattended.command(value)


def _check_take(table: Table, settings: SnapshotSettings) -> None:
    if settings.take == "zfs" and settings.dataset is None and "dataset" not in table.content:
        table.say(
            'jupyterhub.snapshots.dataset is missing: take = "zfs" needs one, such as dataset = '
            '"tank/home/dsci100"',
            "take",
        )
    for key in ("dataset", "host"):
        if key in table.content and settings.take != "zfs":
            table.wrong(key, 'is only used with take = "zfs": remove it, or set take to "zfs"')


def _snapshot_path(value: object) -> str:
    path = values.template(optional=("student_id",))(value)
    if not path:
        raise Wrong('should be a folder under storage_path, such as ".zfs/snapshot"')
    return path


def _grading(table: Table) -> GradingSettings:
    default = GradingSettings()
    seconds = values.whole(1, 86_400, " of seconds")
    settings = GradingSettings(
        executor=table.optional(
            "executor", values.one_of(*get_args(ExecutorName)), default.executor
        ),
        scheduler=table.optional("scheduler", values.scheduler, default.scheduler),
        root=table.optional("root", _unpacked, None),
        image=table.optional("image", values.text, default.image),
        jobs=table.optional("jobs", values.whole(0, 1000), default.jobs),
        memory=table.optional("memory", values.memory, default.memory),
        cpus=table.optional("cpus", values.number(0.1, 1024), default.cpus),
        cell_timeout=table.optional("cell_timeout", seconds, default.cell_timeout),
        timeout=table.optional("timeout", seconds, default.timeout),
        network=table.optional("network", values.boolean, default.network),
        scratch=table.optional("scratch", values.memory, default.scratch),
        preload=table.optional("preload", values.modules, default.preload),
        zero_guard=table.optional("zero_guard", values.number(0, 1), default.zero_guard),
        median_guard=table.optional("median_guard", values.number(0, 1), default.median_guard),
        stderr_fails=table.optional("stderr_fails", values.boolean, default.stderr_fails),
        hidden_tests=table.optional(
            "hidden_tests", values.one_of(*get_args(HiddenTests)), default.hidden_tests
        ),
        formgrader_url=table.optional("formgrader_url", address, None),
        late_edits=table.optional(
            "late_edits", values.one_of(*get_args(LateEdits)), default.late_edits
        ),
    )
    _replaced_by_hidden_tests(table)
    if settings.root and settings.executor != "sandbox":
        table.wrong("root", 'is only used with executor = "sandbox"; with "docker", set image')
    if settings.timeout < settings.cell_timeout:
        key = "timeout" if "timeout" in table.content else "cell_timeout"
        table.wrong(
            key,
            f"timeout, for a whole submission ({settings.timeout} seconds), should be at least "
            f"cell_timeout ({settings.cell_timeout} seconds)",
        )
    if settings.network and (settings.scheduler or "").startswith("tcp:"):
        table.wrong(
            "network",
            "should be false with this scheduler: anyone who can reach it can run anything on "
            "every worker; use a tls:// address if students' code needs the network",
        )
    return settings


def _unpacked(value: object) -> str:
    return str(values.absolute_path(value))


def _replaced_by_hidden_tests(table: Table) -> None:
    shown = table.content.get("redact_hidden_tests") is False
    now = 'hidden_tests = "shown"' if shown else 'hidden_tests = "redacted" (or "sealed")'
    table.replaced("redact_hidden_tests", now)


def _backups(table: Table) -> BackupSettings:
    default = BackupSettings()
    return BackupSettings(
        runs=table.optional("runs", values.whole(1, 1000, " of runs"), default.runs),
        days=table.optional("days", values.whole(1, 3650, " of days"), default.days),
    )


def _schedule(table: Table) -> ScheduleSettings:
    days = values.whole(1, 3650, " of days")
    default = ScheduleSettings()
    minutes = values.whole(0, 10_080, " of minutes")
    return ScheduleSettings(
        delay_minutes=table.optional("delay_minutes", minutes, default.delay_minutes),
        log_dir=table.optional("log_dir", values.home_path, default.log_dir),
        wait=table.optional("wait", unattended.duration("0s", "48h"), default.wait),
        limit=table.optional("limit", unattended.duration("1s", "168h"), default.limit),
        keep_logs=table.optional("keep_logs", days, default.keep_logs),
    )


def read_notify(table: Table, folder: Path) -> NotifySettings:
    """Read [notify] alone, so that somebody can be told of a mistake elsewhere in the file."""
    topics: tuple[Topic, ...] = get_args(Topic)
    file = table.required("urls_file", values.home_path, '"~/.config/rudaux/notify"')
    place = table.place("urls_file")
    beside = place.layer.file.parent if place else folder
    return NotifySettings(
        urls_file=beside / file if file else folder,
        on=table.optional("on", unattended.some_of(*topics), topics),
    )


def _late_registration(root: Table) -> LateRegistrationSettings | None:
    given = "late_registration" in root.content
    table = root.table("late_registration")
    if not given:
        return None
    days = table.required("days", values.whole(1, 365, " of days"), "7")
    return LateRegistrationSettings(days)


def _assignments(root: Table, zone: ZoneInfo | None) -> tuple[AssignmentSettings, ...]:
    seen: dict[str, str] = {}
    found = []
    for table in root.tables("assignments"):
        settings = _assignment(table, zone)
        table.finish()
        if settings.name in seen:
            table.wrong("name", f"is already the name of {seen[settings.name]}")
        elif settings.name:
            seen[settings.name] = table.where
        found.append(settings)
    return tuple(found)


def _assignment(table: Table, zone: ZoneInfo | None) -> AssignmentSettings:
    ends, begins = values.local_time(zone, True), values.local_time(zone, False)
    settings = AssignmentSettings(
        name=table.required("name", values.assignment_name, '"homework_1"'),
        due=table.required("due", ends, "2026-10-01T23:59:59"),
        points=table.required("points", values.points, "10"),
        manual=table.optional("manual", values.boolean, False),
        unlock=table.optional("unlock", begins, None),
        lock=table.optional("lock", ends, None),
        notebook=table.optional("notebook", values.notebook_name, None),
        late_until=table.optional("late_until", ends, None),
    )
    if settings.due and settings.late_until and settings.late_until <= settings.due:
        table.wrong("late_until", f"should be after due = {values.shown(table.content['due'])}")
    if settings.due and settings.unlock and settings.unlock >= settings.due:
        table.wrong("unlock", f"should be before due = {values.shown(table.content['due'])}")
    if settings.due and settings.lock and settings.lock < settings.due:
        table.wrong("lock", f"should not be before due = {values.shown(table.content['due'])}")
    return settings


def _secrets(layer: Layer) -> Iterator[str]:
    """Yield a mistake for every place that holds a secret, without the secret."""
    right = (
        "an access token does not belong in this file, which is committed: keep it in the "
        "environment variable that canvas.token_env names or the file that canvas.token_file "
        "names; if anybody else could have seen this one, delete it in Canvas"
    )
    for path in _secret_places(layer.document, ""):
        yield f"{layer.name}: {path}: {right}"
    for number, line in enumerate(layer.text.splitlines(), 1):
        comment = line.partition("#")[2]
        if values.CANVAS_TOKEN.search(comment):
            yield f"{layer.name}: the comment on line {number}: {right}"


def _secret_places(value: object, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            deeper = f"{path}.{key}" if path else key
            if values.CANVAS_TOKEN.search(key):
                yield f"a key of {path or 'the file'}"
            elif is_secret_key(key):
                yield deeper
            else:
                yield from _secret_places(inner, deeper)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _secret_places(inner, f"{path}[{number}]")
    elif isinstance(value, str) and values.CANVAS_TOKEN.search(value):
        yield path
