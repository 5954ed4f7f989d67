"""`rudaux notify`: who is told what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rudaux.cli.options import Folder, NoPrompt
from rudaux.cli.view import View
from rudaux.config import find_course_folder, load_config
from rudaux.errors import ConfigError, SystemFailure

WHAT = {
    "problem": "a run that nobody watched went wrong, or the problem is solved",
    "done": "an assignment was graded: how many students, the median",
    "todo": "marks by hand, hidden grades or edits in Canvas wait for you",
}


def notify(
    test: Annotated[
        bool, typer.Option("--test", help="Send a test message to every address.")
    ] = False,
    folder: Folder = None,
    no_prompt: NoPrompt = False,
) -> None:
    """Show who gets a message when a run that nobody watched has ended."""
    from rudaux.wiring import open_teller
    from rudaux.workflows.notify import example

    view, course = View(no_prompt), find_course_folder(folder or Path.cwd())
    load_config(course)  # a mistake in it is told here as everywhere
    teller = open_teller(course)
    if teller.trouble:
        raise ConfigError(teller.trouble)
    if teller.notifier is None:
        if test:
            raise ConfigError("there is no address to send a test to: add [notify] to rudaux.toml.")
        view.line("Nobody gets a message: rudaux.toml has no [notify].")
        view.line("Runs print what went wrong, and cron mails it to this account, or to MAILTO.")
        return
    view.table(("message", "sent when"), [(topic, WHAT[topic]) for topic in teller.on])
    view.line()
    for place in teller.notifier.places():
        view.line(place)
    if test:
        sent = teller.notifier.send([example(teller)])
        if sent.missed:
            raise SystemFailure(
                f"the test did not reach {'; '.join(sent.missed)}. Compare notify.urls_file with "
                "https://appriseit.com, and check that this machine may send there."
            )
        view.notice("\nA test message went to each of them.")
