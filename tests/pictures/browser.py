"""What a browser shows of a page, in 1280 by 800 pixels."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from tests.formgrader import browser

_SIZE = {"width": 960, "height": 600, "deviceScaleFactor": 4 / 3, "mobile": False}
"""A small window: its letters can still be read where a page of ours shows it half as wide."""


def photograph(pages: Mapping[str, str], folder: Path) -> None:
    """Write the picture of each address into the folder, in light, from the top of the page."""
    light = {"features": [{"name": "prefers-color-scheme", "value": "light"}]}
    with browser() as window:
        window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", _SIZE)
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", light)
        window.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        for name, address in pages.items():
            window.get(address)
            taken = window.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
            (folder / name).write_bytes(base64.b64decode(taken["data"]))
