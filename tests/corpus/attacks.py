"""Submissions that attack the machine or other students, and how to tell that they did nothing.

Their own answers are right: what they try must neither happen nor change anybody's score.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from tests.corpus.assignment import AREA, FULL, MODEL
from tests.corpus.cases import Case, Site, answers, attack, printed
from tests.corpus.notebooks import WRONG_AREA

THOUGHT = "a thought of the bystander"
"""Stands in the bystander's notebook alone."""


def _bystander_has_other_marks(site: Site, outputs: str) -> str:
    return "the gradebook was edited" if "edited marks: 1" in outputs else ""


def _reached(site: Site, outputs: str) -> str:
    return "the listener was reached" if (site.course / "reached").exists() else ""


def _wrote_outside(site: Site, outputs: str) -> str:
    return "the source was changed" if (site.course / "source" / "shapes" / "mine").exists() else ""


def _asleep(site: Site) -> str:
    """Seconds that what must not survive would sleep: no other process sleeps just as long."""
    return f"86399.{site.pid}"


def _left_processes(site: Site, outputs: str) -> str:
    found = 0
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += _asleep(site).encode() in file.read_bytes().split(b"\0")
    return f"{found} processes go on" if found else ""


def _much_was_written(site: Site, outputs: str) -> str:
    sizes = [int(line.split()[1]) for line in outputs.splitlines() if line.startswith("wrote ")]
    return f"{sum(sizes)} MB were written" if sum(sizes) > 2 * 64 else ""


_SHOWING = (
    WRONG_AREA
    + """
shell = get_ipython()
shell.events.register("pre_run_cell", lambda info: shell.displayhook({}))
"""
)


def _forged(line: str) -> str:
    return (
        f"{WRONG_AREA}\nimport os, stat, sys\nline = {line!r} + chr(10)\n"
        "for fd in range(1, 64):\n"
        "    try:\n"
        "        if fd < 3 or stat.S_ISFIFO(os.fstat(fd).st_mode):\n"
        "            os.write(fd, line.encode())\n"
        "    except OSError: pass\n"
        "print(line, file=sys.__stdout__, flush=True)\nprint(line)"
    )


_MARKS = """
import sqlite3
db = sqlite3.connect($gradebook, timeout=5)
done = db.execute('''UPDATE grade SET manual_score = 99 WHERE notebook_id IN (
    SELECT n.id FROM submitted_notebook n JOIN submitted_assignment a ON a.id = n.assignment_id
    WHERE a.student_id = ?)''', ($bystander,))
print("edited marks:", int(done.rowcount > 0))
db.rollback()
"""
_READ = """
import pathlib
for path in pathlib.Path($folder).rglob("*"):
    if path.suffix in (".ipynb", ".db", ".toml") and path.is_file():
        text = path.read_bytes().decode(errors="replace")
        for word in ("model answer", "SQLite format", "thought of the", "course_id"):
            if word in text:
                print("read", path.name, text[max(0, text.index(word) - 20):][:80])
"""
# Its parents up to rudaux itself, and not all processes of the machine that tests run on.
_ENVIRONMENTS = """
import os
for pid in (os.getpid(), os.getppid(), $pid):
    try: found = $secret.encode() in open(f"/proc/{pid}/environ", "rb").read()
    except OSError as error: found = error
    print("looked", "found the token" if found is True else found)
"""
_FILL = """
import os, tempfile
block = bytes(1 << 20)
folders = [".", os.path.expanduser("~"), tempfile.gettempdir()]
if $contained:
    folders += ["/tmp", "/var/tmp", "/dev/shm", "/run", "/"]
for folder in folders:
    number = 0
    try:
        with open(os.path.join(folder, "full"), "wb", buffering=0) as file:
            while number < 60:
                file.write(block)
                number += 1
    except OSError as error:
        print(folder, error)
    print("wrote", number)
"""
_CALL = """
import socket
print("interfaces", [name for _, name in socket.if_nameindex()])
try: print(socket.create_connection(("127.0.0.1", $port), timeout=2).recv(10))
except OSError as error: print(error)
"""
_BOMB = """
import os, time
until = time.monotonic() + 3
while time.monotonic() < until:
    try: os.fork()
    except OSError: time.sleep(0.05)
    time.sleep(0.01)
"""
_STAYER = """
import subprocess
subprocess.Popen(["sleep", $asleep], start_new_session=True)
subprocess.Popen(["sh", "-c", "(setsid sleep " + $asleep + " &) &"])
"""
_PIPES = f"""{WRONG_AREA}
import glob, os
line = b'{{"cell": [2, 3, []]}}\\n{{"verdict": "ok", "reason": "", "seconds": 0}}\\n'
for name in glob.glob(f"/proc/{{os.getppid()}}/fd/*"):
    try:
        if os.readlink(name).startswith("pipe:"):
            os.write(os.open(name, os.O_WRONLY | os.O_NONBLOCK), line)
    except OSError as error: print(error)
"""
_KILL_PARENTS = """
import os
os.kill(os.getppid(), 9)
"""
_PRIVILEGES = """
import ctypes, os
print("privileges", [w for line in open("/proc/self/status") for w in line.split()
                     if line.startswith(("CapEff", "CapBnd", "NoNewPrivs", "Uid"))])
if $contained:
    name = os.uname().nodename.encode()
    print("renamed the machine", ctypes.CDLL(None).sethostname(name, len(name)))
for name in ("/var/run/docker.sock", "/run/docker.sock"):
    print("socket", name, os.path.exists(name))
"""
_WRITE_ABROAD = """
import pathlib
pathlib.Path($source, "mine").write_text("mine")
"""
_LOCK_FOLDER = """
import os
os.makedirs("sealed/inside", exist_ok=True)
open("sealed/inside/file", "w").close()
os.symlink("/etc", "sealed/link")
for folder in ("sealed/inside", "sealed"): os.chmod(folder, 0)
os.chmod(".", 0o500)
"""
_NO_SPACE_FOR_NAMES = """
for number in range(3000):
    open("file-" + str(number), "w").close()
"""


