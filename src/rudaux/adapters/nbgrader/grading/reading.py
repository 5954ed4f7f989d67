"""Read a student's file as a notebook that nbformat accepts, or say why that is impossible."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from rudaux.adapters.nbgrader.release.source import give_ids
from rudaux.domain.collection import printable_name
from rudaux.domain.execution import Broken

LARGEST = 50_000_000
"""Bytes; a larger notebook has runaway output, and reading it could exhaust memory."""

_CONFLICT = re.compile(r"^(<{7}|={7}|>{7})( |$)", re.MULTILINE)
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Perhaps half of a surrogate pair, which JSON may contain and UTF-8 may not."""
TRIMMED = 10_000_000
"""Bytes above which it is worth saying that the outputs were left out."""
_ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")


def read_notebook(path: Path, repairs: list[str]) -> Any | Broken:
    """Read and normalise to nbformat 4.5 without outputs; add what was repaired to `repairs`."""
    size, name = path.stat().st_size, printable_name(path.name)
    if size > LARGEST:
        return Broken(
            f"{name} is {size // 1_000_000} MB large: ask the student to clear its outputs "
            "and save it again"
        )
    content = _parse(path, repairs)
    if isinstance(content, Broken):
        return content
    if size > TRIMMED:
        repairs.append(f"{name} was {size // 1_000_000} MB large; its outputs were left out")
    major = content.get("nbformat", 4)
    if not isinstance(major, int) or major > 4:
        return Broken(f"{name} has the notebook format {major}, which nbformat cannot read")
    try:
        return _normalise(name, content, major, repairs)
    except Exception as wrong:
        said = str(wrong).strip().split("\n")[0][:200] or type(wrong).__name__
        return Broken(f"{name} is not a valid notebook ({said})")


def _parse(path: Path, repairs: list[str]) -> dict[str, Any] | Broken:
    name = printable_name(path.name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return Broken(f"{name} is not a text file")
    if not text.strip():
        return Broken(f"{name} is empty")
    try:
        content = json.loads(text)
        if _HALF.search(text):
            whole = _whole(content)
            if whole != content:
                repairs.append(f"{name} had invalid characters; each was replaced by a ?")
            content = whole
    except (ValueError, RecursionError) as wrong:
        if _CONFLICT.search(text):
            return Broken(f"{name} has an unresolved merge conflict (<<<<<<<)")
        return Broken(f"{name} is not valid JSON ({wrong})")
    if not isinstance(content, dict) or not {"cells", "worksheets"} & content.keys():
        return Broken(f"{name} is JSON, but not a notebook")
    return content


def _whole(content: Any) -> Any:
    """Replace every character that cannot be in a text file by a ?."""
    text = json.dumps(content, ensure_ascii=False)
    return json.loads(text.encode("utf-8", "replace").decode())


def _normalise(name: str, content: dict[str, Any], major: int, repairs: list[str]) -> Any:
    if major < 4:
        converted = nbformat.convert(nbformat.from_dict(content), 4)
        repairs.append(f"{name} was upgraded from notebook format {major}")
        content, minor = json.loads(json.dumps(converted)), 0
    else:
        minor = content.get("nbformat_minor", 0)
    cells = [_cell(cell) for cell in content["cells"] if isinstance(cell, Mapping)]
    notebook = nbformat.from_dict(
        {
            "cells": cells,
            "metadata": _mapping(content.get("metadata")),
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    for cell in notebook.cells:
        if minor < 5 or not _ID.fullmatch(str(cell.get("id", ""))):
            cell.pop("id", None)
    give_ids(notebook, name.removesuffix(".ipynb"))
    _repair_metadata(notebook.metadata)
    nbformat.validate(notebook)
    return notebook


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what matters of a cell, without outputs: only the executor's count."""
    kind = cell.get("cell_type")
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(str(line) for line in source)
    metadata = dict(_mapping(cell.get("metadata")))
    for name, wanted in (("tags", list), ("name", str), ("collapsed", bool), ("jupyter", dict)):
        if name in metadata and not isinstance(metadata[name], wanted):
            del metadata[name]
    # nbclient skips a cell with this tag, so a student could keep a test from running.
    if "tags" in metadata:
        tags = [t for t in metadata["tags"] if isinstance(t, str) and t != "skip-execution"]
        metadata["tags"] = list(dict.fromkeys(tags))
    if not isinstance(metadata.get("nbgrader", {}), dict):
        del metadata["nbgrader"]
    new = {"cell_type": kind, "source": str(source), "metadata": metadata, "id": cell.get("id")}
    if kind == "code":
        return {**new, "outputs": [], "execution_count": None}
    new["cell_type"] = kind if kind in ("markdown", "raw") else "raw"
    attachments = cell.get("attachments")
    return {**new, "attachments": attachments} if isinstance(attachments, Mapping) else new


def _repair_metadata(metadata: Any) -> None:
    """Drop what the notebook schema refuses; the kernel comes from the source anyway."""
    if not isinstance(metadata.get("authors", []), list):
        del metadata["authors"]
    for name in ("kernelspec", "language_info"):
        if not isinstance(_mapping(metadata.get(name)).get("name"), str):
            metadata.pop(name, None)
    if "kernelspec" in metadata:
        metadata.kernelspec.setdefault("display_name", metadata.kernelspec.name)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
