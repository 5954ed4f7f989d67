"""Read a kernel's messages, and cut those that are too long."""

from __future__ import annotations

import json
from typing import Any

from jupyter_client.session import Session

TOO_LONG = "\n[the rest was too long]\n"
_MESSAGE = 16 << 20
_HEADER, _CONTENT = 1, 4


class BoundedSession(Session):  # type: ignore[misc]
    """A session that reads no content over 16 MiB: parsing takes several times as much memory.

    ZeroMQ's own limit (ZMQ_MAXMSGSIZE) would break the connection and lose later outputs.
    """

    def deserialize(self, msg_list: list[Any], content: bool = True, copy: bool = True) -> Any:
        """Read a message, or a note in its place if it is too long."""
        frames = list(msg_list)
        if len(frames) > _CONTENT and len(frames[_CONTENT]) > _MESSAGE:
            header = json.loads(bytes(frames[_HEADER]))
            kind, stands_for_it = _cut(header["msg_type"])
            frames[_HEADER] = self.pack({**header, "msg_type": kind})
            frames[_CONTENT] = self.pack(stands_for_it)
            frames = [self.sign(frames[_HEADER : _CONTENT + 1]), *frames[_HEADER : _CONTENT + 1]]
        return super().deserialize(frames, content=content, copy=copy)


def _cut(kind: str) -> tuple[str, dict[str, Any]]:
    if kind in {"error", "execute_reply"}:
        # An error stays an error, whatever it says: a test that raised it has not passed.
        error = {"ename": "Error", "evalue": "", "traceback": [TOO_LONG], "status": "error"}
        return kind, error
    return "stream", {"name": "stderr", "text": TOO_LONG}
