"""How this Canvas behaves: dialects, rights, delays and injected faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from rudaux.demo.simulator.state import utc_now

Fault = Literal[
    "throttle",
    "server_error",
    "html_error",
    "html_error_after",
    "reset_before",
    "reset_after",
    "silence_after",
    "maintenance",
    "web_page",
    "web_page_after",
    "truncated_after",
]
"""`_after`: the write was applied, and the client is not told.

silence: no answer until the client gives up; maintenance: a page as a 503; web_page: a page as a
200; truncated: the first half of the answer, as if it were whole.
"""
FaultOf = Callable[[str, str], Fault | None]


@dataclass
class Switches:
    """May be changed while the simulator runs.

    `permission_status`: 401 on older Canvas, 403 on hosted Canvas since 2024.
    `throttle_status`: 403 (text) until October 2025, 429 since; `throttling` is the leaky bucket.
    `fault` is asked per request (method, path); `fault_rate` picks from `fault_kinds` at random,
    repeatably from `fault_seed`. Polls are those of `GET /progress`, each state lasting so many;
    after `job_seconds` a job is done without being asked about.
    """

    permission_status: Literal[401, 403] = 403
    throttle_status: Literal[403, 429] = 429
    throttling: bool = True
    upload_mode: Literal["local", "instfs"] = "local"
    upload_seconds: int = 1800
    max_per_page: int = 100

    show_email: bool = True
    show_login: bool = True
    show_sis: bool = True
    may_read_roster: bool = True
    may_read_tools: bool = True
    may_edit_assignments: bool = True
    may_grade: bool = True
    anonymous_ids: bool = True
    """Submissions graded anonymously come without `user_id` until all are posted."""
    absent_keys: frozenset[str] = frozenset()
    """Left out of every answer, as an older Canvas, a role or a scoped token has it."""

    queued_polls: int = 1
    running_polls: int = 1
    job_seconds: float | None = None
    crash_bulk_after: int | None = None
    """Let the next bulk jobs die after so many students ("Unexpected error, ID: N")."""

    tool_answers: bool = False
    """Whether an assignment's page offers to open its external tool."""

    token_expires_after: int | None = None
    """Let every token expire once the simulator has answered so many requests more."""

    latency_ms: float = 0.0
    fault: FaultOf | None = None
    fault_rate: float = 0.0
    fault_kinds: tuple[Fault, ...] = ("throttle", "server_error", "html_error")
    fault_seed: int = 0
    clock: Callable[[], datetime] = utc_now
    clock_offset: timedelta = timedelta(0)
    """How far the Date header of every answer is ahead of this machine's clock."""
