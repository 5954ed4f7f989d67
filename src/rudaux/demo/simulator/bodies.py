"""From an HTTP request to parameters: query, JSON, form and multipart bodies."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.call import Upload
from rudaux.demo.simulator.params import nested


async def read_body(request: Request) -> tuple[dict[str, Any], Upload | None]:
    """Return the body's parameters, and the upload where it is a multipart one."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _multipart(request)
    raw = await request.body()
    if kind == "application/json" and raw.strip():
        try:
            data = json.loads(raw)
        except ValueError:
            raise refusals.Refusal(400, {"errors": [{"message": "Invalid JSON"}]}) from None
        return (data if isinstance(data, dict) else {"_json": data}), None
    if kind == "application/x-www-form-urlencoded":
        return nested(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)), None
    return {}, None


async def _multipart(request: Request) -> tuple[dict[str, Any], Upload | None]:
    fields: list[tuple[str, str]] = []
    upload: Upload | None = None
    last = ""
    async with request.form() as form:
        for last, value in form.multi_items():
            if not isinstance(value, UploadFile):
                fields.append((last, value))
            elif last == "file":
                upload = Upload([], value.filename or "", await value.read(), False)
    if upload:
        upload.fields, upload.file_is_last = fields, last == "file"
    return nested(fields), upload
