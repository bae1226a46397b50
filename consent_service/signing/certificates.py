"""Certificates as people hand them over (PEM): all of them are read, or none.

What they are good for is said by whoever checks a signature with them.
"""

import re
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from consent_service.errors import Invalid

_BEGIN = re.compile(r"-----BEGIN (X509 )?CERTIFICATE-----")


class Certificate(NamedTuple):
    """A certificate as people compare it, and as programs use it."""

    name: str
    """Its subject."""
    fingerprint: str
    """SHA-256, as `openssl x509 -fingerprint -sha256` writes it."""
    pem: str
    parsed: x509.Certificate


def read_certificates(pem: str) -> tuple[Certificate, ...]:
    """Every certificate in that text, in its order. Raises `Invalid` unless each can be read."""
    try:
        found = tuple(map(_certificate, x509.load_pem_x509_certificates(pem.encode())))
    except (ValueError, x509.InvalidVersion) as error:
        raise _unreadable() from error
    # The library passes over one that has no end.
    if len(found) != len(_BEGIN.findall(pem)):
        raise _unreadable()
    return found


def _certificate(parsed: x509.Certificate) -> Certificate:
    name = parsed.subject.rfc4514_string()
    return Certificate(
        # Whoever made it chose the name: it must not move a terminal's cursor.
        name="".join(each if each.isprintable() else "?" for each in name) or "without a name",
        fingerprint=parsed.fingerprint(SHA256()).hex(":").upper(),
        pem=parsed.public_bytes(Encoding.PEM).decode(),
        parsed=parsed,
    )


def _unreadable() -> Invalid:
    return Invalid(
        "a certificate cannot be read, or there is none: give each whole, as PEM, from its line "
        "with BEGIN to its line with END"
    )
