"""The link in a certificate's QR code: the verify page, and behind the ``#`` the whole credential.

What is behind a ``#`` is never sent to a server. The credential is compressed with a dictionary of what
every certificate says, and written in digits, which a QR code holds three in ten bits: the code has half
the modules of one of the plain file, so that a phone reads it from paper at a normal size.
"""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from typing import Any

from autograder.certify.credential import dump
from autograder.certify.report import COMMON, MAX_BYTES

Json = dict[str, Any]

# The dictionary of printed certificates can never change; another one gets another number.
VERSION = 1


def link(document: Json, site: str) -> tuple[str, str]:
    """Return the link of a signed credential in two parts: the address, and the digits behind the ``#``."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, dictionary())
    packed = packer.compress(dump(document)) + packer.flush()
    return f"{site}vi/verify.html#{VERSION}.", str(int.from_bytes(b"\1" + packed, "big"))


def unpack(fragment: str) -> bytes:
    """Return the file that the part of a link behind its ``#`` holds; raise ValueError if there is none."""
    digits = re.fullmatch(rf"{VERSION}\.([0-9]{{40,4300}})", fragment)
    if not digits:
        raise ValueError("the link is incomplete or was altered")
    number = int(digits[1])
    packed = number.to_bytes((number.bit_length() + 7) // 8, "big")[1:]
    try:
        unpacker = zlib.decompressobj(-15, dictionary())
        data = unpacker.decompress(packed, MAX_BYTES)
    except zlib.error as error:
        raise ValueError("the link is incomplete or was altered") from error
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("the link is incomplete or was altered")
    return data


@lru_cache(maxsize=1)
def dictionary() -> bytes:
    """Return the text that both sides know."""
    return (COMMON / f"qr-{VERSION}.txt").read_bytes()
