"""The ledger's tables, and the migrations from those of earlier versions of rudaux."""

from __future__ import annotations

import sqlite3

VERSION = 7
# Times are ISO 8601 in UTC, scores are decimals as text.
SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, command TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
    started_at TEXT NOT NULL, ended_at TEXT, exit_code INTEGER, user TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS records (
    assignment TEXT, student TEXT, kind TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (assignment, student));
CREATE TABLE IF NOT EXISTS collections (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    digest TEXT NOT NULL, snapshot TEXT, at TEXT NOT NULL,
    skipped TEXT NOT NULL DEFAULT '[]');
CREATE INDEX IF NOT EXISTS collections_of ON collections (assignment, student);
CREATE TABLE IF NOT EXISTS executions (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    verdict TEXT NOT NULL, seconds REAL NOT NULL, repairs TEXT NOT NULL, at TEXT NOT NULL,
    image TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS pushes (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    old TEXT, new TEXT, read_back TEXT, at TEXT NOT NULL, adopted INTEGER NOT NULL DEFAULT 0,
    undoes INTEGER);
CREATE INDEX IF NOT EXISTS pushes_of ON pushes (assignment, student);
CREATE TABLE IF NOT EXISTS feedback (
    assignment TEXT, student TEXT, name TEXT, run INTEGER, at TEXT NOT NULL,
    PRIMARY KEY (assignment, student, name));
CREATE TABLE IF NOT EXISTS dropped (student TEXT PRIMARY KEY, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS graded (
    assignment TEXT, student TEXT, PRIMARY KEY (assignment, student));
CREATE TABLE IF NOT EXISTS checks (
    assignment TEXT PRIMARY KEY, digest TEXT NOT NULL, at TEXT NOT NULL, findings TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rosters (students INTEGER NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS marking (
    assignment TEXT, student TEXT, question TEXT, grader TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (assignment, student, question));
CREATE TABLE IF NOT EXISTS written (
    owner TEXT, path TEXT, digest TEXT, at TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, path, digest));
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, key TEXT NOT NULL, title TEXT NOT NULL,
    at TEXT NOT NULL, over INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS test_seconds (
    assignment TEXT, student TEXT, notebook TEXT, cell TEXT, seconds REAL NOT NULL,
    PRIMARY KEY (assignment, student, notebook, cell)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS graded_with (
    assignment TEXT, student TEXT, image TEXT NOT NULL, tests TEXT NOT NULL,
    PRIMARY KEY (assignment, student)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS graded_from (
    assignment TEXT, student TEXT, inputs TEXT NOT NULL, outputs TEXT NOT NULL,
    PRIMARY KEY (assignment, student));
CREATE TABLE IF NOT EXISTS credits (
    assignment TEXT, notebook TEXT, cell TEXT, at TEXT NOT NULL,
    PRIMARY KEY (assignment, notebook, cell));
CREATE TABLE IF NOT EXISTS allowances (
    assignment TEXT, student TEXT, notebook TEXT, cell TEXT, floor TEXT NOT NULL,
    given TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (assignment, student, notebook, cell));
CREATE TABLE IF NOT EXISTS overrides (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    purpose TEXT NOT NULL, action TEXT NOT NULL, override INTEGER, old_due TEXT, due TEXT,
    at TEXT NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS joins (
    student TEXT PRIMARY KEY, joined_at TEXT, gone INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS late_edits (
    assignment TEXT, student TEXT, file TEXT, at TEXT NOT NULL, deadline TEXT NOT NULL,
    PRIMARY KEY (assignment, student, file));
CREATE TABLE IF NOT EXISTS dates (
    assignment TEXT, kind TEXT, at TEXT, PRIMARY KEY (assignment, kind, at));
CREATE TABLE IF NOT EXISTS graded_cells (
    assignment TEXT, notebook TEXT, cell TEXT, PRIMARY KEY (assignment, notebook, cell));
CREATE TABLE IF NOT EXISTS counted (
    assignment TEXT, student TEXT, notebook TEXT, cell TEXT, mark TEXT NOT NULL,
    PRIMARY KEY (assignment, student, notebook, cell));
"""
_COLUMNS = (
    ("runs", "user", "TEXT NOT NULL DEFAULT ''"),
    ("pushes", "adopted", "INTEGER NOT NULL DEFAULT 0"),
    ("pushes", "undoes", "INTEGER"),
    ("executions", "image", "TEXT NOT NULL DEFAULT ''"),
    ("collections", "skipped", "TEXT NOT NULL DEFAULT '[]'"),
    ("written", "done", "INTEGER NOT NULL DEFAULT 0"),
)
"""What tables gained after they were first made, not always with a new version."""
_KNOWN = (
    "SELECT assignment, student FROM records WHERE kind IN ('graded', 'held') UNION "
    "SELECT assignment, student FROM pushes WHERE undoes IS NULL AND CAST(new AS REAL) > 0"
)
_STEPS = {
    # A score that was already in Canvas was only noted, not written.
    1: ("UPDATE pushes SET adopted = 1 WHERE abs(old - new) < 0.00005",),
    2: (f"INSERT OR IGNORE INTO graded {_KNOWN}",),
    3: (),
    # Some ledgers that call themselves version 3 or 4 lack tables, columns, or what was graded.
    4: (f"INSERT INTO graded SELECT * FROM ({_KNOWN}) WHERE NOT EXISTS (SELECT 1 FROM graded)",),  # noqa: S608
    5: (),
    6: (),
}
"""The migration from each earlier version to the next."""


def version_of(db: sqlite3.Connection) -> int:
    """Return the version of the tables; 0 if there are none yet."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def create(db: sqlite3.Connection) -> None:
    """Make the tables; of two processes that do so at once, the second finds them there."""
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")


def migrate(db: sqlite3.Connection) -> None:
    """Bring the tables of an earlier version up to date, all or nothing."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA.split(";"):
            db.execute(statement)
        for table, column, kind in _COLUMNS:
            if column not in {row[1] for row in db.execute(f"PRAGMA table_info({table})")}:
                db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        for step in range(version_of(db), VERSION):
            for statement in _STEPS[step]:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
