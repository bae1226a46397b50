"""Base64url and hashes, each written in one way."""

import hashlib
from binascii import a2b_base64, b2a_base64

from consent_service.errors import Invalid

# By the two functions that all others rest on: every receipt that is read goes through here, and
# the layers above them cost more than they do.
_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def b64url_bytes(data: bytes) -> bytes:
    """Base64url without padding (RFC 7515, section 2), as bytes."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=")


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return b64url_bytes(data).decode("ascii")


def unb64url(text: str) -> bytes:
    """The bytes of `text`, if it is the one way to write them. Raises `Invalid`.

    Decoders commonly skip strange characters and ignore the spare bits of the last one, so that
    one signature could be written in several ways. Here what comes out must go back in.
    """
    try:
        plain = text.encode("ascii").translate(_FROM_URL)
        data = a2b_base64(plain + b"=" * (-len(plain) % 4))
    except ValueError as error:
        raise Invalid("this is not base64url") from error
    if b64url(data) != text:
        raise Invalid("this is base64url, but not in its one canonical form")
    return data


def sha256_b64(data: bytes) -> str:
    """SHA-256 in base64url without padding: 43 characters, a `model.Digest`."""
    return b64url(hashlib.sha256(data).digest())
