"""What goes wrong between a client and Canvas: throttling and injected faults."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass, field

from rudaux.demo.simulator.call import Reply
from rudaux.demo.simulator.switches import Fault, Switches

THROTTLED = "Forbidden (Rate Limit Exceeded)\n"
HTML_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
MAINTENANCE_PAGE = "<html><head><title>Maintenance</title></head><body>Back soon</body></html>"
HIGH_WATER, MAXIMUM, OUTFLOW, UP_FRONT = 600.0, 800.0, 10.0, 50.0


@dataclass
class Bucket:
    """Canvas's leaky bucket of one token: 10 units flow out per second, 50 are held per request.

    https://canvas.instructure.com/doc/api/file.throttling.html
    """

    count: float = 0.0
    touched: float = field(default_factory=time.monotonic)

    def take(self) -> bool:
        """Reserve for one request; False where the bucket is full."""
        now = time.monotonic()
        self.count = max(0.0, self.count - OUTFLOW * (now - self.touched))
        self.touched = now
        if self.count > HIGH_WATER:
            return False
        self.count = min(MAXIMUM, self.count + UP_FRONT)
        return True

    def settle(self, cost: float) -> float:
        """Release what was reserved beyond the true cost; return what remains."""
        self.count = max(0.0, self.count - UP_FRONT + cost)
        return HIGH_WATER - self.count


@dataclass
class Weather:
    """Decides, repeatably, which request meets which fault."""

    seen: int = 0
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def bucket(self, token: str) -> Bucket:
        """Return a token's bucket."""
        return self.buckets.setdefault(token, Bucket())

    def fault(self, switches: Switches, method: str, path: str) -> Fault | None:
        """Decide about one request: the callable first, then the seeded rate."""
        self.seen += 1
        if switches.fault and (asked := switches.fault(method, path)):
            return asked
        dice = random.Random(f"{switches.fault_seed}/{self.seen}")  # noqa: S311 - repeatable faults
        if switches.fault_kinds and dice.random() < switches.fault_rate:
            return dice.choice(switches.fault_kinds)
        return None


def fault_reply(fault: Fault, switches: Switches) -> Reply:
    """Return the answer of a fault that has one."""
    if fault == "throttle":
        return throttled(switches)
    if fault == "server_error":
        error = {"message": "An error occurred.", "error_code": "internal_server_error"}
        return Reply({"errors": [error], "error_report_id": 77}, 500)
    status = {"maintenance": 503, "web_page": 200, "web_page_after": 200}.get(fault, 502)
    return Reply(HTML_PAGE if status == 502 else MAINTENANCE_PAGE, status, media_type="text/html")


def truncated(reply: Reply) -> Reply:
    """Cut an answer in the middle, as a gateway does that lost Canvas while it read from it."""
    whole = reply.body if isinstance(reply.body, str | bytes) else json.dumps(reply.body)
    return Reply(whole[: len(whole) // 2], reply.status, reply.headers, reply.media_type)


def throttled(switches: Switches) -> Reply:
    """Refuse for too many requests, in the old dialect (403) or the new one (429), as text."""
    status = switches.throttle_status
    return Reply(f"{status} {THROTTLED}", status, media_type="text/plain; charset=utf-8")
