"""What the documents say about commands, options and keys is checked against the code."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from typer.main import get_command

from rudaux import config, errors
from rudaux.cli.app import INTERRUPTED, app
from rudaux.domain.submissions import STATES
from tests.documents import differences, example_for, examples
from tests.reference import PAGES, ROOT, commands, written

DOCS = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
COMMANDS_PAGE = (PAGES / "commands.md").read_text()
TABLES = {
    "course": config.CourseSettings,
    "canvas": config.CanvasSettings,
    "git": config.GitSettings,
    "jupyterhub": config.HubSettings,
    "jupyterhub.snapshots": config.SnapshotSettings,
    "grading": config.GradingSettings,
    "schedule": config.ScheduleSettings,
    "return": config.ReturnSettings,
    "graders": config.GraderSettings,
    "notify": config.NotifySettings,
    "backups": config.BackupSettings,
    "late_registration": config.LateRegistrationSettings,
    "assignments": config.AssignmentSettings,
}


def options() -> set[str]:
    """Every option that some command offers."""
    offered = {o for _, command in commands() for p in command.params for o in p.opts}
    offered |= {o for p in get_command(app).params for o in p.opts}
    return {o for o in offered if o.startswith("-")} | {"--help"}


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_is_documented(name: str) -> None:
    assert f"`rudaux {name}" in COMMANDS_PAGE


def test_every_option_is_documented_and_no_other() -> None:
    named = set(
        re.findall(
            r"(?<![\w-])--?[a-z][a-z-]*", re.sub(r"```.*?```", "", COMMANDS_PAGE, flags=re.S)
        )
    )
    assert options() - named == set()
    assert named - options() == set()


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.name)
def test_every_command_named_in_the_documents_exists(path: Path) -> None:
    groups = {name.split()[0] for name, _ in commands() if " " in name}
    known = {name for name, _ in commands()} | groups
    for words in re.findall(r"(?:`|\$ )rudaux ((?:[a-z]+)(?: [a-z]+)?)", path.read_text()):
        first, _, second = words.partition(" ")
        assert first in known, words
        if first in groups and second:
            assert words in known, words


@pytest.mark.parametrize("table", TABLES)
def test_every_key_is_documented_with_its_default(table: str) -> None:
    text = (PAGES / "configuration.md").read_text()
    heading = f"## `[[{table}]]`" if table in {"assignments", "graders"} else f"## `[{table}]`"
    section = text.split(heading)[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", section, flags=re.M))
    settings = {f.name.rstrip("_"): f for f in fields(TABLES[table]) if f.name != "snapshots"}
    assert set(rows) == set(settings)
    for name, field in settings.items():
        if field.default is MISSING:
            continue  # required, or with a default that the reader gives
        default = field.default
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        expected = "none" if default in (None, ()) else "empty" if default == "" else f"`{shown}`"
        assert rows[name] == expected, name


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda p: p.name)
def test_what_is_written_from_the_code_is_what_the_code_says_now(page: Path) -> None:
    text = page.read_text()
    assert written(text) == text, "run `python -m tests.reference`"


def test_every_exit_code_is_listed_and_no_other() -> None:
    table = re.findall(r"^\| (\d+) \|", (PAGES / "exit-codes.md").read_text(), flags=re.M)
    owned = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.RudauxError)
    }
    assert {int(code) for code in table} == owned | {0, INTERRUPTED}


def test_every_json_document_has_an_example() -> None:
    printing = {name for name, c in commands() if any("--json" in p.opts for p in c.params)}
    assert {re.sub(r" [A-Z-].*", "", heading) for heading in examples()} == printing
    assert list(differences({"checks": [{"other": 1}]}, example_for(["check", "--json"]))) != []


def test_the_glossary_is_in_order_and_names_every_state() -> None:
    page = (PAGES / "glossary.md").read_text()
    terms = re.findall(r"^## (.+)$", page, flags=re.M)
    assert terms == sorted(terms, key=str.lower)
    assert all(f"`{state}`" in page for state in STATES)


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.name)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_the_manifest_for_kubernetes_is_what_kubernetes_takes() -> None:
    documents = list(
        yaml.safe_load_all((ROOT / "docs/examples/dask-on-kubernetes.yaml").read_text())
    )
    assert [d["kind"] for d in documents] == [
        "Deployment", "Service", "ConfigMap", "Deployment", "NetworkPolicy"
    ]  # fmt: skip
    for document in documents:
        kubernetes_validate.validate(document, "1.33", strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**documents[0], "spec": {"replicas": "one"}}, "1.33")