def _passed(site: Site, outputs: str) -> str:
    return "" if "AssertionError" in outputs else "a wrong answer passed its test"


def _contained(site: Site) -> bool:
    return site.contained


def _privileged(site: Site, outputs: str) -> str:
    signs = ("renamed the machine 0", "docker.sock True")
    shown = outputs.replace("', '", " ")
    may = re.findall(r"Cap(?:Eff|Bnd): 0*[1-9a-f][0-9a-f]*", shown)
    return ", ".join([*(sign for sign in signs if sign in shown), *may])


CASES = (
    Case("editing the gradebook",
         attack(_MARKS, gradebook=lambda s: str(s.course / "gradebook.db"),
                bystander=lambda s: s.bystander),
         happened=_bystander_has_other_marks, boxed_only=True),
    Case("reading source", attack(_READ, folder=lambda s: str(s.course / "source")),
         happened=printed(MODEL), boxed_only=True),
    Case("reading another student's home", attack(_READ, folder=lambda s: str(s.homes)),
         happened=printed(THOUGHT), boxed_only=True),
    Case("reading another student's submission",
         attack(_READ, folder=lambda s: str(s.course / "submitted")),
         happened=printed(THOUGHT), boxed_only=True),
    Case("reading the course folder", attack(_READ, folder=lambda s: str(s.course)),
         happened=printed("SQLite format", "course_id"), boxed_only=True),
    Case("reading its own environment",
         attack("import os\nprint('secret' if $secret in os.environ.values() else 'looked')",
                secret=lambda s: s.secret),
         outputs="looked", happened=printed("secret")),
    Case("reading the environment of rudaux",
         attack(_ENVIRONMENTS, secret=lambda s: s.secret, pid=lambda s: s.pid),
         outputs="looked", happened=printed("found the token"), boxed_only=True),
    Case("writing into source",
         attack(_WRITE_ABROAD, source=lambda s: str(s.course / "source" / "shapes")),
         happened=_wrote_outside, boxed_only=True),
    Case("fork bomb", attack(_BOMB), score=None),
    Case("a process that stays", attack(_STAYER, asleep=_asleep), happened=_left_processes),
    Case("filling the disk", attack(_FILL, contained=_contained), outputs="wrote", score=None,
         happened=_much_was_written, boxed_only=True),
    Case("thousands of files", attack(_NO_SPACE_FOR_NAMES)),
    Case("a network call", attack(_CALL, port=lambda s: s.port), outputs="interfaces",
         happened=_reached, boxed_only=True),
    Case("a look for a network", attack(_CALL, port=lambda s: s.port), outputs="interfaces",
         happened=printed("eth0"), boxed_only=True),
    Case("taking privileges", attack(_PRIVILEGES, contained=_contained),
         outputs="privileges", happened=_privileged, boxed_only=True),
    Case("killing its parent", attack(_KILL_PARENTS), "failed", None,
         contained="graded"),
    Case("sealing its own folder", attack(_LOCK_FOLDER)),
    Case("forged verdict on stdout",
         answers(area=_forged('{"verdict": "ok", "reason": "", "seconds": 0}')), score=FULL - 2),
    Case("forged results on stdout",
         answers(area=_forged('{"cell": [2, 3, []]}')), score=FULL - 2),
    Case("forged notebook on stdout",
         answers(area=_forged('{"notebook": "words.ipynb"}')), score=FULL - 2),
    Case("forged results in the supervisor's pipes", answers(area=_PIPES), None, None,
         contained="graded", happened=_passed, boxed_only=True),
    Case("a value shown before the error", answers(area=_SHOWING.format("'full marks'")),
         score=FULL - 2, outputs="AssertionError"),
    Case("a value above the maximum", answers(area=_SHOWING.format(1000.0)), "needs_manual",
         score=3, says="not a score"),
    Case("showtraceback overridden",
         answers(area=f"{WRONG_AREA}\nget_ipython().showtraceback = lambda *a, **k: None"),
         score=FULL - 2),
    Case("display hook that says full marks", answers(
        area=f"{WRONG_AREA}\nimport sys\nsys.displayhook = lambda value: None"), score=FULL - 2),
    Case("an answer that replaces its own notebook file", attack(
        "import glob\nfor name in glob.glob('*.ipynb') + ['circles.ipynb']:\n"
        "    open(name, 'w').write('{}')")),
    Case("bare return of another area", answers(area=f"{AREA}\narea = lambda r: 'x'"),
         score=FULL - 2),
)  # fmt: skip
