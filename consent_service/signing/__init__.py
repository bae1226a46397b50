"""Keys and signatures: the only user of itsdangerous and cryptography.

Three purposes, three separate keys, so that no signature made for one is worth anything to
another: receipts (Ed25519), ledger (Ed25519), sessions (HMAC-SHA-256). Keys run oldest to newest:
the newest signs, all verify.

`Keyring` signs receipts and holds private keys; `PublicKeys` verifies them and never does.
Nothing here reads a clock: `now` is Unix seconds, UTC.

A module imports only from those above it:

    encoding       base64url and hashes, each written in one way
    unguessable    secrets and ids: made, compared
    jwk            public keys as others read them
    jws            compact JWS by Ed25519, behind the seam of itsdangerous
    certificates   other people's certificates, as they are handed over
    ledger         plain Ed25519, for checkpoints: `Pen`, `verify`
    receipts       verify, then read: `PublicKeys`, and its steps for an auditor
    sessions       what a signed-in person's cookie holds, sealed
    files          private keys on disk: names, modes, contents
    making         new keys: the first ones, and rotation
    alone          a key in a file of its own: a witness's
    keyring        the private side, with all of the above: `Keyring`
"""

from consent_service.signing.alone import open_pen
from consent_service.signing.certificates import Certificate, read_certificates
from consent_service.signing.encoding import b64url, b64url_bytes, sha256_b64, unb64url
from consent_service.signing.files import KeyFile, Purpose, list_keys
from consent_service.signing.jwk import jwks
from consent_service.signing.keyring import Keyring, open_keyring
from consent_service.signing.ledger import LedgerKey, Pen, verify
from consent_service.signing.making import rotate
from consent_service.signing.receipts import KEY, PublicKeys, token_bytes
from consent_service.signing.unguessable import (
    constant_time_equal,
    hash_secret,
    new_secret,
    uuid7,
)

__all__ = [
    "KEY",
    "Certificate",
    "KeyFile",
    "Keyring",
    "LedgerKey",
    "Pen",
    "PublicKeys",
    "Purpose",
    "b64url",
    "b64url_bytes",
    "constant_time_equal",
    "hash_secret",
    "jwks",
    "list_keys",
    "new_secret",
    "open_keyring",
    "open_pen",
    "read_certificates",
    "rotate",
    "sha256_b64",
    "token_bytes",
    "unb64url",
    "uuid7",
    "verify",
]
