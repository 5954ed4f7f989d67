"""What the help says beyond the options: groups of commands, a line on each, and examples."""

from __future__ import annotations

GROUPS: dict[str, dict[str, str]] = {
    "Each week": {
        "grade": "Collect, autograde, and send grades and feedback to Canvas.",
        "submit": "Send grades and feedback to Canvas, after marking by hand.",
        "status": "Show where every assignment stands.",
        "report": "Show what to look at before grades go out.",
        "explain": "Show where one student's grade comes from.",
        "regrade": "Grade again after you have fixed a test.",
    },
    "At the start": {
        "new": "Answer questions about the course; get a rudaux.toml.",
        "check": "Check that everything a run needs is there and works.",
        "init": "Set up or update the course; run it as often as you like.",
        "demo": "Try rudaux on a practice course on this machine.",
    },
    "Single steps": {
        "canvas": "Students, tools, assignments, extensions and grades in Canvas.",
        "git": "The instructor repository and the student repository.",
        "gradebook": "nbgrader's gradebook: scores, marking shares, backups.",
        "schedule": "The crontab entries that grade after each deadline.",
        "snapshot": "Take the snapshots of students' homes that deadlines need.",
        "notify": "Show who gets a message when a run has ended.",
    },
}
"""The commands as the help groups them. They stand here so that a help page, or a TAB, need not
import every command."""

SUMMARIES = {name: line for group in GROUPS.values() for name, line in group.items()}

Example = tuple[str, str]

EXAMPLES: dict[str, tuple[Example, ...]] = {
    "": (
        ("demo", "see it all on a practice course"),
        ("grade homework_1", "grade an assignment after its deadline"),
    ),
    "grade": (
        ("grade homework_1", "collect, autograde, and send grades and feedback"),
        ("grade homework_1 --student 4711", "grade one student's submission again"),
    ),
    "submit": (
        ("submit homework_1 --dry-run", "see what would change in Canvas"),
        ("submit homework_1", "see it, answer, and send it"),
    ),
    "status": (
        ("status", "every assignment, and what to do next"),
        ("status homework_1", "every student of one assignment"),
    ),
    "report": (
        ("report homework_1 --open", "scores and tests of one assignment, in a browser"),
        ("report", "all assignments of the term"),
    ),
    "explain": (
        ("explain 4711 homework_1", "a student by id"),
        ('explain "Io Jupiter" homework_1', "a student by name"),
    ),
    "regrade": (
        ("regrade homework_1 --what-if", "see whose score would change, and change nothing"),
        ("regrade homework_1 --credit squares", "give everybody the points of a broken test"),
    ),
    "new": (
        ("new", "answer questions one by one"),
        ("new --from rudaux_config.py", "start from the file of an older rudaux"),
    ),
    "check": (
        ("check", "the whole set-up, before the term starts"),
        ("check homework_1", "one assignment, before students get it"),
    ),
    "init": (
        ("init --dry-run", "see what would change, and change nothing"),
        ("init", "see it, answer, and do it"),
    ),
    "demo": (
        ("demo", "build the practice course in ./rudaux-practice"),
        ("demo ~/practice --hub", "build it with a JupyterHub to open in a browser"),
    ),
    "canvas": (
        ("canvas extend homework_1 --student 4711 --until +2d", "give a student two more days"),
        ("canvas undo", "take back the grades that the last run wrote"),
    ),
    "canvas tools": (("canvas tools --all", "find the name and the level of the hub's tool"),),
    "canvas push": (("canvas push --dry-run", "see what would change, and change nothing"),),
    "canvas extend": (
        (
            "canvas extend homework_1 --student 4711 --until 2026-10-05",
            "until the end of that day",
        ),
        (
            "canvas extend homework_1 --student 4711 --student 4712 --until +36h",
            "36 more hours for two students",
        ),
    ),
    "canvas extensions": (("canvas extensions homework_1", "who has more time for it"),),
    "canvas post": (("canvas post homework_1", "let students see their grades"),),
    "canvas log": (
        ("canvas log homework_1 --student 4711", "all that was written for one student"),
        ("canvas log", "every run, with what it wrote"),
    ),
    "canvas undo": (
        ("canvas undo --dry-run", "see what the last run wrote, and what would come back"),
        ("canvas undo 12", "take back run 12"),
    ),
    "git": (
        ("git status", "is the instructor repository clean and up to date?"),
        ("git release homework_1", "send one assignment to students"),
    ),
    "git release": (("git release homework_1 --dry-run", "see which files would go out"),),
    "gradebook": (
        ("gradebook scores homework_1", "every student's score"),
        ("gradebook share homework_1", "divide marking by hand among the graders"),
    ),
    "gradebook sync": (("gradebook sync --dry-run", "see what would change, and change nothing"),),
    "gradebook share": (
        ("gradebook share homework_1 --by question", "each grader marks whole questions"),
        ("gradebook share homework_1 --from Ann --to Ben", "Ben takes over what Ann has left"),
    ),
    "gradebook export": (
        ("gradebook export homework_1", "write homework_1.csv, for Canvas to import"),
        ("gradebook export homework_1 --offline", "the same without asking Canvas anything"),
    ),
    "gradebook restore": (
        ("gradebook restore FILE --dry-run", "compare a backup with the gradebook"),
    ),
    "schedule": (
        ("schedule show", "when cron grades what"),
        ("schedule install --save-token", "write the entries, and keep the token for cron"),
    ),
    "snapshot": (
        ("snapshot --dry-run", "see which deadlines still need a snapshot"),
        ("snapshot", "take them"),
    ),
    "notify": (
        ("notify", "who gets a message about what"),
        ("notify --test", "send a test message to everybody on the list"),
    ),
}
"""Command lines, without `rudaux`, each with what it is for; by the command's full name."""
