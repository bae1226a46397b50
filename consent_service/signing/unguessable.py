"""What nobody can guess: secrets and ids, made and compared."""

import hashlib
import hmac
import secrets
from uuid import UUID

from consent_service.signing.encoding import b64url


def constant_time_equal(one: str | bytes, other: str | bytes) -> bool:
    """Whether two secrets are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(_as_bytes(one), _as_bytes(other))


def new_secret() -> str:
    """256 random bits, as 43 characters of base64url."""
    return b64url(secrets.token_bytes(32))


def hash_secret(secret: str) -> bytes:
    """What is kept of a secret that we made, such as an API token: its SHA-256, 32 bytes.

    A plain hash is enough, and quick, because a secret of 256 random bits cannot be guessed;
    it would not be enough for a password.
    """
    return hashlib.sha256(_as_bytes(secret)).digest()


def uuid7(now_ms: int) -> str:
    """A fresh UUIDv7 (RFC 9562, section 5.7) for that millisecond since 1970, in canonical text."""
    time = (now_ms & 0xFFFF_FFFF_FFFF) << 80
    version = 7 << 76 | secrets.randbits(12) << 64
    variant = 2 << 62 | secrets.randbits(62)
    return str(UUID(int=time | version | variant))


def _as_bytes(text: str | bytes) -> bytes:
    # Strangers send lone surrogates too: they are different from everything, not an exception.
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
