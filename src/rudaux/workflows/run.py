"""One writing run at a time: it locks the course; the ledger says who ran it and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from rudaux.errors import RudauxError
from rudaux.ports import Context
from rudaux.workflows import agreed
from rudaux.workflows.gradebook import require_whole
from rudaux.workflows.schedule import close_logs


@contextmanager
def recorded(
    ctx: Context, command: str, whole: bool = True, wait: float = 0.0, alone: bool = True
) -> Iterator[None]:
    """Lock the course for `command`; what is written meanwhile is recorded as this run's.

    `wait` is how many seconds to wait for another run to end. Without `alone` the course is not
    locked: for what may go on beside another run.

    Raises `GradebookFailure` if the gradebook has lost grades, unless `whole` is false.
    """
    with ctx.ledger.lock(command, wait) if alone else nullcontext():
        close_logs(ctx)
        if whole:
            require_whole(ctx)
            agreed.finish(ctx)
            ctx.gradebook.note_times()
        else:
            agreed.set_aside(ctx)
        run, code = ctx.ledger.start_run(command), 1
        try:
            yield
            code = 0
        except RudauxError as error:
            code = error.exit_code
            raise
        except KeyboardInterrupt:
            code = 130
            raise
        finally:
            ctx.ledger.end_run(run, code)
