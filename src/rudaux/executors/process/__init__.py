"""The `process` executor: student code in child processes of this machine, as this user.

For trusted code only. It keeps runaways, floods and crashes from spoiling a run, and rudaux's own
environment out of sight; but code that runs as you can read your files and signal your processes,
and as root it can read everything.
"""

from rudaux.executors.process.executor import ProcessExecutor

__all__ = ["ProcessExecutor"]
