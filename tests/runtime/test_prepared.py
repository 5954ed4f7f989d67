"""What proves that tests ran is made before any kernel, and known by its address."""

from __future__ import annotations

import binascii
import json
import subprocess
import sys
import zlib

from rudaux.runtime.prepared import filled

PROOF = {"mark": "<mark>", "code": binascii.b2a_base64(zlib.compress(b"x = 7")).decode().strip()}
PREPARED = f"""
import gc, os
from fractions import Fraction
from rudaux.runtime import prepared
prepared.prepare({{}})
assert prepared.READY == ()
prepared.prepare({PROOF!r})
program, referrers, kinds, names, equals = first = prepared.READY
prepared.prepare({PROOF!r})
assert prepared.READY is first
assert prepared.filled("at <mark>", {PROOF!r}, True) == "at " + hex(id(first))
made = {{}}
exec(program, made)
assert made["x"] == 7
at = kinds.index(Fraction)
assert names[at] == Fraction.__dict__ and equals[at] is Fraction.__eq__
assert int not in kinds and referrers is gc.get_referrers
del program, referrers, kinds, names, equals
address, first = id(first), None
prepared.READY = ()
gc.collect()
assert address not in [id(one) for one in [(n, n, n, n, n) for n in range(9999)]]
"""


def test_the_program_is_compiled_once_and_its_place_is_never_used_again() -> None:
    subprocess.run([sys.executable, "-c", PREPARED], check=True)


def test_a_kernel_that_was_not_forked_is_sent_the_program() -> None:
    text = json.dumps({"cells": ["<mark>", "1"]})
    assert filled(text, PROOF, forked=False) == text.replace("<mark>", PROOF["code"])
    assert filled(text, {}, forked=True) == text
