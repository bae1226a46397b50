"""What all the text formats share: base64 and decimals, each written in one way."""

import base64
import binascii
import re

from consent_service.errors import Invalid

MAX_SIZE = 2**63 - 1
"""The most entries that a ledger may have, and the last time that a signature may name."""

MAX_TEXT = 1 << 20
"""The longest text that is read, in bytes. A checkpoint with sixteen witnesses has under 3,000."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


def b64(data: bytes) -> str:
    """Base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str, what: str) -> bytes:
    """The bytes of `text`, if it is the one way to write them. Raises `Invalid`, naming `what`.

    Decoders commonly ignore the spare bits of the last character, so that one signature could be
    written in several ways. Here what comes out must go back in.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(f"{what} is not base64: {shown(text)}") from error
    if b64(data) != text:
        raise Invalid(f"{what} is base64, but not in its one canonical form: {shown(text)}")
    return data


def unb64_hash(text: str, what: str) -> bytes:
    """The SHA-256 in `text`. Raises `Invalid`, naming `what`."""
    data = unb64(text, what)
    if len(data) != 32:
        raise Invalid(f"{what} has {len(data)} bytes, and a SHA-256 has 32")
    return data


def decimal(text: str, what: str) -> int:
    """The number in `text`, from 0 to `MAX_SIZE`, without leading zeros. Raises `Invalid`."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise Invalid(f"{what} is not a decimal number below 2^63: {shown(text)}")
    return int(text)


def utf8(data: bytes, what: str) -> str:
    """The text in strangers' bytes. Raises `Invalid` if it is too long or not UTF-8."""
    if len(data) > MAX_TEXT:
        raise Invalid(f"{what} has {len(data)} bytes; more than {MAX_TEXT} are not read")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"{what} is not UTF-8: byte {error.start} does not fit") from error


def shown(text: str) -> str:
    """A stranger's text as a message may show it: in ASCII, and not long."""
    return f"{text[:80]!a}" + ("..." if len(text) > 80 else "")
