"""LTI 1.1: one form, signed with the tool's secret (OAuth 1.0a, HMAC-SHA1).

https://www.imsglobal.org/specs/ltiv1p1p1/implementation-guide
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from rudaux.demo.simulator.call import Call, Reply
from rudaux.demo.simulator.lti.launch import Launch, opaque, posting_page


def signed_form(call: Call, launch: Launch) -> Reply:
    """Return the page that sends a signed launch to the tool.

    Canvas copies the parameters of the link's query into the form and signs the link without them.
    """
    from oauthlib.oauth1 import SIGNATURE_TYPE_BODY, Client

    address = urlsplit(launch.link)._replace(query="", fragment="").geturl()
    values = {**dict(parse_qsl(urlsplit(launch.link).query)), **_message(call, launch)}
    client = Client(
        f"key-{launch.tool.id}",
        client_secret=launch.tool.secret,
        callback_uri="about:blank",
        signature_type=SIGNATURE_TYPE_BODY,
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    _, _, body = client.sign(address, "POST", urlencode(values), form)
    return posting_page(address, dict(parse_qsl(body, keep_blank_values=True)))


def _message(call: Call, launch: Launch) -> dict[str, str]:
    course, person, row = call.world.course, launch.person, launch.assignment
    message = {
        "lti_message_type": "basic-lti-launch-request",
        "lti_version": "LTI-1p0",
        "resource_link_id": opaque("assignment", row.id),
        "resource_link_title": row.name,
        "context_id": opaque("course", course.id),
        "context_title": course.name,
        "user_id": opaque("user", person.id),
        "roles": "Instructor" if launch.instructor else "Learner",
        "launch_presentation_document_target": "window",
        "launch_presentation_return_url": f"{call.base}/courses/{course.id}/assignments/{row.id}",
        "tool_consumer_info_product_family_code": "canvas",
        "custom_canvas_course_id": str(course.id),
    }
    if launch.tool.privacy == "public":
        message["custom_canvas_user_id"] = str(person.id)
        message["lis_person_name_full"] = person.name
        message["lis_person_contact_email_primary"] = person.email or ""
    return message
