"""How nbclient sees a kernel that the supervisor has forked."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path
from queue import Empty

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session
from nbclient.exceptions import DeadKernelError


class ForkedClient(AsyncKernelClient):  # type: ignore[misc]
    """A client that is ready as soon as the kernel answers on both channels."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait for an answer, and for the first message on IOPub, whose subscription is slower.

        jupyter_client's own method then waits for 0.2 seconds of silence, which nbclient does not
        need: it knows which messages belong to a cell.
        """
        until = time.monotonic() + (timeout or 60)
        while time.monotonic() < until:
            self.kernel_info()
            try:
                await self.shell_channel.get_msg(timeout=1)
                await self.iopub_channel.get_msg(timeout=0.1)
            except Empty:
                if not await self.parent.is_alive():
                    break
            else:
                return
        raise DeadKernelError("the kernel did not answer")


class ForkedKernel(AsyncKernelManager):  # type: ignore[misc]
    """A kernel that another process forked: it can be watched and interrupted, but not started."""

    def __init__(self, pid: int, connection: Path, session: Session) -> None:
        super().__init__(session=session, client_factory=ForkedClient)
        self.pid = pid
        self.load_connection_file(str(connection))

    @property
    def has_kernel(self) -> bool:
        """Return True: the kernel is always there first."""
        return True

    async def is_alive(self) -> bool:
        """Return whether it runs, or its parent, the supervisor, has not yet reaped it."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    # The name under which jupyter_client's client asks.
    _async_is_alive = is_alive

    async def interrupt_kernel(self) -> None:
        """Interrupt the kernel and what it runs, as Ctrl-C in a terminal would."""
        os.killpg(self.pid, signal.SIGINT)

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """Do nothing: the supervisor kills it with everything below it."""

    async def cleanup_resources(self, restart: bool = False) -> None:
        """Do nothing: the resources are the supervisor's."""

    async def listening(self) -> None:
        """Wait for the kernel's last socket: connecting too early costs ZeroMQ's reconnect pause.

        Raises `DeadKernelError`.
        """
        last = Path(f"{self.ip}-{self.hb_port}")
        while not last.exists():
            if not await self.is_alive():
                raise DeadKernelError("the kernel ended before it listened")
            await asyncio.sleep(0.003)
