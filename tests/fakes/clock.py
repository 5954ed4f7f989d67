"""The time of the fakes, and the time zone of their course."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

NOW = datetime(2026, 10, 2, 8, 0, tzinfo=timezone.utc)
YESTERDAY = NOW - timedelta(days=1)
NEXT_WEEK = NOW + timedelta(days=7)
VANCOUVER = ZoneInfo("America/Vancouver")
