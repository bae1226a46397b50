"""Base64url and hashes, each written in one way."""

import hashlib

from itsdangerous import BadData
from itsdangerous.encoding import base64_decode, base64_encode

from consent_service.errors import Invalid


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64_encode(data).decode("ascii")


def unb64url(text: str) -> bytes:
    """The bytes of `text`, if it is the one way to write them. Raises `Invalid`.

    Decoders commonly skip strange characters and ignore the spare bits of the last one, so that
    one signature could be written in several ways. Here what comes out must go back in.
    """
    try:
        data = base64_decode(text)
    except BadData as error:
        raise Invalid("this is not base64url") from error
    if b64url(data) != text:
        raise Invalid("this is base64url, but not in its one canonical form")
    return data


def sha256_b64(data: bytes) -> str:
    """SHA-256 in base64url without padding: 43 characters, a `model.Digest`."""
    return b64url(hashlib.sha256(data).digest())
