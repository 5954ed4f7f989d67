"""A pool of submissions on this machine, each forked from a process with everything imported."""

from rudaux.executors.forking.host import check_scratch, check_this_python, trial
from rudaux.executors.forking.pool import ForkingExecutor, Pool, scratch_folder

__all__ = [
    "ForkingExecutor",
    "Pool",
    "check_scratch",
    "check_this_python",
    "scratch_folder",
    "trial",
]
