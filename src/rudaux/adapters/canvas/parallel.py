"""The same work for many items, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(
    work: Callable[[Item], Result], items: Iterable[Item], at_once: int
) -> Iterator[Result]:
    """Yield results as they come, with `at_once` in progress; items are taken one by one.

    After an error nothing new is started: what is in progress ends first, then it is raised.
    """
    rest = iter(items)
    failed: Exception | None = None
    with ThreadPoolExecutor(at_once) as pool:
        busy: set[Future[Result]] = {pool.submit(work, item) for item in islice(rest, at_once)}
        while busy:
            done, busy = wait(busy, return_when=FIRST_COMPLETED)
            for one in done:
                error = one.exception()
                if isinstance(error, Exception):
                    failed = failed or error
                else:
                    yield one.result()
            if failed is None:
                busy |= {pool.submit(work, item) for item in islice(rest, len(done))}
    if failed is not None:
        raise failed
