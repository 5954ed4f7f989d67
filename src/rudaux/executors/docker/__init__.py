"""The `docker` executor: each submission in a fresh container that gets nothing else.

The container's first process is rudaux's own supervisor, sent in as source text; the image needs
Python, nbclient and a kernel, not rudaux or nbgrader. docs/explanation/security.md says what this
protects.
"""

from rudaux.executors.docker.executor import DockerExecutor

__all__ = ["DockerExecutor"]
