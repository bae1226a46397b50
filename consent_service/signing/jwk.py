"""Public keys as others read them: JWK and JWK sets (RFC 7517, RFC 8037)."""

from collections.abc import Iterable
from typing import Literal

import msgspec
from itsdangerous.encoding import base64_encode

from consent_service.errors import Invalid
from consent_service.signing.encoding import b64url, sha256_b64, unb64url


class _Jwk(msgspec.Struct, frozen=True):
    """The members of a JWK that matter here (RFC 8037, section 2). Others are passed over."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str = ""


class _Jwks(msgspec.Struct, frozen=True):
    keys: tuple[msgspec.Raw, ...]


def canonical_jwk(public: bytes) -> bytes:
    """The canonical JWK of a raw Ed25519 public key of 32 bytes (RFC 7638, section 3.3)."""
    return b'{"crv":"Ed25519","kty":"OKP","x":"%s"}' % base64_encode(public)


def thumbprint(public: bytes) -> str:
    """The `kid` of a raw Ed25519 public key: its RFC 7638 thumbprint, 43 characters."""
    return sha256_b64(canonical_jwk(public))


def jwks(keys: Iterable[bytes]) -> bytes:
    """The key set (RFC 7517) of these JWKs, for `/.well-known/jwks.json`.

    Raises `Invalid` if one of them is not an Ed25519 public key.
    """
    return msgspec.json.encode({"keys": [_published(read_jwk(jwk)) for jwk in keys]})


def read_jwk(document: bytes) -> bytes:
    """The raw public key in a JWK. Raises `Invalid`."""
    try:
        jwk = msgspec.json.decode(document, type=_Jwk)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Invalid(f"this is not an Ed25519 public key in JWK form: {error}") from error
    public = unb64url(jwk.x)
    if len(public) != 32:
        raise Invalid(f"an Ed25519 public key has 32 bytes, and this one has {len(public)}")
    kid = thumbprint(public)
    if jwk.kid not in ("", kid):
        raise Invalid(f"the key that calls itself {jwk.kid!a} has the thumbprint {kid}")
    return public


def read_jwks(document: bytes) -> list[bytes]:
    """The JWKs in a key set, themselves not read yet. Raises `Invalid`."""
    try:
        key_set = msgspec.json.decode(document, type=_Jwks)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Invalid(f"this is not a JWK set: {error}") from error
    return [bytes(key) for key in key_set.keys]


def _published(public: bytes) -> dict[str, str]:
    kid = thumbprint(public)
    names = {"kty": "OKP", "crv": "Ed25519", "x": b64url(public)}
    return names | {"kid": kid, "alg": "EdDSA", "use": "sig"}
