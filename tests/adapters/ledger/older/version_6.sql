BEGIN TRANSACTION;
CREATE TABLE allowances (
    assignment TEXT, student TEXT, notebook TEXT, cell TEXT, floor TEXT NOT NULL,
    given TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (assignment, student, notebook, cell));
CREATE TABLE checks (
    assignment TEXT PRIMARY KEY, digest TEXT NOT NULL, at TEXT NOT NULL, findings TEXT NOT NULL);
CREATE TABLE collections (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    digest TEXT NOT NULL, snapshot TEXT, at TEXT NOT NULL,
    skipped TEXT NOT NULL DEFAULT '[]');
INSERT INTO "collections" VALUES(1,1,'homework_1','11','abc','2026-10-02-0710','2026-10-02T07:10:00+00:00','[]');
INSERT INTO "collections" VALUES(2,1,'homework_1','12','def',NULL,'2026-10-02T07:10:00+00:00','[]');
CREATE TABLE counted (
    assignment TEXT, student TEXT, notebook TEXT, cell TEXT, mark TEXT NOT NULL,
    PRIMARY KEY (assignment, student, notebook, cell));
CREATE TABLE credits (
    assignment TEXT, notebook TEXT, cell TEXT, at TEXT NOT NULL,
    PRIMARY KEY (assignment, notebook, cell));
CREATE TABLE dropped (student TEXT PRIMARY KEY, at TEXT NOT NULL);
INSERT INTO "dropped" VALUES('13','2026-10-02T07:10:00+00:00');
CREATE TABLE executions (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    verdict TEXT NOT NULL, seconds REAL NOT NULL, repairs TEXT NOT NULL, at TEXT NOT NULL,
    image TEXT NOT NULL DEFAULT '');
INSERT INTO "executions" VALUES(1,1,'homework_1','11','ok',2.5,'[]','2026-10-02T07:10:00+00:00','');
CREATE TABLE feedback (
    assignment TEXT, student TEXT, name TEXT, run INTEGER, at TEXT NOT NULL,
    PRIMARY KEY (assignment, student, name));
CREATE TABLE graded (
    assignment TEXT, student TEXT, PRIMARY KEY (assignment, student));
INSERT INTO "graded" VALUES('homework_1','11');
INSERT INTO "graded" VALUES('homework_1','12');
CREATE TABLE graded_cells (
    assignment TEXT, notebook TEXT, cell TEXT, PRIMARY KEY (assignment, notebook, cell));
CREATE TABLE graded_from (
    assignment TEXT, student TEXT, inputs TEXT NOT NULL, outputs TEXT NOT NULL,
    PRIMARY KEY (assignment, student));
CREATE TABLE graded_with (
    assignment TEXT, student TEXT, image TEXT NOT NULL, tests TEXT NOT NULL,
    PRIMARY KEY (assignment, student)) WITHOUT ROWID;
CREATE TABLE joins (
    student TEXT PRIMARY KEY, joined_at TEXT, gone INTEGER NOT NULL);
CREATE TABLE late_edits (
    assignment TEXT, student TEXT, file TEXT, at TEXT NOT NULL, deadline TEXT NOT NULL,
    PRIMARY KEY (assignment, student, file));
CREATE TABLE marking (
    assignment TEXT, student TEXT, question TEXT, grader TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (assignment, student, question));
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, topic TEXT NOT NULL, key TEXT NOT NULL, title TEXT NOT NULL,
    at TEXT NOT NULL, over INTEGER NOT NULL DEFAULT 0);
CREATE TABLE overrides (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    purpose TEXT NOT NULL, action TEXT NOT NULL, override INTEGER, old_due TEXT, due TEXT,
    at TEXT NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE pushes (
    id INTEGER PRIMARY KEY, run INTEGER, assignment TEXT NOT NULL, student TEXT NOT NULL,
    old TEXT, new TEXT, read_back TEXT, at TEXT NOT NULL, adopted INTEGER NOT NULL DEFAULT 0,
    undoes INTEGER);
INSERT INTO "pushes" VALUES(1,1,'homework_1','11','7','8.5','8.5','2026-10-02T07:10:00+00:00',0,NULL);
CREATE TABLE records (
    assignment TEXT, student TEXT, kind TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (assignment, student));
INSERT INTO "records" VALUES('homework_1','11','graded','','2026-10-02T07:10:00+00:00');
INSERT INTO "records" VALUES('homework_1','12','held','its kernel died twice','2026-10-02T07:10:00+00:00');
CREATE TABLE rosters (students INTEGER NOT NULL, at TEXT NOT NULL);
INSERT INTO "rosters" VALUES(20,'2026-10-02T07:10:00+00:00');
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, command TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
    started_at TEXT NOT NULL, ended_at TEXT, exit_code INTEGER, user TEXT NOT NULL DEFAULT '');
INSERT INTO "runs" VALUES(1,'rudaux grade homework_1','server',4711,'2026-10-02T07:10:00+00:00','2026-10-02T07:12:00+00:00',0,'instructor');
CREATE TABLE test_seconds (
    assignment TEXT, student TEXT, notebook TEXT, cell TEXT, seconds REAL NOT NULL,
    PRIMARY KEY (assignment, student, notebook, cell)) WITHOUT ROWID;
CREATE TABLE written (
    owner TEXT, path TEXT, digest TEXT, at TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, path, digest));
CREATE INDEX collections_of ON collections (assignment, student);
CREATE INDEX pushes_of ON pushes (assignment, student);
COMMIT;
PRAGMA user_version = 6;
