"""Plain Ed25519 signatures, for the ledger's checkpoints and for those who witness them."""

from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class Pen:
    """Signs messages by one key."""

    def __init__(self, seed: bytes) -> None:
        """From the key's seed of 32 bytes."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()
        """The raw public half, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """A signature of 64 bytes."""
        return self._key.sign(message)


class LedgerKey(NamedTuple):
    """The public half of a key that signs checkpoints."""

    public: bytes
    created_at: int
    """Unix seconds, UTC."""


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is the raw public key's over the message. Never raises."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
