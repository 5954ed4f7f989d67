"""Files for submission comments: the three steps of an upload in both modes, and downloads.

https://canvas.instructure.com/doc/api/file.file_uploads.html
"""

from __future__ import annotations

import mimetypes
from datetime import timedelta
from uuid import uuid4

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.access import may_grade, seen
from rudaux.demo.simulator.call import Call, Reply, Upload, number
from rudaux.demo.simulator.dates import shown
from rudaux.demo.simulator.entities import StoredFile
from rudaux.demo.simulator.submissions import file_json
from rudaux.demo.simulator.visibility import GRADABLE


def start_upload(call: Call) -> Reply:
    """POST .../submissions/:user_id/comments/files: step 1, says where to send the bytes."""
    assignment = call.assignment()
    call.need(may_grade(call))
    uid = call.user_named(str(call.path_params["user"]))
    if uid not in seen(call, GRADABLE):
        raise refusals.not_found()
    name = str(call.params.get("name") or "")
    if not name:
        raise refusals.Refusal(400, {"message": "name is required"})
    kind = str(
        call.params.get("content_type") or mimetypes.guess_type(name)[0] or "unknown/unknown"
    )
    world = call.world
    new = StoredFile(
        world.next_id("file"), uuid4().hex, call.user_id, assignment.id, name, kind, call.now
    )
    world.files[new.id] = new
    call.wrote()
    if call.switches.upload_mode == "instfs":
        new.params = {"filename": name, "content_type": kind}
        url = f"{call.files_base}/files/{new.id}?token={new.uuid}"
        return Reply(_step_one(new, url, progress=None))
    new.params = _local_params(call, new)
    return Reply(_step_one(new, f"{call.base}/files_api"))


def _step_one(file: StoredFile, url: str, **more: None) -> dict[str, object]:
    return {"upload_url": url, "upload_params": file.params, "file_param": "file", **more}


def _local_params(call: Call, file: StoredFile) -> dict[str, str]:
    expires = call.now + timedelta(seconds=call.switches.upload_seconds)
    return {
        "key": f"account_1/attachments/{file.id}/{file.name}",
        "acl": "private",
        "Filename": file.name,
        "Policy": f"{file.id}.{shown(expires)}",
        "Signature": file.uuid,
        "success_action_redirect": f"{call.base}/api/v1/files/{file.id}/create_success"
        f"?uuid={file.uuid}",
        "content-type": file.content_type,
    }


def receive_local(call: Call) -> Reply:
    """POST /files_api: step 2 of a local upload; answers with a redirect to step 3."""
    sent = dict(call.upload.fields) if call.upload else {}
    file = call.world.files.get(number(sent.get("Policy", "").partition(".")[0]))
    upload = _accepted(call, file)
    if file is None:
        raise refusals.Refusal(400)
    _store(call, file, upload, "stored")
    return Reply("", 303, {"Location": file.params["success_action_redirect"]}, "text/html")


def receive_instfs(call: Call) -> Reply:
    """POST to the file service, another host: step 2, and the file is usable at once."""
    file = call.world.files.get(number(call.path_params["file"]))
    token = dict(call.query).get("token")
    if file is None or token != file.uuid:
        raise refusals.Refusal(401, {"message": "Unauthorized"})
    upload = _accepted(call, file)
    _store(call, file, upload, "done")
    location = f"{call.base}/api/v1/files/{file.id}?include[]=enhanced_preview_url"
    return Reply(file_json(call, file), 201, {"Location": location})


def _accepted(call: Call, file: StoredFile | None) -> Upload:
    """Refuse what an object store refuses: a token, changed or missing params, file not last."""
    upload = call.upload
    if call.has_token or file is None or upload is None or upload.file_name is None:
        raise refusals.Refusal(400)
    in_order = upload.fields == list(file.params.items()) and upload.file_is_last
    expires = file.created_at + timedelta(seconds=call.switches.upload_seconds)
    if not in_order or file.state != "pending" or call.now > expires:
        raise refusals.Refusal(400)
    return upload


def _store(call: Call, file: StoredFile, upload: Upload, state: str) -> None:
    call.world.contents[file.id] = upload.content
    file.size = len(upload.content)
    file.state = "done" if state == "done" else "stored"
    call.wrote()


def finish_upload(call: Call) -> Reply:
    """GET /files/:id/create_success: step 3 of a local upload; works once."""
    file = call.world.files.get(number(call.path_params["file"]))
    if file is None or file.state != "stored" or call.params.get("uuid") != file.uuid:
        raise refusals.Refusal(400)
    file.state = "done"
    call.wrote()
    return Reply(file_json(call, file))


def get_file(call: Call) -> Reply:
    """GET /files/:id"""
    file = call.world.files.get(number(call.path_params["file"]))
    if file is None or file.state != "done":
        raise refusals.not_found()
    return Reply(file_json(call, file))


def download(call: Call) -> Reply:
    """GET /files/:id/download: the verifier in the address is enough."""
    file = call.world.files.get(number(call.path_params["file"]))
    if file is None or file.state != "done" or call.params.get("verifier") != file.uuid:
        raise refusals.not_found()
    headers = {"Content-Disposition": f'inline; filename="{file.name}"'.replace("\n", "")}
    return Reply(call.world.contents.get(file.id, b""), 200, headers, file.content_type)
