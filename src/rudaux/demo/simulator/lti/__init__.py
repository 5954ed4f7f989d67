"""What Canvas does when a person opens an external tool: signed messages, LTI 1.1 and 1.3."""

from rudaux.demo.simulator.lti.opening import open_tool
from rudaux.demo.simulator.lti.v13 import AUTHORIZE, ISSUER, JWKS, authorize, jwks

__all__ = ["AUTHORIZE", "ISSUER", "JWKS", "authorize", "jwks", "open_tool"]
