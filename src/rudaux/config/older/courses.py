"""One course from an older configuration, which could describe several from 2021 on."""

from __future__ import annotations

from rudaux.errors import ConfigError


def only_one(values: dict[str, object], file: str, chosen: str = "") -> dict[str, object]:
    """Return the settings of one course alone.

    Raises `ConfigError` for several, unless `chosen` is the Canvas id of one.
    """
    several = [
        key for key in ("canvas_id", "Canvas.course_id") if isinstance(values.get(key), list)
    ]
    for key in several:
        ids = _texts(values[key])
        values = {**values, key: _pick(ids, file, chosen)}
    groups = values.get("course_groups")
    if not isinstance(groups, dict):
        return values
    owners = {i: group for group, listed in groups.items() for i in _texts(listed)}
    course = _pick(list(owners), file, chosen)
    return {
        **{k: v for k, v in values.items() if k not in {"course_groups", "course_names"}},
        "canvas_id": course,
        "name": _entry(values.get("course_names"), course) or str(owners[course]),
        **_part("graders", _entry(values.get("assignments"), owners[course])),
        **_part("latereg_extension_days", values.get("latereg_extension_days")),
        **_part("assignments", None),
        **_homes(_entry(values.get("student_ssh"), course)),
    }


def _homes(ssh: object) -> dict[str, object]:
    """Return where the homes are, which were reached by ssh on the machine that runs the hub."""
    if not isinstance(ssh, dict):
        return {}
    host, root = ssh.get("hostname"), ssh.get("student_root")
    return {**_part("student_dataset_root", root), **_part("jupyterhub_host_root", host)}


def _pick(ids: list[str], file: str, chosen: str) -> str:
    if chosen in ids:
        return chosen
    if len(ids) == 1:
        return ids[0]
    listed = f"{len(ids)} courses ({', '.join(ids)})" if ids else "no course"
    raise ConfigError(
        f"{file} is for {listed}, and a rudaux.toml is for one: choose it with --course-id."
    )


def _texts(value: object) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [str(one) for one in listed if isinstance(one, (str, int))]


def _entry(table: object, key: object) -> object:
    return table.get(key) if isinstance(table, dict) else None


def _part(key: str, value: object) -> dict[str, object]:
    return {} if value is None else {key: value}
