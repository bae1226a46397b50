"""Compact JWS by Ed25519 (RFC 7515, RFC 8037), behind the seam of itsdangerous."""

from collections.abc import Iterable, Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from itsdangerous import Signer
from itsdangerous.signer import SigningAlgorithm


class _Ed25519Sign(SigningAlgorithm):
    """Signs, by seeds. Parsing a seed takes longer than signing: it is done once, here."""

    def __init__(self, seeds: Iterable[bytes]) -> None:
        self._keys = {seed: Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds}

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return self._keys[key].sign(value)


class _Ed25519Verify(SigningAlgorithm):
    """Verifies, by a public key. It cannot sign: that part stays `NotImplementedError`."""

    def __init__(self, public: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(public)

    def verify_signature(self, key: bytes, value: bytes, sig: bytes) -> bool:
        try:
            self._key.verify(sig, value)
        except InvalidSignature:
            return False
        return True


def jws_signer(seeds: Sequence[bytes]) -> Signer:
    """Signs `b64url(header).b64url(payload)` into a compact JWS, by the last of the seeds.

    With this derivation itsdangerous ignores its `salt`: what keeps contexts apart is that each
    has keys of its own, and the `typ` in the header.
    """
    return Signer(seeds, sep=".", key_derivation="none", algorithm=_Ed25519Sign(seeds))


def jws_verifier(public: bytes) -> Signer:
    """Verifies what `jws_signer` made, by a raw public key."""
    # One key each, so that the key which verifies cannot be another than the one looked up.
    return Signer([public], sep=".", key_derivation="none", algorithm=_Ed25519Verify(public))
