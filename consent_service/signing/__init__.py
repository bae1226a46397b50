"""Keys and signatures: the only user of itsdangerous and cryptography."""

from consent_service.signing.receipts import (
    KeyFile,
    Keyring,
    PublicKeys,
    Purpose,
    b64url,
    constant_time_equal,
    hash_secret,
    jwks,
    list_keys,
    new_secret,
    open_keyring,
    rotate,
    sha256_b64,
    unb64url,
    uuid7,
)

__all__ = [
    "KeyFile",
    "Keyring",
    "PublicKeys",
    "Purpose",
    "b64url",
    "constant_time_equal",
    "hash_secret",
    "jwks",
    "list_keys",
    "new_secret",
    "open_keyring",
    "rotate",
    "sha256_b64",
    "unb64url",
    "uuid7",
]
