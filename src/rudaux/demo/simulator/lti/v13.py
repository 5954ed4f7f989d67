"""LTI 1.3: a login that the tool sends back, then an id_token signed with the platform's key.

https://www.imsglobal.org/spec/security/v1p0/#platform-originating-messages
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

from rudaux.demo.simulator import refusals
from rudaux.demo.simulator.call import Call, Reply, number
from rudaux.demo.simulator.lti.launch import Launch, launch_of, lti_id, opaque, posting_page

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ISSUER = "https://canvas.instructure.com"
"""What every Canvas calls itself, wherever it is."""
AUTHORIZE, JWKS = "/api/lti/authorize_redirect", "/api/lti/security/jwks"
_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
_ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
_KEY_ID = "practice"


def login_form(launch: Launch) -> Reply:
    """Return the page that starts the login at the tool; the hints are for `authorize`."""
    hints = {
        "iss": ISSUER,
        "login_hint": lti_id(launch.person),
        "client_id": str(launch.tool.client_id),
        "lti_deployment_id": launch.tool.deployment_id,
        "target_link_uri": launch.link,
        "lti_message_hint": str(launch.assignment.id),
    }
    return posting_page(launch.tool.login_url, hints)


def authorize(call: Call) -> Reply:
    """GET /api/lti/authorize_redirect: the tool asks who is there, and gets the signed message."""
    asked = {k: str(v) for k, v in call.params.items()}
    person = next(
        (u for u in call.world.users.values() if lti_id(u) == asked.get("login_hint")), None
    )
    row = call.world.assignments.get(number(asked.get("lti_message_hint")))
    if person is None or row is None:
        raise refusals.not_found()
    launch = launch_of(call, row, person.id)
    expected = {
        "client_id": str(launch.tool.client_id),
        "redirect_uri": launch.tool.redirect_uri,
        "response_type": "id_token",
        "response_mode": "form_post",
        "scope": "openid",
        "prompt": "none",
    }
    wrong = [k for k, v in expected.items() if asked.get(k) != v]
    if wrong or not asked.get("nonce"):
        raise refusals.Refusal(400, {"errors": [{"message": f"Invalid {wrong or ['nonce']}"}]})
    token = _signed(_claims(call, launch, asked["nonce"]))
    return posting_page(
        launch.tool.redirect_uri, {"id_token": token, "state": asked.get("state", "")}
    )


def jwks(call: Call) -> Reply:
    """GET /api/lti/security/jwks: the public half of the platform's key."""
    from jwt.algorithms import RSAAlgorithm

    public = RSAAlgorithm.to_jwk(_platform_key().public_key(), as_dict=True)
    return Reply({"keys": [{**public, "kid": _KEY_ID, "use": "sig", "alg": "RS256"}]})


@cache
def _platform_key() -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return generate_private_key(public_exponent=65537, key_size=2048)


def _signed(claims: dict[str, Any]) -> str:
    import jwt

    return jwt.encode(claims, _platform_key(), "RS256", {"kid": _KEY_ID})


def _claims(call: Call, launch: Launch, nonce: str) -> dict[str, Any]:
    course, row, tool, now = call.world.course, launch.assignment, launch.tool, int(time.time())
    variables = {"$Canvas.user.id": str(launch.person.id), "$Canvas.course.id": str(course.id)}
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": str(tool.client_id),
        "sub": lti_id(launch.person),
        "iat": now,
        "exp": now + 3600,
        "nonce": nonce,
        f"{_CLAIM}message_type": "LtiResourceLinkRequest",
        f"{_CLAIM}version": "1.3.0",
        f"{_CLAIM}deployment_id": tool.deployment_id,
        f"{_CLAIM}target_link_uri": launch.link,
        f"{_CLAIM}resource_link": {"id": opaque("assignment", row.id), "title": row.name},
        f"{_CLAIM}roles": [_ROLE + ("Instructor" if launch.instructor else "Learner")],
        f"{_CLAIM}context": {
            "id": opaque("course", course.id), "label": course.name, "title": course.name,
        },
        f"{_CLAIM}custom": {k: variables.get(v, v) for k, v in tool.custom_fields.items()},
    }  # fmt: skip
    if tool.privacy == "public":
        claims |= {"name": launch.person.name, "email": launch.person.email}
    return claims
